"""What a language model is asked about a turn, and how its answer becomes an `Analysis`.

The schemas carry no length or number limits on purpose: llama.cpp's grammars become very slow with them and ignore
bounds of numbers. Lengths are cut on reading, and whatever does not fit is dropped with a note.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from images.analysis.meaning import differs_in_meaning
from images.analysis.places import known_name, same_place
from images.analysis.types import (
    LIMITS,
    MAX_CHARACTERS,
    Analysis,
    AnalysisRequest,
    ChangeReason,
    CharacterReading,
    KnownCharacter,
)
from images.language.words import clean_text, clip, words

Message = dict[str, str]
Schema = dict[str, Any]

INPUT_MAX_CHARS = 4000
NARRATION_MAX_CHARS = 8000
HISTORY_TURNS = 6
HISTORY_MAX_CHARS = 1500  # of one earlier narration
NOTES_MAX = 20

_TEXT: Schema = {"type": "string"}
_CHARACTER_KEYS = ("name", "description", "outfit", "physical_features", "expression")
_UNKNOWN = frozenset(
    {"", "unknown", "none", "n/a", "null", "unspecified", "not specified", "not mentioned", "unchanged"}
)


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


ANALYSIS_SCHEMA: Schema = _object(
    {
        "location": _TEXT,
        "location_description": _TEXT,
        "time_of_day": _TEXT,
        "weather": _TEXT,
        "characters": {"type": "array", "items": _object({"name": _TEXT})},
        "action_description": _TEXT,
    }
)
READING_SCHEMA: Schema = _object(
    {
        "summary": _TEXT,
        "action_description": _TEXT,
        "location": _TEXT,
        "location_description": _TEXT,
        "time_of_day": _TEXT,
        "weather": _TEXT,
        "characters": {
            "type": "array",
            "items": _object(
                {
                    **dict.fromkeys(_CHARACTER_KEYS, _TEXT),
                    "changed": {"type": "boolean"},
                    "change_reason": {"enum": ["none", *(str(reason) for reason in ChangeReason)]},
                }
            ),
        },
    }
)

_ANALYSIS_RULES = (
    "You read one turn of an interactive story and answer in JSON.\n"
    "location: where the player is after this turn, a short name. A place that is only thought of, spoken of or "
    "wished "
    "for is not where the player is; then keep the present one, spelled the same.\n"
    "location_description: what the place looks like, one sentence.\n"
    "time_of_day, weather: after this turn; keep the present ones if nothing is said.\n"
    "characters: the names of everybody who is there, not the player.\n"
    "action_description: who does what, as a picture would show it, at most twenty words."
)
_READING_RULES = (
    "You read one finished turn of an interactive story and answer in JSON.\n"
    "summary: one sentence of at most 25 words.\n"
    "action_description: the moment a picture should show: who does what, at most twenty words.\n"
    "location, location_description, time_of_day, weather: as they are at the end of the turn.\n"
    "characters: everybody who is present at the end. outfit is what they wear, physical_features is body, face "
    "and hair, "
    "expression is the face in this moment.\n"
    "changed is true only if the turn's text itself says that this character's own looks changed: new clothes "
    "(new_outfit), the body (transformation), or a first meeting (initial_appearance). It is false for memories, "
    "wishes, "
    "speech, lost or found things, moods, other people's clothes. If it is false, repeat outfit and "
    "physical_features as "
    "they are known."
)
_NARRATION_RULES = (
    "You narrate an interactive story in the second person and the present tense. Answer the player's line: let it "
    "happen, and say what comes of it. Write two or three short paragraphs, 80 to 150 words in all. Keep to the "
    "facts "
    "you are given. Never speak or decide for the player, never list choices, never mention being a model. End with "
    "something open."
)


def analysis_messages(request: AnalysisRequest) -> tuple[list[Message], Schema]:
    """Messages and JSON schema for reading the player's line before it is narrated."""
    parts = [_state(request), f"The player writes:\n{_player(request)}"]
    return [_system(_ANALYSIS_RULES), _user("\n\n".join(parts))], ANALYSIS_SCHEMA


def reading_messages(request: AnalysisRequest) -> tuple[list[Message], Schema]:
    """Messages and JSON schema for reading a narrated turn."""
    narration = clean_text(request.narration, NARRATION_MAX_CHARS)
    parts = [_state(request), f"The player wrote:\n{_player(request)}", f"The narration:\n{narration or '(none)'}"]
    return [_system(_READING_RULES), _user("\n\n".join(parts))], READING_SCHEMA


