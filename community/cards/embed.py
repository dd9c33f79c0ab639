"""Puts a card into a picture and takes it out again."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageOps

from community.cards.card import KEYWORD, MAX_CARD_BYTES, Card, canonical_json, check_card, parse_card
from community.cards.disclosure import (
    PARAMETERS_KEYWORD,
    SOURCE_TYPES,
    XMP_KEYWORD,
    parameters_text,
    source_type,
    xmp_packet,
)
from community.cards.errors import InvalidCard
from community.cards.png import (
    MAX_FILE_BYTES,
    Chunk,
    is_png,
    make_international_text,
    make_text,
    read_png,
    read_text,
    splice,
)

MAX_XMP_BYTES = 256 * 1024
MAX_DECODED_PIXELS = 4096 * 4096  # about 100 MB while a JPEG is turned and written as PNG
_PNG_MODES = ("1", "L", "LA", "I;16", "P", "RGB", "RGBA")
_JPEG = b"\xff\xd8\xff"


def embed_card(png_bytes: bytes, card: Mapping[str, Any], *, digital_source: str | None = None) -> bytes:
    """The same PNG with this card in it, and no older one. Raises InvalidCard for a bad file or a bad card.

    Adds generation data in AUTOMATIC1111's form and an XMP packet with IPTC's Digital Source Type where the file
    has none. digital_source: one of SOURCE_TYPES; by default what the card's generation data says (the built-in
    painter learned from nothing). Every other chunk stays byte for byte; pixels are not touched.
    """
    if digital_source is not None and digital_source not in SOURCE_TYPES:
        raise ValueError(f"digital_source must be one of {', '.join(SOURCE_TYPES)}")
    check_card(card)
    png = read_png(png_bytes)
    made = make_text(KEYWORD, canonical_json(card))
    new: list[bytes] = []
    replace: dict[Chunk, bytes] = {}
    older = png.find_text(KEYWORD)
    if older and older.start < png.picture_start:
        replace[older] = made  # in its place, so that embedding the same card again changes no byte
    else:
        new.append(made)
        if older:
            replace[older] = b""
    generation = card.get("generation") or {}
    parameters = parameters_text(generation)
    if parameters and not png.find_text(PARAMETERS_KEYWORD):
        new.append(make_text(PARAMETERS_KEYWORD, parameters))
    term = digital_source or source_type(generation)
    if term and not png.find_text(XMP_KEYWORD):
        new.append(make_international_text(XMP_KEYWORD, xmp_packet(term)))
    return splice(png, new, replace=replace)


def extract_card(png_bytes: bytes) -> Card | None:
    """The card of a PNG with aliases resolved, or None if it holds none. Raises InvalidCard.

    Required keys are not checked here (see validate_card); the file's structure and the JSON are.
    """
    png = read_png(png_bytes)
    chunk = png.find_text(KEYWORD)
    return None if chunk is None else parse_card(read_text(png, chunk, max_bytes=MAX_CARD_BYTES))


def to_png_card(
    image_bytes: bytes, card: Mapping[str, Any], *, digital_source: str | None = None, repair: bool = False
) -> bytes:
    """A PNG card from a stored PNG, JPEG or WebP. A PNG keeps its bytes; others are decoded once.

    Turned as their EXIF says; colour profile and XMP are carried over. Raises InvalidCard.
    repair: a PNG that embed_card refuses (two texts of one keyword, bytes after its end) is written anew from its
    pixels, if these can be decoded. For pictures of one's own backends, never for uploads.
    """
    check_card(card)
    if is_png(image_bytes):
        try:
            return embed_card(image_bytes, card, digital_source=digital_source)
        except InvalidCard:
            if not repair:
                raise
    return embed_card(_recode(image_bytes, png=repair), card, digital_source=digital_source)


def is_other_picture(data: bytes) -> bool:
    """Whether this begins like a JPEG or WebP: a picture that cannot hold a card."""
    return data.startswith(_JPEG) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _recode(data: bytes, *, png: bool) -> bytes:
    """The pixels as a new PNG. png: whether a PNG may be read too."""
    if len(data) > MAX_FILE_BYTES:
        raise InvalidCard("file", f"larger than {MAX_FILE_BYTES // 2**20} MiB")
    if not is_other_picture(data) and not (png and is_png(data)):
        raise InvalidCard("byte 0", "neither PNG nor JPEG nor WebP")
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "WEBP", "PNG")) as opened:
            if opened.width * opened.height > MAX_DECODED_PIXELS:
                size = f"{opened.width} × {opened.height}"
                raise InvalidCard("file", f"{size} pixels; at most {MAX_DECODED_PIXELS} are decoded")
            profile, xmp = opened.info.get("icc_profile"), opened.info.get("xmp")
            image = ImageOps.exif_transpose(opened)
            if "transparency" in image.info:
                image = image.convert("RGBA")
            elif image.mode not in _PNG_MODES:
                # A profile belongs to the colour model it came with.
                image, profile = image.convert("RGB"), None
            image.info.clear()
            image.save(out, "PNG", icc_profile=profile)
    except InvalidCard:
        raise
    except Exception as error:  # decoders raise nearly every kind of error on damaged data
        raise InvalidCard("file", f"the picture cannot be decoded ({error})") from None
    png_bytes = out.getvalue()
    if isinstance(xmp, bytes) and len(xmp) <= MAX_XMP_BYTES:
        try:
            packet = make_international_text(XMP_KEYWORD, xmp.decode("utf-8"))
        except UnicodeDecodeError:
            return png_bytes
        return splice(read_png(png_bytes), [packet])
    return png_bytes
