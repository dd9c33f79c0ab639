"""Things that stand outdoors in many places: trees, rocks, grass, houses, water, hills."""

from __future__ import annotations

import math
from random import Random

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.stage import HEIGHT, Stage
from compute.backends.painter.svg import Layer, Point, blob, num, polyline, ridge, smooth, under


def hills(
    stage: Stage, name: str, y: float, height: float, depth: float, pigment: str = "", rough: float = 0.5
) -> list[Point]:
    """A range from edge to edge, hazier towards its foot. Returns its skyline."""
    air = stage.air
    line = ridge(stage.rng(name), stage.width, y, height, rough)
    colour = air.tone(pigment, depth) if pigment else air.far(depth)
    foot = mix(colour, air.haze, 0.55)
    floor = y + height * 1.2 + 160
    paint = stage.main.linear((0, y - height), (0, floor), [(0, mix(colour, air.near, 0.12), 1), (1, foot, 1)])
    stage.main.path(under(line, max(floor, HEIGHT)), paint)
    return line


def height_at(line: list[Point], x: float) -> float:
    """The skyline's y at x."""
    for (x1, y1), (x2, y2) in zip(line, line[1:], strict=False):
        if x1 <= x <= x2:
            return y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return line[-1][1]


def ground(stage: Stage, name: str, y: float, pigment: str, swell: float = 18) -> list[Point]:
    """The nearest ground, lit where the key light falls on it and dark at the picture's foot."""
    air = stage.air
    line = ridge(stage.rng(name), stage.width, y, swell, 0.4, 5)
    lit = air.tone(pigment, 0.12)
    paint = stage.main.linear(
        (0, y), (0, HEIGHT), [(0, mix(lit, air.low, 0.18), 1), (0.3, lit, 1), (1, mix(lit, air.near, 0.75), 1)]
    )
    stage.main.path(smooth(line) + f"L{num(stage.width + 20)} 1010L-20 1010Z", paint)
    x, _ = stage.key
    stops = [(0.0, air.sun, 0.26 * min(air.gain + 0.2, 1)), (1.0, air.sun, 0.0)]
    stage.main.ellipse(x, y + 40, 560, 130, stage.main.radial((x, y + 40), 560, stops, 0.24))
    return line


def pine(layer: Layer, rng: Random, x: float, y: float, h: float, dark: str, lit: str, side: int) -> None:
    """A spruce, its boughs in ragged tiers; `lit` on the side (-1 left, 1 right) of the light."""
    tiers = max(4, min(9, int(h / 42)))
    layer.rect(x - h * 0.018, y - h * 0.14, h * 0.036, h * 0.15, darker(dark, 0.3))
    left: list[Point] = []
    right: list[Point] = []
    for i in range(tiers):
        top = y - h + h * 0.88 * i / tiers
        bottom = y - h + h * 0.88 * (i + 1.25) / tiers
        wide = h * 0.05 + h * 0.21 * ((i + 1) / tiers) ** 0.9
        left += [(x - wide * 0.42, top + (bottom - top) * 0.5), (x - wide * rng.uniform(0.85, 1.1), bottom)]
        right += [(x + wide * 0.42, top + (bottom - top) * 0.5), (x + wide * rng.uniform(0.85, 1.1), bottom)]
    layer.path(polyline([(x, y - h), *right, *reversed(left)]) + "Z", dark)
    bright = left if side < 0 else right
    inner = [(x + (px - x) * 0.35, py - h * 0.012) for px, py in bright]
    layer.path(polyline([(x, y - h), *bright, *reversed(inner)]) + "Z", lit, 0.5)


