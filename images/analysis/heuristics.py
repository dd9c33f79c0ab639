"""A turn read without a model: a few milliseconds of patterns. What is not plainly said is left as it was."""

from __future__ import annotations

import re

from images.analysis.changes import Change, features_after, outfit_after
from images.analysis.clauses import Cast, statements
from images.analysis.looks import find_changes
from images.analysis.moment import find_time_of_day, find_weather
from images.analysis.places import description_of, find_location, same_place
from images.analysis.presence import expression_of, find_new, find_present
from images.analysis.types import (
    LIMITS,
    MAX_CHARACTERS,
    Analysis,
    AnalysisRequest,
    ChangeReason,
    CharacterReading,
    KnownCharacter,
)
from images.language.hearing import hear
from images.language.words import base_verb, clean_text, clip, sentences, words
from images.narrator import summarise

_SAYS = re.compile(r"\b(?:says?|said|asks?|asked|replies|whispers?|mutters?|thinks?)\b", re.IGNORECASE)
_TOGETHER = 3  # people named in the action's phrase


def analyse(request: AnalysisRequest) -> Analysis:
    """Read a turn's texts. Nothing is raised, whatever they hold; what they do not tell is taken from the request."""
    cast = Cast(request)
    place, _ = find_location(request, cast)
    location = place or request.location
    moved = bool(place) and not same_place(place, request.location)
    both = f"{request.player_input}\n\n{request.narration}"
    told = description_of(location, request.narration, cast) if location else ""
    keep = "" if moved else request.location_description
    changes = find_changes(request, cast)
    present = find_present(request, cast, moved=moved)
    known = {each.name: each for each in request.characters}
    readings = [_reading(known[name], changes.get(name), request, cast) for name in present]
    for name, change in changes.items():
        if name not in present and name in known:  # seen changing is being there
            readings.append(_reading(known[name], change, request, cast))
    if request.player_name and request.player_name not in known and changes.get(request.player_name):
        hero = KnownCharacter(name=request.player_name)
        readings.append(_reading(hero, changes[request.player_name], request, cast))
    for new in find_new(request, cast, location):
        readings.append(
            CharacterReading(
                name=new.name, description=new.description, outfit=new.outfit, changed=True,
                change_reason=ChangeReason.INITIAL_APPEARANCE,
            )
        )  # fmt: skip
    readings = readings[:MAX_CHARACTERS]
    return Analysis(
        location=clip(location, LIMITS["location"]),
        location_changed=moved,
        location_description=clip(told or keep, LIMITS["location_description"]),
        time_of_day=clip(find_time_of_day(both, cast) or request.time_of_day, LIMITS["time_of_day"]),
        weather=clip(find_weather(both, cast) or request.weather, LIMITS["weather"]),
        characters=tuple(readings),
        action_description=_action(request, cast, [each.name for each in readings]),
        summary=summarise(player_input=request.player_input, narration=request.narration, limit=LIMITS["summary"]),
    )


def _reading(known: KnownCharacter, change: Change | None, request: AnalysisRequest, cast: Cast) -> CharacterReading:
    outfit, features = known.outfit, known.physical_features
    if change:
        if change.put_on or change.taken_off:
            outfit = clip(outfit_after(known, change), LIMITS["outfit"])
        if change.features:
            features = clip(features_after(known, change), LIMITS["physical_features"])
    return CharacterReading(
        name=known.name,
        description=known.description,
        outfit=outfit,
        physical_features=features,
        expression=expression_of(known.name, request, cast) or known.expression,
        changed=change is not None,
        change_reason=change.reason if change else None,
        evidence=clip("; ".join(change.evidence), LIMITS["evidence"]) if change else "",
    )


def _action(request: AnalysisRequest, cast: Cast, present: list[str]) -> str:
    """Who does what, as a picture shows it: "Elena taking the lantern from its hook"."""
    who = request.player_name or "a figure"
    others = [name for name in present if name != request.player_name][:_TOGETHER]
    clause = hear(request.player_input).clause
    if clause:
        done = _participle(clause)
        named = [name for name in others if name.lower() in done.lower()]
        company = [name for name in others if name not in named]
        return clip(f"{who} {done}" + (f", beside {_listed(company)}" if company else ""), LIMITS["action_description"])
    for statement in statements(request.narration, cast):
        if statement.subject not in ("", "you") and len(words(statement.text)) > 3 and not _SAYS.search(statement.text):
            told = re.sub(r"^(?:she|he|they)\b", statement.subject, statement.text, flags=re.IGNORECASE)
            return clip(told, LIMITS["action_description"])
    first = next(iter(sentences(clean_text(request.narration, 4000))), "")
    return clip(first, LIMITS["action_description"])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _participle(clause: str) -> str:
    """ "you take your lantern and climb the stairs" → "taking their lantern and climbing the stairs"."""
    rest = re.sub(r"^you\s+", "", clause)
    rest = re.sub(r"\byour\b", "their", rest)
    rest = re.sub(r"\byourself\b", "themselves", rest)
    rest = re.sub(r"\byou\b", "them", rest)
    lead = re.match(r"\w+ly\s+", rest)
    start = lead.end() if lead else 0
    head, _, tail = rest[start:].partition(" ")
    tail = re.sub(r"(\band (?:then )?|, then )([a-z]+)\b", lambda m: m.group(1) + _and_ing(m.group(2)), tail)
    return f"{rest[:start]}{_ing(head)} {tail}".strip()


def _and_ing(word: str) -> str:
    return _ing(word) if base_verb(word) == word else word


def _ing(verb: str) -> str:
    """The -ing form of a base form."""
    if verb == "are":
        return "being"
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    doubled = re.search(r"^[^aeiou]*[aeiou][bdgklmnprt]$", verb) or verb in (
        "begin",
        "admit",
        "commit",
        "permit",
        "forget",
    )
    return verb + (verb[-1] if doubled else "") + "ing"
