"""What the player said, in the second person: "I take my lantern" → "you take your lantern".

No parser: word lists and suffix rules. What does not look like a plain English action is not rewritten, only its
nouns are taken up, and a line that holds nothing we know is answered without quoting it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from images.language.words import (
    PERSON_NOUNS,
    PLACE_NOUNS,
    VERB_CLASSES,
    VERBS,
    base_verb,
    clean,
    word_set,
    words,
)

CLAUSE_WORDS_MAX = 16
LINE_READ_CHARS = 600

_SECOND_PERSON = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you", "us": "you",
    "our": "your", "ours": "yours", "ourselves": "yourselves", "i'm": "you're", "i've": "you've", "i'd": "you'd",
    "i'll": "you'll", "we're": "you're", "we've": "you've", "we'd": "you'd", "we'll": "you'll", "am": "are",
}  # fmt: skip
_ADVERBS = word_set(
    "then now quickly slowly carefully quietly softly gently silently just also still finally suddenly "
    "again first next calmly cautiously boldly nervously immediately simply gingerly warily firmly "
    "angrily sadly happily loudly politely bravely hastily so and but well ok okay please let's let us"
)
_HELPERS = re.compile(
    r"^(?:will|shall|'ll|am going to|'m going to|are going to|'re going to|want to|would like to|'d like to|decide to|"
    r"need to|have to|must|should|can|could|gonna|wanna|would)\s+",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"^(?:i|we)(?=[\s'])\s*", re.IGNORECASE)
_CUT = re.compile(r"\s*(?:[.;:!?]+(?=\s|$)|,\s+(?:and\s+|but\s+|so\s+)?then\s|\s-+\s|\s[–—]\s*|--+)\s*")
_SOFT_CUT = re.compile(
    r",?\s+(?:and|but|then|because|while|so that|before|until|as|hoping|since)\s+|,\s+", re.IGNORECASE
)
_QUOTED = re.compile(r'"[^"]*"?')
_ENGLISH = word_set(
    "the a an and to of in on at is it i my me we you he she they him her them his their with for from "
    "into up down out over under through around off away back toward towards behind near about what who "
    "where how why not no yes this that there here if but so as by"
)
_NOT_NOUNS = (
    _ENGLISH
    | _ADVERBS
    | word_set(
        "something anything nothing everything someone anyone everyone nobody somewhere way thing things bit "
        "lot kind sort time times moment today tonight tomorrow yesterday left right north south east west "
        "one two three some any all both each other another more most very too much many few little big small "
        "old new good bad same next last long hello hi hey yes no maybe please thanks thank ok okay myself "
        "yourself himself herself itself themselves us our your its were was are am been being be do does did "
        "have has had will would can could should must may might let it's i'm i'll i've i'd don't doesn't "
        "didn't can't won't isn't what's who's there's that's let's after before while until because since "
        "than then when which whose whom ahead alone along again ever never always once upon"
    )
)
_THINGS = word_set(
    "door window lantern lamp candle torch key lock box chest book letter map coin sword knife dagger bow "
    "arrow gun rifle pistol shield rope ladder table chair bed mirror painting picture statue bell clock "
    "ring necklace amulet crown cup bottle glass bowl fire stone rock tree branch root flower seed leaf "
    "bone skull feather hat coat cloak boot glove bag sack purse wagon cart horse dog cat bird raven crow "
    "wolf bear dragon spider snake fish console screen panel button lever switch engine radio terminal "
    "hatch helmet suit scanner drone crystal orb scroll potion wand staff drum flute fiddle piano altar "
    "grave coffin photograph newspaper telephone envelope note diary journal fountain trapdoor curtain "
    "carpet fireplace hearth bridge gate wheel anchor sail oar boat ship compass telescope stair "
    "staircase stairs footprint shadow light voice sound noise song name secret plan question answer "
    "story"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """clause: in the second person without its end mark, "you take the lantern", "" when the line is not rewritten.

    verb: base form and its class ("take", "move", …). noun: the thing, place or person the line is about; noun_kind
    is "thing", "things" (plural), "place", "person" or "". spoken: the line is mostly speech.
    """

    clause: str = ""
    verb: str = ""
    verb_class: str = ""
    noun: str = ""
    noun_kind: str = ""
    spoken: bool = False


def hear(line: str) -> Heard:
    """What can be taken up from a player's line. Never raises, whatever the line is."""
    line = re.sub(r"\s*&\s*", " and ", clean(line, LINE_READ_CHARS))
    bare = _QUOTED.sub(" ", line)
    spoken = len(words(bare)) < len(words(line)) / 2
    clause, verb = "", ""
    for part in _CUT.split(bare)[:6]:
        clause, verb = _clause(part)
        if clause:
            break
    known = words(clause or bare)
    noun, kind = _noun(known, verb)
    if not noun and not clause and not _is_english(line):
        return Heard(spoken=spoken)
    if not noun:
        noun, kind = _noun(words(bare), verb)
    if not verb:
        verb = _any_verb(words(bare))
    return Heard(clause=clause, verb=verb, verb_class=_class_of(verb), noun=noun, noun_kind=kind, spoken=spoken)