def narration_messages(
    request: AnalysisRequest, *, history: Sequence[tuple[str, str]] = (), idea: str = ""
) -> list[Message]:
    """Messages that ask for the narration. history: (player's line, narration) of earlier turns, oldest first.

    idea: something invented beforehand that the narration should use, "" for none.
    """
    messages = [_system(f"{_NARRATION_RULES}\n\n{_story(request)}".strip())]
    for line, narration in list(history)[-HISTORY_TURNS:]:
        if narration.strip():
            messages.append(_user(clean_text(line, INPUT_MAX_CHARS) or "(nothing)"))
            messages.append({"role": "assistant", "content": clean_text(narration, HISTORY_MAX_CHARS)})
    parts = [_state(request)]
    if idea.strip():
        parts.append(f"Let this come into the scene: {clip(clean_text(idea, 1000), 1000)}")
    parts.append(f"The player writes:\n{_player(request)}")
    return [*messages, _user("\n\n".join(parts))]


def parse_analysis(text: str, request: AnalysisRequest) -> Analysis:
    """The answer to `analysis_messages`. Raises ValueError only if the text is no JSON object at all.

    Characters come with their last known looks, unchanged: before the narration nothing has been told yet.
    """
    return _parse(text, request, _named_reading)


def parse_reading(text: str, request: AnalysisRequest) -> Analysis:
    """The answer to `reading_messages`. Raises ValueError only if the text is no JSON object at all.

    A claimed change must differ in meaning from what was known, or it is none; an unknown character is new.
    """
    return _parse(text, request, _full_reading)


def _system(content: str) -> Message:
    return {"role": "system", "content": content}


def _user(content: str) -> Message:
    return {"role": "user", "content": content}


def _player(request: AnalysisRequest) -> str:
    return clean_text(request.player_input, INPUT_MAX_CHARS) or "(nothing)"


def _story(request: AnalysisRequest) -> str:
    """Title, genre, style and premise, one line each, those that are known."""
    rows = (("Title", request.title), ("Genre", request.genre), ("Style", request.style), ("Premise", request.premise))
    return "\n".join(f"{name}: {clip(clean_text(value, 2000), 2000)}" for name, value in rows if value.strip())


def _state(request: AnalysisRequest) -> str:
    """What is so before the turn."""
    rows = [
        f"Present location: {clip(request.location, LIMITS['location']) or '(not known)'}",
        f"Time of day: {clip(request.time_of_day, LIMITS['time_of_day']) or '(not known)'}",
        f"Weather: {clip(request.weather, LIMITS['weather']) or '(not known)'}",
    ]
    if request.location_description:
        rows.insert(1, f"The location: {clip(request.location_description, LIMITS['location_description'])}")
    if request.player_name:
        rows.append(f"The player is {clip(request.player_name, LIMITS['name'])}.")
    known = [place for place in dict.fromkeys(request.known_locations) if place][:12]
    if known:
        rows.append("Places visited before: " + "; ".join(clip(place, 60) for place in known))
    rows += [_character_row(character) for character in list(request.characters)[:MAX_CHARACTERS]]
    return "\n".join(rows)


def _character_row(character: KnownCharacter) -> str:
    looks = [
        f"{label}: {clip(value, LIMITS[key])}"
        for label, key, value in (
            ("description", "description", character.description),
            ("outfit", "outfit", character.outfit),
            ("physical_features", "physical_features", character.physical_features),
        )
        if value
    ]
    where = "present" if character.present else "not present"
    return f"Character {clip(character.name, LIMITS['name'])} ({where}). " + "; ".join(looks)


def _parse(
    text: str,
    request: AnalysisRequest,
    read: Callable[[Mapping[str, Any], AnalysisRequest, list[str]], CharacterReading],
) -> Analysis:
    value = _loaded(text)
    notes: list[str] = []
    allowed = set(READING_SCHEMA["properties"])
    notes += [f"ignored {key!r}" for key in value if key not in allowed]
    place = _text_of(value, "location", notes)
    place = known_name(place, [request.location, *request.known_locations]) if place else request.location
    moved = bool(place) and not same_place(place, request.location)
    described = _text_of(value, "location_description", notes)
    return Analysis(
        location=place,
        location_changed=moved,
        location_description=described or ("" if moved else request.location_description),
        time_of_day=_text_of(value, "time_of_day", notes) or request.time_of_day,
        weather=_text_of(value, "weather", notes) or request.weather,
        characters=_characters(value.get("characters"), request, read, notes, place),
        action_description=_text_of(value, "action_description", notes),
        summary=_text_of(value, "summary", notes),
        notes=tuple(notes[:NOTES_MAX]),
    )


