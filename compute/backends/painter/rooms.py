"""What rooms are made of: walls, floor, windows, hearths, lamps, shelves, tables."""

from __future__ import annotations

from random import Random

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.props import fire
from compute.backends.painter.stage import HEIGHT, Stage
from compute.backends.painter.svg import num

# How much daylight a window lets in, by weather.
_DAYLIGHT = {
    "": 0.3, "clear": 0.42, "wind": 0.3, "cloudy": 0.18, "rain": 0.12, "storm": 0.36, "snow": 0.36, "fog": 0.2,
}  # fmt: skip


def warm(stage: Stage) -> bool:
    """Whether the room lives by its lamps; by day it lives by its windows."""
    return stage.air.lamps > 0.35


def walls(stage: Stage, pigment: str, floor_y: float = 760.0, floor: str = "#6b4a30", boards: bool = True) -> None:
    """Back wall with the light's pool on it, darker corners, and a floor running to the front."""
    air, w, main, back = stage.air, stage.width, stage.main, stage.back
    kx, ky = stage.key
    wall = mix(air.tone(pigment), air.middle, 0.12)
    back.rect(0, 0, w, HEIGHT, mix(wall, air.near, 0.62))
    pool = mix(lighter(wall, 0.1), air.sun if not warm(stage) else air.lamp, 0.36)
    back.ellipse(
        kx,
        ky,
        900,
        760,
        back.radial((kx, ky), 900, [(0, pool, 1), (0.35, mix(wall, pool, 0.4), 0.9), (1, wall, 0)], 0.85),
    )
    back.rect(0, 0, w, 300, back.linear((0, 0), (0, 300), [(0, air.near, 0.75), (1, air.near, 0)]))
    for edge, inner in ((0.0, w * 0.24), (w, w * 0.76)):
        back.rect(
            min(edge, inner),
            0,
            w * 0.24,
            HEIGHT,
            back.linear((edge, 0), (inner, 0), [(0, air.near, 0.7), (1, air.near, 0)]),
        )
    deep = mix(air.tone(floor), air.near, 0.25)
    main.rect(
        -20,
        floor_y,
        w + 40,
        HEIGHT - floor_y + 10,
        main.linear((0, floor_y), (0, HEIGHT), [(0, mix(deep, pool, 0.25), 1), (1, mix(deep, air.near, 0.7), 1)]),
    )
    if boards:
        for k in range(-9, 10):
            main.stroke(f"M{num(w / 2 + k * 62)} {num(floor_y)}L{num(w / 2 + k * 190)} 1010", air.near, 2.4, 0.35)
    main.ellipse(
        kx,
        floor_y + 90,
        520,
        110,
        main.radial((kx, floor_y + 90), 520, [(0, air.lamp if warm(stage) else air.sun, 0.34), (1, air.sun, 0)], 0.21),
    )
    main.rect(-20, floor_y - 14, w + 40, 16, mix(wall, air.near, 0.6))


def _view(stage: Stage, x: float, y: float, w: float, h: float) -> None:
    """What is seen through a window: sky, moon and weather."""
    air, main, scene = stage.air, stage.main, stage.scene
    rng = stage.rng("window", int(x), int(y), scene.weather)
    main.rect(
        x,
        y,
        w,
        h,
        main.linear(
            (x, y), (x, y + h), [(0, mix(air.top, air.middle, 0.3), 1), (0.55, air.middle, 1), (1, air.low, 1)]
        ),
    )
    if scene.weather in ("", "clear") and air.stars > 0.25:
        for _ in range(14):
            main.circle(x + rng.random() * w, y + rng.random() * h * 0.8, rng.uniform(0.8, 2), "#ffffff", 0.8)
    if air.disc == "moon" and scene.weather in ("", "clear", "wind", "cloudy"):
        main.circle(x + w * 0.62, y + h * 0.32, w * 0.13, "#f2f5ff")
    if scene.weather in ("cloudy", "wind", "fog", "storm"):
        for k in range(3):
            main.ellipse(
                x + rng.random() * w,
                y + h * (0.2 + 0.25 * k),
                w * 0.55,
                h * 0.09,
                mix(air.middle, air.near, 0.4 if scene.weather == "storm" else 0.12),
                0.75,
            )
    if scene.weather in ("rain", "storm"):
        main.stroke(
            "".join(
                f"M{num(x + rng.random() * w * 1.2)} {num(y + rng.random() * h)}l{num(-h * 0.05)} {num(h * 0.14)}"
                for _ in range(34)
            ),
            lighter(air.low, 0.5),
            1.6,
            0.6,
        )
    if scene.weather == "storm":
        main.stroke(
            f"M{num(x + w * 0.4)} {num(y)}l{num(w * 0.16)} {num(h * 0.26)}l{num(-w * 0.2)} {num(h * 0.1)}"
            f"l{num(w * 0.14)} {num(h * 0.34)}",
            "#f6f6ff",
            3,
        )
    if scene.weather == "snow":
        for _ in range(30):
            main.circle(x + rng.random() * w, y + rng.random() * h, rng.uniform(1.2, 3.6), "#ffffff", 0.9)
        main.ellipse(x + w / 2, y + h, w * 0.56, h * 0.06, "#ffffff", 0.9)
    if scene.weather == "fog":
        main.rect(x, y, w, h, air.haze, 0.55)


