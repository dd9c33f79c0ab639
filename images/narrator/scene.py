"""What the narrator knows of a scene: the genre, a name for the place, the hour, the weather, the people."""

from __future__ import annotations

import re
from dataclasses import dataclass

from images.language.people import pronoun_of
from images.language.words import INDOOR_NOUNS, OUTDOOR_NOUNS, clean, words
from images.narrator.lexicon import load
from images.narrator.types import CharacterNote, NarrationRequest

GENRES = ("fantasy", "mystery", "science_fiction", "horror", "romance", "western")
PLACE_WORDS_MAX = 6
NAME_WORDS_MAX = 4
ABOUT_WORDS_MAX = 12

_HOURS = (
    ("dawn", r"dawn|sunrise|daybreak|first light|early morning"),
    ("dusk", r"dusk|sunset|twilight|evening|nightfall|sundown"),
    ("night", r"night|midnight|small hours|moonlight|dark"),
    ("noon", r"noon|midday|mid-day"),
    ("afternoon", r"afternoon"),
    ("morning", r"morning|forenoon"),
)
_WEATHERS = (
    ("storm", r"storm|thunder|lightning|hurricane|tempest|gale|blizzard"),
    ("snow", r"snow|sleet|hail|frost"),
    ("rain", r"rain|drizzle|shower|downpour|wet"),
    ("fog", r"fog|mist|haze|hazy"),
    ("wind", r"wind|breez|gust"),
    ("heat", r"hot|heat|scorch|swelter|humid"),
    ("cold", r"cold|freez|icy|chill|frigid"),
    ("cloud", r"cloud|overcast|grey|gray|gloomy"),
    ("clear", r"clear|sun|fair|fine|bright|starry|calm"),
)
# Names of these kinds take an article ("the Rusty Anchor tavern"), others do not ("Blackwater Harbour").
_WITH_ARTICLE = re.compile(
    r"\b(tavern|inn|hotel|saloon|library|museum|palace|temple|tower|forest|desert|sea|ocean|river|market|hall|theatre|"
    r"theater|cathedral|lighthouse|observatory|ship|station|bridge|room|house|ruins|docks|mountains|caves?|catacombs|"
    r"woods|swamp|marshes|moors?|wastes?|plains|highlands|archives?|academy|guild|bazaar|crypt|dungeon|lounge|bar|pub)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Person:
    """A character as the sentences need it. about: an apposition such as "a tall woman in grey", or ""."""

    name: str
    possessive: str
    about: str


@dataclass(frozen=True, slots=True)
class Scene:
    """place: a noun phrase, "" if there is none to name. setting: {"in"} or {"out"} or nothing."""

    genre: str
    place: str
    setting: frozenset[str]
    hour: str
    weather: str
    people: tuple[Person, ...]


def scene_of(request: NarrationRequest) -> Scene:
    """Reads the free text of a request into what the grammar knows. Unknown things become ""."""
    return Scene(
        genre=genre_of(request),
        place=place_phrase(request.location),
        setting=_setting(f"{request.location} {request.location_description}"),
        hour=_first(_HOURS, request.time_of_day),
        weather=_first(_WEATHERS, request.weather),
        people=tuple(person for note in list(request.characters)[:6] if (person := _person(note))),
    )


def genre_of(request: NarrationRequest) -> str:
    """The genre named in the story's genre or style, else the one its title and premise use the words of, else ""."""
    named = f"{request.genre} {request.style}".lower()[:400]
    told = f"{request.title} {request.premise}".lower()[:2000]
    for text, needed in ((named, 1), (told, 1)):
        counts = {genre: _count(load(genre)["marks"], text) for genre in GENRES}
        best = max(GENRES, key=lambda genre: counts[genre])
        if counts[best] >= needed:
            return best
    return ""


def place_phrase(location: str) -> str:
    """A location inside a sentence: "Old Lighthouse" → "the Old Lighthouse", "a quiet wood" → "the quiet wood"."""
    text = clean(location, 120).strip(" .,;:!?\"'").replace(".", "")
    text = re.sub(r"\s+(?:in|at|on|near|by|of|under|above|outside|inside|behind)\s.*$", "", text) if len(
        text.split()
    ) > PLACE_WORDS_MAX else text  # fmt: skip
    found = words(text)
    if not found or len(text.split()) > PLACE_WORDS_MAX or re.search(r"[^\w\s'’-]", text):
        return ""
    head, _, rest = text.partition(" ")
    if head.lower() in ("the", "a", "an") and rest:
        return f"the {rest}"
    if head.lower() in ("my", "your", "our", "his", "her", "their"):
        return "your " + rest if head.lower() in ("my", "our") and rest else text.lower()
    if head.lower() in ("inside", "outside", "at", "in", "on", "near", "home", "somewhere"):
        return ""
    if found[-1][0].isupper() and not _WITH_ARTICLE.search(text):
        return text
    return f"the {text}"


def _setting(text: str) -> frozenset[str]:
    """Indoors or outdoors by the last place noun of the name: a lantern room in a lighthouse is a room."""
    if re.search(
        r"\b(cargo|docking|shuttle|med|medical|engine|launch|sick)[ -]?(bay|deck|dock)\b", text, re.IGNORECASE
    ):
        return frozenset({"in"})
    for word in reversed(words(text.lower())[:12]):
        if word in INDOOR_NOUNS:
            return frozenset({"in"})
        if word in OUTDOOR_NOUNS:
            return frozenset({"out"})
    return frozenset()


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    text = text.lower()[:200]
    return next((name for name, pattern in table if re.search(rf"\b(?:{pattern})", text)), "")


def _count(marks: tuple[str, ...], text: str) -> int:
    return sum(1 for mark in marks if re.search(rf"\b{re.escape(mark)}\b", text))


def _person(note: CharacterNote) -> Person | None:
    name = clean(note.name, 60).replace(".", "").strip(" ,;:!?\"'")
    if not words(name) or len(name.split()) > NAME_WORDS_MAX or re.search(r"[^\w\s'’-]", name):
        return None
    if name.split()[0].lower() in ("you", "me", "i", "player", "myself"):
        return None
    if name[0].islower():
        name = name if name.startswith(("the ", "a ", "an ")) else f"the {name}"
    description = clean(note.description, 300)
    return Person(
        name=name, possessive=_possessive(note.pronoun, f"{name} {description}".lower()), about=_about(description)
    )


def _possessive(pronoun: str, told: str) -> str:
    known = pronoun.strip().lower().partition("/")[0]
    possessives = {"she": "her", "he": "his", "they": "their", "it": "its"}
    return possessives.get(known) or possessives[pronoun_of(told)]


def _about(description: str) -> str:
    """A description that can stand behind a name: it starts with an article and is one short phrase."""
    phrase = re.split(r"[.;:!?(]|\s-\s|, (?:who|and|with)\b", description)[0].strip(" ,")
    head = phrase.partition(" ")[0].lower()
    if head not in ("a", "an", "the") or not 2 <= len(phrase.split()) <= ABOUT_WORDS_MAX or "," in phrase:
        return ""
    return head + phrase[len(head) :]
