"""Whose looks change in this turn, and to what.

A change needs three things in one clause: a character as the one dressed or changed, a verb of dressing or changing,
and a garment or a visible part of the body. Any of them alone ("she lost the coin", "wearing a smile", "the red
cloak on the hook") is none. The words an operator lists as hints decide nothing here.
"""

from __future__ import annotations

import re

from images.analysis.changes import Change, note
from images.analysis.clauses import LEAD, Cast, Clause, statements
from images.analysis.looks_done import read_done_to
from images.analysis.looks_grammar import ADVERBS, CREATURE, GARMENT, GROWN, HAIR, NOUN_PHRASE, OWN, PART, SEEMS, SIZE
from images.analysis.looks_words import ARRIVE, NEEDS_PLACE, PUT_ON, SLOT_OF, SWAP, TAKE_OFF, WEARING
from images.analysis.types import AnalysisRequest
from images.language.words import words

_PUT_ON = re.compile(rf"^{ADVERBS}(?:{PUT_ON})\s+{NOUN_PHRASE}", re.IGNORECASE)
_NEEDS_PLACE = re.compile(rf"^{ADVERBS}(?:{NEEDS_PLACE})\s", re.IGNORECASE)
_ON_BODY = re.compile(
    rf"\b(?:at|around|round|over|about|on|onto|across|against|like|in)\s+(?:{OWN}|the|a|an)\s+(?:[\w-]+\s+)?"
    rf"(?:{PART}|{GARMENT}|self)\b|\b(?:on|up|together|closed|tight)\b|\b(?:her|him|them|your|my)self\b",
    re.IGNORECASE,
)
_WEARS = re.compile(rf"^{ADVERBS}(?:wears?|wore|wearing)\s+{NOUN_PHRASE}", re.IGNORECASE)
_DRESSED = re.compile(
    rf"^{ADVERBS}(?:{ARRIVE}\s+)?(?:(?:\w+\s+){{0,5}}?){WEARING}\s+(?P<what>[\w' -]{{3,60}}?)(?:\s+(?:over|"
    rf"under|before|after|"
    rf"while|and (?:is|has))\b|[,.;!]|$)",
    re.IGNORECASE,
)
_STEPS_OUT = re.compile(rf"^{ADVERBS}{ARRIVE}\s+(?:\w+\s+){{0,6}}?in\s+{NOUN_PHRASE}", re.IGNORECASE)
_TAKE_OFF = re.compile(rf"^{ADVERBS}(?:{TAKE_OFF})\s+{NOUN_PHRASE}", re.IGNORECASE)
_OFF_BEHIND = re.compile(
    rf"^{ADVERBS}(?:takes?|took|pulls?|pulled|tears?|tore|kicks?|kicked)\s+{NOUN_PHRASE}\s+off\b", re.IGNORECASE
)
# Any verb will do when the sentence says where on the body the thing goes, but for those that only carry or wipe.
_BODY_PLACE = (
    r"(?:head|neck|shoulders?|finger|thumb|wrist|face|body|chest|waist|hips|hair|eyes|ears?|feet|foot|brow|"
    r"forehead|throat|"
    r"ankles?|nose)"
)
_ONTO_BODY = re.compile(
    rf"^{ADVERBS}(?!(?:hangs?|carr|hold|fold|brush|wip|dri|dry|admir|see|find|keep|wear|smooth|straighten|adjust|"
    rf"touch))"
    rf"[a-z]+\s+{NOUN_PHRASE}\s+(?:back\s+)?(?:on|onto|over|around|round|about|"
    rf"to)\s+{OWN}\s+(?:[\w-]+\s+)?{_BODY_PLACE}\b",
    re.IGNORECASE,
)
_FROM_BODY = re.compile(
    rf"^{ADVERBS}(?:takes?|took|tears?|tore|pulls?|pulled|rips?|ripped|lifts?|lifted|draws?|drew|slips?|slipped|"
    rf"twists?|tugs?|"
    rf"slides?|slid|unwinds?|snatches|shakes?|"
    rf"plucks?)\s+{NOUN_PHRASE}\s+from\s+{OWN}\s+(?:[\w-]+\s+)?{_BODY_PLACE}\b",
    re.IGNORECASE,
)
_SWAP = re.compile(rf"^{ADVERBS}{SWAP}\s+(?P<old>[\w' -]{{3,40}}?)\s+(?:for|with)\s+{NOUN_PHRASE}", re.IGNORECASE)
_LETS_FALL = re.compile(rf"^{ADVERBS}lets?\s+{NOUN_PHRASE}\s+(?:slide|slip|fall|drop)\b", re.IGNORECASE)
_PUTTING = re.compile(
    rf"(?:^|,\s*|\band\s+)(?:(?:pulling|tugging|slipping|putting|throwing|shrugging|tying|buttoning|drawing|"
    rf"lowering)\s+"
    rf"(?:on|up|into|over)\s+{NOUN_PHRASE}|donning\s+{NOUN_PHRASE.replace('<what>', '<donned>')}|"
    rf"(?:pulling|tugging|drawing|lowering|slipping|tying|"
    rf"settling)\s+{NOUN_PHRASE.replace('<what>', '<drawn>')}\s+(?:down\s+)?"
    rf"(?:on|over|around|round|onto|about)\s+{OWN}\b)",
    re.IGNORECASE,
)
_PULLING_OFF = re.compile(
    rf"(?:^|,\s*|\band\s+)(?:(?:taking|pulling|stripping|kicking|tearing|peeling|slipping)\s+off|removing|"
    rf"shedding)\s+"
    rf"{NOUN_PHRASE}",
    re.IGNORECASE,
)
_HAIR_CUT = re.compile(
    rf"^{ADVERBS}(?:cuts?|shaves?|shaved|dyes?|dyed|bleaches|bleached|crops?|cropped|trims?|trimmed|braids?|braided|"
    rf"shears?|plaits?|grows?|grew|ties?|tied|pins?|pinned|knots?|unpins|unbinds?|loosens?|lets? down|puts?|"
    rf"piles?|combs? out)\s+(?:off\s+)?"
    rf"{OWN}\s+(?:[\w-]+\s+){{0,2}}?{HAIR}\b",
    re.IGNORECASE,
)
_LOSES_PART = re.compile(
    rf"^{ADVERBS}(?:loses?|lost)\s+(?:{OWN}|an?|two|three)\s+(?:(?:left|right|front|little|own|last)\s+)?"
    rf"(?P<part>{PART})\b",
    re.IGNORECASE,
)  # fmt: skip
_GROWS = re.compile(
    rf"^{ADVERBS}(?:grows?|grew|sprouts?|sprouted)\s+(?:(?:an?|the|{OWN})\s+)?(?:[\w-]+\s+){{0,3}}?{GROWN}\b|"
    rf"^{ADVERBS}(?:grows?|grew|becomes?|became|turns?|turned)\s+(?:\w+\s+)?(?:{SIZE})\b|^{ADVERBS}(?:shrinks|"
    rf"shrank|withers|shrivels)\b(?! (?:from|back|away))",
    re.IGNORECASE,
)
_BECOMES = re.compile(
    rf"^{ADVERBS}(?:(?:changes?|changed|turns?|turned|transforms?|transformed|shifts?|shifted|morphs?|morphed|"
    rf"shrinks?|"
    rf"melts?|dissolves?)\s+(?:back\s+)?in(?:to)?|becomes?|became)\s+(?:an?\s+|"
    rf"the\s+)?(?:[\w-]+\s+){{0,4}}?{CREATURE}\b",
    re.IGNORECASE,
)
_TRANSFORMED = re.compile(
    r"^(?:is|are|has been|was|stands)\s+(?:utterly\s+|wholly\s+)?(?:transformed|transfigured)\b", re.I
)
_PAINTS = re.compile(
    rf"^{ADVERBS}(?:paints?|painted|smears?|smeared|draws?|drew|tattoos?|carves?|carved|inks?|burns?|"
    rf"brands?)\s+[\w' -]+?\s+"
    rf"(?:on|onto|across|over|into|down)\s+{OWN}\s+(?:own\s+|bare\s+)?{PART}\b",
    re.IGNORECASE,
)


