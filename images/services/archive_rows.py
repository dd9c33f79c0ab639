"""The rows of a story as a document, and back.

A document holds every row of a story under its table's name, field by field, with the ids the rows had. Coming back,
rows get new ids: first every row with the references it cannot do without, then, once all have an id, the other
references and the times that the database layer sets by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Field, ForeignKey, Model, QuerySet

from community.models import User
from compute.common.errors import InvalidParameters
from compute.models import Job, StoredFile
from images.models import (
    Character,
    CharacterAppearance,
    DreamerContent,
    GeneratedImage,
    Story,
    Turn,
    TurnCharacter,
)

Document = dict[str, Any]
Row = dict[str, Any]

# Table → (model, how to find a story's rows). In this order each row's required references exist already.
TABLES: dict[str, tuple[type[Model], str]] = {
    "turns": (Turn, "story"),
    "characters": (Character, "story"),
    "dreams": (DreamerContent, "story"),
    "appearances": (CharacterAppearance, "character__story"),
    "images": (GeneratedImage, "story"),
    "casts": (TurnCharacter, "turn__story"),
}
_TABLE_OF = {model: name for name, (model, _) in TABLES.items()}
BATCH_ROWS = 500


def rows_of(story_id: str, table: str) -> QuerySet[Any]:
    """Every row of a table that belongs to a story, in order of its key."""
    model, path = TABLES[table]
    return model._default_manager.filter(**{path: story_id}).order_by("pk")


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    """What is kept of a row: not its job, which is the queue's, and not what a trigger writes."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.name != "changed_xid" and field.related_model not in (Job, User)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def _row(row: Model) -> Row:
    return {field.attname: _plain(field.value_from_object(row)) for field in _fields(type(row))}


def story_document(story: Story) -> Document:
    """Every row of a story, JSON-able. Work that is not over is written as it will be: cancelled."""
    document: Document = {"owner": story.owner.username, "story": _row(story)}
    for table in TABLES:
        document[table] = [_row(row) for row in rows_of(story.pk, table)]
    for image in document["images"]:
        if image["status"] in GeneratedImage.UNFINISHED:
            image.update(status="cancelled", error_code="cancelled", error_detail="the story was archived")
    for turn in document["turns"]:
        turn["lease_until"] = None
        if turn["state"] not in (Turn.State.COMPLETE, Turn.State.FAILED):
            turn.update(state="failed", error_code="cancelled", error_detail="the story was archived")
    return document


def file_ids(document: Document) -> list[int]:
    """The stored files that the pictures of a document use."""
    used = {image[name] for image in document["images"] for name in ("file_id", "thumb_id")}
    return sorted(pk for pk in used if pk is not None)


def rows_restore(document: Document, *, owner: User, files: Mapping[int, StoredFile]) -> Story:
    """Inside a transaction: make every row anew. files: the id a file had → the row it has now.

    Raises InvalidParameters for a document that does not fit; IntegrityError, LookupError and TypeError as they come.
    """
    story: Story = _made(Story, document["story"], {})
    story.owner = owner
    _insert(Story, [(document["story"], story)])
    made: dict[type[Model], dict[int, Any]] = {StoredFile: dict(files)}
    pairs: dict[str, list[tuple[Row, Any]]] = {}
    for table, (model, _) in TABLES.items():
        pairs[table] = [(row, _made(model, row, made)) for row in document[table]]
        for row, new in pairs[table]:
            new.pk = None
            if "story_id" in row:
                new.story_id = story.pk
        _insert(model, pairs[table])
        made[model] = {row["id"]: new for row, new in pairs[table]}
    for table, (model, _) in TABLES.items():
        _complete(model, pairs[table], made)
    return story


def _made(model: type[Model], row: Row, made: Mapping[type[Model], Mapping[int, Any]]) -> Any:
    """A row, not saved, with what refers to rows that are there already."""
    known = {field.attname: field for field in _fields(model)}
    if unknown := sorted(set(row) - set(known)):
        raise InvalidParameters(f"The archive is of another version of LUNA: {model.__name__} has no {unknown[0]}.")
    new = model()
    for name, value in row.items():
        field = known[name]
        if isinstance(field, ForeignKey):
            target = field.related_model
            if not field.null or target is StoredFile:
                setattr(new, name, None if value is None else _pk(made, target, value))
            continue
        try:
            setattr(new, name, field.to_python(value))
        except ValidationError as error:
            raise InvalidParameters(f"{model.__name__}.{name} does not fit: {error.messages[0]}") from error
    return new


def _pk(made: Mapping[type[Model], Mapping[int, Any]], target: Any, old: Any) -> Any:
    """The id that a row has now. A story keeps its own."""
    return old if target is Story else made[target][old].pk


def _insert(model: type[Model], pairs: Iterable[tuple[Row, Any]]) -> None:
    model._default_manager.bulk_create([new for _, new in pairs], batch_size=BATCH_ROWS)
    times = [field.name for field in _fields(model) if getattr(field, "auto_now_add", False)]
    if times:
        for row, new in pairs:
            for name in times:
                setattr(new, name, model._meta.get_field(name).to_python(row[name]))  # type: ignore[union-attr]
        model._default_manager.bulk_update([new for _, new in pairs], times, batch_size=BATCH_ROWS)


def _complete(model: type[Model], pairs: list[tuple[Row, Any]], made: Mapping[type[Model], Mapping[int, Any]]) -> None:
    """References that may lead in a circle, and lists of pictures' ids."""
    links = [
        field
        for field in _fields(model)
        if isinstance(field, ForeignKey) and field.null and field.related_model in _TABLE_OF
    ]
    for row, new in pairs:
        for field in links:
            # What led out of the story leads nowhere now.
            target = made[field.related_model].get(row.get(field.attname))  # type: ignore[arg-type]
            setattr(new, field.attname, None if target is None else target.pk)
        if isinstance(new, DreamerContent):
            images = made[GeneratedImage]
            new.variant_image_ids = [images[pk].pk for pk in new.variant_image_ids if pk in images]
    names = [field.name for field in links] + (["variant_image_ids"] if model is DreamerContent else [])
    if names and pairs:
        model._default_manager.bulk_update([new for _, new in pairs], names, batch_size=BATCH_ROWS)
