"""The API explained for people: the OpenAPI document and the error codes, rendered here, loading nothing from afar."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from compute.common.api.errors import ERROR_CODES

# Answers, and the one object that nests in a request.
_SHOWN_SHAPES = ("Out", "CharacterIn")
METHODS = ("get", "post", "patch", "put", "delete")
_NESTED_MOST = 3


@dataclass(frozen=True, slots=True)
class Field:
    """A row of a table: a parameter, or a field of a body."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    anchor: str
    method: str
    path: str
    text: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A named object that answers hold."""

    name: str
    fields: list[Field]


@dataclass(slots=True)
class Document:
    """The whole page."""

    sections: dict[str, list[Operation]] = field(default_factory=dict)
    shapes: list[Shape] = field(default_factory=list)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every address, what it takes and what it answers."""
    return render(request, "api_docs.html", {"document": document(), "section": "docs"})


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    """Every error code."""
    return render(request, "api_errors.html", {"codes": ERROR_CODES, "section": "docs"})


@lru_cache(maxsize=1)
def document() -> Document:
    """Made once a process: the addresses do not change while it runs."""
    generator: Any = SchemaGenerator  # the package carries no types
    schema: dict[str, Any] = generator().get_schema(request=None, public=True)
    enums = {name: one for name, one in schema["components"]["schemas"].items() if "enum" in one}
    schema = _with_choices(schema, enums)
    components = schema["components"]["schemas"]
    found = Document()
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = _operation(path, method, operations[method], components)
                found.sections.setdefault(operations[method].get("tags", ["other"])[0], []).append(operation)
    for name, shape in components.items():
        if name.endswith(_SHOWN_SHAPES) and "properties" in shape:
            found.shapes.append(Shape(_shape_name(name), _fields(shape)))
    return found


def _with_choices(node: Any, enums: dict[str, Any]) -> Any:
    """The document with each named list of choices written out where it is used."""
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).rsplit("/", 1)[-1]
        return enums.get(name) or {key: _with_choices(value, enums) for key, value in node.items()}
    return [_with_choices(one, enums) for one in node] if isinstance(node, list) else node


def _operation(path: str, method: str, described: dict[str, Any], components: dict[str, Any]) -> Operation:
    parameters = [
        Field(one["name"], _kind(one["schema"]), bool(one.get("required")), one.get("description", ""))
        for one in described.get("parameters", [])
        if one["in"] != "path"
    ]
    content = described.get("requestBody", {}).get("content", {})
    body = next((_resolved(one["schema"], components) for one in content.values()), {})
    answers = [(status, _answer(answer)) for status, answer in described.get("responses", {}).items()]
    anchor = f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}"
    return Operation(anchor, method.upper(), path, described.get("description", ""), parameters, _fields(body), answers)


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    found: dict[str, Any] = components.get(reference.rsplit("/", 1)[-1], {}) if reference else schema
    return found


def _fields(schema: dict[str, Any]) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, _kind(one), name in required, one.get("description", "").split("\n\n*")[0])
        for name, one in schema.get("properties", {}).items()
    ]


def _answer(answer: dict[str, Any]) -> str:
    for mime, content in answer.get("content", {}).items():
        if mime != "application/json":
            return str(mime)
        return _kind(content.get("schema", {}))
    return "no body"


def _kind(schema: dict[str, Any], depth: int = 0) -> str:
    """A schema in words: `text or null`, `list of Image`."""
    if depth > _NESTED_MOST:
        return "object"
    if "$ref" in schema:
        return _shape_name(schema["$ref"].rsplit("/", 1)[-1])
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            kinds = dict.fromkeys(_kind(one, depth + 1) for one in schema[key])
            kind = " or ".join(one for one in kinds if one != "anything")
            return f"{kind} or null" if schema.get("nullable") and "null" not in kind else kind
    if "enum" in schema:
        kind = ", ".join("null" if one is None else str(one) for one in schema["enum"])
    elif schema.get("type") == "array":
        kind = f"list of {_kind(schema.get('items', {}), depth + 1)}"
    else:
        kind = _WORDS.get(
            (schema.get("type"), schema.get("format")), _WORDS.get((schema.get("type"), None), "anything")
        )
    if "maxLength" in schema:
        kind += f", at most {schema['maxLength']:,} characters"
    if "minimum" in schema and "maximum" in schema:
        kind += f", {schema['minimum']:,} to {schema['maximum']:,}"
    return f"{kind} or null" if schema.get("nullable") else kind


_WORDS: dict[tuple[Any, Any], str] = {
    ("string", None): "text",
    ("string", "date-time"): "time",
    ("string", "binary"): "file",
    ("integer", None): "whole number",
    ("number", None): "number",
    ("boolean", None): "true or false",
    ("object", None): "object",
}


def _shape_name(name: str) -> str:
    """`ImageOut` is called Image on the page; enums and inputs keep their names."""
    return name.removesuffix("Out").removesuffix("Enum")


@require_safe
def asset_card_schema(request: HttpRequest) -> FileResponse:
    """The JSON Schema of the asset card, for programs that read or write cards."""
    path = settings.BASE_DIR / "community" / "cards" / "asset-card-1.0.schema.json"
    response = FileResponse(path.open("rb"), content_type="application/schema+json")
    response["Access-Control-Allow-Origin"] = "*"
    return response
