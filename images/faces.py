"""What the customer's Python names need of LUNA: finding or telling the turn, asking for its pictures, their paths.

Synchronous; images.orchestrator and images.narration call it from threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from community.models import User
from compute.common.errors import InvalidParameters, NotFound
from compute.services.files import storage_path
from compute.services.waiting import waiting_report
from images.models import GeneratedImage, Story, Turn
from images.services.pictures import image_regenerate, image_select, pictures_ask, turn_illustrate
from images.services.prompts import action_plan
from images.services.stories import story_create
from images.services.turns import turn_submit, turn_update

Status = GeneratedImage.Status
# Who plays stories that a program tells when there is no administrator.
ENGINE_USER = "story-engine"
ENGINE_STORY = "python"
_ALIASES = {
    "player_input": ("player_input",),
    "narration": ("narration", "ai_response"),
    "summary": ("summary", "plot_summary"),
    "location": ("location", "current_location"),
    "location_description": ("location_description",),
    "time_of_day": ("time_of_day",),
    "weather": ("weather",),
}
_LOOKS = ("description", "outfit", "physical_features", "expression")


class ImageGenerationError(RuntimeError):
    """A picture could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class PictureState:
    """Where a picture stands. path: absolute, once it is complete. problem: why it never will be, or why it waits."""

    image_id: int
    image_type: str
    subject_key: str
    is_over: bool
    path: str | None
    problem: str

    @property
    def key(self) -> str:
        """The key of its path in the result of `generate_images_for_turn`."""
        return f"character_{self.subject_key}" if self.image_type == "character" else self.image_type


# --- turns ---------------------------------------------------------------------------------------------------------
def turn_fields(turn_data: Mapping[str, Any]) -> dict[str, Any]:
    """A story engine's `turn_data` in the contract's names; keys LUNA has no use for are left out."""
    fields: dict[str, Any] = {}
    for name, keys in _ALIASES.items():
        text = next((value for key in keys if (value := turn_data.get(key))), None)
        if isinstance(text, str):
            fields[name] = text
    people = turn_data.get("characters", turn_data.get("tracked_items"))
    if people is not None:
        fields["characters"] = _people(people)
    return fields


def _people(people: Any) -> list[dict[str, str]]:
    """A list of objects, or an object from name to looks or to a description."""
    if isinstance(people, Mapping):
        looks = [{"name": name, **_looks(given)} for name, given in people.items()]
    elif isinstance(people, Sequence) and not isinstance(people, str):
        looks = [_looks(one) if isinstance(one, Mapping) else {"name": one} for one in people]
    else:
        raise InvalidParameters("characters must be a list, or an object from name to looks.")
    named = [one for one in looks if isinstance(one.get("name"), str) and one["name"].strip()]
    return [{key: str(value) for key, value in one.items() if key in ("name", *_LOOKS) and value} for one in named]


def _looks(given: Any) -> dict[str, Any]:
    return dict(given) if isinstance(given, Mapping) else {"description": given}


def turn_for(turn_id: int | None, turn_data: Mapping[str, Any], *, image_types: Sequence[str] | None = None) -> Turn:
    """The turn of that id, brought up to date with what `turn_data` says; told anew if there is none.

    A turn that LUNA does not have belongs to another engine: it is found again by its external_id `turn:ID` in the
    story `turn_data["story_id"]` (an id of LUNA's or an external_id), else in a story kept for such turns.
    Raises DomainError.
    """
    found = None if turn_id is None else _live_turns().filter(pk=turn_id).first()
    wanted = turn_data.get("story_id")
    if found is not None and wanted not in (None, found.story_id, found.story.external_id):
        found = None
    if found is None:
        story = _story(wanted)
        found = story.turns.filter(external_id=f"turn:{turn_id}").first() if turn_id is not None else None
        if found is None:
            return _tell(story, turn_id, turn_data, image_types)
    return _updated(found, turn_fields(turn_data))


def _story(story_id: Any) -> Story:
    live = Story.objects.select_related("owner").filter(deleted_at__isnull=True)
    if story_id is not None:
        story = live.filter(Q(pk=str(story_id)) | Q(external_id=str(story_id))).order_by("created_at").first()
        if story is None:
            raise NotFound(f"There is no story {story_id!r}.")
        return story
    owner = engine_user()
    kept = live.filter(owner=owner, external_id=ENGINE_STORY).first()
    return kept or story_create(owner=owner, title="Told from Python", external_id=ENGINE_STORY)


def engine_user() -> User:
    """The oldest administrator, else a user nobody can sign in as."""
    administrator = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if administrator is not None:
        return administrator
    user, made = User.objects.get_or_create(username=ENGINE_USER)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _tell(story: Story, turn_id: int | None, turn_data: Mapping[str, Any], image_types: Sequence[str] | None) -> Turn:
    data: dict[str, Any] = turn_fields(turn_data)
    number = turn_data.get("turn_number")
    if isinstance(number, int) and number > 0 and not story.turns.filter(number=number).exists():
        data["number"] = number
    if turn_id is not None:
        data["external_id"] = f"turn:{turn_id}"
    if image_types is not None:
        data["image_types"] = list(image_types)
    return turn_submit(story=story, actor=story.owner, data=data)


def _updated(turn: Turn, fields: Mapping[str, Any]) -> Turn:
    changes = {key: value for key, value in fields.items() if key != "characters" and value != getattr(turn, key)}
    if fields.get("characters"):
        changes["characters"] = fields["characters"]
    if not changes or turn.status == "processing":
        return turn
    return turn_update(turn=turn, actor=turn.story.owner, changes=changes)


def narration_of(turn_id: int) -> dict[str, Any] | None:
    """The told turn as TurnProcessor returns it; None while it is being told. Raises ImageGenerationError."""
    turn = Turn.objects.filter(pk=turn_id).first()
    if turn is None:
        raise NotFound("The turn was taken back.")
    if turn.status == "processing":
        return None
    if turn.status == "failed":
        raise ImageGenerationError(f"turn {turn.number} could not be told: {turn.error_detail or turn.error_code}")
    keys = ("narration", "narrated_by", "summary", "location", "location_description", "time_of_day", "weather")
    cast = turn.cast.select_related("character", "appearance")
    return {
        "turn_id": turn.pk,
        "story_id": turn.story_id,
        "turn_number": turn.number,
        **{key: getattr(turn, key) for key in keys},
        "characters": [
            {
                "name": member.character.name,
                "description": member.appearance.description if member.appearance else "",
                "outfit": member.appearance.outfit if member.appearance else "",
                "expression": member.expression,
            }
            for member in cast
        ],
        "suggested_actions": [action["text"] for action in turn.suggested_actions],
    }


# --- pictures ------------------------------------------------------------------------------------------------------
def ask_for_turn(turn_id: int, *, force: bool) -> list[int]:
    """Ask for what the turn lacks, or for everything anew; returns the pictures it then has, finished or not."""
    turn = _turn(turn_id)
    made = turn_illustrate(turn=turn, actor=turn.story.owner, force_regenerate=force)
    subjects = {(image.image_type, image.subject_key) for image in made}
    ids = [image.pk for image in made]
    kept: dict[tuple[str, str], list[GeneratedImage]] = {}
    for image in turn.images.filter(dreamer_content__isnull=True).order_by("variant", "pk"):
        if (image.image_type, image.subject_key) not in subjects:
            kept.setdefault((image.image_type, image.subject_key), []).append(image)
    for (image_type, _), images in kept.items():
        usable = [image for image in images if image.status not in (Status.FAILED, Status.CANCELLED)]
        if not usable:
            usable = [image_regenerate(image=images[-1], actor=turn.story.owner)]
        if image_type != "action":
            usable = [next((image for image in usable if image.is_selected), usable[-1])]
        ids += [image.pk for image in usable]
    return ids


def ask_for_action(turn_id: int, *, variant: int) -> int:
    """The n-th picture of the turn's moment, counted from 0; asked for if there is none."""
    turn = _turn(turn_id)
    wanted = variant + 1
    actions = turn.images.filter(image_type="action", dreamer_content__isnull=True).order_by("pk")
    if not actions.exists():
        turn_illustrate(turn=turn, actor=turn.story.owner, image_types=["action"])
    found = actions.filter(variant=wanted).first()
    if found is None:
        found = _further_variant(turn, wanted)
    if found.status in (Status.FAILED, Status.CANCELLED):
        found = image_regenerate(image=found, actor=turn.story.owner)
    return found.pk


@transaction.atomic
def _further_variant(turn: Turn, wanted: int) -> GeneratedImage:
    """More variants than the story's setting asks for; what the player chose stays chosen."""
    turn = Turn.objects.select_for_update(of=("self",)).select_related("story__owner").get(pk=turn.pk)
    actions = GeneratedImage.objects.filter(turn=turn, image_type="action", dreamer_content__isnull=True)
    have = max(actions.values_list("variant", flat=True), default=0)
    if not have:
        raise ImageGenerationError("pictures of the moment are switched off (image_generation.turn_images.enabled)")
    chosen = actions.filter(is_selected=True).first()
    cast = list(turn.cast.values_list("character__name", flat=True))
    plan = action_plan(story=turn.story, turn=turn, cast=cast, variants=wanted - have, force=False)
    made = pictures_ask(story=turn.story, turn=turn, plan=plan, actor=turn.story.owner)
    if chosen is not None:
        image_select(image=chosen, actor=turn.story.owner)
    return made[-1]


def ask_again(image_id: int, new_prompt: str | None) -> int:
    """A new picture of the same thing. Raises NotFound, and what image_regenerate raises."""
    image = GeneratedImage.objects.select_related("story__owner").filter(pk=image_id).first()
    if image is None or image.story.deleted_at is not None:
        raise NotFound(f"There is no picture {image_id}.")
    return image_regenerate(image=image, actor=image.story.owner, new_prompt=new_prompt).pk


def picture_states(image_ids: Sequence[int]) -> list[PictureState]:
    """How these pictures stand, in the order asked; deleted ones are over and have no path."""
    rows = GeneratedImage.objects.select_related("file", "job__needs").in_bulk(list(image_ids))
    return [_state(image_id, rows.get(image_id)) for image_id in image_ids]


def _state(image_id: int, image: GeneratedImage | None) -> PictureState:
    if image is None:
        return PictureState(image_id, "", "", True, None, "it was deleted")
    path, problem = None, ""
    if image.status == Status.COMPLETE and image.file is not None:
        path = str(storage_path(image.file.path))
    elif image.status in GeneratedImage.UNFINISHED:
        problem = waiting_report(image.job).reason if image.job is not None else ""
    else:
        problem = image.error_detail or image.error_code or image.status
    is_over = image.status not in GeneratedImage.UNFINISHED
    return PictureState(image_id, image.image_type, image.subject_key, is_over, path, problem)


def _turn(turn_id: int) -> Turn:
    turn = _live_turns().filter(pk=turn_id).first()
    if turn is None:
        raise NotFound(f"There is no turn {turn_id}.")
    return turn


def _live_turns() -> QuerySet[Turn]:
    return Turn.objects.select_related("story__owner").filter(story__deleted_at__isnull=True)
