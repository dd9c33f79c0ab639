"""Sky: its gradient, the sun or moon, stars, clouds; and lightning."""

from __future__ import annotations

import math
from random import Random

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.stage import HEIGHT, Stage
from compute.backends.painter.svg import Layer, Point, polyline, smooth

# Clouds by weather: how many, how large, how dense, where (share of the height).
_CLOUDS = {
    "": (4, 0.8, 0.5, (0.08, 0.42)),
    "clear": (0, 0.5, 0.3, (0.1, 0.3)),
    "cloudy": (11, 1.35, 0.85, (0.02, 0.46)),
    "rain": (11, 1.5, 0.9, (-0.04, 0.3)),
    "storm": (14, 1.7, 0.95, (-0.04, 0.34)),
    "snow": (6, 1.2, 0.55, (0.0, 0.36)),
    "fog": (3, 1.5, 0.35, (0.1, 0.4)),
    "wind": (7, 1.0, 0.6, (0.06, 0.42)),
}


def paint_sky(stage: Stage, horizon: float = 0.62) -> None:
    """Fill the back sheet; `horizon` is the share of the height at which the low colour is reached."""
    air, w = stage.air, stage.width
    stops = [
        (0.0, air.top, 1.0),
        (0.45, air.middle, 1.0),
        (0.85, air.low, 1.0),
        (1.0, mix(air.low, air.haze, 0.5), 1.0),
    ]
    # The gradient leans towards the light, as a real sky does.
    lean = (air.key_x - 0.5) * w * 0.5
    start, end = (w / 2 - lean, 0.0), (w / 2 + lean, HEIGHT * horizon)
    stage.back.rect(0, 0, w, HEIGHT, stage.back.linear(start, end, stops))
    x, y = stage.key
    # The side away from the light is deeper in colour.
    away = w if x < w / 2 else 0.0
    stage.back.rect(
        0, 0, w, HEIGHT, stage.back.linear((away, 0), (x, 0), [(0, darker(air.top, 0.25), 0.5), (0.8, air.top, 0)])
    )
    strength = {"sun": 0.75, "moon": 0.5, "none": 0.3}[air.disc] * (
        0.55 if stage.scene.weather in ("rain", "storm", "fog") else 1
    )
    stage.back.glow(x, y, 620, air.sun, strength)
    stage.back.glow(x, y, 1100, mix(air.sun, air.low, 0.6), strength * 0.5, 0.6)
    if air.stars > 0.1:
        _stars(stage, air.stars, horizon)
    if stage.scene.light == "neon":
        _aurora(stage)
    _disc(stage)
    _clouds(stage)
    if stage.scene.weather == "storm":
        lightning(stage)


def _stars(stage: Stage, share: float, horizon: float) -> None:
    rng = stage.rng("stars")
    for _ in range(int(190 * share)):
        x, y = rng.uniform(0, stage.width), rng.uniform(0, HEIGHT * horizon) * rng.random() ** 0.4
        size = rng.choice((0.9, 1.1, 1.3, 1.7, 2.3))
        stage.main.circle(x, y, size, rng.choice(("#ffffff", "#dfe8ff", "#fff0d8")), share * rng.uniform(0.25, 0.95))
        if size > 2 and y < 260:
            stage.glow.glow(x, y, 16, "#cdd9ff", 0.4)
    if share > 0.7:  # a band of distant stars across the night
        tilt = rng.uniform(-28, 28)
        with stage.back.group(f"rotate({tilt:.1f} {stage.width / 2:.0f} 300)", blur=34):
            stage.back.ellipse(stage.width / 2, 250, stage.width * 0.7, 60, "#8d97d8", 0.16)
            stage.back.ellipse(stage.width / 2, 262, stage.width * 0.5, 22, "#e8d9f2", 0.13)


def _disc(stage: Stage) -> None:
    air = stage.air
    x, y = stage.key
    dim = {"rain": 0.0, "storm": 0.0, "fog": 0.45, "cloudy": 0.35, "snow": 0.45}.get(stage.scene.weather, 1.0)
    if air.disc == "none" or dim == 0:
        return
    r = 62 if air.disc == "moon" else 46
    stage.glow.glow(x, y, r * 5, air.sun, 0.5 * dim)
    if air.disc == "sun":  # a sun has no edge: it is soft, and what stands before it takes its glow
        stage.back.circle(
            x,
            y,
            r,
            stage.back.radial((x, y), r, [(0, "#ffffff", dim), (0.7, lighter(air.sun, 0.6), dim), (1, air.sun, 0)]),
        )
        stage.back.glow(x, y, r * 3.4, lighter(air.sun, 0.3), 0.8 * dim)
    else:
        stage.main.circle(x, y, r, lighter(air.sun, 0.4), dim)
        for dx, dy, size in ((-18, -14, 15), (16, 8, 20), (-8, 26, 9), (24, -24, 8), (-30, 12, 7)):
            stage.main.circle(x + dx, y + dy, size, "#a9b8cf", 0.35 * dim)