def find_changes(request: AnalysisRequest, cast: Cast) -> dict[str, Change]:
    """The changes this turn's texts tell, by character. The player's own line counts for the player's character."""
    found: dict[str, Change] = {}
    for text in (request.player_input, request.narration):
        held = ""  # the garment last named, for "she puts it on"
        for clause in statements(text, cast):
            _read_clause(clause, request, cast, found, held)
            named = re.findall(
                rf"(?:(?:an?|the|{OWN})\s+)((?:[\w-]+\s+){{0,2}}?{GARMENT})\b", clause.text, re.IGNORECASE
            )
            held = named[-1] if named else held
    return found


def _read_clause(clause: Clause, request: AnalysisRequest, cast: Cast, found: dict[str, Change], held: str) -> None:
    who = request.player_name if clause.subject == "you" else clause.subject
    if who:
        _own_act(who, _predicate(clause, cast), clause, request, cast, found, held)
    read_done_to(clause, who, cast, found)


def _predicate(clause: Clause, cast: Cast) -> str:
    """The clause without what stands before its verb."""
    start = re.match(
        rf"{LEAD}\b(?:{cast.pattern}|she|he|they|you|i|"
        rf"we)\b(?!'s)\s*(?P<aside>,[^,]{{0,60}},?)?\s*",
        clause.text,
        re.IGNORECASE,
    )
    if start is None:
        return clause.text
    rest = clause.text[start.end() :]
    # "Mira, now in a nun's habit, keeps her eyes down": the aside tells what is worn.
    aside = re.match(
        r",\s*(?:now |still )?(?:in|wearing|dressed in|clad in)\b", start.group("aside") or "", re.IGNORECASE
    )
    return f"is {(start.group('aside') or '').strip(' ,')}" if aside else rest


