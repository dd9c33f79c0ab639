"""Where a turn leaves the player: places gone to, arrived at or woken in; and whether two names mean one place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from images.analysis.clauses import Cast, statements
from images.analysis.types import AnalysisRequest
from images.language.words import (
    INDOOR_NOUNS,
    OUTDOOR_NOUNS,
    PERSON_NOUNS,
    PLACE_NOUNS,
    base_verb,
    clean,
    word_set,
    words,
)

NAME_WORDS_MAX = 7

_MOVES = (
    r"(?:take (?=the (?:stairs?|road|path|lift|elevator|train|ferry|ladder|trail|bridge)\b)|(?:make|made|find) "
    r"(?:my|our|your) way|(?:take|bring|lead) (?:me|us)|set (?:off|out|sail)|(?:go|goes|going|went|walk|run|ran|"
    r"climb|"
    r"step|sneak|creep|crept|crawl|ride|rode|drive|drove|sail|swim|return|head|descend|ascend|march|wander|travel|"
    r"jump|"
    r"leap|hurry|rush|slip|flee|escape|row|fly|move|stroll|dash|sprint|trudge|wade|squeeze|come|came|venture|proceed|"
    r"stumble|limp|race|push|duck|dive|fall|fell|get|got|follow|cross|pass|turn|journey|hike|retreat|gallop|drift|"
    r"float|tiptoe|burst|file|flock|land|retire|withdraw|back|leave|continue)(?:e?s|e?d|ned|ped|ing|ning|ping)?)"
)
_ENTERS = r"(?:(?:enter|reach|board|explore|visit|re-enter|arrive at|arrive in|make it to|get to)(?:e?s|e?d|ing)?)"
_INTO = (
    r"(?:back )?(?:up |down |out |over |across |on |through )?(?:in|on)?to|inside|aboard|through|along|down|up|"
    r"across|onto|into|at|in|for|upon|on(?= (?:castle|fort|the (?:city|castle|capital|fort|village|town))\b)"
)
_STOP = re.compile(
    r"[,.;:!?()]|\b(?:with|to|and|but|by|near|beside|before|after|while|where|which|that|who|when|as|for|from|"
    r"in|on|at|into|onto|"
    r"inside|through|until|because|so|then|under|above|behind|below|beyond|past|is|are|was|without|again|"
    r"at last|quickly|slowly|"
    r"quietly|alone|together|now|today|tonight|instead|just|full|across|along|around|toward|towards|once|if|"
    r"looking|hoping|"
    r"searching|carrying|holding|hand|over|up|down|out|off|only|like)\b",
    re.IGNORECASE,
)
_DETERMINERS = word_set("the a an my our your his her their its this that some another")
_NARRATED = (
    re.compile(r"^(?:\w+[\w' ]{0,50}?,?\s)?you (?:are|'re|stand|find yourself|wake|wake up|awake|awaken|"
               r"come to|sit|lie|are standing|"
               r"end up|emerge|come out|arrive|land|dock|are back|are now|step out|surface|tumble out|"
               r"crawl out|stagger out|appear|have reached|have come to|have arrived|find yourselves|are inside|"
               r"are led)\b(?P<rest>.*)",
               re.IGNORECASE),
    re.compile(r"\b(?!(?:point|direct|invite|remind|call|introduc|compar|tell|ask|beckon|refer|expos|listen|speak|"
               r"talk)\w*\b)"
               r"[a-z]+ you (?P<rest>(?:\w+ly )?(?:back |down |up |out |over |off |deep |further )*"
               r"(?:into|to|onto|inside|aboard|through|across|along|up|down)\b.*)", re.IGNORECASE),
    re.compile(r"\b(?:path|road|door|passage|tunnel|stairs?|stairway|corridor|trail|street|alley|gate|hatch|lift|"
               r"track|way|ladder|"
               r"hallway|steps) (?:opens?|leads?|gives?|lets you out|brings you out|ends|"
               r"widens) (?P<rest>(?:out )?(?:onto|into|in|on|at)\b.*)",
               re.IGNORECASE),
)  # fmt: skip
_STATIC = re.compile(r"\b(?:in|inside|on|at|into|onto|to|aboard|among)\s+", re.IGNORECASE)
# With nothing between verb and direction any verb moves: "drop into the orchard", "stagger back to camp". Not these.
_GOES = re.compile(
    r"(?!(?:look|listen|talk|speak|point|refer|belong|writ|pray|bow|nod|wav|lie|lying|sing|peer|gaz|star|glanc|"
    r"shout|call|cling|"
    r"hold|agree|object|repl|answer|attend|stick|add|admit|confess|apolog|appeal|switch|react|respond|lead|try|"
    r"want|need|hope|"
    r"plan|decid|begin|start|prefer|tend|used|listen|mean|prepar|ask|refus|promis|swear|threaten|pretend|forget|"
    r"learn)\w*\b)"
    r"[a-z]+(?:\s+(?:back|down|up|out|over|across|on|in|off|straight|headlong|together|upstairs|downstairs|"
    r"outside|\w+ly|"
    r"with \w+))*\s+(?:into|onto|to|inside|aboard)\s",
    re.IGNORECASE,
)
_FILLERS = re.compile(
    r"^(?:then|now|so|ok|okay|and|well|please|suddenly|time to|it is time to|it's time to|\w+ly),?\s+", re.IGNORECASE
)
_ADJECTIVES = word_set(
    "old new ancient abandoned ruined dark dim quiet silent empty deserted little small large big great "
    "grand long narrow wide tall high low deep cold warm wet damp dusty dirty clean bright gloomy misty "
    "foggy haunted crumbling crowded busy noisy familiar strange hidden secret forgotten famous local "
    "nearby distant beautiful lonely rainy snowy moonlit sunlit sunny windswept overgrown rusty vast huge "
    "tiny cosy cozy stone wooden same whole very nice lovely creepy spooky dimly lit candlelit"
)
_OPPOSED = (
    (("old", "ancient"), ("new",)),
    (("small", "little", "tiny"), ("large", "big", "great", "grand", "huge", "vast")),
)
# Things one can go, climb or run into without being anywhere new.
_NO_PLACES = word_set(
    "air dark darkness light shadows shadow crowd conversation water fire pieces tears sleep silence "
    "distance fray position trouble bed eyes face arms night sun sunlight moonlight rain fog mist storm "
    "seat chair wall mirror hole chest box bag sack barrel wagon cart saddle window door doorway wind "
    "snow smoke flames mud grass bushes trap chaos panic battle fight corner unknown void cold heat "
    "action role trance coma dream trees leaves hands lap hammock cupboard wardrobe closet coffin"
)
_SPELLING = {
    "harbor": "harbour", "centre": "center", "theatre": "theater", "armoury": "armory", "parlour": "parlor",
    "wood": "woods", "docks": "dock", "ruin": "ruins", "stair": "stairs", "mountain": "mountains", "grey": "gray",
    "pub": "tavern", "neighbourhood": "neighborhood", "colour": "color", "flat": "apartment",
    "graveyard": "cemetery", "seashore": "shore",
}  # fmt: skip


def find_location(request: AnalysisRequest, cast: Cast) -> tuple[str, str]:
    """The place this turn leads to and the clause that says so, or two empty texts if the player stays.

    The narration has the last word; a known place keeps the name it is known by.
    """
    found, evidence = "", ""
    for clause in statements(request.player_input, cast):
        for place in _gone_to(clause.text, clause.subject, cast, request):
            found, evidence = place, clause.text
    for clause in statements(request.narration, cast):
        # "You climb the hill" on the way to the lighthouse is not where the player's own words lead.
        if found and re.match(
            r"you (?:\w+ly )?(?:climb|cross|descend|pass|leave|walk|follow)\b", clause.text, re.IGNORECASE
        ):
            continue
        for place in _told(clause.text, clause.subject, cast, request):
            found, evidence = place, clause.text
    return known_name(found, [request.location, *request.known_locations]) if found else "", evidence


def _gone_to(text: str, subject: str, cast: Cast, request: AnalysisRequest) -> Iterator[str]:
    """Places the player's own line goes to. An imperative has no subject."""
    plain = _FILLERS.sub("", text.strip())
    own = subject == "you" or re.match(r"(?:i|we|let's|let us)\b", plain, re.IGNORECASE)
    body = re.sub(
        r"^(?:i|we|let's|let us|you)\s+(?:(?:then|now|quickly|slowly|finally|just|also|\w+ly)\s+)*",
        "",
        plain,
        flags=re.I,
    )
    starts = re.match(rf"(?:{_MOVES}|{_ENTERS})\b", body, re.IGNORECASE)
    bare = re.match(r"(?:in)?to (?:the|my|our)\b", body, re.IGNORECASE)
    goes = own and _GOES.match(body)
    if not (bare or goes or (starts and (own or subject == ""))):
        return
    if subject not in ("", "you") or (
        not own and not bare and words(body)[0][0].isupper() and cast.named(words(body)[0])
    ):
        return
    yield from _destinations(body, cast, request)


