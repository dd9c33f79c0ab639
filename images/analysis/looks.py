"""Whose looks change in this turn, and to what.

A change needs three things in one clause: a character as the one dressed or changed, a verb of dressing or changing,
and a garment or a visible part of the body. Any of them alone ("she lost the coin", "wearing a smile", "the red
cloak on the hook") is none. The words an operator lists as hints decide nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from images.analysis.clauses import LEAD, Cast, Clause, statements
from images.analysis.looks_words import (
    AGES,
    ARRIVE,
    COLOURS,
    CREATURES,
    GROWN,
    HAIR,
    MARKS,
    NEEDS_PLACE,
    PARTS,
    PUT_ON,
    RUINED,
    SIZES,
    SLOT_OF,
    SWAP,
    TAKE_OFF,
    WEARING,
)
from images.analysis.types import AnalysisRequest, ChangeReason, KnownCharacter
from images.language.words import PERSON_NOUNS, words


def _any(members: frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, members), key=len, reverse=True)) + ")"


_GARMENT = _any(frozenset(SLOT_OF))
_PART, _HAIR, _GROWN, _MARK, _CREATURE = _any(PARTS), _any(HAIR), _any(GROWN), _any(MARKS), _any(CREATURES)
_COLOUR, _SIZE = _any(COLOURS), _any(SIZES)
_OWN = r"(?:her|his|their|your|my)"
_NOUN_PHRASE = (
    rf"(?P<what>(?:(?:an?|the|some|two|new|{_OWN}|the other)\s+)?(?:pair of\s+)?(?:(?!(?:{_OWN}|the|and|to|in|"
    rf"on|at|for)\b)"
    rf"[\w'-]+\s+){{0,4}}?{_GARMENT}\b(?:\s+(?:of|with)\s+(?:(?:an?|"
    rf"the)\s+)?(?!{_OWN}\b)[\w-]+(?:\s+(?:and\s+)?(?!and\b|over\b|"
    rf"on\b|from\b|before\b)[\w-]+){{0,2}})?)"
)
_ADVERBS = (
    r"(?:(?:now|then|also|just|finally|slowly|quickly|carefully|again|at last|has|have|had|is|are|has just|"
    r"\w+ly|both)\s+){0,3}"
)

_PUT_ON = re.compile(rf"^{_ADVERBS}(?:{PUT_ON})\s+{_NOUN_PHRASE}", re.IGNORECASE)
_NEEDS_PLACE = re.compile(rf"^{_ADVERBS}(?:{NEEDS_PLACE})\s", re.IGNORECASE)
_ON_BODY = re.compile(
    rf"\b(?:at|around|round|over|about|on|across|against|like|in)\s+(?:{_OWN}|the|a|an)\s+(?:[\w-]+\s+)?"
    rf"(?:{_PART}|{_GARMENT}|self)\b|\b(?:on|up|together|closed|tight)\b|\b(?:her|him|them|your|my)self\b",
    re.IGNORECASE,
)
_WEARS = re.compile(rf"^{_ADVERBS}(?:wears?|wore|wearing)\s+{_NOUN_PHRASE}", re.IGNORECASE)
_DRESSED = re.compile(
    rf"^{_ADVERBS}(?:{ARRIVE}\s+)?(?:(?:\w+\s+){{0,5}}?){WEARING}\s+(?P<what>[\w' -]{{3,60}}?)(?:\s+(?:over|"
    rf"under|before|after|"
    rf"while|and (?:is|has))\b|[,.;!]|$)",
    re.IGNORECASE,
)
_STEPS_OUT = re.compile(rf"^{_ADVERBS}{ARRIVE}\s+(?:\w+\s+){{0,3}}?in\s+{_NOUN_PHRASE}", re.IGNORECASE)
_TAKE_OFF = re.compile(rf"^{_ADVERBS}(?:{TAKE_OFF})\s+{_NOUN_PHRASE}", re.IGNORECASE)
_OFF_BEHIND = re.compile(
    rf"^{_ADVERBS}(?:takes?|took|pulls?|pulled|tears?|tore|kicks?|kicked)\s+{_NOUN_PHRASE}\s+off\b", re.IGNORECASE
)
_SWAP = re.compile(rf"^{_ADVERBS}{SWAP}\s+(?P<old>[\w' -]{{3,40}}?)\s+(?:for|with)\s+{_NOUN_PHRASE}", re.IGNORECASE)
_HAIR_CUT = re.compile(
    rf"^{_ADVERBS}(?:cuts?|shaves?|shaved|dyes?|dyed|bleaches|bleached|crops?|cropped|trims?|trimmed|braids?|"
    rf"braided|shears?|"
    rf"plaits?|grows?|grew)\s+(?:off\s+)?{_OWN}\s+(?:[\w-]+\s+){{0,2}}?{_HAIR}\b",
    re.IGNORECASE,
)
_LOSES_PART = re.compile(
    rf"^{_ADVERBS}(?:loses?|lost)\s+(?:{_OWN}|an?|two|three)\s+(?:(?:left|right|front|little|own|last)\s+)?"
    rf"(?P<part>{_PART})\b",
    re.IGNORECASE,
)  # fmt: skip
_GROWS = re.compile(
    rf"^{_ADVERBS}(?:grows?|grew|sprouts?|sprouted)\s+(?:(?:an?|the|{_OWN})\s+)?(?:[\w-]+\s+){{0,3}}?{_GROWN}\b|"
    rf"^{_ADVERBS}(?:grows?|grew|becomes?|became|turns?|turned)\s+(?:\w+\s+)?(?:{_SIZE})\b",
    re.IGNORECASE,
)
_BECOMES = re.compile(
    rf"^{_ADVERBS}(?:(?:changes?|changed|turns?|turned|transforms?|transformed|shifts?|shifted|morphs?|morphed|"
    rf"shrinks?|"
    rf"melts?|dissolves?)\s+(?:back\s+)?in(?:to)?|becomes?|became)\s+(?:an?\s+|"
    rf"the\s+)?(?:[\w-]+\s+){{0,4}}?{_CREATURE}\b",
    re.IGNORECASE,
)
_TRANSFORMED = re.compile(
    r"^(?:is|are|has been|was|stands)\s+(?:utterly\s+|wholly\s+)?(?:transformed|transfigured)\b", re.I
)
_PAINTS = re.compile(
    rf"^{_ADVERBS}(?:paints?|painted|smears?|smeared|draws?|drew|tattoos?|carves?|carved|inks?|burns?|"
    rf"brands?)\s+[\w' -]+?\s+"
    rf"(?:on|onto|across|over|into|down)\s+{_OWN}\s+(?:own\s+|bare\s+)?{_PART}\b",
    re.IGNORECASE,
)
_MOODS = re.compile(
    r"\bwith (?:\w+ )?(?:fear|anger|rage|fury|shame|embarrassment|cold|shock|horror|fever|effort|laughter|pleasure|joy|"
    r"fright|terror|envy)\b",
    re.IGNORECASE,
)
_SEEMS = re.compile(r"\b(?:looks?|seems?|appears? to|like)\b", re.IGNORECASE)


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


def find_changes(request: AnalysisRequest, cast: Cast) -> dict[str, Change]:
    """The changes this turn's texts tell, by character. The player's own line counts for the player's character."""
    found: dict[str, Change] = {}
    for text in (request.player_input, request.narration):
        held = ""  # the garment last named, for "she puts it on"
        for clause in statements(text, cast):
            _read_clause(clause, request, cast, found, held)
            named = re.findall(rf"(?:(?:an?|the)\s+)((?:[\w-]+\s+){{0,2}}?{_GARMENT})\b", clause.text, re.IGNORECASE)
            held = named[-1] if named else held
    return found


