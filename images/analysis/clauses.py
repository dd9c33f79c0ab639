"""Text cut into clauses that state something of this turn, each with its subject.

Left out: speech, questions, wishes, memories, plans, conditions, denials. What a character says, dreams or means to
do has not happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from images.analysis.types import AnalysisRequest, KnownCharacter
from images.language.people import pronoun_of
from images.language.words import PERSON_NOUNS, base_verb, clean_text, sentences, words

TEXT_MAX_CHARS = 12_000  # of one text; a turn's last words are rarely what moves or dresses anybody
SENTENCE_MAX_CHARS = 500  # patterns are tried on no more: their cost grows faster than the text

_SPEECH = re.compile(r'"[^"]*("|$)')
# From here to the end of the sentence nothing is stated as happening now.
_UNREAL = re.compile(
    r"\b(?:if|unless|wish(?:es|ed)?|hop(?:es?|ed)|dream(?:s|ed|t|ing)?|imagin(?:es?|ed|ing)|remember(?:s|ed)?|"
    r"recall(?:s|ed)?|think(?:s|ing)? (?:of|about)|thought (?:of|about)|wonder(?:s|ed)?|pretend(?:s|ed)?|as if|"
    r"as though|used to|plan(?:s|ned)? to|intend(?:s|ed)? to|decid(?:es|ed) not|refus(?:es|ed) to|promis(?:es|"
    r"ed) to|tomorrow|"
    r"some day|someday|yesterday|years ago|long ago|once (?:wore|had|was)|reminds?|speaks? of|explains?|suggests?|"
    r"(?:portrait|painting|picture|statue|photograph|story|legend) of|"
    # Whom one asks or tells is there; what about is not.
    r"tells? (?:\w+ )?(?P<told>of|about|how)|ask(?:s|ed)? (?:\w+ ){1,3}?(?P<asked>to|how|if|whether|about))\b",
    re.IGNORECASE,
)
# A past that is over makes the whole sentence past.
_OVER = re.compile(
    r"\b(years? ago|long ago|long before|once (?:wore|had|was)|used to|back then|as a (?:child|boy|girl))\b",
    re.IGNORECASE,
)
# These spoil only their own clause.
_DENIED = re.compile(
    r"\b(?:not|never|cannot|can't|won't|refuses?|fails? to|failed to|almost|nearly|would|could|should|might|may|will|"
    r"shall|going to|wants? to|wanted to|tries to|tried to|about to|neither|nor|instead of|rather than|no longer|"
    r"needs? to|"
    r"ought to|must|let me|like to)\b|n't\b|'ll\b",
    re.IGNORECASE,
)
_WITHOUT = re.compile(r"\bwithout\b[^,]*", re.IGNORECASE)
_CUT = re.compile(
    r"\s*;\s*|\s*:\s*|\s+[-–—]+\s+|—|,?\s+(?:and|but|while|then|as|so|until|when|because|before|after|"
    r"where)\s+(?=(\w[\w'-]*))|"
    r",\s+(?=(\w[\w'-]*))|\s+(?=(?:(?:she|he|they)\s+(?:is|are|has|have|(?!across)\w+s|\w+ed)|you\s+(?:are|have))\b)",
    re.IGNORECASE,
)
# Before a pronoun these words do not end a clause: "the coat that she wears".
_BINDS = re.compile(
    r"\b(?:that|which|who|whom|what|how|why|where|whatever|if|than|as|like|all|everything|nothing|something|and|"
    r"but|when|while|"
    r"once|after|before|until|because|so|then|says?|said|thinks?|knows?)\s*$",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(r"^(?:when|as|while|once|after|because|and|but|so|then)\s+(?=(\w+))", re.IGNORECASE)
# What may stand before the subject: an adverbial with its comma, or a short one without.
LEAD = (
    r"(?:[\w' -]{0,60}?,\s*|(?:with|in|at|after|from|by|on|without|within|before|under|beneath|behind|"
    r"beyond) (?:[\w']+ ){1,5}?|"
    r"(?:then|now|slowly|suddenly|finally) )?"
)
_PRONOUNS = {"she": "she", "he": "he", "they": "they", "you": "you", "i": "you", "we": "we"}
_SUBJECTS = frozenset(
    {"it", "the", "a", "an", "her", "his", "their", "my", "your", "this", "that", "there", *_PRONOUNS}
)
# Verbs of dressing and changing that the general list does not hold.
_MORE_VERBS = re.compile(
    r"^(winds?|pins?|dons?|wears?|wore|straps?|drapes?|wraps?|buttons?|fastens?|shrugs?|strips?|kicks?|peels?|"
    r"sheds?|shaves?|"
    r"shaved|dyes|dyed|braids?|buckles?|laces|ages?|shrinks?|grows?|grew|becomes?|became|turns?|changes?|has|is|"
    r"was|stares?|"
    r"removes?|ties|slips?|looks?|swaps?|trades?|emerges?|appears?|returns?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement. subject: a character's name, "you" for the player, or "" for anything else.

    sentence: the whole sentence it stands in. mentioned: the characters named so far, this clause included. topic:
    the last character that was a subject in this sentence.
    """

    text: str
    subject: str
    sentence: str
    mentioned: tuple[str, ...]
    topic: str


