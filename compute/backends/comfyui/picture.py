"""The picture that /view gave: is it whole, of the right size, and a picture at all?"""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from compute.backends.base import BackendError
from compute.common.http import Reply, status_error

_FORMATS = ("PNG", "JPEG", "WEBP")
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def check_picture(reply: Reply, *, width_px: int, height_px: int, server: str) -> tuple[str, Image.Image]:
    """The media type of a whole picture of exactly this size, and the picture decoded.

    Raises BackendError: `no_picture` if the file is gone; `bad_answer` for a page instead of a picture, a file cut
    short, another size, or one flat colour (what NaN in the model or VAE becomes).
    """
    if reply.status == 404:
        raise BackendError("no_picture", f"{server} lists the picture, but its file is gone from the output folder")
    if not reply.ok:
        raise status_error(reply)
    if reply.content_type.startswith(("text/", "application/json")):
        raise BackendError(
            "bad_answer", f"{server} sent {reply.content_type} instead of the picture: {reply.excerpt(80)!r}"
        )
    try:
        with Image.open(io.BytesIO(reply.body), formats=_FORMATS) as picture:
            size, kind = picture.size, picture.format
            if size == (width_px, height_px):
                picture.load()
                extrema = picture.getextrema()
    except _BROKEN as error:
        raise BackendError(
            "bad_answer", f"{server} sent a picture that cannot be read ({len(reply.body)} bytes): {error}"
        ) from None
    if size != (width_px, height_px):
        raise BackendError(
            "bad_answer", f"{server} sent {size[0]}×{size[1]} px where {width_px}×{height_px} px were asked"
        )
    if all(band[0] == band[1] for band in (extrema if isinstance(extrema[0], tuple) else (extrema,))):
        raise BackendError(
            "bad_answer",
            f"{server} sent one flat colour, usually NaN in the model or VAE; start ComfyUI with --fp32-vae",
        )
    return {"PNG": "image/png", "JPEG": "image/jpeg"}.get(kind or "", "image/webp"), picture
