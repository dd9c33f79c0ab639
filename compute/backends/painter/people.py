"""Reading people out of a prompt: who they are, what they look like, wear and carry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from compute.backends.painter import lexicon as lex
from compute.backends.painter import lexicon_people as folk

MOST_PEOPLE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person. Colours are `#rrggbb`; everything the prompt left open is filled from the person's name."""

    name: str = ""
    noun: str = ""
    sex: str = "-"  # w, m
    age: str = "a"  # c child, y young, a adult, o old
    hair: str = ""
    style: str = ""
    beard: bool = False
    headgear: str = ""
    garment: str = ""
    colour: str = ""  # of the garment
    skin: str = ""
    eyes: str = ""
    expression: str = ""
    pose: str = ""
    carries: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    key: int = 0


_HAIR = ("#2a2026", "#4a2f22", "#74402a", "#8a5a34", "#b4602f", "#cfa765", "#1f1c26", "#5b4636")
# What a colour word means when it is said of hair.
_NATURAL = {
    lex.COLOUR["red"]: "#a04a28", lex.COLOUR["orange"]: "#b8642e", lex.COLOUR["yellow"]: "#d3b068",
    lex.COLOUR["golden"]: "#cfa65a", lex.COLOUR["brown"]: "#5f4030",
}  # fmt: skip
_CLOTH = ("#3f5f52", "#6e3a3a", "#3d4f78", "#7a5a36", "#5a4468", "#566048", "#8a4b32", "#47606b")
_SKIN = ("#ecc7a8", "#e2b48f", "#d19a70", "#b57c52", "#8d5a3a", "#6d432c")
_DEEP = ("#8d5a3a", "#6d432c", "#5a3726")  # skins that go with dark hair and eyes unless the words differ
_EYES = ("#4d6a58", "#4a5f86", "#5b4028", "#3c3328", "#6d7358")


def _key(*parts: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "big")


class _Reader:
    """Walks over the clauses; a person's noun or name opens a person, what follows describes that person."""

    def __init__(self, alone: bool):
        self.people: list[Person] = []
        self.loose: dict[str, object] = {}  # described before the noun: "a tall red-haired woman"
        self.alone = alone
        self.colour = ""  # a colour waiting for its noun
        self.before = ""
        self.length = ""  # "long" or "short", waiting for "hair"
        self.count = 1
        self.hands = alone  # whether a thing named now can be one that somebody carries

    def put(self, **what: object) -> None:
        if self.people and not self.loose.get("_open"):
            self.people[-1] = replace(self.people[-1], **what)  # type: ignore[arg-type]
        else:
            self.loose.update(what)

    def carried(self) -> tuple[str, ...]:
        return self.people[-1].carries if self.people else ()

    def open(self, noun: str = "", name: str = "") -> None:
        if self.people and (self.alone or self.before in folk.PERSON):  # "a pirate captain" is one person
            self._merge(noun, name)
            return
        sex, age, garment, headgear, carried = folk.PERSON.get(noun, "-/a///").split("/")
        self.loose.pop("_open", None)
        person = Person(
            name=name,
            noun=noun,
            sex=sex,
            age=age,
            garment=garment,
            headgear=headgear,
            carries=(carried,) if carried else (),
        )
        self.people.append(replace(person, **self.loose))  # type: ignore[arg-type]
        for n in range(1, self.count):
            self.people.append(replace(self.people[-1], name=f"{name}#{n}"))
        self.loose, self.count = {}, 1

    def _merge(self, noun: str, name: str) -> None:
        """A portrait has one person: "portrait of Mira, a knight" is one, not two."""
        person = self.people[-1]
        sex, age, garment, headgear, carried = folk.PERSON.get(noun, "-/a///").split("/")
        self.people[-1] = replace(
            person,
            noun=person.noun or noun,
            name=person.name or name,
            sex=person.sex if sex == "-" else sex,
            age=person.age if age == "a" else age,
            garment=person.garment or garment,
            headgear=person.headgear or headgear,
            carries=person.carries or ((carried,) if carried else ()),
        )

    def word(self, word: str) -> None:
        """One word that is not a person's noun."""
        if word in lex.COLOUR and word != "dark":
            self.colour = lex.COLOUR[word]
            if word in ("blond", "blonde", "auburn", "ginger"):
                self.put(hair=self.colour)
        elif word in folk.SKIN:
            self.put(skin=folk.SKIN[word])
        elif word in folk.HAIR_WORDS or word in folk.HAIR_STYLE:
            self._hair(word)
        elif word in folk.BEARD_WORDS:
            self.put(beard=True, sex="m", **({"hair": self.colour} if self.colour else {}))
        elif word in ("eye", "eyes", "eyed"):
            self.put(**({"eyes": self.colour} if self.colour else {}))
        elif word in folk.HEADGEAR:
            self.put(headgear=folk.HEADGEAR[word])
        elif word in folk.GARMENT:
            self._garment(word)
        elif word in lex.THING:
            self._thing(lex.THING[word])
        else:
            self._manner(word)
        if word in ("long", "short", "wild"):
            self.length = word
        elif word not in lex.COLOUR and word not in _BETWEEN:
            self.length = ""
        if word not in lex.COLOUR and word not in _BETWEEN:
            self.colour = self.colour if word in folk.HAIR_STYLE and folk.HAIR_STYLE[word] == "long" else ""
        self.before = word

    def _hair(self, word: str) -> None:
        what: dict[str, object] = {"hair": self.colour} if self.colour else {}
        if self.before == "dark":
            what["hair"] = "#2d2326"
        if word in folk.HAIR_STYLE:
            what["style"] = folk.HAIR_STYLE[word]
        if word in ("hair", "haired") and self.length:
            what["style"] = self.length
        self.put(**what)

    def _garment(self, word: str) -> None:
        what: dict[str, object] = {"garment": folk.GARMENT[word]}
        if self.colour:
            what["colour"] = self.colour
        elif self.before == "dark":
            what["colour"] = "#2b2a33"
        self.put(**what)

    def _thing(self, thing: str) -> None:
        if thing in ("crown", "helmet"):
            self.put(headgear=thing)
        elif self.hands:
            self.put(carries=tuple(dict.fromkeys((thing, *self.carried())))[:2])

    def _manner(self, word: str) -> None:
        if word in folk.AGE:
            self.put(age=folk.AGE[word])
        if word in folk.MARK:
            self.put(marks=(*(self.people[-1].marks if self.people else ()), folk.MARK[word]))
        if word in folk.EXPRESSION:
            self.put(expression=folk.EXPRESSION[word])
        if word in folk.POSE:
            self.put(pose=folk.POSE[word])
        if word in folk.NUMBER:
            self.count = folk.NUMBER[word]


_HOLDING = frozenset(
    [
        "with",
        "holding",
        "hold",
        "carrying",
        "carry",
        "wielding",
        "wield",
        "bearing",
        "bear",
        "clutching",
        "clutch",
        "raising",
        "raise",
        "draws",
        "draw",
        "his",
        "her",
        "hand",
    ]
)
_BETWEEN = frozenset(
    [
        "travel",
        "leather",
        "wool",
        "woollen",
        "silk",
        "velvet",
        "heavy",
        "worn",
        "tattered",
        "long",
        "short",
        "flowing",
        "hooded",
        "linen",
        "plate",
        "steel",
        "thick",
        "a",
        "and",
    ]
)


def read_people(
    clauses: list[list[str]],
    stem: Callable[[str], str],
    phrases: Callable[[list[str]], list[str]],
    *,
    names: bool,
    alone: bool,
) -> tuple[Person, ...]:
    """Everybody the clauses speak of, at most `MOST_PEOPLE`. names: may capitalised words be a name?"""
    reader = _Reader(alone)
    known: set[str] = set()
    clauses = [part for clause in clauses for part in _parted(clause, stem)]
    for n, clause in enumerate(clauses):
        name = _name(clause, n, known, stem) if names else ""
        if name and name.lower() not in known:
            known |= {name.lower(), *name.lower().split()}
            if name.split()[0].lower() == "old":
                reader.loose["age"] = "o"
            reader.open(name=name, noun=next((stem(w) for w in name.split() if stem(w) in folk.PERSON), ""))
        elif not alone:
            reader.loose["_open"] = any(stem(word) in folk.PERSON for word in clause)
        reader.before = ""
        stems = phrases([stem(word) for word in clause])
        reader.hands = alone or any(word in folk.PERSON or word in _HOLDING for word in stems) or bool(name)
        for word in stems:
            if word in folk.PERSON and not (name and word in name.lower()):
                reader.open(noun=word)
                reader.before = word
            else:
                reader.word(word)
        reader.loose.pop("_open", None)
        reader.colour = reader.length = ""
    return tuple(_complete(person) for person in reader.people[:MOST_PEOPLE])