@dataclass
class Cast:
    """The characters of a story, found again by name, alias or epithet."""

    request: AnalysisRequest
    by_word: dict[str, str] = field(default_factory=dict)  # lower-case name, alias or "the ferryman" → name
    pronouns: dict[str, str] = field(default_factory=dict)
    read: dict[str, list[Clause]] = field(default_factory=dict)  # statements by text

    def __post_init__(self) -> None:
        epithets: dict[str, list[str]] = {}
        for character in self.request.characters:
            self._learn(character)
            for word in words(f"{character.description} {character.outfit}".lower()):
                if word in PERSON_NOUNS:
                    epithets.setdefault(f"the {word}", []).append(character.name)
                    break
        for epithet, names in epithets.items():
            if len(names) == 1:
                self.by_word.setdefault(epithet, names[0])
        ordered = sorted(self.by_word, key=len, reverse=True)
        self.pattern = "|".join(re.escape(word) for word in ordered) or r"(?!)"
        self._mention = re.compile(rf"\b(?:{self.pattern})\b", re.IGNORECASE)

    def _learn(self, character: KnownCharacter) -> None:
        names = [character.name, *character.aliases]
        first = character.name.split(" ")[0]
        if first[:1].isupper() and first.lower().strip(".") not in (
            "the",
            "captain",
            "doctor",
            "dr",
            "sir",
            "lady",
            "old",
        ):
            names.append(first)
        if character.name.split(" ")[-1][:1].isupper():
            names.append(character.name.split(" ")[-1])
        for name in names:
            plain = " ".join(name.lower().split())
            if plain:
                self.by_word.setdefault(plain, character.name)
        looks = f"{character.name} {character.description} {character.physical_features} {character.outfit}"
        self.pronouns[character.name] = pronoun_of(looks)

    def named(self, word: str) -> str:
        return self.by_word.get(" ".join(word.lower().split()), "")

    def mentions(self, text: str) -> list[str]:
        """The characters named in a text, in order, repetitions kept."""
        return [self.named(match.group(0)) for match in self._mention.finditer(text)]

    def meant(self, pronoun: str, before: Sequence[str], after: Sequence[str]) -> str:
        """Whom she, he or they means: the last one named that it fits, else the next one, else the only one there."""

        def fits(name: str) -> bool:
            return self.pronouns.get(name, "they") in (pronoun, "they")

        for name in [*reversed(before), *after]:
            if fits(name):
                return name
        there = [each.name for each in self.request.characters if each.present and self.pronouns[each.name] == pronoun]
        return there[0] if len(there) == 1 else ""


def statements(text: str, cast: Cast) -> list[Clause]:
    """The clauses of a text that state what happens now, in order. Read once for each cast."""
    if text not in cast.read:
        cast.read[text] = list(_statements(text, cast))
    return cast.read[text]


