"""Pieces of patterns for looks: a garment, a part of the body, a phrase that names what is worn."""

from __future__ import annotations

import re

from images.analysis import looks_words as lw


def any_of(members: frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, members), key=len, reverse=True)) + ")"


GARMENT = any_of(frozenset(lw.SLOT_OF))
PART, HAIR, GROWN, MARK, CREATURE = (
    any_of(lw.PARTS),
    any_of(lw.HAIR),
    any_of(lw.GROWN),
    any_of(lw.MARKS),
    any_of(lw.CREATURES),
)
COLOUR, SIZE = any_of(lw.COLOURS), any_of(lw.SIZES)
OWN = r"(?:her|his|their|your|my)"
NOUN_PHRASE = (
    rf"(?P<what>(?:(?:an?|the|some|two|new|{OWN}|the other)\s+)?(?:pair of\s+)?(?:(?!(?:{OWN}|the|and|to|in|"
    rf"on|at|for)\b)"
    rf"[\w'-]+\s+){{0,4}}?{GARMENT}\b(?!\s+{GARMENT}\b)(?:\s+(?:of|with)\s+(?:(?:an?|"
    rf"the)\s+)?(?!{OWN}\b)[\w-]+(?:\s+(?:and\s+)?(?!and\b|over\b|"
    rf"on\b|from\b|before\b)[\w-]+){{0,2}})?)"
)
ADVERBS = (
    r"(?:(?:now|then|also|just|finally|slowly|quickly|carefully|again|at last|has|have|had|is|are|has just|"
    r"\w+ly|both)\s+){0,3}"
)

MOODS = re.compile(
    r"\bwith (?:\w+ )?(?:fear|anger|rage|fury|shame|embarrassment|cold|shock|horror|fever|effort|laughter|"
    r"pleasure|joy|"
    r"fright|terror|envy)\b",
    re.IGNORECASE,
)
SEEMS = re.compile(r"\b(?:looks?|seems?|appears? to|like)\b", re.IGNORECASE)
