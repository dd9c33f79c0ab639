"""Files of pictures: where they lie, what is stored, what goes out."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from PIL import Image, ImageStat, UnidentifiedImageError

from community.cards import ALGORITHMIC_MEDIA, InvalidCard, embed_card, extract_card, to_png_card
from compute.backends.base import ImageResult
from compute.common.errors import NotFound
from compute.handlers import Rejected
from compute.models import Attempt
from compute.services.files import storage_path
from images.models import GeneratedImage

THUMB_PX = 384
PIXELS_MOST = 40_000_000
# A picture whose every channel varies less than this has nothing on it (NaN pictures are black).
BLANK_SPREAD = 2
MIMES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_UNSAFE = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """A short name that is safe in a path: lower case ASCII letters, digits and single dashes."""
    return _UNSAFE.sub("-", text.lower()).strip("-")[:40] or "picture"


def image_path(image: GeneratedImage, attempt: Attempt, extension: str) -> str:
    """Where the file of an attempt goes, relative to the storage folder; unique by attempt, so no try can overwrite
    another's (customer document, `storage.organize_by`; unrealised pictures lie in STORY/speculative in each)."""
    name = f"{image.image_type}_{slug(image.subject_key)}_{image.pk}_{attempt.pk}.{extension}"
    story = f"story_{image.story_id}"
    if image.is_speculative:
        return f"{story}/speculative/{name}"
    match settings.IMAGE_GENERATION.storage.organize_by:
        case "turn":
            number = image.turn.number if image.turn is not None else 0
            return f"{story}/turn_{number:04d}/{name}"
        case "date":
            return f"{datetime.now(UTC):%Y/%m/%d}/{story}/{name}"
        case _:
            return f"{story}/{image.image_type}/{name}"


def thumb_path(path: str) -> str:
    """Where the thumbnail of a picture lies."""
    return f"{path.rsplit('.', 1)[0]}_thumb.webp"


def open_delivery(result: ImageResult, image: GeneratedImage) -> Image.Image:
    """Decode a delivery and check that it is the picture that was asked for. Raises Rejected."""
    try:
        picture: Image.Image = result.picture or Image.open(io.BytesIO(result.data), formats=["PNG", "JPEG", "WEBP"])
        if picture.width * picture.height > PIXELS_MOST:
            raise Rejected("bad_answer", f"the picture has {picture.width}×{picture.height} pixels")
        picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Rejected("bad_answer", f"what came is not a whole picture: {error}") from error
    if picture.size != (image.width, image.height):
        raise Rejected(
            "wrong_size",
            f"the picture is {picture.width}×{picture.height}, {image.width}×{image.height} was asked for",
        )
    spread = max(high - low for low, high in ImageStat.Stat(picture.convert("RGB")).extrema)
    if spread <= BLANK_SPREAD:
        raise Rejected("blank", "the picture is one flat colour")
    return picture


def encoded(result: ImageResult, picture: Image.Image, card: dict[str, Any]) -> tuple[bytes, str]:
    """(bytes, extension) as the configuration wants pictures stored. PNG carries the card; the server's own PNG
    keeps every chunk it came with."""
    storage = settings.IMAGE_GENERATION.storage
    if storage.format == "png":
        # A backend's odd PNG (a keyword twice, bytes after its end) is mended rather than lost.
        try:
            source = _digital_source(result.used)
            return to_png_card(result.data, card, digital_source=source, repair=True), "png"
        except InvalidCard as error:
            raise Rejected("bad_answer", f"the picture could not be made a card: {error}") from error
    buffer = io.BytesIO()
    if storage.format == "jpeg":
        picture.convert("RGB").save(buffer, "JPEG", quality=storage.quality)
        return buffer.getvalue(), "jpg"
    picture.save(buffer, "WEBP", quality=storage.quality, method=2)
    return buffer.getvalue(), "webp"


def _digital_source(used: Mapping[str, Any]) -> str | None:
    """The painter computes its sketches from rules; everything else is made by a trained model."""
    return ALGORITHMIC_MEDIA if used.get("sketch") else None


def thumbnail(picture: Image.Image) -> bytes:
    """WebP, at most 384 px a side."""
    # Halving by averages first: a third of the time of one careful step, and nobody sees the difference.
    small = (picture.reduce(2) if min(picture.size) >= 2 * THUMB_PX else picture).convert("RGB")
    small.thumbnail((THUMB_PX, THUMB_PX), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=80, method=0)
    return buffer.getvalue()


def image_card(image: GeneratedImage) -> dict[str, Any]:
    """The asset card of a picture (contract, "Files"): what it shows, how it was made, where it comes from."""
    model = str(image.used.get("model") or image.model_name)
    return {
        "format_version": "1.0",
        "card_id": str(image.card_id),
        "revision": 1,
        "content_type": {"background": "location", "action": "scene"}.get(image.image_type, image.image_type),
        "name": image.subject_key or image.get_image_type_display(),
        "description": image.prompt,
        "attributes": {},
        "generation": {
            "prompt": image.prompt,
            "negative_prompt": image.negative_prompt,
            "model": model,
            "sampler": str(image.used.get("sampler") or image.sampler),
            "steps": image.steps,
            "cfg": float(image.cfg_scale),
            "seed": image.seed,
            "width": image.width,
            "height": image.height,
        },
        "created_by": image.story.owner.username,
        "created_at": image.created_at.isoformat(),
        "license": "CC-BY-SA-4.0",
        "story_context": image.story.title + (f", turn {image.turn.number}" if image.turn is not None else ""),
    }


def image_file_path(image: GeneratedImage) -> Path:
    """The file of a complete picture. Raises NotFound for one that is not there (yet)."""
    if image.status != GeneratedImage.Status.COMPLETE or image.file is None:
        raise NotFound("This picture is not finished.")
    path = storage_path(image.file.path)
    if not path.is_file():
        raise NotFound("The picture's file is missing from storage.")
    return path


def image_file_bytes(image: GeneratedImage) -> tuple[bytes, str]:
    """(bytes, mime) of a complete picture. Raises NotFound."""
    path = image_file_path(image)
    if image.file is None:
        raise NotFound("This picture is not finished.")
    return path.read_bytes(), image.file.mime


def image_thumb_path(image: GeneratedImage) -> Path:
    """The thumbnail of a complete picture. Raises NotFound."""
    if image.thumb is None:
        raise NotFound("This picture is not finished.")
    path = storage_path(image.thumb.path)
    if not path.is_file():
        raise NotFound("The picture's thumbnail is missing from storage.")
    return path


def image_card_bytes(image: GeneratedImage) -> bytes:
    """The PNG asset card of a complete picture, whatever format it is stored in. Raises NotFound."""
    data, mime = image_file_bytes(image)
    if mime == "image/png":
        return data if extract_card(data) is not None else embed_card(data, image_card(image))
    return to_png_card(data, image_card(image), digital_source=_digital_source(image.used))