def second_person(text: str) -> str:
    """First-person words turned to second-person ones; nothing else changes."""

    def turned(match: re.Match[str]) -> str:
        return _SECOND_PERSON.get(match.group(0).lower(), match.group(0))

    return re.sub(r"[A-Za-z]+(?:'[A-Za-z]+)?", turned, text)


def _clause(part: str) -> tuple[str, str]:
    """One clause as "you …" and its verb, or two empty texts if it is not a plain action of the player's."""
    part = part.strip(" ,;:-'()[]*_/\\").rstrip("?!.")
    text = _without_lead(part)
    first_person = bool(_SUBJECT.match(text))
    rest = _SUBJECT.sub("", text)
    rest = _HELPERS.sub("", rest)
    lead, rest = _lead_adverb(rest)
    if not rest or "?" in part or re.search(r"\b(you|your|yours|u)\b", rest, re.IGNORECASE):
        return "", ""
    head, *_ = rest.split(" ", 1)
    progressive = re.match(r"(?:am|'m|are|'re|was|were)\s+(\w+ing)\b", rest)
    if progressive and base_verb(progressive.group(1)):
        base = base_verb(progressive.group(1)) or ""
        rest = base + rest[progressive.end() :]
    elif first_person and head.lower() in ("am", "'m", "was", "were"):
        base, rest = "be", "are" + rest[len(head) :]
    else:
        found = base_verb(head)
        if found is None and first_person and _may_be_verb(head):
            found = head
        imperative = head.lower() in VERBS and head.lower() not in ("be", "have", "do")
        if found is None or head.lower().endswith("ing") or not (first_person or imperative):
            return "", ""
        base = found
        rest = ("are" if base == "be" else base) + rest[len(head) :]
    rest = _present(_shortened(rest))
    if not rest or len(rest.split()) > CLAUSE_WORDS_MAX or not _is_plain(rest):
        return "", ""
    return "you " + (f"{lead} " if lead else "") + second_person(rest), base


def _may_be_verb(word: str) -> bool:
    """Whether an unknown word behind "I" may stand as it is: "unfurl", but not "polished" or "zebras"."""
    plain = word.isascii() and word.isalpha() and word.islower() and len(word) > 2 and word not in _NOT_NOUNS
    return plain and not word.endswith(("ed", "ing", "s")) and _is_plain(word)


def _without_lead(text: str) -> str:
    """Drop "then", "ok,", "*" and the like before the subject."""
    for _ in range(4):
        head, _, rest = text.partition(" ")
        adverb = head.lower().strip(",")
        if adverb not in _ADVERBS or not rest:
            return text
        if adverb.endswith("ly") and not _SUBJECT.match(rest.lstrip(" ,")):
            return text  # it belongs to the verb: "slowly open the box"
        text = rest.lstrip(" ,")
    return text


def _lead_adverb(text: str) -> tuple[str, str]:
    """The adverb between subject and verb, and the rest: "slowly open the box"."""
    head, _, rest = text.partition(" ")
    if head.lower().strip(",") in _ADVERBS and rest:
        return (head.lower().strip(",") if head.lower().endswith("ly") else ""), rest.lstrip(" ,")
    return "", text