def broadleaf(
    layer: Layer, rng: Random, x: float, y: float, h: float, trunk: str, leaf: str, lit: str, side: int
) -> None:
    """An oak-like tree: trunk with two boughs, a crown of overlapping patches."""
    t = h * 0.05
    layer.path(
        f"M{num(x - t)} {num(y)}C{num(x - t * 0.6)} {num(y - h * 0.2)} {num(x - t * 0.6)} {num(y - h * 0.35)}"
        f" {num(x - h * 0.12)} {num(y - h * 0.6)}"
        f"L{num(x)} {num(y - h * 0.42)}L{num(x + h * 0.13)} {num(y - h * 0.62)}"
        f"C{num(x + t * 0.7)} {num(y - h * 0.34)} {num(x + t * 0.6)} {num(y - h * 0.2)} {num(x + t * 1.1)} {num(y)}Z",
        trunk,
    )
    spots = [(0, -0.72, 0.3), (-0.2, -0.6, 0.22), (0.21, -0.6, 0.23), (-0.08, -0.86, 0.2), (0.14, -0.83, 0.18)]
    for dx, dy, r in spots:
        layer.path(blob(rng, x + dx * h, y + dy * h, r * h, r * h * 0.8, 11, 0.12), leaf)
    for dx, dy, r in spots:
        layer.path(
            blob(rng, x + (dx + side * r * 0.32) * h, y + (dy - r * 0.3) * h, r * h * 0.6, r * h * 0.42, 9, 0.2),
            lit,
            0.4,
        )


def bare_tree(layer: Layer, rng: Random, x: float, y: float, h: float, colour: str) -> None:
    """A leafless tree; all its branches are a few stroked paths, one per thickness."""
    by_width: dict[float, list[str]] = {}

    def branch(px: float, py: float, angle: float, run: float, level: int) -> None:
        bend = angle + rng.uniform(-0.2, 0.2)
        ex, ey = px + math.cos(bend) * run, py + math.sin(bend) * run
        mx, my = (px + ex) / 2 + rng.uniform(-1, 1) * run * 0.1, (py + ey) / 2
        by_width.setdefault(max(h * 0.05 * 0.58**level, 0.9), []).append(
            f"M{num(px)} {num(py)}Q{num(mx)} {num(my)} {num(ex)} {num(ey)}"
        )
        if level < 5:
            for spread in (rng.uniform(-0.75, -0.3), rng.uniform(0.25, 0.75)):
                branch(ex, ey, angle * 0.92 + spread - 0.12, run * rng.uniform(0.62, 0.8), level + 1)

    branch(x, y + 4, -math.pi / 2 + rng.uniform(-0.12, 0.12), h * 0.33, 0)
    for width, pieces in by_width.items():
        layer.stroke("".join(pieces), colour, width)


def rock(stage: Stage, rng: Random, x: float, y: float, w: float, h: float, pigment: str, depth: float) -> None:
    """A boulder with a lit face and a dark one."""
    body, side = stage.air.tone(pigment, depth), -1 if stage.key[0] < x else 1
    shoulder = (x + w * rng.uniform(0.1, 0.25), y - h * rng.uniform(0.8, 0.95))
    top = [(x - w * 0.5, y), (x - w * 0.42, y - h * rng.uniform(0.4, 0.65)), (x - w * rng.uniform(0.1, 0.2), y - h),
           shoulder, (x + w * 0.44, y - h * rng.uniform(0.35, 0.55)), (x + w * 0.5, y)]  # fmt: skip
    stage.main.polygon(top, mix(body, stage.air.near, 0.55))
    face = [*top[:3], (x - w * 0.05, y)] if side < 0 else [top[3], top[4], top[5], (x + w * 0.1, y)]
    stage.main.polygon(face, mix(body, stage.air.sun, 0.18), 0.8)


def grass(stage: Stage, name: str, y: float, colour: str, h: float, thick: int = 90, tips: str = "") -> None:
    """A row of blades along the picture's foot or a ridge; some end in a light tip."""
    rng = stage.rng(name)
    pieces: list[str] = []
    lights: list[str] = []
    for _ in range(thick):
        x, reach = rng.uniform(-0.02, 1.02) * stage.width, h * rng.uniform(0.4, 1.15)
        lean, base = rng.uniform(-0.5, 0.5) * reach, y + rng.uniform(-8, 18)
        blade = (
            f"M{num(x - 2.5)} {num(base)}Q{num(x + lean * 0.2)} {num(base - reach * 0.6)} {num(x + lean)}"
            f" {num(base - reach)}Q{num(x + lean * 0.35)} {num(base - reach * 0.5)} {num(x + 3)} {num(base)}Z"
        )
        (lights if tips and rng.random() < 0.25 else pieces).append(blade)
    stage.main.path("".join(pieces), colour)
    if lights:
        stage.main.path("".join(lights), tips, 0.8)


