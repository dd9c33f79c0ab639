"""What the built-in narrator is asked and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterNote:
    """A person of the story, as far as the narrator needs to know them. `pronoun` is he, she or they."""

    name: str
    description: str = ""
    pronoun: str = ""  # "" lets the narrator guess from the description, else "they"


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrationRequest:
    """One turn to narrate. Every text may be empty, very long or in any language.

    number: the turn's number, from 1. characters: those present.
    history: the story's earlier narrations, oldest first, whole texts; none of their sentences is told again.
    avoid: sentence digests (`Narration.sentence_digests`) to avoid besides, for callers that keep no texts.
    seed: the same request with the same seed gives the same narration.
    """

    player_input: str
    number: int = 1
    title: str = ""
    premise: str = ""
    genre: str = ""
    style: str = ""
    location: str = ""
    location_description: str = ""
    time_of_day: str = ""
    weather: str = ""
    characters: Sequence[CharacterNote] = ()
    history: Sequence[str] = ()
    avoid: frozenset[str] = frozenset()
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Narration:
    """A narration of 60 to 140 words.

    taken_up: the word of the player's line that the text answers to, "" when the line held none.
    sentence_digests: one short digest a sentence, in order, blind to case and punctuation.
    """

    text: str
    taken_up: str = ""
    sentence_digests: tuple[str, ...] = ()
