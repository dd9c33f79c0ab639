"""Reads the grammar's text files and makes sentences of them.

A file holds sections of lines, `[name]` and then one sentence a line; `#` begins a comment. In a sentence
`{a|b|c}` stands for one of its alternatives (never nested) and `$word` for a slot. A line may begin with a
condition and a colon: `in:` and `out:` for places known to be indoors or outdoors, `it:` for a line with one thing.
"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

GRAMMAR = Path(__file__).parent / "grammar"
_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"\$([a-z]+)")
_CONDITION = re.compile(r"^(in|out|it): ")

Sections = dict[str, tuple[str, ...]]


@cache
def load(name: str) -> Sections:
    """The sections of one grammar file. Raises OSError if there is none of that name."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (GRAMMAR / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return {key: tuple(value) for key, value in sections.items()}


def usable(lines: tuple[str, ...], conditions: frozenset[str]) -> list[str]:
    """The lines whose condition holds, without it."""
    kept = []
    for line in lines:
        match = _CONDITION.match(line)
        if match is None or match.group(1) in conditions:
            kept.append(line[match.end() :] if match else line)
    return kept


def slots(line: str) -> set[str]:
    """The names of the slots in a sentence."""
    return set(_SLOT.findall(line))


def expand(line: str, filled: dict[str, str], draw: random.Random) -> str:
    """One sentence of the pattern. A slot that is not filled raises KeyError: the caller chooses patterns by slots."""
    chosen = _CHOICE.sub(lambda match: draw.choice(match.group(1).split("|")), line)
    text = _SLOT.sub(lambda match: filled[match.group(1)], chosen)
    text = re.sub(r"\s+([,.;:!?])", r"\1", re.sub(r"\s{2,}", " ", text)).strip()
    for position, letter in enumerate(text):
        if letter.isalpha():
            return text[:position] + letter.upper() + text[position + 1 :]
    return text


@cache
def opening_words() -> frozenset[str]:
    """The words, in lower case, that the grammar's sentences begin with. None of them is a name."""
    found = set()
    for path in GRAMMAR.glob("*.txt"):
        for section, lines in load(path.stem).items():
            for line in lines if section != "marks" else ():
                start = _CONDITION.sub("", line)
                options = _CHOICE.match(start)
                for option in options.group(1).split("|") if options else [start]:
                    head = re.match(r"[A-Za-z']+", option)
                    if head:
                        found.add(head.group(0).lower())
    return frozenset(found)
