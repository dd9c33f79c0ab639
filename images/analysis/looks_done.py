"""Changes that are done to somebody, whoever or whatever does them: hair that turns white, a scar, a cloak laid on."""

from __future__ import annotations

import re

from images.analysis.changes import Change, note
from images.analysis.clauses import Cast, Clause
from images.analysis.looks_grammar import COLOUR, CREATURE, GARMENT, GROWN, HAIR, MARK, MOODS, NOUN_PHRASE, PART, SEEMS
from images.analysis.looks_words import RUINED
from images.language.words import PERSON_NOUNS, words

_OWNER = r"(?:(?P<name>{names})'s?|(?P<own>her|his|their|your|my))"
_SKIP = (
    r"(?:(?:left|right|whole|long|short|own|upper|lower|bare|pale|dark|grey|gray|brown|black|blond|blonde|red|"
    r"fair)\s+){0,2}"
)
_PART_TURNS = (
    rf"{_OWNER}\s+(?P<part>{_SKIP}{PART})\b[^.]*?\b(?:turns?|turned|goes|went|gone|becomes?|became|become|changes?|"
    rf"changed|fades?|faded|bleaches|grows?|grown|hangs?|lengthens?|twists?|stretch(?:es)?|swells?|hardens?|"
    rf"melts?|splits?|"
    rf"shrivels?|thickens?|sharpens?|withers?|clouds?(?: over)?|films? over|is now|"
    rf"are now)\s+(?:\w+\s+){{0,4}}?(?:in)?(?:to)?\s*(?:an?\s+)?"
    rf"(?:[\w,-]+\s+){{0,3}}?(?:{COLOUR}|{CREATURE}|{GROWN}|claws?|paws?|hoof|hooves|iron|bark|colou?r of)\b"
)
_HAIR_GONE = rf"{_OWNER}\s+(?:[\w-]+\s+){{0,2}}?{HAIR}\b\s+(?:falls? (?:to|in)|is (?:gone|shorn|cut)|are gone)"
_MARK_ON = (
    rf"\b(?:fresh|new|now|angry|deep|long)\b[^.]*?{MARK}\b[^.]*?\b(?:on|down|across|over|along|in)\s+{_OWNER}\s+"
    rf"{_SKIP}{PART}\b"
)
_MARK_GROWS = (
    rf"\b{MARK}\b(?:\s+\w+){{0,3}}?\s+(?:appears?|appeared|sprouts?|sprouted|bursts?|burst|breaks?|spreads?|grows?|"
    rf"grew|erupts?|lines?|forms?|opens?|opened|creeps?|crept|crawls?|climbs?|blooms?|races?|push(?:es)?|pushed|"
    rf"pokes?)\b"
    rf"(?:\s+(?:from|on|through|down|across|over|along|in|out of|up))?\s+(?:the (?:skin|"
    rf"flesh) of\s+)?{_OWNER}\s+{_SKIP}{PART}\b"
)
_HURTS = (
    rf"\b(?P<verb>burns?|burned|burnt|blackens?|blackened|whitens|whitened|bleaches|bleached|withers|withered|"
    rf"scars?|scarred|blisters?|scalds?|scalded|scorches|brands?|slashes|slashed|"
    rf"severs?|"
    rf"severed|cuts? off|tears? off|bites? off|leaves?|left|turns?|dyes?)\s+{_OWNER}\s+{_SKIP}{PART}\b(?P<rest>.*)"
)
_PART_REPLACED = (
    rf"\bwhere {_OWNER}\s+{_SKIP}{PART}\b (?:had been|was|used to be)\b.*?\b(?:is|are|sits?|gleams?|hangs?)\b"
)
# Whatever appears on a body changes it, except what comes and goes on any face.
_APPEARS = (
    rf"^(?!.*\b(?:smiles?|grins?|frowns?|smirk|tears?|sweat|light|looks?|expression|fear|doubt|hope|flicker|"
    rf"hands?|breath|shadows?|"
    rf"reflection|snow|snowflakes|rain|moth|butterfly|fly|bird|drops?|dew|dust)\b)"
    rf".*\b(?:appears?|appeared|sprouts?|sprouted|unfolds?|unfolded|emerges?|emerged|grows?|grown|grew|bursts?|"
    rf"erupts?)\s+"
    rf"(?:on|in|from|out of|through|across|along|over)\s+(?:the (?:skin|flesh) of\s+)?{_OWNER}\s+{_SKIP}{PART}\b"
)
_BODY_PATTERNS = (_PART_TURNS, _HAIR_GONE, _MARK_ON, _MARK_GROWS, _HURTS, _PART_REPLACED, _APPEARS)
_LEFT_SO = (
    r"\b(?:leaves?|left|makes?|made)\s+(?P<name>{names})\s+(?:\w+ly\s+)?(?:scarred|gaunt|blind|bald|lame|"
    r"disfigured|one-eyed|"
    r"hollow-eyed|marked|burned|hairless|toothless|emaciated|invisible|transparent|young|old)\b"
)
_DRESSES = (
    rf"\b(?:puts?|places?|placed|drapes?|draped|wraps?|wrapped|sets?|fastens?|fastened|ties?|tied|throws?|threw|"
    rf"lays?|laid|winds?|"
    rf"wound|slips?|slipped|lowers?|lowered|pins?|pinned|buckles?|buckled)\s+{NOUN_PHRASE}\s+"
    rf"(?:around|round|over|on|onto|about|across|to)\s+(?:{_OWNER}\s+{_SKIP}(?:{PART}|{GARMENT})|"
    rf"(?P<bearer>{{names}}))\b"
)
_GIVEN = (
    rf"\b(?:gives?|gave|given|hands?|handed|lends?|lent)\s+(?P<bearer>{{names}}|(?P<own>her|him|"
    rf"them))\s+{NOUN_PHRASE}\s+"
    rf"(?:to wear|to put on|to change into)\b"
)
_TAKEN_FROM = rf"\b(?:takes?|took|taken|strips?|stripped|confiscates?)\s+(?P<name>{{names}})'s?\s+{NOUN_PHRASE}"
_HELPS_INTO = (
    rf"\b(?:helps?|helped|dress|dresses|dressed|buttons?|laces?|straps?|strapped|zips?|wraps?|wrapped|bundles?|"
    rf"bundled|"
    rf"clothes?|clothed)\s+(?P<bearer>{{names}})\s+(?:up\s+)?in(?:to)?\s+{NOUN_PHRASE}"
)
_MARKED_BY = re.compile(rf"\b(?:{COLOUR}|{CREATURE}|scarred|raw|bare|burned|blind|gone|marked)\b", re.IGNORECASE)
_RUINED = (
    rf"{_OWNER}\s+(?:[\w-]+\s+){{0,2}}?(?P<what>{GARMENT})\s+(?:is|are|has been|hangs?|gets?)\s+(?:\w+\s+)?{RUINED}\b"
)
_BEWITCHED = (
    rf"\b(?:ages?|aged|shrinks?|shrank|transforms?|transformed|turns?|turned|changes?|changed)\s+(?P<name>{{names}})"
    rf"\s+(?:by\b|to the size|in(?:to)?\s+(?:an?\s+)?(?:[\w-]+\s+){{0,2}}?{CREATURE}\b|(?:old|young|small))"
)


