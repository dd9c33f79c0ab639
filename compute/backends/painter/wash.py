"""The uneven lie of the paint: broad patches a shade lighter or darker, laid by the scene's own words.

Two prompts that differ in anything that can be seen get patches that lie differently, so that their pictures differ
everywhere a little and not in one corner only; a perceptual hash of a few dozen patches can tell them apart. Patches
follow the picture: where it has strong contrasts of its own they keep still.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

from PIL import Image

ACROSS, DOWN = 9, 8
_STEPS = (-1.0, -0.66, -0.33, 0.0, 0.33, 0.66, 1.0)
_MARGIN = 2.6  # grey levels between neighbours that the eye may not see, but a hash does
_MOST = 15.0  # no patch is moved further than this many levels
_WORTH = 4.0  # how much effort (in steps squared) one wanted difference is worth


def laid(picture: Image.Image, rng: Random) -> Image.Image:
    """An `L` picture of ACROSS x DOWN patches; 128 leaves the picture as it is, each level above adds one to it."""
    grey = picture.convert("L").resize((ACROSS, DOWN), Image.Resampling.LANCZOS).tobytes()
    out = bytearray()
    for row in range(DOWN):
        levels = grey[row * ACROSS : (row + 1) * ACROSS]
        falls = [rng.random() < 0.5 for _ in range(ACROSS - 1)]
        out += bytes(min(max(round(128 + shift), 0), 255) for shift in _row(levels, falls))
    return Image.frombytes("L", (ACROSS, DOWN), bytes(out))


def _row(levels: bytes, falls: list[bool]) -> list[float]:
    """The cheapest shifts of one row that give the most wanted differences (dynamic programming over steps).

    falls[i]: patch i is wanted brighter than patch i + 1.
    """
    choices = [[step * min(5.0 + 0.08 * level, _MOST) for step in _STEPS] for level in levels]
    best = [(step * step, [k]) for k, step in enumerate(_STEPS)]
    for i, (here, after) in enumerate(pairwise(range(len(levels)))):
        reached = []
        for k, step in enumerate(_STEPS):
            cost, trail = min(
                (
                    cost
                    + (
                        0.0
                        if _holds(levels[here] + choices[here][j], levels[after] + choices[after][k], falls[i])
                        else _WORTH
                    ),
                    trail,
                )
                for j, (cost, trail) in enumerate(best)
            )
            reached.append((cost + step * step, [*trail, k]))
        best = reached
    return [choices[i][k] for i, k in enumerate(min(best)[1])]


def _holds(left: float, right: float, falls: bool) -> bool:
    return left - right >= _MARGIN if falls else right - left >= _MARGIN
