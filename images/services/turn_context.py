"""What a turn is read against: the story so far, as the narrator and the analysis want it."""

from __future__ import annotations

from django.conf import settings

from compute.models import Worker
from images.analysis import AnalysisRequest
from images.models import Turn
from images.narrator import CharacterNote, NarrationRequest
from images.services.characters import known_characters
from images.services.prompts import picture_seed

# Turns before this one that a model gets to read.
HISTORY_TURNS = 8
# Narrations whose sentences the built-in narrator does not tell again.
NARRATIONS_REMEMBERED = 60


def llm_configured() -> bool:
    """Whether any worker that is switched on writes text. Without one the built-in narrator and heuristics work."""
    return Worker.objects.filter(enabled=True, job_kinds__contains=["llm_inference"]).exists()


def turn_before(turn: Turn) -> Turn | None:
    """The last turn told before this one."""
    return Turn.objects.filter(story_id=turn.story_id, number__lt=turn.number).order_by("-number").first()


def analysis_request(turn: Turn) -> AnalysisRequest:
    """The turn and what was so before it; fields already known of this turn count as the present state."""
    story = turn.story
    before = turn_before(turn)
    places = (
        Turn.objects.filter(story_id=story.pk, number__lt=turn.number)
        .exclude(location="")
        .order_by("-number")
        .values_list("location", flat=True)[:100]
    )
    return AnalysisRequest(
        player_input=turn.player_input,
        narration=turn.narration,
        location=turn.location or (before.location if before else ""),
        location_description=turn.location_description or (before.location_description if before else ""),
        time_of_day=turn.time_of_day or (before.time_of_day if before else ""),
        weather=turn.weather or (before.weather if before else ""),
        characters=known_characters(story, before=turn),
        known_locations=list(dict.fromkeys(places)),
        change_keywords=settings.IMAGE_GENERATION.character_portraits.change_keywords,
        title=story.title,
        premise=story.premise,
        genre=story.genre,
        style=story.style,
    )


def narration_request(turn: Turn) -> NarrationRequest:
    """What the built-in narrator is asked."""
    story = turn.story
    cast = turn.cast.select_related("character", "appearance")
    return NarrationRequest(
        player_input=turn.player_input,
        number=turn.number,
        title=story.title,
        premise=story.premise,
        genre=story.genre,
        style=story.style,
        location=turn.location,
        location_description=turn.location_description,
        time_of_day=turn.time_of_day,
        weather=turn.weather,
        characters=[
            CharacterNote(
                name=member.character.name, description=member.appearance.description if member.appearance else ""
            )
            for member in cast
        ],
        history=[text for _, text in history(turn, most=NARRATIONS_REMEMBERED)],
        seed=picture_seed(story.pk, "narration", turn.number, turn.tries),
    )


def suggestion_request(turn: Turn) -> NarrationRequest:
    """What suggestions follow from: the narration just told, not the story before it."""
    return NarrationRequest(
        player_input=turn.player_input,
        number=turn.number,
        genre=turn.story.genre,
        location=turn.location,
        seed=picture_seed(turn.story_id, "suggestions", turn.number),
    )


def history(turn: Turn, *, most: int = HISTORY_TURNS) -> list[tuple[str, str]]:
    """(player's line, narration) of the turns before, oldest first."""
    rows = (
        Turn.objects.filter(story_id=turn.story_id, number__lt=turn.number)
        .exclude(narration="")
        .order_by("-number")
        .values_list("player_input", "narration")[:most]
    )
    return list(reversed(rows))
