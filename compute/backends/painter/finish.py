"""From sheets to pixels: resvg draws them, Pillow lays them over each other with bloom, uneven wash and grain."""

from __future__ import annotations

import io
from functools import lru_cache
from random import Random
from typing import Any

from PIL import Image, ImageChops, ImageFilter, PngImagePlugin

from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import Layer
from compute.backends.painter.wash import laid
from compute.backends.painter.words import number_of

SOFTWARE = "LUNA built-in painter (sketch)"
PREVIEW_SIDE_PX = 48
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def rasterised(resvg: Any, layer: Layer, width_px: int, height_px: int) -> Image.Image:
    """One sheet as an RGBA picture of that size."""
    tree = resvg.usvg.Tree.from_str(layer.document(width_px, height_px), resvg.usvg.Options.default())
    with Image.open(io.BytesIO(bytes(resvg.render(tree, _IDENTITY)))) as picture:
        return picture.convert("RGBA")


def small_size(width_px: int, height_px: int) -> tuple[int, int]:
    """The size soft sheets are drawn at: a quarter for large pictures, since nothing on them has an edge."""
    longest = max(width_px, height_px)
    by = 4 if longest >= 512 else 2 if longest >= 192 else 1
    return -(-width_px // by), -(-height_px // by)


def background(resvg: Any, stage: Stage, width_px: int, height_px: int) -> Image.Image:
    """The soft sheet behind everything, small, RGB."""
    size = small_size(width_px, height_px)
    soft = rasterised(resvg, stage.back, *size).convert("RGB")
    if stage.behind is not None:
        far = rasterised(resvg, stage.behind, *size)
        soft.paste(far, (0, 0), far)
        soft = soft.filter(ImageFilter.GaussianBlur(max(size) / 64))
    return soft


def preview(soft: Image.Image) -> bytes:
    """A PNG at most `PREVIEW_SIDE_PX` wide or high, of sky and light only."""
    small = soft.copy()
    small.thumbnail((PREVIEW_SIDE_PX, PREVIEW_SIDE_PX), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(1)).save(out, "PNG")
    return out.getvalue()


def shapes(resvg: Any, stage: Stage, soft: Image.Image, width_px: int, height_px: int) -> Image.Image:
    """The sharp sheet laid over the soft one, then mist."""
    size = (width_px, height_px)
    picture = soft.resize(size, Image.Resampling.BICUBIC)
    main = rasterised(resvg, stage.main, width_px, height_px)
    picture.paste(main, (0, 0), main)
    if len(stage.veil):
        veil = rasterised(resvg, stage.veil, *small_size(*size)).resize(size, Image.Resampling.BILINEAR)
        picture.paste(veil, (0, 0), veil)
    return picture


def lit(resvg: Any, stage: Stage, picture: Image.Image) -> Image.Image:
    """Glow and bloom: lamps add their light, and whatever is bright shines a little over its edge."""
    size = picture.size
    small = picture.resize(small_size(*size), Image.Resampling.BOX)
    bloom = small.point([max(0, value - 140) * 0.5 for value in range(256)] * 3)
    bloom = bloom.filter(ImageFilter.GaussianBlur(max(small.size) / 45))
    if len(stage.glow):
        black = Image.new("RGB", small.size)
        glow = rasterised(resvg, stage.glow, *small.size)
        black.paste(glow, (0, 0), glow)
        bloom = ImageChops.screen(bloom, black)
    return ImageChops.screen(picture, bloom.resize(size, Image.Resampling.BILINEAR))


def finished(stage: Stage, picture: Image.Image) -> bytes:
    """Vignette, the uneven lie of the paint, paper grain; then the PNG, with the note that it is a sketch."""
    size = picture.size
    rng = Random(number_of(stage.seed, stage.scene.key, "finish"))
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    corner = _vignette(rng.randrange(5), rng.randrange(3))
    picture = ImageChops.multiply(picture, corner.resize(size, Image.Resampling.BILINEAR).convert("RGB"))
    uneven = laid(picture, rng).resize(size, Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).point(
        [129 + value * 7 // 256 for value in range(256)]
    )
    grain = ImageChops.add(grain, uneven, 1, -128)
    picture = ImageChops.add(picture, Image.merge("RGB", (grain, grain, grain)), 1, -128)
    note = PngImagePlugin.PngInfo()
    note.add_text("Software", SOFTWARE)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1, pnginfo=note)
    return out.getvalue()


@lru_cache(maxsize=15)
def _vignette(aside: int, down: int) -> Image.Image:
    """Darker corners, small: 255 leaves a pixel as it is. Its middle lies a little off the picture's."""
    side, mx, my = 64, (aside - 2) * 0.24, (down - 1) * 0.16
    axis = [(n + 0.5) / side * 2 - 1 for n in range(side)]
    away = [min(1.0, ((x - mx) ** 2 + (y - my) ** 2) / 2) for y in axis for x in axis]
    return Image.frombytes("L", (side, side), bytes(round(250 * (1 - 0.42 * far**1.4)) for far in away))