def _loaded(text: str) -> dict[str, Any]:
    """The JSON object of an answer. Raises ValueError."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("the answer is not a JSON object")
    return value


def _text_of(value: Mapping[str, Any], key: str, notes: list[str]) -> str:
    """One text, cleaned and cut to its limit; "" for what is missing, of another type, or says that it is unknown."""
    raw = value.get(key)
    if raw is None:
        return ""
    if not isinstance(raw, str):
        notes.append(f"{key} is not a text")
        return ""
    text = " ".join(clean_text(raw, 4000).split())
    if text.lower().strip(" .()") in _UNKNOWN:
        return ""
    if len(text) > LIMITS[key]:
        notes.append(f"{key} was cut to {LIMITS[key]} characters")
    return clip(text, LIMITS[key])


def _characters(
    raw: Any,
    request: AnalysisRequest,
    read: Callable[[Mapping[str, Any], AnalysisRequest, list[str]], CharacterReading],
    notes: list[str],
    place: str,
) -> tuple[CharacterReading, ...]:
    if not isinstance(raw, list):
        if raw is not None:
            notes.append("characters is not a list")
        return ()
    found: dict[str, CharacterReading] = {}
    for item in raw[: MAX_CHARACTERS * 2]:
        row = {"name": item} if isinstance(item, str) else item
        if not isinstance(row, dict) or not _text_of(row, "name", notes):
            notes.append("a character without a name was dropped")
            continue
        reading = read(row, request, notes)
        if _is_player(reading.name, request):
            continue
        if _known(reading.name, request) is None and not _is_told(reading.name, request, place):
            notes.append(f"{reading.name} was dropped: the turn names nobody so")
            continue
        if reading.name.lower() in found:
            notes.append(f"{reading.name} was named twice")
            continue
        found[reading.name.lower()] = reading
    if len(raw) > MAX_CHARACTERS:
        notes.append(f"only the first {MAX_CHARACTERS} characters were kept")
    return tuple(found.values())[:MAX_CHARACTERS]


def _is_player(name: str, request: AnalysisRequest) -> bool:
    """Models like to list the player, who has no portrait unless the story names one."""
    generic = {"you", "player", "the player", "i", "narrator", "the narrator", "protagonist", "the protagonist"}
    return name.lower() in generic and name.lower() != request.player_name.lower()


def _is_told(name: str, request: AnalysisRequest, place: str) -> bool:
    """Whether a character the model adds stands in the turn's own text. Small models list places, and invent people."""
    if any(same_place(name, known) for known in (place, request.location, *request.known_locations)):
        return False
    text = set(words(f"{request.player_input} {request.narration}".lower()))
    return any(word in text for word in words(name.lower()) if len(word) > 2 and word not in ("the", "old", "young"))


def _known(name: str, request: AnalysisRequest) -> KnownCharacter | None:
    wanted = name.lower()
    for character in request.characters:
        names = {character.name.lower(), *(alias.lower() for alias in character.aliases)}
        if wanted in names:
            return character
    firsts = [each for each in request.characters if each.name.lower().split(" ")[0] == wanted]
    return firsts[0] if len(firsts) == 1 else None


def _named_reading(row: Mapping[str, Any], request: AnalysisRequest, notes: list[str]) -> CharacterReading:
    name = _text_of(row, "name", notes)
    known = _known(name, request)
    if known is None:
        return CharacterReading(name=name, changed=True, change_reason=ChangeReason.INITIAL_APPEARANCE)
    return CharacterReading(
        name=known.name, description=known.description, outfit=known.outfit,
        physical_features=known.physical_features, expression=known.expression,
    )  # fmt: skip


def _full_reading(row: Mapping[str, Any], request: AnalysisRequest, notes: list[str]) -> CharacterReading:
    told = {key: _text_of(row, key, notes) for key in _CHARACTER_KEYS}
    known = _known(told["name"], request)
    if known is None:
        return CharacterReading(**told, changed=True, change_reason=ChangeReason.INITIAL_APPEARANCE)
    before = _named_reading({"name": known.name}, request, notes)
    before = replace(before, expression=told["expression"] or known.expression)
    claimed = row.get("changed")
    if not isinstance(claimed, bool):
        if claimed is not None:
            notes.append("changed is not true or false")
        claimed = False
    if not claimed:
        return before
    new_outfit = differs_in_meaning(known.outfit, told["outfit"])
    new_body = differs_in_meaning(known.physical_features, told["physical_features"])
    new_words = differs_in_meaning(known.description, told["description"])
    if not (new_outfit or new_body or new_words):
        notes.append(f"{known.name}: a change was claimed, but nothing differs")
        return before
    return replace(
        before,
        description=told["description"] if new_words else known.description,
        outfit=told["outfit"] if new_outfit else known.outfit,
        physical_features=told["physical_features"] if new_body else known.physical_features,
        changed=True,
        change_reason=_reason(row.get("change_reason"), new_outfit=new_outfit, new_body=new_body),
    )


def _reason(claimed: Any, *, new_outfit: bool, new_body: bool) -> ChangeReason:
    """The model's reason if it fits what differs, else the one that does."""
    fitting = []
    if new_body:
        fitting.append(ChangeReason.TRANSFORMATION)
    if new_outfit:
        fitting.append(ChangeReason.NEW_OUTFIT)
    fitting.append(ChangeReason.DESCRIPTION_UPDATE)
    return next((reason for reason in fitting if reason == claimed), fitting[0])