def window(stage: Stage, x: float, y: float, w: float, h: float, arched: bool = False, bars: int = 2) -> None:
    """A window with the sky, and the weather, behind it; by day it throws a beam into the room."""
    air, main, scene = stage.air, stage.main, stage.scene
    shape = (
        f"M{num(x)} {num(y + h)}V{num(y + w * 0.5)}A{num(w / 2)} {num(w / 2)} 0 0 1 {num(x + w)} {num(y + w * 0.5)}"
        f"V{num(y + h)}Z"
    )
    if not arched:
        shape = f"M{num(x)} {num(y)}h{num(w)}v{num(h)}h{num(-w)}Z"
    frame = mix(air.tone("#5d4431"), air.near, 0.45)
    with main.group(clip=shape):
        _view(stage, x, y, w, h)
    main.stroke(shape, frame, max(w * 0.07, 5))
    lines = "".join(
        f"M{num(x + w * (k + 1) / (bars + 1))} {num(y + (w * 0.12 if arched else 0))}V{num(y + h)}" for k in range(bars)
    )
    main.stroke(
        lines + f"M{num(x)} {num(y + h * 0.45)}h{num(w)}M{num(x)} {num(y + h * 0.72)}h{num(w)}",
        frame,
        max(w * 0.025, 2.5),
    )
    strength = _DAYLIGHT[scene.weather]
    strength *= 0.35 if air.disc == "none" and scene.weather != "storm" else 1.0
    stage.glow.glow(x + w / 2, y + h * 0.5, w * 1.5, mix(air.low, air.sun, 0.5), strength)
    lean = (0.5 - (x + w / 2) / stage.width) * 460 + 90
    beam = [(x, y + h * 0.1), (x + w, y + h * 0.1), (x + w + lean + 90, HEIGHT), (x + lean - 70, HEIGHT)]
    colour = mix(air.sun, air.low, 0.4)
    with stage.glow.group(blur=10):
        stage.glow.polygon(
            beam, stage.glow.linear((x, y), (x + lean, HEIGHT), [(0, colour, strength * 0.62), (1, colour, 0.02)])
        )