def cloud(
    layer: Layer, rng: Random, at: Point, size: float, lit: str, shade: str, density: float, light: Point
) -> None:
    """A heap of rounded puffs with a level base, bright on the side of the light."""
    x, y = at
    lean = -1 if light[0] < x else 1
    puffs = []
    n = rng.randint(5, 8)
    for i in range(n):
        t = i / (n - 1) * 2 - 1
        r = size * (0.32 + 0.26 * (1 - t * t)) * rng.uniform(0.75, 1.2)
        puffs.append((x + t * size * 1.25, y - r * 0.45 - rng.uniform(0, size * 0.16), r))
    for px, py, r in puffs:
        layer.ellipse(px, py, r * 1.25, r * 0.72, shade, density)
    layer.ellipse(x, y - size * 0.05, size * 1.75, size * 0.2, shade, density)
    up = -1 if light[1] < y else 0.4
    for px, py, r in puffs:
        layer.ellipse(px + lean * r * 0.24, py + up * r * 0.18, r * 1.0, r * 0.56, lit, density * 0.7)


def _clouds(stage: Stage) -> None:
    air, scene = stage.air, stage.scene
    rng = stage.rng("clouds", scene.weather)
    count, size, density, (high, low) = _CLOUDS[scene.weather]
    lit = mix(air.low, air.sun, 0.45)
    shade = mix(mix(air.middle, air.top, 0.2), lit, 0.3)
    if scene.weather in ("rain", "storm", "cloudy"):
        shade = darker(mix(air.middle, air.haze, 0.3), {"cloudy": 0.12, "rain": 0.28, "storm": 0.5}[scene.weather])
        lit = mix(shade, air.low, 0.5)
    for _ in range(count):
        place = (rng.uniform(-0.05, 1.05) * stage.width, HEIGHT * rng.uniform(high, low))
        near = 1.15 - 0.5 * place[1] / HEIGHT
        scale = size * near * rng.uniform(70, 150)
        with stage.back.group(blur=max(4, scale * 0.07)):
            cloud(stage.back, rng, place, scale, lit, shade, density * rng.uniform(0.7, 1.0), stage.key)
    for _ in range(0 if scene.weather in ("storm", "fog", "clear") else 4):  # thin streaks near the horizon
        x, y = rng.uniform(0, 1) * stage.width, HEIGHT * rng.uniform(0.3, 0.58)
        with stage.back.group(blur=5):
            stage.back.ellipse(x, y, rng.uniform(160, 360), rng.uniform(3, 8), lit, 0.5)
    if scene.weather == "clear" and air.stars < 0.5:  # high thin cirrus, combed by the wind aloft
        with stage.back.group(blur=7):
            for _ in range(9):
                x, y = rng.uniform(-0.1, 1) * stage.width, HEIGHT * rng.uniform(0.06, 0.3)
                run = rng.uniform(120, 380)
                stage.back.stroke(
                    smooth([(x, y), (x + run / 2, y - 16), (x + run, y - 42)]),
                    lighter(air.low, 0.3),
                    rng.uniform(4, 12),
                    0.4,
                )


def lightning(stage: Stage) -> None:
    """A forked stroke from cloud to ground, and the sky it lights."""
    rng = stage.rng("lightning")
    x, y = stage.width * rng.choice((0.2, 0.34, 0.63, 0.8)), 40.0
    stage.back.glow(x, 210, 430, "#cfd8ff", 0.6)
    stage.glow.glow(x, 240, 380, "#b9c6ff", 0.34)
    points = [(x, y)]
    while y < 590:
        x += rng.uniform(-34, 34)
        y += rng.uniform(22, 48)
        points.append((x, y))
    stage.glow.stroke(polyline(points), "#a9b8ff", 12, 0.7)
    stage.main.stroke(polyline(points), "#f4f3ff", 3.2)
    for start in (3, 6):
        fx, fy = points[min(start, len(points) - 1)]
        fork = [(fx, fy)]
        for _ in range(4):
            fx, fy = fx + rng.uniform(8, 40) * (1 if start == 3 else -1), fy + rng.uniform(16, 40)
            fork.append((fx, fy))
        stage.main.stroke(polyline(fork), "#dfe2ff", 1.7, 0.85)


def _aurora(stage: Stage) -> None:
    rng = stage.rng("aurora")
    for colour in ("#3fe0b4", "#5f8bff", "#d35bd0"):
        y = rng.uniform(120, 330)
        points = [(stage.width * i / 6, y + 60 * math.sin(i * 1.3 + rng.uniform(0, 3))) for i in range(7)]
        with stage.back.group(blur=26):
            stage.back.stroke(smooth(points), colour, 70, 0.3)
