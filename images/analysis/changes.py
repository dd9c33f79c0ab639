"""What a turn does to somebody's looks, and the looks that hold after it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from images.analysis.clauses import Clause
from images.analysis.looks_grammar import OWN
from images.analysis.looks_words import AGES, GROWN, PARTS, SLOT_OF
from images.analysis.types import ChangeReason, KnownCharacter
from images.language.words import words


@dataclass
class Change:
    """What one turn does to one character's looks."""

    put_on: list[str] = field(default_factory=list)
    taken_off: list[str] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)

    @property
    def reason(self) -> ChangeReason:
        return ChangeReason.TRANSFORMATION if self.features else ChangeReason.NEW_OUTFIT


def note(
    found: dict[str, Change], who: str, clause: Clause, *, put_on: str = "", taken_off: str = "", feature: str = ""
) -> None:
    if not who or re.match(r"(?:it|them)\b", put_on):
        return
    change = found.setdefault(who, Change())
    if put_on:
        change.put_on.append(_bare(put_on))
    if taken_off:
        change.taken_off.append(_bare(taken_off))
    if feature:
        change.features.append(_bare(feature))
    if clause.text not in change.evidence:
        change.evidence.append(clause.text)


def _bare(phrase: str) -> str:
    """A phrase without the article or possessive it begins with."""
    return re.sub(rf"^(?:the|an?|{OWN}|some)\s+", "", " ".join(phrase.split()), flags=re.IGNORECASE).strip(" ,.;")


def outfit_after(known: KnownCharacter | None, change: Change) -> str:
    """The whole outfit once the change is made: what sat in the same place gives way."""
    worn = [
        part
        for part in re.split(r",\s*|\s+and\s+|\s+with\s+|\s+over\s+", known.outfit if known else "")
        if part.strip()
    ]
    for garment in change.taken_off:
        heads = {word for word in words(garment.lower()) if word in SLOT_OF}
        worn = [part for part in worn if not heads & set(words(part.lower()))]
    for garment in change.put_on:
        slots = {SLOT_OF[word] for word in words(garment.lower()) if word in SLOT_OF}
        if "whole" in slots or not slots:
            worn = []
        worn = [part for part in worn if not slots & {SLOT_OF.get(word, "") for word in words(part.lower())}]
        worn.append(garment)
    if not worn and change.taken_off:
        return "without " + ", ".join(change.taken_off)
    return ", ".join(part.strip() for part in worn)


def features_after(known: KnownCharacter | None, change: Change) -> str:
    """The features with the change told behind them; what speaks of the same part of the body gives way."""
    told = [_feature(text) for text in change.features]
    parts = {word for text in told for word in words(text.lower()) if word in PARTS | GROWN | AGES}
    kept = [
        part.strip()
        for part in re.split(r",\s*|;\s*|\s+and\s+", known.physical_features if known else "")
        if part.strip() and not parts & set(words(part.lower()))
    ]
    return ", ".join([*kept, *told])


def _feature(text: str) -> str:
    """A clause as a feature: "cuts her long hair short with the knife" → "cut her long hair short" is left as told."""
    return text[:1].lower() + text[1:] if text[:2] not in ("I ",) else text
