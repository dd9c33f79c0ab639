"""The size of a piece of work in units. Only ratios matter: fairness and estimates use the same unit."""

from __future__ import annotations

# One unit is 100,000 pixel-steps; SDXL's usual 1024×1024 at 30 steps is 315 units.
PIXEL_STEPS_PER_UNIT = 100_000


def image_cost(*, width_px: int, height_px: int, steps: int) -> int:
    """Units of one picture, at least 1."""
    return max(1, -(-width_px * height_px * steps // PIXEL_STEPS_PER_UNIT))


def text_cost(*, max_tokens: int) -> int:
    """Units of one answer: a token each, at least 1."""
    return max(1, max_tokens)
