"""Puts a narration together: what the player did, the place, something new, the people, and a way on.

Each part of a narration has a pool of sentence patterns in an order of its own for every story; the turn's number
walks through it, so that a pattern comes back only after all the others. Within a pattern the seed chooses, and what
was told before in the story is never told again.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from images.language.hearing import Heard, hear
from images.language.words import sentences
from images.narrator.lexicon import expand, load, slots, usable
from images.narrator.scene import Scene, scene_of
from images.narrator.types import Narration, NarrationRequest

WORDS_MIN = 60
WORDS_AIM = 78
WORDS_MAX = 140
DRAWS_PER_PATTERN = 24
HISTORY_MAX = 5000

_PLANS = (
    ("echo", "setting", "person", "turn", "hook"),
    ("echo", "sense", "turn", "person", "hook"),
    ("setting", "echo", "person", "sense", "hook"),
    ("echo", "noun", "sense", "person", "hook"),
    ("echo", "person", "setting", "turn", "hook"),
    ("sense", "echo", "turn", "person", "hook"),
    ("echo", "sense", "person", "noun", "hook"),
    ("echo", "turn", "setting", "person", "hook"),
)
_SPARE = ("sense", "turn", "place", "setting")


def narrate(request: NarrationRequest) -> Narration:
    """Narrate one turn in 60 to 140 words. The same request gives the same text; nothing is raised for odd input."""
    return _Telling(request).tell()


def digest(sentence: str) -> str:
    """A short digest of a sentence, blind to case, punctuation and spaces."""
    plain = " ".join(re.findall(r"[^\W_]+", sentence.lower()))
    return hashlib.blake2b(plain.encode(), digest_size=8).hexdigest()


def pieces(text: str) -> list[str]:
    """The sentences of a narration, also those inside quotation marks."""
    return [part for part in re.split(r"(?<=[.!?])[\"'”’)]*\s+|\n+", text) if part.strip()]


@lru_cache(maxsize=2000)
def _digests(narration: str) -> frozenset[str]:
    """The digests of all sentences of an earlier narration; a story asks for the same ones turn after turn."""
    return frozenset(digest(piece) for piece in [*pieces(narration), *sentences(narration)])


@dataclass
class _Telling:
    request: NarrationRequest
    scene: Scene = field(init=False)
    heard: Heard = field(init=False)
    draw: random.Random = field(init=False)
    told: set[str] = field(init=False)
    patterns_used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        request = self.request
        self.scene, self.heard = scene_of(request), hear(request.player_input)
        # Names of stories may repeat; the premise and the genre tell them apart enough for an order of patterns.
        self.story_key = f"{request.title}\n{request.premise[:500]}\n{self.scene.genre}"
        self.draw = random.Random(f"{self.story_key}\n{request.number}\n{request.seed}\n{request.player_input[:2000]}")
        self.told = set(request.avoid)
        for narration in list(request.history)[-HISTORY_MAX:]:
            self.told |= _digests(narration)

    def tell(self) -> Narration:
        plan = _PLANS[(self.request.number + self._start("plan", len(_PLANS))) % len(_PLANS)]
        parts = [(part, text) for part in plan if (text := self._part(part))]
        for spare in _SPARE * 2:
            if self._count(parts) >= WORDS_AIM:
                break
            text = self._part(spare)
            if text:
                parts.insert(len(parts) - 1, (spare, text))
        while self._count(parts) > WORDS_MAX and len(parts) > 3:
            position = next(i for i, (part, _) in enumerate(parts) if part not in ("echo", "hook"))
            parts.pop(position)
        texts = [text for _, text in parts]
        text = self._laid_out(texts)
        return Narration(
            text=text,
            taken_up=self.heard.noun or (self.heard.verb if self.heard.verb != "be" else ""),
            sentence_digests=tuple(digest(sentence) for sentence in pieces(text)),
        )

    def _laid_out(self, texts: list[str]) -> str:
        """Two paragraphs for longer narrations, else one."""
        if len(texts) < 5:
            return " ".join(texts)
        cut = len(texts) - 2 if self.request.number % 2 else len(texts) - 3
        return " ".join(texts[:cut]) + "\n\n" + " ".join(texts[cut:])

    def _count(self, parts: Iterable[tuple[str, str]]) -> int:
        return sum(len(text.split()) for _, text in parts)

    def _part(self, part: str) -> str:
        """A new sentence for one part of the plan, or "" when the scene has nothing for it."""
        if part == "echo":
            return self._echo()
        if part == "setting":
            options = [
                name
                for name, known in (
                    ("hour", self.scene.hour),
                    ("weather", self.scene.weather),
                    ("place", self.scene.place),
                )
                if known
            ]
            if not options:
                return self._sentence("sense")
            return self._part(options[(self.request.number + self._start("setting", len(options))) % len(options)])
        if part == "noun":
            return self._noun() or self._sentence("turn")
        if part == "person":
            return self._person() or self._sentence("sense")
        return self._sentence(part)

    def _sentence(self, part: str) -> str:
        genre, plain, moment = load(self.scene.genre or "plain"), load("plain"), load("moment")
        if part in ("sense", "turn", "hook"):
            own = genre[part] if self.scene.genre else ()
            pool = own + plain[part]
        elif part == "hour":
            pool = moment.get(f"hour {self.scene.hour}", ())
        elif part == "weather":
            pool = moment.get(f"weather {self.scene.weather}", ())
        else:
            pool = plain["place"] if self.scene.place else ()
        return self._fresh(part, pool, {"place": self.scene.place})

    def _person(self) -> str:
        people = self.scene.people
        if not people:
            return ""
        person = people[(self.request.number + self._start("person", len(people))) % len(people)]
        moment = load("moment")
        filled = {"name": person.name, "poss": person.possessive, "about": person.about}
        unknown = not any(person.name in narration for narration in self.request.history)
        if unknown and person.about:
            first = self._fresh("person first", moment["person first"], filled)
            if first:
                return first
        return self._fresh("person", moment["person"], filled)

    def _echo(self) -> str:
        """The sentence that answers to the player's line."""
        heard, echo = self.heard, load("echo")
        if heard.clause:
            return self._clause_echo()
        if heard.spoken and not heard.noun:
            return self._fresh("spoken", echo["spoken"], {})
        if heard.noun:
            return self._noun()
        if heard.verb:
            return self._fresh("verb", echo["verb"], {"verb": heard.verb})
        return self._fresh("unheard", echo["unheard"], {})

    def _clause_echo(self) -> str:
        heard, echo = self.heard, load("echo")
        conditions = frozenset({"it"} if heard.noun_kind == "thing" and " and " not in heard.clause else ())
        own = usable(echo.get(f"tail {heard.verb_class}", ()), conditions)
        tails = (
            [*own, *usable(echo["tail any"], conditions)] if self.draw.random() < 0.6 else own or [*echo["tail any"]]
        )
        openings = ["$clause, and", "$clause, and", *echo["before"]]
        if len(heard.clause.split()) <= 9 and heard.verb != "be":
            openings.append("As $clause,")
        patterns = [f"{opening} {tail}." for tail in tails for opening in openings]
        self.draw.shuffle(patterns)
        found = self._first_new(patterns, {"clause": heard.clause})
        return found or self._first_new(
            [f"{opening} {tail}." for tail in echo["tail any"] for opening in openings], {"clause": heard.clause}
        )

    def _noun(self) -> str:
        kind = {"thing": "thing", "things": "things", "place": "place noun", "person": "person noun"}.get(
            self.heard.noun_kind
        )
        if kind is None:
            return ""
        return self._fresh(kind, load("echo")[kind], {"noun": self.heard.noun})

    def _fresh(self, pool_name: str, pool: tuple[str, ...], filled: dict[str, str]) -> str:
        """A sentence that the story has not had, from the pattern whose turn it is, else from the next ones."""
        lines = [line for line in usable(pool, self.scene.setting) if all(filled.get(slot) for slot in slots(line))]
        if not lines:
            return ""
        order = list(range(len(lines)))
        random.Random(f"{self.story_key}\n{pool_name}").shuffle(order)
        start = self.request.number % len(lines)
        return self._first_new([lines[position] for position in order[start:] + order[:start]], filled)

    def _first_new(self, patterns: list[str], filled: dict[str, str]) -> str:
        for pattern in patterns:
            if pattern in self.patterns_used:
                continue
            for _ in range(DRAWS_PER_PATTERN):
                text = expand(pattern, filled, self.draw)
                found = {digest(piece) for piece in pieces(text)}
                if not found & self.told:
                    self.told |= found
                    self.patterns_used.add(pattern)
                    return text
        return ""

    def _start(self, name: str, size: int) -> int:
        """Where this story begins in a cycle of that size."""
        return (
            int.from_bytes(hashlib.blake2b(f"{self.story_key}\n{name}".encode(), digest_size=2).digest(), "big") % size
        )
