"""All pictures of a story."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from images.models import GeneratedImage, Story
from images.representation import images_loaded, represent_images
from images.views import words
from images.views.common import sketchers_known, story_of

PICTURES_A_PAGE = 40
CHARACTERS_SHOWN, TURNS_SHOWN = 40, 500


@require_safe
@never_cache
@login_required
def gallery(request: HttpRequest, story_id: str) -> HttpResponse:
    """Newest first; ?type=, ?turn= and ?character= choose, ?before=ID goes on."""
    story = story_of(request, story_id)
    chosen = {key: request.GET.get(key, "")[:255] for key in ("type", "turn", "character")}
    shown = _filtered(story, chosen)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) <= 18:
        shown = shown.filter(pk__lt=int(before))
    rows = list(images_loaded(shown.order_by("-pk")).select_related("turn")[: PICTURES_A_PAGE + 1])
    more = len(rows) > PICTURES_A_PAGE
    rows = rows[:PICTURES_A_PAGE]
    sketchers = sketchers_known()
    pictures = [
        {
            **image,
            "turn_number": row.turn.number if row.turn else None,
            "title": words.subject_of(image) or words.TYPE_NAMES.get(image["image_type"], "Picture"),
            "alt": words.alt_of(image),
            "wait_line": words.wait_line(image) if words.is_unfinished(image) else "",
            "sketch": image["status"] == "complete" and image["gpu_worker"] in sketchers,
        }
        for row, image in zip(rows, represent_images(rows), strict=True)
    ]
    page = {
        "story": story,
        "section": "stories",
        "pictures": pictures,
        "more": _address(chosen, before=rows[-1].pk) if more else "",
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        **_chips(story, chosen),
    }
    return render(request, "images/gallery.html", page)


def _pictures(story: Story) -> QuerySet[GeneratedImage]:
    """What a player may look at: dreams that have not come true would give the story away."""
    return GeneratedImage.objects.filter(story=story, is_speculative=False).exclude(status="cancelled")


def _filtered(story: Story, chosen: dict[str, str]) -> QuerySet[GeneratedImage]:
    pictures = _pictures(story)
    if chosen["type"] in words.TYPE_NAMES:
        pictures = pictures.filter(image_type=chosen["type"])
    if chosen["turn"].isascii() and chosen["turn"].isdigit() and len(chosen["turn"]) < 9:
        pictures = pictures.filter(turn__number=int(chosen["turn"]))
    if chosen["character"]:
        # Their portraits, and the moments of turns in which they were present.
        folded = " ".join(chosen["character"].lower().split())
        portraits = pictures.filter(image_type="character", subject_key__iexact=chosen["character"])
        moments = pictures.filter(image_type__in=["action", "scene"], turn__cast__character__folded_name=folded)
        pictures = pictures.filter(pk__in=portraits.values("pk").union(moments.values("pk")))
    return pictures


def _chips(story: Story, chosen: dict[str, str]) -> dict[str, Any]:
    pictures = _pictures(story)
    kinds = set(pictures.order_by().values_list("image_type", flat=True).distinct())
    names = story.characters.order_by("name").values_list("name", flat=True)[:CHARACTERS_SHOWN]
    numbers = pictures.filter(turn__isnull=False).order_by("-turn__number").values_list("turn__number", flat=True)
    types = [
        {
            "text": text,
            "href": _address(chosen, type="" if chosen["type"] == kind else kind),
            "on": chosen["type"] == kind,
        }
        for kind, text in words.TYPE_NAMES.items()
        if kind in kinds
    ]
    people = [
        {
            "text": name,
            "href": _address(chosen, character="" if chosen["character"] == name else name),
            "on": chosen["character"] == name,
        }
        for name in names
    ]
    return {"types": types, "people": people, "numbers": list(numbers.distinct()[:TURNS_SHOWN])}


def _address(chosen: dict[str, str], **changes: object) -> str:
    values = {key: value for key, value in {**chosen, **changes}.items() if value not in ("", None)}
    return "?" + urlencode(values) if values else "?"