def _told(text: str, subject: str, cast: Cast, request: AnalysisRequest) -> Iterator[str]:
    """Places a narration brings the player to."""
    for pattern in _NARRATED:
        match = pattern.search(text)
        if match:
            place = _last_place(match.group("rest"), cast, request)
            if place:
                yield place
            return
    if subject == "you":
        match = re.search(
            rf"\b(?:you|we|i)\s+(?:\w+ly\s+|then\s+|finally\s+)?(?P<act>(?:{_MOVES}|{_ENTERS})\b.*)",
            text,
            re.IGNORECASE,
        )
        act = match.group("act") if match else text
        if re.match(rf"(?:{_MOVES}|{_ENTERS})\b", act, re.IGNORECASE):
            yield from _destinations(act, cast, request)


def _destinations(body: str, cast: Cast, request: AnalysisRequest) -> Iterator[str]:
    """The last place of a clause that begins with a verb of motion: "run out of the house and into the forest"."""
    enters = re.match(rf"(?:{_ENTERS})\s+", body, re.IGNORECASE)
    found = ""
    if enters:
        found = place_in(body[enters.end() :], cast, request)
    direct = re.match(r"(?:climb|descend|cross|board)(?:s|ed)?\s+(?=(?:the|a|an|my)\b)", body, re.IGNORECASE)
    if direct:
        found = place_in(body[direct.end() :], cast, request)
    home = re.search(r"^\S+(?: back)? (home)\b(?! town)", body, re.IGNORECASE)
    if home:
        found = "home"
    unknown = re.search(
        r"\b(?:into|inside)\s+(?:the|an?|my|our)\s+((?:[a-z'-]+\s+){0,2}?)([a-z'-]{3,})(?=[,.;!]|$| with\b| and\b)",
        body,
        re.I,
    )
    if (
        unknown
        and not enters
        and not found
        and unknown.group(2).lower() not in _NO_PLACES
        and base_verb(unknown.group(2)) is None
    ):
        found = f"{unknown.group(1)}{unknown.group(2)}"
    for match in re.finditer(rf"(?<!\bout )\b(?:{_INTO})\s+", body, re.IGNORECASE):
        if re.search(
            r"\b(?:close|next|look|point|listen|speak|talk|"
            r"belong)\s+$",
            body[: match.start()],
            re.IGNORECASE,
        ):
            continue
        place = place_in(body[match.end() :], cast, request)
        through = re.match(r"(?:through|along|down|up|across)\b", match.group(0), re.IGNORECASE)
        if place and not (through and found and not home):
            found = place
    if found:
        yield found


