"""The asset card: what it holds, how it is written, what is accepted (docs/asset-card.md, schema 1.0).

A card is a plain dict, because unknown keys are kept. Required: format_version, content_type, name, description.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from community.cards.errors import InvalidCard
from community.cards.fields import FIELDS, GENERATION_FIELDS

Card = dict[str, Any]

KEYWORD = "LUNA-Asset-Card"
FORMAT_VERSION = "1.0"
CONTENT_TYPES = ("character", "location", "item", "scene", "plot_twist", "quest")
DEFAULT_LICENSE = "CC-BY-SA-4.0"
REQUIRED = ("format_version", "content_type", "name", "description")
MAX_CARD_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_VALUES = 20_000
_VERSION_AT_END = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4}){0,3})\Z")


def build_card(
    content_type: str,
    name: str,
    description: str,
    *,
    attributes: Mapping[str, Any] | None = None,
    generation: Mapping[str, Any] | None = None,
    created_by: str | None = None,
    created_at: datetime | None = None,
    license: str = DEFAULT_LICENSE,
    card_id: str | None = None,
    revision: int = 1,
    **more: Any,
) -> Card:
    """A complete card. card_id: a UUID, made if absent. created_at: now if absent, written in UTC.

    more: dreamed_by, confidence_score, story_context, parents, attribution, extensions; None is left out.
    Raises InvalidCard with every problem.
    """
    moment = (created_at or datetime.now(UTC)).astimezone(UTC)
    card: Card = {
        "format_version": FORMAT_VERSION,
        "card_id": card_id or str(uuid.uuid4()),
        "revision": revision,
        "content_type": content_type,
        "name": name,
        "description": description,
        "attributes": dict(attributes or {}),
        "generation": dict(generation or {}),
        "created_by": created_by,
        "created_at": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "license": license,
        **{key: value for key, value in more.items() if value is not None},
    }
    check_card(card)
    return card


def canonical_json(card: Mapping[str, Any]) -> str:
    """The card as it stands in a file: ASCII only, keys sorted, no spaces. Raises InvalidCard."""
    try:
        text = json.dumps(card, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidCard(KEYWORD, f"cannot be written as JSON ({error})") from None
    if len(text) > MAX_CARD_BYTES:
        raise InvalidCard(KEYWORD, f"{len(text)} bytes of JSON; at most {MAX_CARD_BYTES} are allowed")
    return text


def card_hash(card: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, 64 hex digits: equal for equal cards, whoever wrote them."""
    return hashlib.sha256(canonical_json(card).encode("ascii")).hexdigest()


def parse_card(text: str) -> Card:
    """Read card JSON and bring aliases to their proper keys. Raises InvalidCard; required keys are not checked.

    Refused: more than MAX_CARD_BYTES, MAX_DEPTH or MAX_VALUES, a key twice in one object, NaN and Infinity,
    NUL and half surrogate pairs in texts (no database stores them).
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_CARD_BYTES:
        raise InvalidCard(KEYWORD, f"longer than {MAX_CARD_BYTES} bytes")
    try:
        card = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except InvalidCard:
        raise
    except json.JSONDecodeError as error:
        raise InvalidCard(f"{KEYWORD}, character {error.pos}", f"not JSON: {error.msg}") from None
    except RecursionError:
        raise InvalidCard(KEYWORD, f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:  # Python converts no integer of more than 4,300 digits
        raise InvalidCard(KEYWORD, "a number has too many digits") from None
    if not isinstance(card, dict):
        raise InvalidCard(KEYWORD, "must be a JSON object")
    if wrong := value_problem(card):
        raise InvalidCard(*wrong)
    return normalise_card(card)


def normalise_card(card: Mapping[str, Any]) -> Card:
    """A copy with the older names moved to the present ones, where the present ones are not given.

    `generation_prompt`, `generation_params` and top-level `model` go into `generation`, `version`
    ("luna-narrates-v1.0") becomes `format_version`. Unknown keys stay.
    """
    result = dict(card)
    generation = result.get("generation", {})
    if isinstance(generation, dict):
        older: Card = {}
        if isinstance(result.get("generation_params"), dict):
            older.update(result.pop("generation_params"))
        for alias, key in (("generation_prompt", "prompt"), ("model", "model")):
            if isinstance(result.get(alias), str):
                older[key] = result.pop(alias)
        if older:
            result["generation"] = {**older, **generation}
    version = result.get("version")
    if isinstance(version, str) and (found := _VERSION_AT_END.search(version[-20:])):
        result.setdefault("format_version", found[1])
        del result["version"]
    return result


def value_problem(value: Any) -> tuple[str, str] | None:
    """(where, what) of the first value that cannot be stored: too deep, too many, NUL, half surrogates, infinite."""
    waiting: list[tuple[Any, str, int]] = [(value, "", 1)]
    count = 0
    while waiting:
        item, path, depth = waiting.pop()
        count += 1
        where = path[:200] or KEYWORD
        if depth > MAX_DEPTH:
            return where, f"nested deeper than {MAX_DEPTH} levels"
        if count + len(waiting) > MAX_VALUES:
            return KEYWORD, f"more than {MAX_VALUES} values"
        if isinstance(item, Mapping):
            if not all(isinstance(key, str) for key in item):
                return where, "keys must be text"
            if wrong := next(filter(None, map(_text_problem, item)), None):
                return where, f"a key {wrong}"
            waiting += [(child, f"{path}.{key}" if path else key, depth + 1) for key, child in item.items()]
        elif isinstance(item, list | tuple):
            waiting += [(child, f"{path}[{index}]", depth + 1) for index, child in enumerate(item)]
        elif isinstance(item, str):
            if wrong := _text_problem(item):
                return where, wrong
        elif isinstance(item, float) and not math.isfinite(item):
            return where, "not a finite number"
        elif isinstance(item, int) and item.bit_length() > 256:
            return where, "a number with too many digits"
        elif not isinstance(item, int | float | None):
            return where, f"{type(item).__name__} is not a JSON value"
    return None


def validate_card(card: Any) -> list[str]:
    """What is wrong with a card, as `where: what`; an empty list means that it can be used. Never raises."""
    if not isinstance(card, Mapping):
        return [f"{KEYWORD}: must be a JSON object"]
    if wrong := value_problem(card):
        return [f"{wrong[0]}: {wrong[1]}"]
    problems = [f"{key}: is missing" for key in REQUIRED if key not in card]
    for key, check in FIELDS.items():
        if key in card and (found := check(card[key])):
            problems.append(f"{key}: {found}")
    generation = card.get("generation")
    if isinstance(generation, Mapping):
        for key, check in GENERATION_FIELDS.items():
            if generation.get(key) is not None and (found := check(generation[key])):
                problems.append(f"generation.{key}: {found}")
    return problems


def check_card(card: Any) -> None:
    """Raises InvalidCard with every problem of a card, its size included."""
    if problems := validate_card(card):
        where, _, what = problems[0].partition(": ")
        raise InvalidCard(where, what, problems)
    canonical_json(card)


def _object(pairs: list[tuple[str, Any]]) -> Card:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidCard(KEYWORD, f"the key {repeated[:80]!r} stands twice in one object")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidCard(KEYWORD, f"{name} is not JSON")


def _text_problem(text: str) -> str | None:
    if "\0" in text:
        return "contains a NUL character"
    if not text.isascii() and any(0xD800 <= ord(char) < 0xE000 for char in text):
        return "contains half of a surrogate pair"
    return None
