"""What each known key of a card may hold. The JSON Schema beside this file says the same; a test compares them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

# Returns what is wrong with a value, as a sentence without its subject, or None.
Check = Callable[[Any], str | None]

_VERSION = re.compile(r"1(\.[0-9]{1,4})?\Z")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


def text(most: int, *, least: int = 0, null: bool = False) -> Check:
    def check(value: Any) -> str | None:
        if value is None and null:
            return None
        if not isinstance(value, str):
            return "must be text"
        if len(value) < least or (least and not value.strip()):
            return "must not be empty"
        return f"must have at most {most} characters, not {len(value)}" if len(value) > most else None

    return check


def whole(low: int, high: int) -> Check:
    def check(value: Any) -> str | None:
        # 30.0 is whole too (JSON has one kind of number, and several writers put a point into every number).
        if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value % 1 == 0)):
            return "must be a whole number"
        return None if low <= value <= high else f"must be from {low} to {high}"

    return check


def number(low: float, high: float) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "must be a number"
        return None if low <= value <= high else f"must be from {low:g} to {high:g}"

    return check


def _object(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else "must be an object"


def _list_of(item: Check, most: int) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list | tuple):
            return "must be a list"
        if len(value) > most:
            return f"must have at most {most} entries, not {len(value)}"
        found = ((index, item(entry)) for index, entry in enumerate(value))
        return next((f"entry {index} {wrong}" for index, wrong in found if wrong), None)

    return check


def _format_version(value: Any) -> str | None:
    if isinstance(value, str) and _VERSION.match(value):
        return None
    return 'must be "1.0"; this LUNA reads versions that begin with 1'


def _card_id(value: Any) -> str | None:
    if isinstance(value, str) and _UUID.match(value):
        return None
    return "must be a UUID in lower case, like 6f1c1e0e-5b7c-4b8e-9d0a-0c2f4c1f9a55"


def _moment(value: Any) -> str | None:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return "must be a time in ISO 8601, like 2026-01-31T18:30:00Z"
    return None


def _parent(value: Any) -> str | None:
    return _card_id(value["card_id"] if isinstance(value, Mapping) and "card_id" in value else value)


FIELDS: Mapping[str, Check] = {
    "format_version": _format_version,
    "card_id": _card_id,
    "revision": whole(1, 2**31 - 1),
    "content_type": text(50, least=1),
    "name": text(255, least=1),
    "description": text(20_000),
    "attributes": _object,
    "generation": _object,
    "created_by": text(255, null=True),
    "created_at": _moment,
    "license": text(100, least=1),
    "dreamed_by": text(255, null=True),
    "confidence_score": number(0, 1),
    "story_context": text(20_000, null=True),
    "parents": _list_of(_parent, 64),
    "attribution": _list_of(_object, 256),
    "extensions": _object,
}

# All optional; null counts as absent. Seeds of other programs use 64 bits, and -1 for "any".
GENERATION_FIELDS: Mapping[str, Check] = {
    "prompt": text(20_000),
    "negative_prompt": text(20_000),
    "model": text(300),
    "sampler": text(100),
    "steps": whole(0, 10_000),
    "cfg": number(0, 1000),
    "seed": whole(-1, 2**64 - 1),
    "width": whole(1, 2**31 - 1),
    "height": whole(1, 2**31 - 1),
}