def _read_clause(clause: Clause, request: AnalysisRequest, cast: Cast, found: dict[str, Change], held: str) -> None:
    who = request.player_name if clause.subject == "you" else clause.subject
    if who:
        _own_act(who, _predicate(clause, cast), clause, request, found, held)
    _done_to(clause, who, cast, found)


def _predicate(clause: Clause, cast: Cast) -> str:
    """The clause without what stands before its verb."""
    start = re.match(
        rf"{LEAD}"
        rf"\b(?:{cast.pattern}|she|he|they|you|i|we)\b(?!'s)\s*(?:,[^,]{{0,60}},)?\s*",
        clause.text,
        re.IGNORECASE,
    )
    return clause.text[start.end() :] if start else clause.text


def _own_act(who: str, act: str, clause: Clause, request: AnalysisRequest, found: dict[str, Change], held: str) -> None:
    """What the subject does to its own looks."""
    match = _SWAP.match(act)
    if match:
        _note(found, who, clause, put_on=match.group("what"), taken_off=match.group("old"))
        return
    match = _TAKE_OFF.match(act) or _OFF_BEHIND.match(act)
    if match:
        _note(found, who, clause, taken_off=match.group("what"))
        into = re.search(rf"\binto\s+{_NOUN_PHRASE}", act[match.end() :], re.IGNORECASE)
        if into:
            _note(found, who, clause, put_on=into.group("what"))
        return
    match = _PUT_ON.match(act)
    if match and (not _NEEDS_PLACE.match(act) or _ON_BODY.search(act)):
        _note(found, who, clause, put_on=match.group("what"))
        return
    if held and re.match(
        rf"{_ADVERBS}(?:{PUT_ON})\s+(?:it|them)\b|{_ADVERBS}(?:puts?|pulls?|slips?) (?:it|them) on", act, re.I
    ):
        if not _NEEDS_PLACE.match(act) or _ON_BODY.search(act):
            _note(found, who, clause, put_on=held)
        return
    if re.match(rf"{_ADVERBS}(?:puts?|put) on the other\b", act, re.IGNORECASE) and held:
        _note(found, who, clause, put_on=f"the other {held.split()[-1]}")
        return
    match = _STEPS_OUT.match(act) or _DRESSED.match(act) or _WEARS.match(act)
    if match and _is_dress(match.group("what"), act) and _is_news(match.group("what"), who, act, request):
        _note(found, who, clause, put_on=match.group("what"))
        return
    if _LOSES_PART.match(act):
        part = re.match(r"\s*of\b", act[_LOSES_PART.match(act).end() :])  # type: ignore[union-attr]
        if part is None:
            _note(found, who, clause, feature=act)
        return
    if any(
        pattern.match(act) for pattern in (_HAIR_CUT, _GROWS, _BECOMES, _TRANSFORMED, _PAINTS)
    ) and not _SEEMS.search(act):
        _note(found, who, clause, feature=act)


