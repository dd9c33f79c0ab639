"""What falls or drifts before everything else: rain, snow, mist, leaves in the wind."""

from __future__ import annotations

import math

from compute.backends.painter.colour import lighter, mix
from compute.backends.painter.stage import HEIGHT, Stage
from compute.backends.painter.svg import num, smooth


def paint_weather(stage: Stage) -> None:
    """Weather outdoors. Indoors it is seen through the windows only (`rooms.window`)."""
    painter = {"rain": _rain, "storm": _storm, "snow": _snow, "fog": _fog, "wind": _wind}.get(stage.scene.weather)
    if painter:
        painter(stage)


def streaks(stage: Stage, count: int, slant: float, length: float, opacity: float) -> None:
    """Rain as one path of fine lines, longer and stronger the nearer."""
    rng = stage.rng("rain")
    for share, width, size, strength in ((0.6, 1.0, 0.6, 0.6), (0.3, 1.7, 1.0, 0.9), (0.1, 2.6, 1.6, 0.75)):
        pieces = []
        for _ in range(int(count * share)):
            x, y = rng.uniform(-0.1, 1.1) * stage.width, rng.uniform(-0.1, 1.05) * HEIGHT
            run = length * size * rng.uniform(0.6, 1.3)
            pieces.append(f"M{num(x)} {num(y)}l{num(run * slant)} {num(run)}")
        stage.main.stroke("".join(pieces), lighter(stage.air.low, 0.45), width, opacity * strength)


def _sheets(stage: Stage, slant: float, opacity: float) -> None:
    """Slanting curtains of rain, some dark, some catching light."""
    rng = stage.rng("sheets")
    with stage.veil.group(f"skewX({-math.degrees(math.atan(slant)):.1f})"):
        for i in range(5):
            x = stage.width * (rng.uniform(-0.1, 0.2) + i * 0.24)
            wide = stage.width * rng.uniform(0.1, 0.2)
            colour = lighter(stage.air.low, 0.15) if i % 2 else mix(stage.air.near, stage.air.haze, 0.3)
            stops = [(0.0, colour, 0.0), (0.5, colour, opacity * rng.uniform(0.6, 1)), (1.0, colour, 0.0)]
            stage.veil.rect(x, 0, wide, HEIGHT, stage.veil.linear((x, 0), (x + wide, 0), stops))


def _rain(stage: Stage) -> None:
    _sheets(stage, -0.28, 0.3)
    streaks(stage, 420, -0.26, 46, 0.42)
    _low_mist(stage, 0.35)


def _storm(stage: Stage) -> None:
    _sheets(stage, -0.6, 0.4)
    streaks(stage, 620, -0.56, 62, 0.42)
    _low_mist(stage, 0.3)


def _low_mist(stage: Stage, opacity: float) -> None:
    haze = lighter(stage.air.haze, 0.12)
    with stage.veil.group(blur=30):
        stage.veil.ellipse(stage.width * 0.25, 760, stage.width * 0.4, 40, haze, opacity * 0.6)
        stage.veil.ellipse(stage.width * 0.8, 690, stage.width * 0.35, 30, haze, opacity * 0.5)


def _snow(stage: Stage) -> None:
    rng = stage.rng("snow")
    white = mix("#ffffff", stage.air.tint, 0.35)
    for _ in range(240):
        near = rng.random() ** 2.4
        x, y = rng.uniform(0, 1) * stage.width, rng.uniform(0, 1) * HEIGHT
        stage.main.circle(x, y, 1.4 + 5 * near, white, 0.85 - 0.4 * near)
    for _ in range(16):  # flakes too near to be sharp
        x, y = rng.uniform(0, 1) * stage.width, rng.uniform(0, 1) * HEIGHT
        r = rng.uniform(14, 30)
        stops = [(0.0, white, 0.5), (0.6, white, 0.35), (1.0, white, 0.0)]
        stage.veil.circle(x, y, r, stage.veil.radial((x, y), r, stops))


def _fog(stage: Stage) -> None:
    rng = stage.rng("fog")
    haze = lighter(mix(stage.air.haze, stage.air.low, 0.35), 0.1)
    stage.veil.rect(
        0,
        0,
        stage.width,
        HEIGHT,
        stage.veil.linear((0, 250), (0, 900), [(0, haze, 0.05), (0.55, haze, 0.42), (1, haze, 0.22)]),
    )
    with stage.veil.group(blur=36):
        for i in range(9):
            y = 430 + i * 52 + rng.uniform(-16, 16)
            x = rng.uniform(0, 1) * stage.width
            stage.veil.ellipse(
                x, y, rng.uniform(0.2, 0.42) * stage.width, rng.uniform(18, 44), haze, rng.uniform(0.35, 0.7)
            )


def _wind(stage: Stage) -> None:
    rng = stage.rng("wind")
    for _ in range(22):  # the air's own lines
        x, y = rng.uniform(-0.2, 1) * stage.width, rng.uniform(0.1, 0.92) * HEIGHT
        run = rng.uniform(120, 320)
        points = [(x, y), (x + run * 0.4, y - 14), (x + run * 0.75, y + 8), (x + run, y - 6)]
        stage.main.stroke(smooth(points), lighter(stage.air.low, 0.4), rng.uniform(0.8, 2.0), 0.3)
    leaf = stage.air.tone("#c07a3a")
    for _ in range(46):
        x, y = rng.uniform(0, 1) * stage.width, rng.uniform(0.2, 1) * HEIGHT
        size = rng.uniform(3, 11)
        with stage.main.group(f"translate({num(x)} {num(y)}) rotate({rng.uniform(-60, 40):.0f})"):
            stage.main.path(
                f"M0 0Q{num(size)} {num(-size * 0.8)} {num(size * 2)} 0Q{num(size)} {num(size * 0.5)} 0 0Z",
                mix(leaf, stage.air.near, rng.random() * 0.6),
                0.9,
            )
