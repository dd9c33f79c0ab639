"""Turns: told, changed, taken back, tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from community.models import User
from compute.common.errors import Conflict, InvalidParameters, NotFound
from compute.models import Job
from compute.services.jobs import jobs_cancel
from images.analysis import CharacterReading
from images.models import Character, CharacterAppearance, DreamerContent, GeneratedImage, Story, Turn
from images.services import announce
from images.services.characters import cast_record
from images.services.pictures import TURN_IMAGE_TYPES, background_ask, image_delete, pictures_for_turn
from images.services.processing import turn_advance, turn_lock

LIMITS = {
    "player_input": 8000,
    "narration": 40_000,
    "summary": 1000,
    "location": 255,
    "location_description": 1000,
    "time_of_day": 60,
    "weather": 100,
    "external_id": 200,
}
_GIVEN = ("narration", "summary", "location", "location_description", "time_of_day", "weather")
NUMBER_MOST = 1_000_000
OPEN_TURNS_MOST = 5


def turn_submit(*, story: Story, actor: User, data: Mapping[str, Any]) -> Turn:
    """Store a turn and take it as far as it goes without waiting for a model: with everything given, or with the
    built-in narrator, the answer already holds the text and the picture rows.

    data: the contract's names, aliases folded. Raises InvalidParameters, Conflict (number or external_id taken,
    too many unfinished turns), NotFound.
    """
    texts = _texts(data)
    if not texts.get("player_input") and not texts.get("narration"):
        raise InvalidParameters(
            "A turn needs words.", fields={"player_input": ["Write what you do, or give a narration."]}
        )
    kinds = data.get("image_types")
    unknown = sorted(set(kinds or ()) - set(TURN_IMAGE_TYPES))
    if unknown:
        known = ", ".join(TURN_IMAGE_TYPES)
        raise InvalidParameters(
            "Some kinds do not fit.", fields={"image_types": [f"{', '.join(unknown)}: a turn has {known}."]}
        )
    try:
        with transaction.atomic():
            turn = _create(story, actor, data, texts)
            turn_advance(turn)
    except IntegrityError as error:
        raise Conflict("The story already has a turn of this number or external_id.") from error
    turn.refresh_from_db()
    return turn


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    texts = {key: str(data[key]).strip() for key in LIMITS if data.get(key) is not None}
    fields = {key: [f"At most {LIMITS[key]:,} characters."] for key, value in texts.items() if len(value) > LIMITS[key]}
    fields |= {key: ["Must not contain a NUL character."] for key, value in texts.items() if "\x00" in value}
    if fields:
        raise InvalidParameters("Some fields do not fit.", fields=fields)
    return texts


def _create(story: Story, actor: User, data: Mapping[str, Any], texts: dict[str, str]) -> Turn:
    """Inside the transaction. The story row is locked, so that two turns at once get two numbers."""
    stories = Story.objects.select_for_update(of=("self",)).select_related("owner")
    locked = stories.visible_to(actor).filter(pk=story.pk).first()
    if locked is None:
        raise NotFound("There is no such story.")
    told = story.turns.aggregate(most=Max("number"), open=Count("pk", filter=~Q(state__in=["complete", "failed"])))
    if told["open"] >= OPEN_TURNS_MOST:
        raise Conflict(f"{told['open']} turns of this story are still being told; wait for them.")
    number = data.get("number")
    if number is None:
        number = (told["most"] or 0) + 1
    elif story.turns.filter(number=number).exists():
        raise Conflict(f"The story already has a turn {number}.", fields={"number": ["Taken."]})
    given = [key for key in _GIVEN if texts.get(key)]
    characters = data.get("characters")
    if characters is not None:
        given.append("characters")
    turn = Turn.objects.create(
        story=locked,
        number=number,
        given=given,
        image_types=None if data.get("image_types") is None else list(data["image_types"]),
        force_regenerate=bool(data.get("force_regenerate")),
        narrated_by="given" if texts.get("narration") else "",
        **texts,
    )
    if characters:
        cast_record(turn=turn, readings=given_characters(characters), given=True)
    Story.objects.filter(pk=story.pk).update(active_at=timezone.now())
    return turn


def given_characters(characters: Any) -> list[CharacterReading]:
    """Characters as a request states them."""

    def text(one: Mapping[str, Any], key: str) -> str:
        return str(one.get(key) or "").strip()

    return [
        CharacterReading(
            name=one["name"],
            description=text(one, "description"),
            outfit=text(one, "outfit"),
            physical_features=text(one, "physical_features"),
            expression=text(one, "expression"),
        )
        for one in characters
    ]


@transaction.atomic
def turn_update(*, turn: Turn, actor: User, changes: Mapping[str, Any]) -> Turn:
    """Correct what a turn says. A new place gets its background, changed looks their portrait.

    Raises InvalidParameters, and Conflict while the turn is still being told.
    """
    texts = _texts(changes)
    texts.pop("external_id", None)
    locked = turn_lock(turn.pk)
    if locked is None:
        raise NotFound("There is no such turn.")
    if locked.status == "processing":
        raise Conflict("This turn is still being told; wait until it is complete.")
    moved = bool(texts.get("location")) and texts["location"] != locked.location
    given = list(dict.fromkeys([*locked.given, *(key for key in _GIVEN if key in texts)]))
    for key, value in texts.items():
        setattr(locked, key, value)
    Turn.objects.filter(pk=locked.pk).update(given=given, **texts)
    if changes.get("characters"):
        cast_record(turn=locked, readings=given_characters(changes["characters"]), given=True)
        pictures_for_turn(turn=locked, actor=actor, image_types=["character"])
    if moved:
        GeneratedImage.objects.filter(turn=locked, image_type="background", is_selected=True).update(is_selected=False)
        background_ask(turn=locked, actor=actor)
    announce.turn_changed(locked.pk, "turn.changed")
    locked.refresh_from_db()
    return locked


@transaction.atomic
def turn_delete(*, turn: Turn, actor: User) -> None:
    """Take the last turn back: its pictures, the looks it brought and what it realised. Raises Conflict for another."""
    locked = turn_lock(turn.pk)
    if locked is None:
        raise NotFound("There is no such turn.")
    if Turn.objects.filter(story_id=locked.story_id, number__gt=locked.number).exists():
        raise Conflict("Only the last turn can be taken back.")
    jobs = Job.objects.filter(subject=f"{locked.story_id}:{locked.pk}").exclude(status__in=Job.TERMINAL)
    jobs_cancel(job_ids=list(jobs.values_list("pk", flat=True)), reason="the turn was taken back")
    DreamerContent.objects.filter(realized_in_turn=locked).update(
        is_realized=False, realized_at=None, realized_by="", realized_in_turn=None
    )
    kept = GeneratedImage.objects.filter(turn=locked, dreamer_content__isnull=False)
    kept.update(turn=None, is_speculative=True, realized_at=None, realized_by="", is_selected=False)
    for image in GeneratedImage.objects.filter(turn=locked).order_by("-pk"):
        image_delete(image=image, actor=actor)
    _forget_looks(locked)
    story_id, turn_id = locked.story_id, locked.pk
    locked.delete()
    announce.turn_deleted(story_id=story_id, turn_id=turn_id)


def _forget_looks(turn: Turn) -> None:
    """Characters look again as they did before this turn; those it introduced are gone."""
    for look in CharacterAppearance.objects.filter(turn=turn).select_related("character").order_by("-pk"):
        Character.objects.filter(pk=look.character_id, appearance=look).update(appearance=look.previous_appearance)
        look.delete()
    strangers = Character.objects.filter(turns__turn=turn, appearance__isnull=True, appearances__isnull=True)
    Character.objects.filter(pk__in=list(strangers.values_list("pk", flat=True))).delete()


@transaction.atomic
def turn_retry(*, turn: Turn, actor: User) -> Turn:
    """Take up a failed turn once more, from where it failed. Raises Conflict for one that has not failed."""
    locked = turn_lock(turn.pk)
    if locked is None:
        raise NotFound("There is no such turn.")
    if locked.state != Turn.State.FAILED:
        raise Conflict("Only a failed turn can be tried again.")
    locked.state, locked.error_code, locked.error_detail = Turn.State.RECEIVED, "", ""
    Turn.objects.filter(pk=locked.pk).update(
        state=Turn.State.RECEIVED, error_code="", error_detail="", finished_at=None, tries=0
    )
    announce.turn_changed(locked.pk, "turn.changed")
    turn_advance(locked)
    locked.refresh_from_db()
    return locked