def _is_dress(what: str, act: str) -> bool:
    """Whether what is worn is worn on the body: a garment, or a guise behind "dressed as"."""
    has_garment = any(word in SLOT_OF for word in words(what.lower()))
    return has_garment or re.search(r"\b(?:dressed|disguised|costumed) as\b", act, re.IGNORECASE) is not None


def _is_news(what: str, who: str, act: str, request: AnalysisRequest) -> bool:
    """Whether wearing this differs from what was worn: "in her grey coat" tells nothing new."""
    known = next((each for each in request.characters if each.name == who), None)
    had = set(words(f"{known.outfit} {known.description}".lower())) if known else set()
    named = [word for word in words(what.lower()) if word in SLOT_OF]
    fresh = [word for word in words(what.lower()) if word not in had and word not in ("the", "a", "an", "her", "his")]
    if re.match(rf"{_ADVERBS}(?:wears?|wore)\b", act, re.IGNORECASE) and not re.match(r"now\b", act, re.IGNORECASE):
        return bool(fresh) and bool(had) and any(word not in had for word in named)
    return bool(fresh) and not (named and all(word in had for word in named) and re.match(_OWN, what.strip(), re.I))


_OWNER = r"(?:(?P<name>{names})'s?|(?P<own>her|his|their|your|my))"
_SKIP = (
    r"(?:(?:left|right|whole|long|short|own|upper|lower|bare|pale|dark|grey|gray|brown|black|blond|blonde|red|"
    r"fair)\s+){0,2}"
)
_PART_TURNS = (
    rf"{_OWNER}\s+(?P<part>{_SKIP}{_PART})\b[^.]*?\b(?:turns?|turned|goes|went|becomes?|became|become|changes?|"
    rf"changed|fades?|"
    rf"bleaches|grows?|hangs?|is now|are now)\s+(?:\w+\s+){{0,4}}?(?:in)?(?:to)?\s*(?:an?\s+)?(?:[\w,-]+\s+){{0,3}}?"
    rf"(?:{_COLOUR}|{_CREATURE}|claws?|paws?|hoof|hooves|iron)\b"
)
_HAIR_GONE = rf"{_OWNER}\s+(?:[\w-]+\s+){{0,2}}?{_HAIR}\b\s+(?:falls? (?:to|in)|is (?:gone|shorn|cut)|are gone)"
_MARK_ON = (
    rf"\b(?:fresh|new|now|angry|deep|long)\b[^.]*?{_MARK}\b[^.]*?\b(?:on|down|across|over|along|in)\s+{_OWNER}\s+"
    rf"{_SKIP}{_PART}\b"
)
_MARK_GROWS = (
    rf"\b{_MARK}\b(?:\s+\w+){{0,3}}?\s+(?:appears?|appeared|sprouts?|sprouted|bursts?|burst|breaks?|spreads?|"
    rf"grows?|grew|"
    rf"erupts?|line|lines|forms?|opens?|opened)\b(?:\s+(?:from|on|through|down|across|over|along|in|"
    rf"out of))?\s+{_OWNER}\s+"
    rf"{_SKIP}{_PART}\b"
)
_HURTS = (
    rf"\b(?P<verb>burns?|burned|burnt|scars?|scarred|blisters?|scalds?|scalded|scorches|brands?|slashes|slashed|"
    rf"severs?|"
    rf"severed|cuts? off|tears? off|bites? off|leaves?|left|turns?|dyes?)\s+{_OWNER}\s+{_SKIP}{_PART}\b(?P<rest>.*)"
)
_BODY_PATTERNS = (_PART_TURNS, _HAIR_GONE, _MARK_ON, _MARK_GROWS, _HURTS)
_MARKED_BY = re.compile(rf"\b(?:{_COLOUR}|{_CREATURE}|scarred|raw|bare|burned|blind|gone|marked)\b", re.IGNORECASE)
_RUINED = (
    rf"{_OWNER}\s+(?:[\w-]+\s+){{0,2}}?(?P<what>{_GARMENT})\s+(?:is|are|has been|hangs?|gets?)\s+(?:\w+\s+)?{RUINED}\b"
)
_BEWITCHED = (
    rf"\b(?:ages?|aged|shrinks?|shrank|transforms?|transformed|turns?|turned|changes?|changed)\s+(?P<name>{{names}})"
    rf"\s+(?:by\b|to the size|in(?:to)?\s+(?:an?\s+)?(?:[\w-]+\s+){{0,2}}?{_CREATURE}\b|(?:old|young|small))"
)