def house(
    stage: Stage, rng: Random, x: float, y: float, w: float, h: float, depth: float, wall: str = "", roof: str = ""
) -> None:
    """A gabled house with lit windows. (x, y) is the middle of its foot; h is up to the eaves."""
    air = stage.air
    wall_colour = air.tone(wall or rng.choice(("#b7a487", "#9c8a78", "#a8907a", "#8d8a85")), depth)
    roof_colour = air.tone(roof or rng.choice(("#6a3f34", "#4a4650", "#5b4434", "#3f4a52")), depth)
    side = -1 if stage.key[0] < x else 1
    peak = y - h - w * rng.uniform(0.42, 0.62)
    stage.main.polygon([(x - w / 2, y), (x - w / 2, y - h), (x, peak), (x + w / 2, y - h), (x + w / 2, y)], wall_colour)
    shade = [(x, y), (x, peak), (x - side * w / 2, y - h), (x - side * w / 2, y)]
    stage.main.polygon(shade, mix(wall_colour, air.near, 0.6), 0.55)
    over = w * 0.08
    for s in (-1, 1):
        eave = (x + s * (w / 2 + over), y - h + over * 0.9)
        slope = [(x, peak - over), eave, (eave[0] - s * over * 0.4, eave[1] + over * 0.9), (x, peak + over * 0.7)]
        stage.main.polygon(slope, mix(roof_colour, air.sun, 0.14) if s == side else roof_colour)
    cx = x + side * w * 0.25
    stage.main.rect(cx - w * 0.05, peak + w * 0.04, w * 0.1, w * 0.24, mix(wall_colour, air.near, 0.5))
    cols = 2 if w > 60 else 1
    for row in range(max(1, int(h / (w * 0.5)))):
        for col in range(cols):
            wx = x + (col - (cols - 1) / 2) * w * 0.42
            lit_window(stage, rng, wx, y - h * 0.92 + row * w * 0.46 + w * 0.1, w * 0.15, w * 0.22, depth)


def lit_window(stage: Stage, rng: Random, x: float, y: float, w: float, h: float, depth: float) -> None:
    """A window that burns in the dark hours, and is a dark pane by day."""
    air = stage.air
    if rng.random() < air.lamps * 0.85:
        stage.main.rect(x - w / 2, y, w, h, mix(air.lamp, air.haze, depth * 0.4))
        stage.main.stroke(
            f"M{num(x)} {num(y)}v{num(h)}M{num(x - w / 2)} {num(y + h * 0.45)}h{num(w)}",
            air.far(depth * 0.6),
            max(w * 0.09, 1),
        )
        stage.glow.glow(x, y + h / 2, max(w * 3.4, 14), air.lamp, 0.34 * (1 - depth * 0.5))
    else:
        stage.main.rect(x - w / 2, y, w, h, mix(air.far(depth), air.middle, 0.2))


def water(stage: Stage, y: float, floor: float = HEIGHT, pigment: str = "#3f6a7c") -> None:
    """Water from its horizon down: the sky's colours turned over, a path of light, ripples."""
    air, w = stage.air, stage.width
    deep = mix(air.tone(pigment), air.near, 0.5)
    far, half = mix(air.low, air.haze, 0.35), mix(air.middle, air.tone(pigment), 0.5)
    stops = [(0.0, far, 1.0), (0.16, half, 1.0), (1.0, deep, 1.0)]
    stage.main.rect(-20, y, w + 40, floor - y, stage.main.linear((0, y), (0, floor), stops))
    rng = stage.rng("water")
    x, _ = stage.key
    bright = 0.6 if air.disc != "none" else 0.3
    bright *= 0.5 if stage.scene.weather in ("rain", "storm", "fog") else 1
    for layer, count, opacity in ((0, 52, bright), (1, 60, 0.2)):
        pieces = []
        for _ in range(count):
            t = rng.random() ** 1.5
            py = y + 4 + t * (floor - y)
            spread = 26 + t * 170 if layer == 0 else w * 0.6
            cx = (x if layer == 0 else w / 2) + rng.gauss(0, 1) * spread
            run = (12 + t * 80) * rng.uniform(0.5, 1.3)
            pieces.append(f"M{num(cx - run)} {num(py)}h{num(run * 2)}")
        stage.main.stroke(
            "".join(pieces), air.sun if layer == 0 else lighter(air.low, 0.1), 2.4 if layer == 0 else 1.5, opacity
        )
    stage.glow.glow(x, y + 60, 240, air.sun, 0.3 * bright, 0.5)


