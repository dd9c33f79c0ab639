"""Who is there in a turn: known characters who act, speak or are met, and new ones introduced by name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from images.analysis.clauses import TEXT_MAX_CHARS, Cast, Clause, statements
from images.analysis.looks_words import SLOT_OF
from images.analysis.places import same_place
from images.analysis.types import MAX_CHARACTERS, AnalysisRequest
from images.language.words import PERSON_NOUNS, PLACE_NOUNS, base_verb, clean_text, sentences, word_set, words
from images.narrator.lexicon import opening_words

_GONE = re.compile(r"\b(?:leaves?|left|departs?|departed|walks? away|walked away|rides? off|rode off|disappears?|"
                   r"vanishes|vanished|"
                   r"dies|died|runs? off|ran off|is gone|has gone|stays? behind|"
                   r"stayed behind)\b", re.IGNORECASE)  # fmt: skip
_ABSENT_BEFORE = re.compile(
    r"\b(?:about|of|from|without|for|like|unlike|than|remember|recall|miss|mention|portrait of|letter from|called|"
    r"named|looking for|"
    r"search for|waiting for)\s+$",
    re.IGNORECASE,
)
_MET = re.compile(
    r"\b(?:ask|asks|tell|tells|greet|greets|thank|thanks|hug|hugs|kiss|kisses|follow|follows|attack|attacks|hand|"
    r"hands|give|gives|"
    r"show|shows|meet|meets|see|sees|help|helps|find|finds|hold|holds|watch|watches|join|joins|push|pushes|pull|"
    r"pulls|lead|leads|"
    r"answer|answers|face|faces|embrace|comfort|shake|nod at|nod to|smile at|smiles at|look at|looks at|speak to|"
    r"talk to|turn to|"
    r"turns to|with|beside|behind|toward|towards|to|at|near|by|past|and|between|opposite|around|over)\s+(?:old |"
    r"young |poor |dear )?$",
    re.IGNORECASE,
)
_BODY = re.compile(r"\s*(?:\w+ )?(?:hand|arm|face|eyes|hair|voice|shoulder|gaze|sleeve|side|fingers)\b")
_TITLES = (
    r"(?:Captain|Doctor|Dr\.?|Sir|Lady|Lord|Mister|Mr\.?|Mrs\.?|Ms\.?|Miss|Sheriff|Professor|Father|Sister|"
    r"Brother|King|"
    r"Queen|Prince|Princess|Inspector|Detective|Constable|Sergeant|Colonel|Old|Uncle|Aunt|Master|Madame)"
)
_NAME = rf"(?:{_TITLES} )?[A-Z][a-zà-ÿ'’-]{{2,}}(?: [A-Z][a-zà-ÿ'’-]{{2,}})?"
_ACTS = re.compile(
    rf"(?:^|[\s,;\"])(?P<name>{_NAME})(?P<about>, (?:an? |the )[^,.;]{{4,90}},)? (?:\w+ly )?(?P<verb>[a-z]{{2,}})\b"
)
_NAMED = re.compile(
    rf"\b(?P<about>[Aa]n? [a-z][\w' -]{{2,60}}?) (?:named|called|by the name of) (?P<name>{_NAME})|"
    rf"\b(?:meets?|introduces? (?:you to )?|it is|here is|there is|joined by|accompanied by) (?P<met>{_NAME})"
    rf"(?P<rest>, (?:an? |the )[^,.;]{{4,90}})?"
)
_SPEAKS = word_set(
    "says said asks asked replies replied whispers whispered shouts shouted mutters murmurs answers calls "
    "laughs smiles nods frowns sighs grins shrugs stares glances bows waves growls snaps hisses stands "
    "waits leans looks walks steps turns comes takes holds gives offers points sits kneels reaches draws "
    "opens puts watches enters leads shakes hands pulls raises lifts runs wears has is"
)
_HUMAN = word_set(
    "says said asks asked replies replied whispers whispered shouts shouted mutters murmurs answers "
    "laughs laughed smiles smiled nods nodded frowns frowned sighs sighed grins grinned shrugs shrugged "
    "bows waves kneels greets introduces explains thinks"
)
_NO_NAMES = word_set(
    "the a an and but or so yes no not i you he she it we they my your his her its our their this that "
    "these those there here then now when while where what who whose why how if as at in on by for from "
    "to of with without into onto after before behind below above under over near inside outside suddenly "
    "finally slowly somewhere something someone somebody nothing nobody everything everyone everybody "
    "anyone one two three four five monday tuesday wednesday thursday friday saturday sunday january "
    "february march april may june july august september october november december god heaven north south "
    "east west spring summer autumn winter christmas easter english french german latin luna only even "
    "just still once perhaps maybe meanwhile later soon again another each every both either neither all "
    "some any most many much more less few rain snow fog wind night dawn dusk morning evening silence "
    "darkness light shadows dust smoke voices time death life love"
)
_LOOKS_IN = re.compile(
    r"\b(?:in|wearing|dressed in|clad in) (?P<outfit>(?:an? |the )?(?:[\w'-]+ ){0,4}?[\w'-]+)(?=[,.;]|$)", re.I
)
_EXPRESSIONS = {
    "smile": "smiling", "grin": "grinning", "laugh": "laughing", "frown": "frowning", "scowl": "scowling",
    "weep": "weeping", "cry": "crying", "sob": "sobbing", "glare": "glaring", "blush": "blushing", "pale": "pale",
    "grimace": "grimacing", "smirk": "smirking", "wince": "wincing", "gasp": "startled", "tremble": "frightened",
    "shiver": "shivering", "yawn": "tired", "beam": "beaming", "sneer": "sneering", "snarl": "snarling",
    "sigh": "weary", "stare": "staring",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Introduced:
    """A new character as the text introduces them."""

    name: str
    description: str = ""
    outfit: str = ""


def find_present(request: AnalysisRequest, cast: Cast, *, moved: bool) -> list[str]:
    """The known characters who are there, in the order of the request. Those there before stay if the place does."""
    seen: set[str] = set()
    gone: set[str] = set()
    together = False
    for text in (request.player_input, request.narration):
        for clause in statements(text, cast):
            together = together or bool(re.search(r"\b(?:we|us|together)\b", clause.text, re.IGNORECASE))
            _look(clause, cast, seen, gone)
        seen |= _speakers(text, cast)
    stay = {each.name for each in request.characters if each.present and (not moved or together)}
    player = {request.player_name} if request.player_name else set()
    return [each.name for each in request.characters if each.name in (seen | stay | player) - (gone - player)]


def _look(clause: Clause, cast: Cast, seen: set[str], gone: set[str]) -> None:
    if clause.subject not in ("", "you"):
        (gone if _GONE.search(clause.text) and not re.search(r"\bwith you\b", clause.text) else seen).add(
            clause.subject
        )
        if clause.subject in gone and clause.subject in seen and not _GONE.search(clause.text):
            gone.discard(clause.subject)
    for name in dict.fromkeys(cast.mentions(clause.text)):
        if name == clause.subject:
            continue
        for match in re.finditer(rf"\b(?:{cast.pattern})\b(?P<own>'s?)?", clause.text, re.IGNORECASE):
            before = clause.text[: match.start()]
            if cast.named(match.group(0).removesuffix("'s").removesuffix("'")) != name or _ABSENT_BEFORE.search(before):
                continue
            body = match.group("own") and _BODY.match(clause.text[match.end() :])
            if (_MET.search(before) and not match.group("own")) or body:
                seen.add(name)


def _speakers(text: str, cast: Cast) -> set[str]:
    """Those who speak: '"Hold on," says Mira' stands in no clause of its own once the speech is left out."""
    verbs = r"(?:says|said|asks|asked|replies|whispers|shouts|mutters|murmurs|answers|calls)"
    pattern = rf'"\s*,?\s*(?:{verbs}\s+(?P<a>{cast.pattern})|(?P<b>{cast.pattern})\s+(?:\w+ly\s+)?{verbs})\b'
    found = re.finditer(pattern, clean_text(text, TEXT_MAX_CHARS), re.IGNORECASE)
    return {cast.named(match.group("a") or match.group("b")) for match in found}


def find_new(request: AnalysisRequest, cast: Cast, location: str) -> list[Introduced]:
    """Characters the narration names for the first time: a capitalised name that acts, speaks or is introduced."""
    text = clean_text(request.narration, TEXT_MAX_CHARS)
    plain = {word for word in words(text) if word.islower()}
    places = [place for place in (location, request.location, *request.known_locations) if place]
    found: dict[str, Introduced] = {}
    for sentence in sentences(text):
        candidates = [(match.group("name"), (match.group("about") or "").strip(" ,"), match.group("verb"))
                      for match in _ACTS.finditer(sentence)]  # fmt: skip
        for match in _NAMED.finditer(sentence):
            about = (match.group("about") or (match.group("rest") or "").strip(" ,")).strip()
            candidates.append((match.group("name") or match.group("met"), about, "is"))
        for name, about, verb in candidates:
            short = name.split()[-1].lower()
            acts = verb in _SPEAKS or (base_verb(verb) is not None and verb.endswith("s"))
            # Any noun may begin a sentence with a capital; a name does what only people do, or stands elsewhere too.
            if " " not in name and sentence.startswith(name) and not about:
                acts = verb in _HUMAN or re.search(rf"[a-z,;] {re.escape(name)}\b", text) is not None
            is_new = (
                (name not in found or not found[name].description) and not cast.mentions(name) and short not in plain
            )
            named = is_new and _may_be_name(name) and not any(same_place(name, place) for place in places)
            if acts and named and len(found) < MAX_CHARACTERS:
                found[name] = Introduced(name=name, description=about, outfit=_outfit(about))
    return [new for name, new in found.items() if not any(name != other and name in other.split() for other in found)]


def _may_be_name(name: str) -> bool:
    found = [word.lower() for word in name.split()]
    last = found[-1].strip("'’")
    alone = len(found) == 1
    return not (
        found[0] in _NO_NAMES
        or last in _NO_NAMES | PLACE_NOUNS
        or (alone and (last in opening_words() or last in PERSON_NOUNS or base_verb(last) is not None))
    )


def _outfit(about: str) -> str:
    match = _LOOKS_IN.search(about)
    told = match.group("outfit") if match else ""
    return told if any(word in SLOT_OF for word in words(told.lower())) else ""


def expression_of(name: str, request: AnalysisRequest, cast: Cast) -> str:
    """How the character's face looks at the end of the turn, if the text says so."""
    found = ""
    for text in (request.player_input, request.narration):
        for clause in statements(text, cast):
            if clause.subject == name:
                for word in words(clause.text.lower()):
                    base = word if word in _EXPRESSIONS else re.sub(r"(?:es|s|ed|d|ing)$", "", word)
                    found = _EXPRESSIONS.get(base) or _EXPRESSIONS.get(base + "e") or found
    return found
