"""Reading a prompt: from its words to a `Scene`, the frozen plan of a picture."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from compute.backends.painter import lexicon
from compute.backends.painter import lexicon_people as folk
from compute.backends.painter.people import Person, read_people


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is to be painted. `kind` is place, action, portrait or item; `""` means the prompt did not say."""

    kind: str
    place: str
    light: str
    weather: str
    mood: str
    inside: bool
    colours: tuple[str, ...]
    people: tuple[Person, ...]
    creatures: tuple[str, ...]
    things: tuple[str, ...]
    place_key: int = field(repr=False)  # hash of the words that name the place and of all unknown ones
    key: int = field(repr=False)  # hash of everything that can be seen


def number_of(*parts: object) -> int:
    """A stable 64-bit number for a list of words."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def stem(word: str) -> str:
    """Lower case without possessive, plural, `-ing` and `-ed`, wherever a known word is left over; else the word."""
    word = word.lower().removesuffix("'s").removesuffix("’s")
    word = _IRREGULAR.get(word, word)
    if word in _KNOWN:
        return word
    for tail, instead in (
        ("ies", "y"),
        ("es", ""),
        ("s", ""),
        ("ing", ""),
        ("ing", "e"),
        ("ed", ""),
        ("ed", "e"),
        ("y", ""),
    ):
        if word.endswith(tail) and len(word) > len(tail) + 2:
            root = word[: -len(tail)] + instead
            if root in _KNOWN:
                return root
            if len(root) > 3 and root[-1] == root[-2] and root[:-1] in _KNOWN:
                return root[:-1]
    return word


_IRREGULAR = {
    "children": "child", "men": "man", "women": "woman", "wolves": "wolf", "people": "person", "knives": "knife",
    "elves": "elf", "dwarves": "dwarf", "thieves": "thief", "leaves": "leaf", "fishermen": "fisherman", "ran": "run",
    "fought": "fight", "sat": "sit", "held": "hold", "drew": "draw", "swung": "swing",
}  # fmt: skip
_TABLES = (
    lexicon.PLACE, lexicon.LIGHT, lexicon.WEATHER, lexicon.MOOD, lexicon.COLOUR, lexicon.CREATURE, lexicon.THING,
    folk.PERSON, folk.HAIR_STYLE, folk.HEADGEAR, folk.GARMENT, folk.MARK, folk.EXPRESSION, folk.POSE, folk.SKIN,
    folk.NUMBER,
)  # fmt: skip
_KNOWN = frozenset(
    part for table in _TABLES for phrase in table for part in phrase.split("_")
) | folk.HAIR_WORDS | folk.BEARD_WORDS | lexicon.EMPTY  # fmt: skip


_PHRASES = frozenset(phrase for table in _TABLES for phrase in table if "_" in phrase)


def phrases(words: list[str]) -> list[str]:
    """The words, with known phrases of two and three words put in their place as one (`moon_lit`)."""
    out, i = [], 0
    while i < len(words):
        for n in (3, 2):
            joined = "_".join(words[i : i + n])
            if joined in _PHRASES:
                out.append(joined)
                i += n
                break
        else:
            out.append(words[i])
            i += 1
    return out


def split(prompt: str) -> list[list[str]]:
    """The prompt's clauses, each a list of words as written; weights such as `(word:1.2)` lose their marks."""
    plain = re.sub(r":\d+(\.\d+)?|[()\[\]{}<>\"“”]", " ", prompt[:4000])
    clauses = (re.findall(r"[\w'’]+", clause.replace("-", " ")) for clause in re.split(r"[,;.!?\n|]+", plain))
    return [clause for clause in clauses if clause]


def _best(clauses: list[list[str]], table: Mapping[str, str], first: float = 1.0) -> str:
    """The meaning named most; phrases count double, the first clause `first` times, and the earlier wins a tie."""
    votes: dict[str, float] = {}
    for n, clause in enumerate(clauses):
        for word in clause:
            if word in table:
                vote = (2 if "_" in word else 1) * (first if n == 0 else 1)
                votes[table[word]] = votes.get(table[word], 0) + vote
    return max(votes, key=lambda name: votes[name]) if votes else ""


def _kind(text: str, has_people: bool, has_thing: bool, has_place: bool) -> str:
    if re.search(r"\b(portrait|headshot|bust of|character art|character sheet|face of|selfie)\b", text):
        return "portrait"
    if re.search(r"\b(wide shot|establishing|landscape|scenery|panorama|background|vista)\b", text):
        return "place"
    if re.search(r"\b(item|still life|product|artefact|artifact|object|prop|icon of|close up of)\b", text):
        return "item"
    if has_people:
        return "action"
    return "item" if has_thing and not has_place else "place"


def read(prompt: str) -> Scene:
    """The scene a prompt asks for. Every prompt, an empty one too, has one."""
    raw = split(prompt)
    clauses = [phrases([stem(word) for word in clause]) for clause in raw]
    told = [word for clause in clauses for word in clause if word not in lexicon.EMPTY]
    place = _best(clauses, lexicon.PLACE, first=1.5)
    inside = place in lexicon.INDOORS or any(word in lexicon.INSIDE for word in told)
    if inside and place not in lexicon.INDOORS:
        indoors = {word: name for word, name in lexicon.PLACE.items() if name in lexicon.INDOORS}
        place = _best(clauses, indoors) or _INSIDE_OF.get(place, place)
    things = tuple(dict.fromkeys(lexicon.THING[word] for word in told if word in lexicon.THING))
    lowered = prompt.lower()
    wide = bool(re.search(r"\b(wide shot|establishing|landscape|scenery|background|item)\b", lowered))
    people = read_people(raw, stem, phrases, names=not wide, alone="portrait" in lowered)
    worn = {colour for person in people for colour in (person.colour, person.hair, person.skin, person.eyes)}
    kind = _kind(lowered, bool(people), bool(things), bool(place))
    if kind == "portrait" and not people:
        people = read_people([["person"], *raw], stem, phrases, names=False, alone=True)
    creatures = tuple(dict.fromkeys(lexicon.CREATURE[word] for word in told if word in lexicon.CREATURE))
    light, weather = _best(clauses, lexicon.LIGHT), _best(clauses, lexicon.WEATHER)
    mood = _best(clauses, lexicon.MOOD)
    unknown = [word for word in told if not any(word in table for table in _TABLES)]
    place_words = [word for word in told if word in lexicon.PLACE]
    return Scene(
        kind=kind,
        place=place,
        light=light,
        weather=weather,
        mood=mood,
        inside=inside,
        colours=tuple(c for word in told if word != "dark" and (c := lexicon.COLOUR.get(word)) and c not in worn)[:3],
        people=people,
        creatures=creatures,
        things=things,
        place_key=number_of(place, *place_words, *unknown),
        key=number_of(kind, place, light, weather, people, creatures, *sorted(told)),
    )


# What a place outdoors becomes when the prompt says "inside".
_INSIDE_OF = {
    "lighthouse": "stairs", "castle": "throne", "village": "bedroom", "ruins": "throne", "mountain": "cave",
    "city": "bedroom", "sea": "bedroom", "harbour": "tavern", "graveyard": "dungeon", "market": "tavern",
    "meadow": "bedroom", "camp": "bedroom", "snowfield": "cave", "space": "space", "": "bedroom",
}  # fmt: skip