def _last_place(rest: str, cast: Cast, request: AnalysisRequest) -> str:
    """The last place of "in a narrow bed in the infirmary"."""
    found = ""
    for match in _STATIC.finditer(rest):
        if re.search(r"\b(?:of|from)\s+$", rest[: match.start()]):
            continue
        found = place_in(rest[match.end() :], cast, request) or found
    plain = re.match(r"\s*(?:home|inside|aboard|the|an?)\b", rest, re.IGNORECASE)
    return found or (place_in(rest, cast, request) if plain else "")


def place_in(text: str, cast: Cast, request: AnalysisRequest) -> str:
    """The place that a text begins with, article left out: a noun of place, a proper name, or a place known already."""
    stop = _STOP.search(text)
    phrase = text[: stop.start()] if stop else text
    if (
        stop
        and stop.group(0).lower() in ("and", "at", "in", "by")
        and re.match(r"[A-Z]", text[stop.end() :].strip()[:1] or "x")
    ):
        rest = _STOP.search(text, stop.end())
        longer = text[: rest.start()] if rest else text
        if any(same_place(longer, known) for known in [request.location, *request.known_locations]):
            phrase = longer
    found = clean(phrase, 120).split()[: NAME_WORDS_MAX + 1]
    while found and found[0].lower() in _DETERMINERS:
        found.pop(0)
    if not found:
        return ""
    name = " ".join(found)
    if any(known and same_place(name, known) for known in [request.location, *request.known_locations]):
        return name
    head, of, owner = name.partition(" of ")
    kept = _up_to_noun(head.split())
    if kept:
        return " ".join(kept) + (f" of {owner}" if of and len(kept) == len(head.split()) and owner else "")
    proper = all(word[:1].isupper() for word in found) and len(found) <= 4
    person = cast.named(name) or any(word.lower() in PERSON_NOUNS for word in found) or cast.mentions(name)
    return name if proper and not person and not re.match(r"(?:I|God|North|South|East|West)\b", name) else ""