def _search(pattern: str, text: str, cast: Cast) -> re.Match[str] | None:
    """A pattern with the story's names put in."""
    return re.search(pattern.replace("{names}", cast.pattern), text, re.IGNORECASE)


def _done_to(clause: Clause, who: str, cast: Cast, found: dict[str, Change]) -> None:
    """What happens to somebody's clothes or body, whoever or whatever does it."""
    text = clause.text
    for pattern in _BODY_PATTERNS:
        match = _search(pattern, text, cast)
        if (
            match
            and not _MOODS.search(clause.sentence)
            and not _SEEMS.search(match.group(0))
            and _lasts(pattern, match)
        ):
            _note(found, _owner(match, who, clause, cast), clause, feature=text)
            return
    match = _search(_RUINED, text, cast)
    if match:
        _note(found, _owner(match, who, clause, cast), clause, put_on=text[match.start("what") :])
        return
    match = _search(_BEWITCHED, text, cast)
    if match:
        _note(found, cast.named(match.group("name")), clause, feature=text)


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
        rf"\b(?:into|to)\s+(?:\w+\s+){{0,2}}(?:{_CREATURE})\b|\bgold\b|\bsilver\b|\bgreen\b|\bblue\b",
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


def _note(
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
    return re.sub(rf"^(?:the|an?|{_OWN}|some)\s+", "", " ".join(phrase.split()), flags=re.IGNORECASE).strip(" ,.;")


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
