"""Reading a turn: where it plays, who is there, what changed about their looks, what a picture should show.

    analyse(request: AnalysisRequest) -> Analysis                       heuristics, no model, milliseconds
    same_place(a: str, b: str) -> bool
    differs_in_meaning(old: str, new: str) -> bool

and, for a model, in `images.analysis.prompts`:

    analysis_messages(request) -> (messages, schema)                    before the narration
    narration_messages(request, *, history=(), idea="") -> messages
    reading_messages(request) -> (messages, schema)                     after the narration
    parse_analysis(text, request) -> Analysis,  parse_reading(text, request) -> Analysis
"""

from images.analysis.heuristics import analyse
from images.analysis.meaning import differs_in_meaning
from images.analysis.places import same_place
from images.analysis.types import LIMITS, Analysis, AnalysisRequest, ChangeReason, CharacterReading, KnownCharacter

__all__ = [
    "LIMITS",
    "Analysis",
    "AnalysisRequest",
    "ChangeReason",
    "CharacterReading",
    "KnownCharacter",
    "analyse",
    "differs_in_meaning",
    "same_place",
]