def foam(stage: Stage, name: str, y: float, wide: float = 1.0, opacity: float = 0.5) -> None:
    """A line of surf."""
    rng = stage.rng(name)
    points = [(stage.width * wide * i / 14 - 20, y + rng.uniform(-7, 7)) for i in range(16)]
    stage.main.stroke(smooth(points), stage.air.tone("#f0efe8", 0.1), rng.uniform(3, 7), opacity)


def mist(stage: Stage, y: float, opacity: float = 0.4, thick: float = 60) -> None:
    """A bank of haze between two depths, on the sharp sheet so that later things stand before it."""
    haze = stage.air.haze
    stage.main.rect(-20, y - thick, stage.width + 40, thick * 2, stage.main.linear((0, y - thick), (0, y + thick), [
        (0, haze, 0), (0.5, haze, min(opacity * (1 + stage.air.thick), 0.9)), (1, haze, 0)]))  # fmt: skip


def shafts(stage: Stage, count: int = 4, opacity: float = 0.14) -> None:
    """Beams of light through leaves, smoke or a window, from the key light downwards."""
    if stage.scene.weather in ("rain", "storm") and stage.air.disc != "none":
        opacity *= 0.4
    rng = stage.rng("shafts")
    x, y = stage.key
    y = min(y, 200)
    with stage.glow.group(blur=6):
        for i in range(count):
            angle = (
                math.pi / 2
                + (-0.55 if x < stage.width / 2 else 0.55)
                + (i - count / 2) * 0.2
                + rng.uniform(-0.05, 0.05)
            )
            run, half = 1100, rng.uniform(0.025, 0.07)
            far = [(x + math.cos(angle + s * half) * run, y + math.sin(angle + s * half) * run) for s in (-1, 1)]
            paint = stage.glow.linear((x, y), far[0], [(0, stage.air.sun, opacity), (0.75, stage.air.sun, 0)])
            stage.glow.polygon([(x - 8, y), (x + 8, y), far[1], far[0]], paint)


def fire(stage: Stage, x: float, y: float, h: float) -> None:
    """Flames on crossed logs, sparks above, and the light they throw."""
    main, rng = stage.main, stage.rng("fire", int(x))
    log = mix("#3a2418", stage.air.near, 0.3)
    for turn in (-18, 16, 4):
        with main.group(f"translate({num(x)} {num(y)}) rotate({turn})"):
            main.rect(-h * 0.55, -h * 0.07, h * 1.1, h * 0.14, log, 1, h * 0.06)
    for colour, size, count in (("#d9481c", 1.0, 5), ("#ff8a2c", 0.76, 4), ("#ffd06a", 0.5, 3), ("#fff3c0", 0.28, 1)):
        for k in range(count):
            fx = x + (k - (count - 1) / 2) * h * 0.2 * size
            tall = h * size * rng.uniform(0.8, 1.25) * (1 - abs(k - (count - 1) / 2) * 0.16)
            half, lean = h * 0.15 * size + 4, rng.uniform(-0.14, 0.14) * h
            main.path(
                f"M{num(fx - half)} {num(y - h * 0.06)}C{num(fx - half * 1.5)} {num(y - tall * 0.45)}"
                f" {num(fx + lean * 0.3)} {num(y - tall * 0.55)} {num(fx + lean)} {num(y - tall)}"
                f"C{num(fx + lean * 0.4 + half)} {num(y - tall * 0.6)} {num(fx + half * 1.6)} {num(y - tall * 0.4)}"
                f" {num(fx + half)} {num(y - h * 0.06)}Z",
                colour,
                0.9,
            )
    for _ in range(22):
        main.circle(
            x + rng.gauss(0, 0.4) * h,
            y - h - rng.uniform(0, 2.4) * h,
            rng.uniform(1.2, 3),
            "#ffb45a",
            rng.uniform(0.4, 1),
        )
    stage.lamp(x, y - h * 0.4, h * 2.9, "#ff9440", 0.85)