def hearth(stage: Stage, x: float, floor_y: float, w: float = 260.0) -> None:
    """A stone fireplace with a fire in it."""
    air, main = stage.air, stage.main
    stone = mix(air.tone("#8d7f72", 0.02), air.near, 0.3)
    h = w * 1.05
    main.path(
        f"M{num(x - w * 0.42)} {num(floor_y - h)}L{num(x - w * 0.3)} -10H{num(x + w * 0.3)}"
        f"L{num(x + w * 0.42)} {num(floor_y - h)}Z",
        main.linear((0, 0), (0, floor_y - h), [(0, mix(stone, air.near, 0.6), 1), (1, stone, 1)]),
    )
    main.rect(x - w / 2, floor_y - h * 0.9, w, h * 0.9, stone)
    for row in range(5):
        for k in range(4):
            main.rect(
                x - w / 2 + 4 + k * w * 0.25 + (row % 2) * w * 0.1,
                floor_y - h * 0.88 + row * h * 0.175,
                w * 0.22,
                h * 0.15,
                mix(stone, air.near, 0.25 * ((row * 3 + k) % 3)),
                0.5,
                6,
            )
    main.rect(x - w * 0.58, floor_y - h * 0.99, w * 1.16, h * 0.1, mix(air.tone("#6a4630"), air.near, 0.2), 1, 4)
    main.path(
        f"M{num(x - w * 0.34)} {num(floor_y)}V{num(floor_y - h * 0.5)}"
        f"Q{num(x)} {num(floor_y - h * 0.78)} {num(x + w * 0.34)} {num(floor_y - h * 0.5)}V{num(floor_y)}Z",
        "#140a07",
    )
    fire(stage, x, floor_y - 8, w * 0.34)
    for share in (-0.4, -0.28, 0.34):
        candle(stage, x + w * share, floor_y - h * 0.99, 26)
    main.ellipse(
        x,
        floor_y + 40,
        w * 1.4,
        60,
        main.radial((x, floor_y + 40), w * 1.4, [(0, "#ff9a4a", 0.5), (1, "#ff9a4a", 0)], 0.17),
    )


def candle(stage: Stage, x: float, y: float, h: float = 40.0) -> None:
    """A burning candle standing on (x, y)."""
    stage.main.rect(x - h * 0.14, y - h, h * 0.28, h, stage.air.tone("#efe3c8"))
    stage.main.path(
        f"M{num(x)} {num(y - h * 1.62)}q{num(h * 0.2)} {num(h * 0.36)} 0 {num(h * 0.56)}"
        f"q{num(-h * 0.2)} {num(-h * 0.2)} 0 {num(-h * 0.56)}Z",
        "#ffe9a8",
    )
    stage.lamp(x, y - h * 1.3, h * 3.4, strength=0.55)


def torch(stage: Stage, x: float, y: float, size: float = 60.0) -> None:
    """A torch in an iron ring on the wall."""
    main = stage.main
    main.path(
        f"M{num(x - size * 0.12)} {num(y)}L{num(x - size * 0.05)} {num(y + size)}h{num(size * 0.1)}"
        f"L{num(x + size * 0.12)} {num(y)}Z",
        mix("#3a2618", stage.air.near, 0.4),
    )
    main.stroke(f"M{num(x - size * 0.17)} {num(y + size * 0.2)}h{num(size * 0.34)}", stage.air.near, 5)
    for colour, s in (("#e25a1e", 1.0), ("#ff9a3c", 0.72), ("#ffe39a", 0.42)):
        main.path(
            f"M{num(x - size * 0.2 * s)} {num(y)}C{num(x - size * 0.36 * s)} {num(y - size * 0.4 * s)} {num(x)}"
            f" {num(y - size * 0.5 * s)} {num(x + size * 0.05)} {num(y - size * s)}"
            f"C{num(x + size * 0.12 * s)} {num(y - size * 0.5 * s)} {num(x + size * 0.36 * s)}"
            f" {num(y - size * 0.35 * s)} {num(x + size * 0.2 * s)} {num(y)}Z",
            colour,
        )
    stage.lamp(x, y - size * 0.4, size * 4.6, "#ff9f4c", 0.75)


def hanging_lamp(stage: Stage, x: float, y: float, size: float = 34.0) -> None:
    """A lantern on a chain from the ceiling."""
    main, air = stage.main, stage.air
    main.stroke(f"M{num(x)} -10V{num(y - size)}", air.near, 3)
    lit = air.lamp if warm(stage) else mix(air.lamp, air.tone("#c9bfa8"), 0.6)
    main.rect(x - size * 0.42, y - size * 0.6, size * 0.84, size * 1.2, lit, 1, 5)
    main.stroke(f"M{num(x)} {num(y - size * 0.6)}v{num(size * 1.2)}", air.near, 2.4)
    main.polygon(
        [(x - size * 0.62, y - size * 0.55), (x, y - size * 1.1), (x + size * 0.62, y - size * 0.55)], air.near
    )
    main.rect(x - size * 0.55, y + size * 0.55, size * 1.1, size * 0.16, air.near)
    stage.lamp(x, y, size * (8 if warm(stage) else 4), strength=0.8 if warm(stage) else 0.3)