def _own_act(
    who: str, act: str, clause: Clause, request: AnalysisRequest, cast: Cast, found: dict[str, Change], held: str
) -> None:
    """What the subject does to its own looks."""
    match = _SWAP.match(act)
    if match:
        note(found, who, clause, put_on=match.group("what"), taken_off=match.group("old"))
        return
    match = (
        _TAKE_OFF.match(act)
        or _OFF_BEHIND.match(act)
        or _LETS_FALL.match(act)
        or _FROM_BODY.match(act)
        or _PULLING_OFF.search(act)
    )
    if match:
        note(found, who, clause, taken_off=match.group("what"))
        into = re.search(rf"\binto\s+{NOUN_PHRASE}", act[match.end() :], re.IGNORECASE)
        if into:
            note(found, who, clause, put_on=into.group("what"))
        return
    match = _PUT_ON.match(act)
    if match and (not _NEEDS_PLACE.match(act) or _on_own_body(act, who, cast)):
        note(found, who, clause, put_on=match.group("what"))
        return
    match = _ONTO_BODY.match(act)
    if match and _on_own_body(act, who, cast):
        note(found, who, clause, put_on=match.group("what"))
        return
    match = _PUTTING.search(act)
    if match:
        note(found, who, clause, put_on=match.group("what") or match.group("donned") or match.group("drawn"))
        return
    if held and re.match(
        rf"{ADVERBS}(?:{PUT_ON})\s+(?:it|them)\b|{ADVERBS}(?:puts?|pulls?|slips?) (?:it|them) on", act, re.I
    ):
        if not _NEEDS_PLACE.match(act) or _on_own_body(act, who, cast):
            note(found, who, clause, put_on=held)
        return
    if re.match(rf"{ADVERBS}(?:puts?|put) on the other\b", act, re.IGNORECASE) and held:
        note(found, who, clause, put_on=f"the other {held.split()[-1]}")
        return
    match = _STEPS_OUT.match(act) or _DRESSED.match(act) or _WEARS.match(act)
    if match and _is_dress(match.group("what"), act) and _is_news(match.group("what"), who, act, request):
        note(found, who, clause, put_on=match.group("what"))
        return
    if _LOSES_PART.match(act):
        note(found, who, clause, feature=act)
        return
    changed = any(pattern.match(act) for pattern in (_GROWS, _BECOMES, _TRANSFORMED, _PAINTS)) and not SEEMS.search(act)
    if changed or _HAIR_CUT.match(act):
        # "is transformed: a creature of glass stands where she stood" says the rest behind the colon.
        note(found, who, clause, feature=clause.sentence if _TRANSFORMED.match(act) else act)


def _on_own_body(act: str, who: str, cast: Cast) -> bool:
    """Whether it goes onto the body of the one who does it: "around his shoulders" is not hers."""
    match = _ON_BODY.search(act)
    if match is None:
        return False
    pronoun = re.search(r"\b(?:her|his)\b", match.group(0), re.IGNORECASE)
    meant = {"her": "she", "his": "he"}.get(pronoun.group(0).lower(), "") if pronoun else ""
    return not meant or cast.pronouns.get(who, "they") in (meant, "they")


def _is_dress(what: str, act: str) -> bool:
    """Whether what is worn is worn on the body: a garment, or a guise behind "dressed as"."""
    has_garment = any(word in SLOT_OF for word in words(what.lower()))
    return has_garment or re.search(r"\b(?:dressed|disguised|costumed) as\b", act, re.IGNORECASE) is not None


def _is_news(what: str, who: str, act: str, request: AnalysisRequest) -> bool:
    """Whether wearing this differs from what was worn: "in her grey coat" tells nothing new."""
    known = next((each for each in request.characters if each.name == who), None)
    had = set(words((known.outfit or known.description).lower())) if known else set()
    named = [word for word in words(what.lower()) if word in SLOT_OF]
    fresh = [word for word in words(what.lower()) if word not in had and word not in ("the", "a", "an", "her", "his")]
    if re.match(rf"{ADVERBS}(?:wears?|wore)\b", act, re.IGNORECASE) and not re.match(r"now\b", act, re.IGNORECASE):
        return bool(fresh) and bool(had) and any(word not in had for word in named)
    return bool(fresh) and not (named and all(word in had for word in named) and re.match(OWN, what.strip(), re.I))
