"""From the base64 of an answer to checked picture bytes."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from dataclasses import dataclass

from PIL import Image, PngImagePlugin

from compute.backends.base import BackendError

PIXELS_MAX = 64_000_000
BASE64_MAX_CHARS = 90_000_000
_MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that decodes. text: its PNG text chunks, as far as they are short."""

    data: bytes
    mime: str
    width_px: int
    height_px: int


def sniff_mime(data: bytes) -> str | None:
    """The format by its first bytes: the server's `samples_format` decides, not the dialect."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def from_base64(text: str) -> bytes | None:
    """The bytes of base64 with or without a `data:` prefix; None if it is neither."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    if not text or len(text) > BASE64_MAX_CHARS:
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def check_picture(data: bytes) -> Picture:
    """Decode all of it. Raises BackendError `bad_answer`: no picture, cut off, or one flat colour (NaN in the VAE)."""
    mime = sniff_mime(data)
    if mime is None:
        raise BackendError("bad_answer", f"the server sent {len(data)} bytes that are no PNG, JPEG or WebP")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=tuple(_MIMES)) as image:
                width, height = image.size
                if width * height > PIXELS_MAX:
                    raise BackendError("bad_answer", f"the server sent a picture of {width}×{height} px")
                is_flat = image.convert("RGB").getcolors(1) is not None
                mime = _MIMES.get(image.format or "", mime)
    except BackendError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken data
        raise BackendError("bad_answer", f"the server sent a broken or cut-off picture ({error})") from None
    if is_flat:
        raise BackendError(
            "bad_answer",
            "the server sent one flat colour: its numbers overflowed (start it with --no-half-vae), "
            "or its safety filter struck",
        )
    return Picture(data=data, mime=mime, width_px=width, height_px=height)


def cropped(picture: Picture, width_px: int, height_px: int) -> Picture:
    """The middle of a larger picture, as PNG, its text chunks kept."""
    left = (picture.width_px - width_px) // 2
    top = (picture.height_px - height_px) // 2
    info = PngImagePlugin.PngInfo()
    with Image.open(io.BytesIO(picture.data), formats=tuple(_MIMES)) as image:
        for key, value in image.info.items():
            if isinstance(key, str) and isinstance(value, str):
                info.add_itxt(key, value)
        middle = image.crop((left, top, left + width_px, top + height_px))
        out = io.BytesIO()
        middle.save(out, "PNG", pnginfo=info)
    return Picture(data=out.getvalue(), mime="image/png", width_px=width_px, height_px=height_px)
