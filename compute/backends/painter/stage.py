"""The sheets a picture is painted on, and what all painters share while one picture is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from compute.backends.painter.air import Air
from compute.backends.painter.svg import Layer, Point
from compute.backends.painter.words import Scene, number_of

HEIGHT = 1000.0


@dataclass
class Stage:
    """Four sheets, from back to front, all in scene units (1000 high, `width` wide).

    back: opaque and soft, drawn small. main: sharp shapes. veil: mist, soft. glow: light, added on black, soft.
    stand: where people may stand, as (x, y of the feet, height of a grown person), best place first.
    fronts: painters to be called once the people stand, for what is before them.
    """

    scene: Scene
    air: Air
    seed: int
    width: float
    back: Layer = field(init=False)
    main: Layer = field(init=False)
    behind: Layer | None = None  # sharp shapes to be seen out of focus, between back and main
    veil: Layer = field(init=False)
    glow: Layer = field(init=False)
    stand: list[tuple[float, float, float]] = field(default_factory=list)
    fronts: list[Callable[[], None]] = field(default_factory=list)
    cast: list[float] = field(default_factory=list)  # the left and right edges of everybody in the picture

    def __post_init__(self) -> None:
        for name in ("back", "main", "veil", "glow"):
            setattr(self, name, Layer(self.width, HEIGHT))

    def rng(self, *names: object) -> Random:
        """A stream of its own for each part, so that one part's changes leave the others as they were."""
        return Random(number_of(self.seed, self.scene.key, *names))

    @property
    def key(self) -> Point:
        """Where the light comes from, in scene units."""
        return self.air.key_x * self.width, self.air.key_y * HEIGHT

    def lamp(self, x: float, y: float, r: float, colour: str = "", strength: float = 0.8) -> None:
        """A light with its glow; `r` is how far the glow reaches."""
        self.glow.glow(x, y, r, colour or self.air.lamp, strength)
