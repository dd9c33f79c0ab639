"""The customer document's `AssetCardMetadata`: the same functions on files instead of bytes."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from community.cards.card import Card, build_card, validate_card
from community.cards.embed import embed_card, extract_card, is_other_picture
from community.cards.errors import InvalidCard
from community.cards.png import MAX_FILE_BYTES, is_png


class AssetCardMetadata:
    """Embed, extract and validate LUNA asset cards in PNG files."""

    @staticmethod
    def embed_metadata(
        image_path: str | os.PathLike[str],
        content_type: str,
        name: str,
        description: str,
        attributes: Mapping[str, Any] | None,
        generation_data: Mapping[str, Any] | None,
        user_id: str | int | None = None,
    ) -> None:
        """Put a card into a PNG file, in place: after a crash the file is either the old or the new one.

        A card of the same type and name that is already there keeps its card_id, and its revision goes up by one.
        Raises InvalidCard (the file stays as it was), OSError if it cannot be read or written.
        """
        path = Path(image_path)
        data = _read(path)
        older = _same_card(data, content_type, name)
        card = build_card(
            content_type,
            name,
            description,
            attributes=attributes,
            generation=generation_data,
            created_by=None if user_id is None else str(user_id),
            card_id=older.get("card_id"),
            revision=older.get("revision", 0) + 1,
        )
        _replace(path, embed_card(data, card))

    @staticmethod
    def extract_metadata(image_path: str | os.PathLike[str]) -> Card | None:
        """The card of a picture file, or None if it holds none (a JPEG or WebP never does).

        Raises InvalidCard for a damaged file or card, OSError if it cannot be read.
        """
        data = _read(Path(image_path))
        return None if is_other_picture(data) else extract_card(data)

    @staticmethod
    def validate_asset_card(metadata: Any) -> bool:
        """Whether the required keys are there and every known key holds what it should. Never raises."""
        return not validate_card(metadata)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InvalidCard("file", f"larger than {MAX_FILE_BYTES // 2**20} MiB")
    return data


def _same_card(data: bytes, content_type: str, name: str) -> Card:
    """The card already in the file, if it is an earlier revision of this one; else an empty dict."""
    if not is_png(data):
        return {}
    try:
        card = extract_card(data)
    except InvalidCard:
        return {}  # a damaged card is replaced; a damaged file is refused by embed_card
    if card is None or validate_card(card) or (card["content_type"], card["name"]) != (content_type, name):
        return {}
    return card


def _replace(path: Path, data: bytes) -> None:
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(prefix=".card-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