def _up_to_noun(found: list[str]) -> list[str]:
    """The words up to the last noun of place, if nothing but one or two words follow it; else nothing."""
    for position in range(len(found) - 1, -1, -1):
        word = found[position].lower().strip("'\"")
        if word in PLACE_NOUNS and word not in (
            "stairs",
            "place",
            "spot",
            "wall",
            "path",
            "way",
            "pass",
            "well",
            "boat",
            "doorway",
        ):
            after = found[position + 1 :]
            if len(after) > 2 or any(each.lower() in PERSON_NOUNS for each in found[: position + 1]) and position == 0:
                return []
            numbered = found[position][0].isupper() and after[:1] and (after[0][0].isupper() or after[0].isdigit())
            return found[: position + (2 if numbered else 1)]
    return []


def known_name(place: str, known: Sequence[str]) -> str:
    """The name under which the story knows the place, or the name itself."""
    return next((name for name in known if name and same_place(place, name)), place)


def same_place(a: str, b: str) -> bool:
    """Whether two names mean one place: case, articles, spelling and adjectives of mood do not count.

    "the old lighthouse" is "lighthouse"; "Rusty Anchor" is "the Rusty Anchor tavern"; "north tower" is not "tower".
    """
    first, second = _core(a), _core(b)
    if not first or not second:
        return False
    if _are_opposed(a, b):
        return False
    if first == second:
        return True
    plain_first, plain_second = first - _KINDS, second - _KINDS
    one_without_kind = plain_first == first or plain_second == second
    return bool(plain_first) and plain_first == plain_second and one_without_kind


_KINDS = INDOOR_NOUNS | OUTDOOR_NOUNS | frozenset(_SPELLING.values())


def _core(name: str) -> frozenset[str]:
    """The words of a place name that tell it from others."""
    found = _spelt(words(clean(name, 200).lower().replace("'s", "")))
    kept = [word for word in found if word not in _DETERMINERS and word not in ("of", "and", "in", "at", "on")]
    core = [word for word in kept if word not in _ADJECTIVES]
    return frozenset(core or kept)


def _spelt(found: list[str]) -> list[str]:
    return [_SPELLING.get(word, word) for word in found]


def _are_opposed(a: str, b: str) -> bool:
    """One is the small room, the other the large one."""
    first, second = set(words(a.lower())), set(words(b.lower()))
    return any(
        (first & set(left) and second & set(right)) or (first & set(right) and second & set(left))
        for left, right in _OPPOSED
    )


def description_of(place: str, text: str, cast: Cast) -> str:
    """What a text says of the place: the sentence that names it, or the one behind the player's arrival there.

    Sentences about what the player or a character does are none.
    """
    core, arrived = _core(place), False
    for clause in statements(text, cast):
        about_place = clause.subject == "" and not re.match(r"(?:you|i|we)\b", clause.sentence, re.IGNORECASE)
        if about_place and (arrived or (core and core <= frozenset(_spelt(words(clause.sentence.lower()))))):
            return clause.sentence
        arrived = clause.subject == "you" and core <= frozenset(_spelt(words(clause.text.lower()))) and bool(core)
    return ""
