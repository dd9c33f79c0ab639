"""The play page, and writing, retrying and undoing turns without script."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from compute.common.api.idempotency import idempotent_call
from compute.common.errors import DomainError
from images.models import GeneratedImage, Story, Turn
from images.representation import images_loaded, represent_images, represent_turns, turns_loaded
from images.selectors import snapshot_plan, texts_so_far
from images.services.stories import story_touch
from images.services.story_settings import story_setting
from images.services.turns import turn_delete, turn_retry, turn_submit
from images.views import words
from images.views.common import person, say, sentences, sketchers_known, story_of, turn_of
from images.views.shown import FrameView, PersonView, TurnView, cast_of, person_views, turn_views

TURNS_SHOWN = 8


@require_safe
@never_cache
@login_required
def play(request: HttpRequest, story_id: str) -> HttpResponse:
    """The last twenty turns, or with ?before=N the twenty before turn N."""
    story = story_of(request, story_id)
    story_touch(story=story)
    return render(request, "images/play.html", _page(story, before=_number(request)))


@require_GET
@never_cache
@login_required
def turns_json(request: HttpRequest, story_id: str) -> JsonResponse:
    """The same turns as data, for play.js."""
    story = story_of(request, story_id)
    turns, earlier = _turns(story, _number(request))
    return JsonResponse({"turns": turns, "earlier_before": earlier})


@require_POST
@login_required
def turn_create(request: HttpRequest, story_id: str) -> HttpResponse:
    """The player's line from a form; a form sent twice makes one turn."""
    story = story_of(request, story_id)
    user = person(request)
    # The line in the box comes along when a suggestion is pressed; it stays a draft.
    line = (request.POST.get("suggested") or request.POST.get("player_input", "")).strip()
    if not line:
        return redirect("play", story.pk)

    def run() -> tuple[int, Any]:
        return 202, {"turn": turn_submit(story=story, actor=user, data={"player_input": line}).pk}

    key = request.POST.get("idempotency_key") or uuid.uuid4().hex
    try:
        answer = idempotent_call(
            actor_id=user.pk, key=key, route=f"page {request.path}", body=json.dumps(line).encode(), run=run
        )
    except DomainError as error:
        page = _page(story, before=None) | {"draft": line, "compose_error": sentences(error)}
        return render(request, "images/play.html", page, status=error.status)
    return redirect(f"{reverse('play', args=[story.pk])}#turn-{answer.reply['turn']}")


@require_POST
@login_required
def turn_again(request: HttpRequest, turn_id: int) -> HttpResponse:
    """Try a failed turn again."""
    turn = turn_of(request, turn_id)
    try:
        turn_retry(turn=turn, actor=person(request))
    except DomainError as error:
        say(request, error)
    return redirect(f"{reverse('play', args=[turn.story_id])}#turn-{turn.pk}")


@login_required
def turn_undo(request: HttpRequest, story_id: str) -> HttpResponse:
    """Ask, then delete the last turn."""
    story = story_of(request, story_id)
    last = Turn.objects.filter(story=story).order_by("-number").first()
    if last is None:
        return redirect("play", story.pk)
    if request.method != "POST":
        return render(request, "images/turn_undo.html", {"story": story, "turn": last, "section": "stories"})
    if request.POST.get("turn") == str(last.pk):  # else somebody was faster, and the next one is not meant
        try:
            turn_delete(turn=last, actor=person(request))
        except DomainError as error:
            say(request, error)
    return redirect("play", story.pk)


def _number(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _turns(story: Story, before: int | None) -> tuple[list[dict[str, Any]], int | None]:
    """Up to twenty turns in order, and the number before which there are more."""
    rows = Turn.objects.filter(story=story)
    if before is not None:
        rows = rows.filter(number__lt=before)
    newest = list(turns_loaded(rows.order_by("-number"))[: TURNS_SHOWN + 1])
    shown = newest[:TURNS_SHOWN][::-1]
    earlier = shown[0].number if len(newest) > TURNS_SHOWN else None
    return represent_turns(shown, texts_so_far=texts_so_far(shown)), earlier


def _page(story: Story, *, before: int | None) -> dict[str, Any]:
    # The cursor first: what changes while the page is made is then told again by the socket, never missed.
    cursor = snapshot_plan(story=story, changes_only=True).cursor
    turns, earlier = _turns(story, before)
    previous = Turn.objects.filter(story=story, number__lt=turns[0]["number"]).order_by("-number") if turns else None
    place = previous.values("location").first() if previous is not None else None
    past = before is not None and Turn.objects.filter(story=story, number__gte=before).exists()
    told, people = cast_of(turns)
    beside = _beside(story, [character["portrait_image_id"] for character in people])
    sketchers = sketchers_known()
    moment = _moment_ratio(story)
    images = [image for turn in turns for image in turn["images"]]
    last = turns[-1] if turns else None
    return {
        "story": story,
        "section": "stories",
        "cursor": cursor,
        "live_url": f"/ws/stories/{story.pk}/",
        "moment_ratio": moment,
        "turns": turn_views(turns, before=place, moment=moment, sketchers=sketchers, end=not past),
        "blank_turn": TurnView(),
        "blank_frame": FrameView(),
        "blank_person": PersonView(),
        "earlier_before": earlier,
        "later": past,
        "head": _head(turns, beside),
        "cast": person_views(told, people, {image["id"]: image for image in beside}),
        "queue_line": words.queue_line([*images, *beside]),
        "is_idle": not any(words.is_unfinished(image) for image in [*images, *beside]),
        "suggested": last["suggested_actions"][:3] if last and last["status"] != "processing" and not past else [],
        "idempotency_key": uuid.uuid4().hex,
        "page_data": {"turns": turns, "images": beside, "sketchers": sketchers, "past": past},
    }


def _moment_ratio(story: Story) -> str:
    """The shape of the picture every turn gets, or "" where not every turn gets one."""
    config = settings.IMAGE_GENERATION
    if not (config.enabled and config.turn_images.enabled and story_setting(story, "generate_every_n_turns") == 1):
        return ""
    return f"{config.turn_images.width_px} / {config.turn_images.height_px}"


def _beside(story: Story, portraits: Sequence[int | None]) -> list[dict[str, Any]]:
    """The newest finished picture of a place, and these portraits: their turns may be long ago."""
    of_story = images_loaded(GeneratedImage.objects.filter(story=story))
    place = of_story.filter(image_type="background", status="complete", turn__isnull=False)
    rows = [*place.order_by("-turn__number", "-pk")[:1]]
    wanted = [pk for pk in portraits if pk is not None]
    if wanted:
        rows += list(of_story.filter(pk__in=wanted))
    return represent_images(rows)


def _head(turns: Sequence[dict[str, Any]], beside: Sequence[dict[str, Any]]) -> dict[str, Any]:
    present = next((turn for turn in reversed(turns) if turn["location"]), None)
    image = next((image for image in beside if image["image_type"] == "background"), None)
    asked = [image for turn in turns for image in turn["images"] if image["image_type"] == "background"]
    failed = asked[-1]["id"] if asked and asked[-1]["status"] == "failed" else None
    place = words.place_line(present) if present else ""
    return {
        "place": place,
        "image": image,
        "alt": f"The place: {present['location']}" if present else "",
        "failed_image": failed,
    }