def _search(pattern: str, text: str, cast: Cast) -> re.Match[str] | None:
    """A pattern with the story's names put in."""
    return re.search(pattern.replace("{names}", cast.pattern), text, re.IGNORECASE)


def read_done_to(clause: Clause, who: str, cast: Cast, found: dict[str, Change]) -> None:
    """What happens to somebody's clothes or body, whoever or whatever does it."""
    text = clause.text
    for pattern in _BODY_PATTERNS:
        match = _search(pattern, text, cast)
        if match and not MOODS.search(clause.sentence) and not SEEMS.search(match.group(0)) and _lasts(pattern, match):
            note(found, _owner(match, who, clause, cast), clause, feature=text)
            return
    if clause.topic and re.match(
        rf"(?:the|all the) {HAIR} (?:is|are|has been) (?:gone|shorn|cut|"
        rf"shaved)\b",
        text,
        re.IGNORECASE,
    ):
        note(found, clause.topic, clause, feature=text)
        return
    match = _search(_RUINED, text, cast)
    if match:
        note(found, _owner(match, who, clause, cast), clause, put_on=text[match.start("what") :])
        return
    match = _search(_GIVEN, text, cast)
    if match:
        him = cast.meant(
            {"her": "she", "him": "he", "them": "they"}.get((match.group("own") or "").lower(), ""),
            clause.mentioned,
            (),
        )
        note(found, cast.named(match.group("bearer")) or him, clause, put_on=match.group("what"))
        return
    match = _search(_TAKEN_FROM, text, cast)
    if match and cast.named(match.group("name")) != who:
        note(found, cast.named(match.group("name")), clause, taken_off=match.group("what"))
        return
    match = _search(_DRESSES, text, cast) or _search(_HELPS_INTO, text, cast)
    if match:
        bearer = match.group("bearer")
        dressed = cast.named(bearer) if bearer else _owner(match, "" if who == clause.subject else who, clause, cast)
        if dressed and dressed != who:
            note(found, dressed, clause, put_on=match.group("what"))
            return
    match = _search(_BEWITCHED, text, cast) or _search(_LEFT_SO, text, cast)
    if match:
        note(found, cast.named(match.group("name")), clause, feature=text)


def _lasts(pattern: str, match: re.Match[str]) -> bool:
    """Whether it is a change rather than a flush of feeling or a hand let go."""
    if pattern is _PART_TURNS:
        return not _is_flush(match.group("part"), match.string[match.start() :])
    if pattern is _HURTS and match.group("verb").lower().startswith(("lea", "left", "turn", "dye")):
        return _MARKED_BY.search(match.group("rest")) is not None
    return True


def _is_flush(part: str, text: str) -> bool:
    """A face that reddens or pales shows a feeling, not a change."""
    face = part.lower().split()[-1] in ("face", "cheek", "cheeks", "skin", "ears", "lips", "knuckles", "brow")
    lasting = re.search(
        rf"\b(?:into|to)\s+(?:\w+\s+){{0,2}}(?:{CREATURE})\b|\bgold\b|\bsilver\b|\bgreen\b|\bblue\b",
        text,
        re.IGNORECASE,
    )
    return face and lasting is None


def _owner(match: re.Match[str], who: str, clause: Clause, cast: Cast) -> str:
    """Whose part or garment it is: the one named, else whom "his" or "her" means."""
    if match.group("name"):
        return cast.named(match.group("name"))
    pronoun = {"her": "she", "his": "he", "their": "they"}.get(match.group("own").lower(), "")
    if not pronoun or (who and cast.pronouns.get(who, "they") in (pronoun, "they")):
        return who
    if any(word in PERSON_NOUNS for word in words(clause.text[: match.start("own")].lower())):
        return ""  # "the merchant … his": somebody we do not know
    return cast.meant(pronoun, clause.mentioned, ())