def shelf(stage: Stage, rng: Random, x: float, y: float, w: float, h: float, rows: int, what: str = "books") -> None:
    """A case of shelves filled with books, or with bottles and jars. (x, y) is its upper left corner."""
    air, main = stage.air, stage.main
    wood = mix(air.tone("#5e4029"), air.near, 0.35)
    main.rect(x, y, w, h, mix(wood, air.near, 0.55))
    step = h / rows
    for row in range(rows):
        base = y + step * (row + 1) - 6
        bx = x + 8
        while bx < x + w - 22:
            if what == "books":
                wide, tall = rng.uniform(9, 24), step * rng.uniform(0.56, 0.86)
                colour = air.tone(
                    rng.choice(("#7d3a34", "#3f5a55", "#8a6a3a", "#45507a", "#5d4468", "#9a7f58", "#5a3d2c"))
                )
                main.rect(bx, base - tall, wide, tall, colour, 1, 2)
                main.rect(bx, base - tall * 0.82, wide, 3, lighter(colour, 0.45), 0.6)
                main.rect(bx, base - tall, wide * 0.25, tall, air.sun if not warm(stage) else air.lamp, 0.12)
                bx += wide + (rng.uniform(8, 30) if rng.random() < 0.08 else 1)
            else:
                wide, tall = rng.uniform(18, 34), step * rng.uniform(0.4, 0.72)
                colour = air.tone(rng.choice(("#4f8a7c", "#a8743a", "#7a5aa5", "#a34a4a", "#8fa35a", "#4f78a8")))
                main.path(
                    f"M{num(bx)} {num(base)}V{num(base - tall * 0.6)}L{num(bx + wide * 0.34)}"
                    f" {num(base - tall * 0.78)}V{num(base - tall)}h{num(wide * 0.32)}V{num(base - tall * 0.78)}"
                    f"L{num(bx + wide)} {num(base - tall * 0.6)}V{num(base)}Z",
                    colour,
                    0.9,
                )
                main.rect(bx + wide * 0.14, base - tall * 0.5, wide * 0.14, tall * 0.38, "#ffffff", 0.35, 2)
                bx += wide + rng.uniform(4, 14)
        main.rect(x, base, w, 7, lighter(wood, 0.1))
    for side in (x - 5, x + w - 5):
        main.rect(side, y - 6, 10, h + 8, wood)
    main.rect(x - 10, y - 14, w + 20, 12, lighter(wood, 0.08))


def table(stage: Stage, x: float, y: float, w: float, h: float, pigment: str = "#74502f") -> None:
    """A table seen from the front; (x, y) is the middle of its top edge."""
    air, main = stage.air, stage.main
    wood = mix(air.tone(pigment), air.near, 0.2)
    for s in (-1, 1):
        main.polygon(
            [(x + s * w * 0.42, y), (x + s * w * 0.48, y), (x + s * w * 0.46, y + h), (x + s * w * 0.43, y + h)],
            mix(wood, air.near, 0.6),
        )
    main.ellipse(x, y + h, w * 0.55, h * 0.1, darker(air.near, 0.3), 0.5)
    main.polygon(
        [(x - w / 2 + 20, y - 24), (x + w / 2 - 20, y - 24), (x + w / 2, y + 6), (x - w / 2, y + 6)],
        main.linear(
            (x - w / 2, 0),
            (x + w / 2, 0),
            [
                (0, mix(wood, air.near, 0.3), 1),
                (0.5, mix(wood, air.lamp if warm(stage) else air.sun, 0.35), 1),
                (1, mix(wood, air.near, 0.3), 1),
            ],
        ),
    )
    main.rect(x - w / 2, y + 6, w, 15, mix(wood, air.near, 0.5))


def light_side(stage: Stage) -> int:
    """+1 if the main light is to stand on the left, -1 if on the right: by the light, so that it shows."""
    return 1 if stage.air.key_x < 0.5 else -1


def across(stage: Stage, share: float) -> float:
    """A place across the room, counted from the side the light is on."""
    return stage.width * (share if light_side(stage) > 0 else 1 - share)