def _parted(clause: list[str], stem: Callable[[str], str]) -> list[list[str]]:
    """A clause cut at each "and" or "while" behind which another person comes."""
    for i in range(1, len(clause) - 1):
        if clause[i].lower() in ("and", "while", "as") and any(stem(word) in folk.PERSON for word in clause[i:]):
            return [clause[:i], *_parted(clause[i + 1 :], stem)]
    return [clause]


def _name(clause: list[str], n: int, known: set[str], stem: Callable[[str], str]) -> str:
    """A name in a clause: "portrait of Mira", "Old Marrow", or "Mira climbs the stairs"; else an empty string."""
    words = clause
    lowered = [word.lower() for word in words]
    if "of" in lowered[:2]:
        words = words[lowered.index("of") + 1 :]
    taken: list[str] = []
    for word in words:
        if not word[0].isupper() or word in ("The", "A", "An"):
            break
        taken.append(word)
    if not taken or len(taken) > 3 or " ".join(taken).lower() in known or taken[0].lower() in known:
        return ""
    whole = len(taken) == len(words)
    strange = [word for word in taken if stem(word) not in lex.PLACE and stem(word) not in lex.EMPTY]
    acts = len(words) > len(taken) and (words[len(taken)].endswith("s") or words[len(taken)] in ("and", "with", "in"))
    if not strange or not (whole or (n == 0 and acts)):
        return ""
    if len(strange) == 1 and any(
        stem(strange[0]) in t for t in (lex.LIGHT, lex.WEATHER, lex.MOOD, lex.COLOUR, lex.THING)
    ):
        return ""
    return " ".join(taken)


def _complete(person: Person) -> Person:
    """Fill what the words left open, from the name or noun, so that the same person looks the same everywhere."""
    rng = Random(_key(person.name.lower(), person.noun))
    sex = person.sex
    if sex == "-":
        first = (
            (person.name.split() or [""])[-1].lower() if person.age == "o" else (person.name.split() or [""])[0].lower()
        )
        woman = first in folk.WOMEN or (
            first.endswith(("a", "ie", "elle", "ine", "lyn", "eth")) and first not in folk.MEN
        )
        sex = "m" if person.beard else "w" if woman else "m" if first else rng.choice("wm")
    picks = [rng.random() for _ in range(8)]
    skin = person.skin or _SKIN[int(picks[4] ** 1.6 * len(_SKIN))]
    deep = skin in _DEEP
    hairs, eyes = (_HAIR[:2], _EYES[2:4]) if deep else (_HAIR, _EYES)
    hair = _NATURAL.get(person.hair, person.hair) or (
        hairs[int(picks[0] * len(hairs))] if person.age != "o" else ("#d6d0c6", "#b0aca6")[int(picks[0] * 2)]
    )
    styles = (
        ("long", "wavy", "braid", "bun", "curly", "bob", "tail")
        if sex == "w"
        else ("short", "wavy", "short", "tail", "curly", "wild")
    )
    cloths = ("cloak", "dress", "coat", "tunic", "robe") if sex == "w" else ("coat", "cloak", "tunic", "robe")
    full = replace(
        person,
        sex=sex,
        hair=hair,
        style=person.style or styles[int(picks[1] * len(styles))],
        garment=person.garment or cloths[int(picks[2] * len(cloths))],
        colour=person.colour or _CLOTH[int(picks[3] * len(_CLOTH))],
        skin=skin,
        eyes=person.eyes or eyes[int(picks[5] * len(eyes))],
        beard=person.beard
        or (sex == "m" and (person.age == "o" or person.noun in ("dwarf", "king", "pirate")) and picks[6] < 0.8),
        expression=person.expression or "calm",
    )
    return replace(full, key=_key(full))
