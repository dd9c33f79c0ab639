"""A narrator that needs no model: a grammar over the story's genre, places and people.

    narrate(request: NarrationRequest) -> Narration
    suggest_actions(request: NarrationRequest, narration: str = "", *, count: int = 3) -> list[str]
    summarise(*, player_input: str, narration: str, limit: int = 160) -> str

It is labelled `NARRATED_BY` wherever a turn says who wrote it; it never claims to be a model.
"""

from images.narrator.afterwards import suggest_actions, summarise
from images.narrator.telling import digest, narrate
from images.narrator.types import CharacterNote, Narration, NarrationRequest

NARRATED_BY = "built-in narrator"

__all__ = [
    "NARRATED_BY",
    "CharacterNote",
    "Narration",
    "NarrationRequest",
    "digest",
    "narrate",
    "suggest_actions",
    "summarise",
]