def _statements(text: str, cast: Cast) -> Iterator[Clause]:
    mentioned: list[str] = []
    parts = [
        _SPEECH.sub(" ", part).strip()[:SENTENCE_MAX_CHARS] for part in sentences(clean_text(text, TEXT_MAX_CHARS))
    ]
    for number, sentence in enumerate(parts):
        if not sentence or sentence.endswith("?") or _OVER.search(sentence):
            mentioned += cast.mentions(sentence)
            continue
        unreal = _UNREAL.search(sentence)
        stated = sentence[: unreal.start(unreal.lastgroup or 0)] if unreal else sentence
        later = cast.mentions(stated) + (cast.mentions(parts[number + 1]) if number + 1 < len(parts) else [])
        subject = topic = ""
        for position, part in enumerate(_cut(stated, cast)):
            part = _WITHOUT.sub("", part).strip(" ,")
            subject = _subject(part, cast, subject, mentioned, later, first=position == 0)
            mentioned += cast.mentions(part)
            topic = subject if subject not in ("", "you") else topic
            if not _DENIED.search(part):
                yield Clause(text=part, subject=subject, sentence=sentence, mentioned=tuple(mentioned), topic=topic)


def _cut(sentence: str, cast: Cast) -> list[str]:
    """A sentence at the places where a new subject or a new verb begins."""
    parts, begin = [], 0
    for match in _CUT.finditer(sentence):
        follows = match.group(1) or match.group(2)
        if re.search(r"\b(?:dressed|disguised|costumed|known|same)\s*$", sentence[: match.start()], re.IGNORECASE):
            continue  # "dressed as a sailor" is one thing
        if follows is None and not match.group(0).strip(" ") and _BINDS.search(sentence[: match.start()]):
            continue
        if follows is not None:
            name = re.match(rf"(?:{cast.pattern})\b", sentence[match.end() :], re.IGNORECASE)
            verb = (match.group(0).strip()[:1] != "," or "and" in match.group(0)) and _is_verb(follows)
            if not (name or verb or follows.lower() in _SUBJECTS):
                continue
        parts.append(sentence[begin : match.start()])
        begin = match.end()
    parts.append(sentence[begin:])
    return [_without_conjunction(part.strip(" ,"), cast) for part in parts if part.strip(" ,")]


def _without_conjunction(part: str, cast: Cast) -> str:
    """ "when Elena steps back" → "Elena steps back", but "after an hour" stays whole."""
    match = _SUBORDINATE.match(part)
    if match and (match.group(1).lower() in _PRONOUNS or re.match(rf"(?:{cast.pattern})\b", part[match.end() :], re.I)):
        return part[match.end() :]
    return part


def _is_verb(word: str) -> bool:
    return bool(_MORE_VERBS.match(word)) or (
        base_verb(word) is not None and word.lower() not in ("back", "light", "watch")
    )


def _subject(
    part: str, cast: Cast, previous: str, mentioned: Sequence[str], later: Sequence[str], *, first: bool
) -> str:
    """Who the clause is about: the name or pronoun it begins with, past an adverbial; else who was before."""
    match = re.match(rf"{LEAD}\b({cast.pattern}|she|he|they|you|i|we)\b(?!'s|')", part, re.IGNORECASE)
    if match:
        word = match.group(1).lower()
        if word in ("i", "you", "we"):
            return "you"
        if word in _PRONOUNS:
            return cast.meant(word, [*mentioned, *([previous] if previous not in ("", "you") else [])], later)
        return cast.named(word)
    told = re.match(
        rf"[\s,]*(?:says?|said|asks?|replies|whispers|mutters|shouts|"
        rf"murmurs)\s+({cast.pattern})\b",
        part,
        re.I,
    )
    if told:
        return cast.named(told.group(1))
    head = part.split(" ", 1)[0].lower()
    if not first and _is_verb(head):
        return previous
    return ""
