"""A small SVG writer: shapes, gradients and paths, with numbers kept short."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

Point = tuple[float, float]
Stop = tuple[float, str, float]  # offset 0–1, colour, opacity 0–1


def num(value: float) -> str:
    """A number with at most one decimal, so that the text stays small and the same everywhere."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


class Layer:
    """One transparent sheet. Coordinates are scene units: the scene is 1000 high."""

    def __init__(self, width: float, height: float = 1000.0):
        self.width = width
        self.height = height
        self.frame = (0.0, 0.0, width, height)  # what of the scene is shown: x, y, width, height
        self._shapes: list[str] = []
        self._defs: list[str] = []

    def __len__(self) -> int:
        return len(self._shapes)

    def raw(self, text: str) -> None:
        self._shapes.append(text)

    def _define(self, kind: str, attributes: str, inner: str) -> str:
        name = f"d{len(self._defs)}"
        self._defs.append(f'<{kind} id="{name}" {attributes}>{inner}</{kind}>')
        return f"url(#{name})"

    def linear(self, start: Point, end: Point, stops: Sequence[Stop]) -> str:
        """A paint running from one point to another."""
        (x1, y1), (x2, y2) = start, end
        where = f'gradientUnits="userSpaceOnUse" x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}"'
        return self._define("linearGradient", where, _stops(stops))

    def radial(self, centre: Point, radius: float, stops: Sequence[Stop], squash: float = 1.0) -> str:
        """A paint running outwards; `squash` below 1 flattens the circle to a lying ellipse."""
        x, y = centre
        where = (
            f'gradientUnits="userSpaceOnUse" cx="0" cy="0" r="{num(radius)}" '
            f'gradientTransform="translate({num(x)} {num(y)}) scale(1 {squash:.3f})"'
        )
        return self._define("radialGradient", where, _stops(stops))

    def path(self, data: str, paint: str, opacity: float = 1.0, extra: str = "") -> None:
        self._shapes.append(f'<path d="{data}" fill="{paint}"{_opacity("fill", opacity)}{extra}/>')

    def stroke(self, data: str, paint: str, width: float, opacity: float = 1.0, cap: str = "round") -> None:
        self._shapes.append(
            f'<path d="{data}" fill="none" stroke="{paint}" stroke-width="{num(width)}" '
            f'stroke-linecap="{cap}" stroke-linejoin="round"{_opacity("stroke", opacity)}/>'
        )

    def polygon(self, points: Sequence[Point], paint: str, opacity: float = 1.0) -> None:
        self.path(polyline(points) + "Z", paint, opacity)

    def rect(self, x: float, y: float, w: float, h: float, paint: str, opacity: float = 1.0, round_: float = 0) -> None:
        corner = f' rx="{num(round_)}"' if round_ else ""
        self._shapes.append(
            f'<rect x="{num(x)}" y="{num(y)}" width="{num(max(w, 0.1))}" height="{num(max(h, 0.1))}"{corner} '
            f'fill="{paint}"{_opacity("fill", opacity)}/>'
        )

    def circle(self, x: float, y: float, r: float, paint: str, opacity: float = 1.0) -> None:
        self._shapes.append(
            f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(r)}" fill="{paint}"{_opacity("fill", opacity)}/>'
        )

    def ellipse(self, x: float, y: float, rx: float, ry: float, paint: str, opacity: float = 1.0) -> None:
        self._shapes.append(
            f'<ellipse cx="{num(x)}" cy="{num(y)}" rx="{num(rx)}" ry="{num(ry)}" '
            f'fill="{paint}"{_opacity("fill", opacity)}/>'
        )

    def glow(self, x: float, y: float, r: float, colour: str, strength: float, squash: float = 1.0) -> None:
        """A soft round light that falls off to nothing at `r`."""
        stops = [
            (0.0, colour, strength),
            (0.22, colour, strength * 0.55),
            (0.55, colour, strength * 0.16),
            (1.0, colour, 0.0),
        ]
        self.ellipse(x, y, r, r * squash, self.radial((x, y), r, stops, squash))

    @contextmanager
    def group(self, transform: str = "", opacity: float = 1.0, clip: str = "", blur: float = 0.0) -> Iterator[None]:
        """Everything drawn inside is moved, clipped to a path, or blurred (units of the scene) together."""
        text = f' transform="{transform}"' if transform else ""
        if opacity < 1:
            text += f' opacity="{opacity:.3f}"'
        if clip:
            text += f' clip-path="{self._define("clipPath", "", f"""<path d="{clip}"/>""")}"'
        if blur:
            room = 'x="-30%" y="-30%" width="160%" height="160%"'
            text += f' filter="{self._define("filter", room, f"""<feGaussianBlur stdDeviation="{num(blur)}"/>""")}"'
        self._shapes.append(f"<g{text}>")
        try:
            yield
        finally:
            self._shapes.append("</g>")

    def document(self, width_px: int, height_px: int) -> str:
        """The whole sheet as an SVG document of that size; an odd aspect ratio crops, never stretches."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px}" height="{height_px}" '
            f'viewBox="{" ".join(map(num, self.frame))}" preserveAspectRatio="xMidYMid slice">'
            f"<defs>{''.join(self._defs)}</defs>{''.join(self._shapes)}</svg>"
        )


def _opacity(kind: str, opacity: float) -> str:
    return "" if opacity >= 1 else f' {kind}-opacity="{max(opacity, 0):.3f}"'


def _stops(stops: Sequence[Stop]) -> str:
    return "".join(
        f'<stop offset="{offset:.3f}" stop-color="{colour}"'
        + ("" if opacity >= 1 else f' stop-opacity="{max(opacity, 0):.3f}"')
        + "/>"
        for offset, colour, opacity in stops
    )


def polyline(points: Sequence[Point]) -> str:
    """An open path with straight pieces."""
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points)


def smooth(points: Sequence[Point], closed: bool = False) -> str:
    """A path through all points without corners (Catmull–Rom pieces written as Béziers)."""
    n = len(points)

    def at(i: int) -> Point:
        return points[i % n] if closed else points[min(max(i, 0), n - 1)]

    out = [f"M{num(points[0][0])} {num(points[0][1])}"]
    for i in range(n if closed else n - 1):
        p0, p1, p2, p3 = at(i - 1), at(i), at(i + 1), at(i + 2)
        c1 = (p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6)
        c2 = (p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6)
        out.append(f"C{num(c1[0])} {num(c1[1])} {num(c2[0])} {num(c2[1])} {num(p2[0])} {num(p2[1])}")
    return "".join(out) + ("Z" if closed else "")


def ridge(rng: Random, width: float, y: float, height: float, rough: float = 0.55, steps: int = 6) -> list[Point]:
    """A skyline from edge to edge by midpoint displacement; `height` is the largest swing up or down."""
    heights = [rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5)]
    swing = 0.5
    for _ in range(steps - 1):
        swing *= rough
        nearer: list[float] = []
        for a, b in zip(heights, heights[1:], strict=False):
            nearer += [a, (a + b) / 2 + rng.uniform(-swing, swing)]
        heights = [*nearer, heights[-1]]
    last = len(heights) - 1
    return [(-20 + (width + 40) * i / last, y - h * height) for i, h in enumerate(heights)]


def under(points: Sequence[Point], floor: float) -> str:
    """The area below a skyline, down to `floor`."""
    return polyline(points) + f"L{num(points[-1][0])} {num(floor)}L{num(points[0][0])} {num(floor)}Z"


def blob(rng: Random, x: float, y: float, rx: float, ry: float, bumps: int = 9, rough: float = 0.18) -> str:
    """A rounded uneven patch: foliage, rock, cloud."""
    points = []
    turn = rng.uniform(0, math.tau)
    for i in range(bumps):
        angle = turn + math.tau * i / bumps
        reach = 1 + rng.uniform(-rough, rough)
        points.append((x + math.cos(angle) * rx * reach, y + math.sin(angle) * ry * reach))
    return smooth(points, closed=True)