def _shortened(rest: str) -> str:
    """The clause up to `CLAUSE_WORDS_MAX` words, cut only where another clause begins."""
    rest = rest.strip(" ,")
    if len(rest.split()) <= CLAUSE_WORDS_MAX:
        return rest
    best = ""
    for match in _SOFT_CUT.finditer(rest):
        if 2 <= len(rest[: match.start()].split()) <= CLAUSE_WORDS_MAX:
            best = rest[: match.start()]
    return best.strip(" ,")


def _present(rest: str) -> str:
    """Verbs after "and" or "then" in the base form too: "take the key and opened it" → "take the key and open it"."""

    def mended(match: re.Match[str]) -> str:
        base = base_verb(match.group(2))
        plain = match.group(2).lower().endswith(("ed", "t", "w", "k", "e")) and base not in (None, "be", "have", "do")
        return match.group(1) + (base if base and plain else match.group(2))

    return re.sub(r"((?:\band|\bthen|, )\s*(?:i\s+|we\s+)?)([A-Za-z]+)", mended, rest)


def _is_plain(rest: str) -> bool:
    """Whether the words look like English prose: ordinary letters, no doubled verbs, nothing unpronounceable."""
    if re.search(r"[^\w\s,'’\-àâäçéèêëïîôöûüñ]", rest) or re.search(r"(.)\1{3,}", rest) or re.search(r"\d{5,}", rest):
        return False
    found = words(rest)
    odd = sum(1 for word in found if len(word) > 22 or not re.search(r"[aeiouyàâäéèêëïîôöûü]", word, re.IGNORECASE))
    return bool(found) and odd == 0


def _is_english(line: str) -> bool:
    found = [word.lower() for word in words(line)]
    known = sum(1 for word in found if word in _ENGLISH or word in _THINGS or word in PLACE_NOUNS or base_verb(word))
    return bool(found) and known / len(found) >= 0.4


def _noun(found: list[str], verb: str) -> tuple[str, str]:
    """The noun to take up and its kind: a known one first, else what follows an article, latest first wins."""
    lowered = [word.lower() for word in found]
    for position, word in enumerate(lowered):
        if _is_verb_here(lowered, position, verb):
            continue
        if word in _THINGS or word in PLACE_NOUNS or word in PERSON_NOUNS:
            # "the lantern room" is a room: a noun right behind belongs to it.
            after = lowered[position + 1] if position + 1 < len(lowered) else ""
            if after in PLACE_NOUNS or (after in _THINGS and word in _THINGS):
                continue
            return word, _kind(word)
    for position in range(1, len(lowered)):
        word = lowered[position]
        after_article = lowered[position - 1] in ("the", "a", "an", "my", "his", "her", "their", "our", "its")
        ends = position + 1 == len(lowered) or lowered[position + 1] in _ENGLISH
        usable = len(word) > 2 and word not in _NOT_NOUNS and found[position][0].islower() and "'" not in word
        if after_article and ends and usable and _is_plain(word):
            return word, _kind(word)
    return "", ""


def _is_verb_here(lowered: list[str], position: int, verb: str) -> bool:
    """ "light the lamp", "ring the bell", "I watch": the same letters, but not the noun."""
    before = lowered[position - 1] if position else ""
    if base_verb(lowered[position]) is None:
        return False
    return before in ("", "i", "we", "you", "to", "and", "then") or (
        base_verb(lowered[position]) == verb and not before
    )


def _kind(word: str) -> str:
    if word in PERSON_NOUNS:
        return "person"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return "things"
    return "place" if word in PLACE_NOUNS else "thing"


def _any_verb(found: list[str]) -> str:
    for word in found:
        base = base_verb(word)
        if base and base not in ("be", "have", "do") and word.lower() not in _THINGS:
            return base
    return ""


def _class_of(verb: str) -> str:
    return next((name for name, members in VERB_CLASSES.items() if verb in members), "other" if verb else "")
