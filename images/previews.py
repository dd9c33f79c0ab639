"""Previews of work in progress, small enough for an event."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from compute.backends.base import Preview

PREVIEW_MOST_BYTES = 24 * 1024
PREVIEW_MOST_PIXELS = 4_000_000
PREVIEW_SIDES_PX = (256, 160, 96)


def shrink_preview(preview: Preview) -> Preview | None:
    """The preview as it is if it is small, else a smaller WebP; None if it is no picture."""
    if len(preview.data) <= PREVIEW_MOST_BYTES and preview.mime in ("image/jpeg", "image/png", "image/webp"):
        return preview
    try:
        picture = Image.open(io.BytesIO(preview.data), formats=["PNG", "JPEG", "WEBP"])
        if picture.width * picture.height > PREVIEW_MOST_PIXELS:
            return None
        small = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    for side in PREVIEW_SIDES_PX:
        small.thumbnail((side, side))
        buffer = io.BytesIO()
        small.save(buffer, "WEBP", quality=60, method=2)
        if buffer.tell() <= PREVIEW_MOST_BYTES:
            return Preview(data=buffer.getvalue(), mime="image/webp")
    return None
