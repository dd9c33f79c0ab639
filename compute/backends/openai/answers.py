"""JSON answers: found in what a model wrote, mended where that is safe, and held against the schema."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compute.backends.base import BackendError, Fault

SCHEMA_MAX_BYTES = 64 * 1024
DEPTH_MAX = 24
_FENCE = re.compile(r"```[a-zA-Z0-9]*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)


class Misfit(Exception):
    """The answer is not JSON, or not of the schema. str() says what is wrong, for the model and for people.

    is_json: the answer could at least be parsed.
    """

    def __init__(self, message: str, *, is_json: bool):
        super().__init__(message)
        self.is_json = is_json


def can_validate() -> bool:
    """Whether the jsonschema package is there; a contributor's worker may run without it."""
    return importlib.util.find_spec("jsonschema") is not None


class AnswerSchema:
    """A JSON Schema (2020-12) that an answer must fit.

    Raises BackendError `rejected` (the payload's fault) for one that is no schema, is larger than 64 KiB, refers to
    another document, or holds a regular expression (a stranger's pattern can keep a processor busy for hours).
    """

    def __init__(self, schema: Mapping[str, Any]):
        if not can_validate():
            raise BackendError("unsupported", "JSON answers need the jsonschema package: pip install jsonschema")
        self.schema = dict(schema)
        _check_harmless(self.schema)
        jsonschema = importlib.import_module("jsonschema")
        registry = importlib.import_module("referencing").Registry()  # an empty one: nothing is ever fetched
        try:
            jsonschema.Draft202012Validator.check_schema(self.schema)
        except jsonschema.SchemaError as error:
            raise _rejected(f"the JSON schema is not valid: {error.message[:300]}") from None
        self._validator = jsonschema.Draft202012Validator(self.schema, registry=registry)

    def fit(self, text: str) -> str:
        """The answer as compact JSON that fits. Raises Misfit with the first thing that is wrong."""
        value = _clamped(found_json(text), self.schema, self.schema, 0)
        try:
            error = min(self._validator.iter_errors(value), key=lambda each: list(map(str, each.path)), default=None)
        except (RecursionError, LookupError) as broken:  # a $ref in a circle, or to nowhere
            raise _rejected(f"the JSON schema cannot be used: {broken}") from None
        if error is not None:
            where = "/".join(map(str, error.absolute_path)) or "the answer"
            raise Misfit(f"{where}: {error.message[:300]}", is_json=True)
        return json.dumps(value, ensure_ascii=False)


def found_json(text: str) -> Any:
    """The JSON value in a model's answer, past fences and chatter. Raises Misfit when there is none."""
    candidates = [text, *(match.group(1) for match in _FENCE.finditer(text))]
    for candidate in candidates:
        try:
            return json.loads(candidate.strip(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            continue
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    for match in list(re.finditer(r"[{\[]", text))[:20]:
        try:
            return decoder.raw_decode(text, match.start())[0]
        except (ValueError, RecursionError):
            continue
    raise Misfit(f"not JSON: {' '.join(text.split())[:120]!r}", is_json=False)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _clamped(value: Any, schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    """The value with numbers brought inside minimum and maximum: a server's grammar does not bound numbers."""
    schema = _resolved(schema, root)
    if depth > DEPTH_MAX or not isinstance(schema, dict):
        return value
    if isinstance(value, dict):
        inner = schema.get("properties")
        inner = inner if isinstance(inner, dict) else {}
        return {key: _clamped(each, inner.get(key), root, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_clamped(each, schema.get("items"), root, depth + 1) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, int | float) and value < low:
            value = low
        if isinstance(high, int | float) and value > high:
            value = high
        if schema.get("type") == "integer" and isinstance(value, float) and value.is_integer():
            value = int(value)
    return value


def _resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """What a `#/…` reference points to, followed at most a few steps."""
    for _ in range(4):
        if not isinstance(schema, dict) or not isinstance(schema.get("$ref"), str):
            return schema
        target: Any = root
        for part in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target.get(part) if isinstance(target, dict) else None
        schema = target
    return schema


def _check_harmless(schema: dict[str, Any]) -> None:
    try:
        size_bytes = len(json.dumps(schema, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise _rejected("the JSON schema is not plain JSON") from None
    if size_bytes > SCHEMA_MAX_BYTES:
        raise _rejected(f"the JSON schema is larger than {SCHEMA_MAX_BYTES} bytes")
    for part in _parts(schema):
        for key in ("$ref", "$dynamicRef"):
            value = part.get(key)
            if isinstance(value, str) and not value.startswith("#"):
                raise _rejected(f"the JSON schema refers to another document ({value[:80]})")
        for key in ("pattern", "patternProperties"):
            # A property may be called "pattern"; as a keyword it is text, or maps expressions to schemas.
            if isinstance(part.get(key), str) or (key == "patternProperties" and key in part):
                raise _rejected(f"the JSON schema uses {key}, which is not supported")


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value, outermost first."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield current
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _rejected(detail: str) -> BackendError:
    return BackendError("rejected", detail, fault=Fault.PAYLOAD)
