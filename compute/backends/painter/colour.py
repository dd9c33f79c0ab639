"""Arithmetic on colours written as `#rrggbb`."""

from __future__ import annotations

import colorsys
from functools import lru_cache


@lru_cache(maxsize=4096)
def parts(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of `#rrggbb`, each 0–1."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def join(red: float, green: float, blue: float) -> str:
    """The inverse of `parts`; values outside 0–1 are clipped."""
    return "#" + "".join(f"{round(min(max(part, 0.0), 1.0) * 255):02x}" for part in (red, green, blue))


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` (0–1) of `other` in it."""
    share = min(max(share, 0.0), 1.0)
    a, b = parts(one), parts(other)
    return join(*(x + (y - x) * share for x, y in zip(a, b, strict=True)))


def times(one: str, other: str, gain: float = 1.0) -> str:
    """One colour seen under the light of the other, made `gain` times as bright."""
    a, b = parts(one), parts(other)
    return join(*(x * y * gain for x, y in zip(a, b, strict=True)))


def lighter(colour: str, share: float) -> str:
    """Towards warm white."""
    return mix(colour, "#fff6e6", share)


def darker(colour: str, share: float) -> str:
    """Towards a warm near-black, never to pure black."""
    return mix(colour, "#07060a", share)


def turned(colour: str, degrees: float, saturation: float = 1.0) -> str:
    """Hue turned by `degrees`, saturation multiplied."""
    hue, light, full = colorsys.rgb_to_hls(*parts(colour))
    return join(*colorsys.hls_to_rgb((hue + degrees / 360) % 1, light, min(full * saturation, 1.0)))


def luminance(colour: str) -> float:
    """Brightness as the eye weighs it (ITU-R BT.601), 0–1."""
    red, green, blue = parts(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue
