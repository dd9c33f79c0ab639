"""The colours a thing is drawn with."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from compute.backends.painter.colour import darker, lighter
from compute.backends.painter.svg import Layer


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours a thing is drawn with, already in the light of the scene. `main` is the colour the prompt names."""

    main: str
    metal: str
    gold: str
    wood: str
    paper: str
    dark: str
    glow: str
    rng: Random

    def across(self, layer: Layer, colour: str, half: float) -> str:
        """A paint that rounds a form: dark, bright, dark from left to right."""
        stops = [
            (0.0, darker(colour, 0.35), 1.0),
            (0.35, lighter(colour, 0.35), 1.0),
            (0.6, colour, 1.0),
            (1.0, darker(colour, 0.6), 1.0),
        ]
        return layer.linear((-half, 0), (half, 0), stops)
