"""What the analysis of a turn is asked and what it finds. Both ways, heuristics and LLM, fill the same classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ChangeReason(StrEnum):
    """Why a character's appearance got a new row; the values are the stored ones."""

    INITIAL_APPEARANCE = "initial_appearance"
    NEW_OUTFIT = "new_outfit"
    TRANSFORMATION = "transformation"
    DESCRIPTION_UPDATE = "description_update"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCharacter:
    """A character the story already knows, with the last recorded looks. `present`: was there in the last turn."""

    name: str
    description: str = ""
    outfit: str = ""
    physical_features: str = ""
    expression: str = ""
    aliases: Sequence[str] = ()
    present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisRequest:
    """One turn and what was so before it.

    narration: "" before the turn is narrated. location, time_of_day, weather: as the last turn left them.
    player_name: the character the player speaks for, "" if "I" is nobody with a portrait.
    known_locations: names used before, most recent first. change_keywords: hints, never a reason by themselves.
    """

    player_input: str
    narration: str = ""
    location: str = ""
    location_description: str = ""
    time_of_day: str = ""
    weather: str = ""
    characters: Sequence[KnownCharacter] = ()
    known_locations: Sequence[str] = ()
    player_name: str = ""
    change_keywords: Sequence[str] = ()
    title: str = ""
    premise: str = ""
    genre: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterReading:
    """A character present in this turn, with the looks that hold after it.

    changed: this character's looks are new or changed in this turn; then `change_reason` says how and `evidence`
    is the clause that told so ("" when the reason is the first appearance).
    """

    name: str
    description: str = ""
    outfit: str = ""
    physical_features: str = ""
    expression: str = ""
    changed: bool = False
    change_reason: ChangeReason | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a turn says. Lengths are clamped (LIMITS); an empty text means: not told and not known before.

    location, time_of_day, weather: what holds after this turn, taken over from the request when nothing is told.
    notes: one sentence for each thing in a model's answer that was dropped or mended.
    """

    location: str = ""
    location_changed: bool = False
    location_description: str = ""
    time_of_day: str = ""
    weather: str = ""
    characters: tuple[CharacterReading, ...] = ()
    action_description: str = ""
    summary: str = ""
    notes: tuple[str, ...] = ()


LIMITS: dict[str, int] = {  # characters
    "name": 80,
    "location": 120,
    "location_description": 600,
    "time_of_day": 40,
    "weather": 60,
    "description": 600,
    "outfit": 300,
    "physical_features": 300,
    "expression": 80,
    "action_description": 300,
    "summary": 160,
    "evidence": 300,
}
MAX_CHARACTERS = 12
