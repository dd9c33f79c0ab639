"""Open country: forest, swamp, mountains, snow, desert, meadow, garden, volcano."""

from __future__ import annotations

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.props import (
    bare_tree,
    broadleaf,
    grass,
    ground,
    height_at,
    hills,
    house,
    mist,
    pine,
    shafts,
    water,
)  # fmt: skip
from compute.backends.painter.sky import paint_sky
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import blob, num, ridge, smooth, under


def forest(stage: Stage) -> None:
    """Trunks in four depths, light falling between them, a path."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("forest")
    paint_sky(stage, 0.75)
    side = -1 if air.key_x < 0.5 else 1
    pines = rng.random() < 0.5 or stage.scene.weather == "snow"
    green = "#4f6b45" if pines else rng.choice(("#5d7340", "#6d7038", "#7a6434"))
    for i, depth in enumerate((0.8, 0.6, 0.36)):
        base = 640 + i * 62
        dark = mix(air.tone(green, depth), air.far(depth), 0.6)
        lit = mix(air.tone(green, depth), air.sun, 0.3 * (1 - min(depth + air.thick, 1)))
        for k in range(13 - 3 * i):
            x = w * ((k + rng.uniform(-0.35, 0.35)) / (12 - 3 * i))
            tall = rng.uniform(330, 520) * (0.75 + 0.32 * i)
            if pines:
                pine(main, rng, x, base + 20, tall, dark, lit, side)
            else:
                broadleaf(main, rng, x, base + 20, tall, mix(dark, air.near, 0.3), dark, lit, side)
        main.path(under(ridge(rng, w, base, 26, 0.5, 5), 1010), mix(air.tone(green, depth), air.far(depth), 0.45))
        mist(stage, base + 14, 0.34, 56)
    ground(stage, "floor", 815, "#6b6a3c", 20)
    path = air.tone("#a08c66", 0.08)
    bend = rng.uniform(-0.1, 0.1)
    main.path(
        f"M{num(w * 0.5)} 800C{num(w * (0.62 + bend))} 840 {num(w * 0.3)} 890 {num(w * 0.34)} 1010H{num(w * 0.66)}"
        f"C{num(w * 0.52)} 900 {num(w * (0.7 + bend))} 850 {num(w * 0.53)} 800Z",
        mix(path, air.low, 0.15),
        0.55,
    )
    shafts(stage, 5, 0.2 if air.disc != "none" else 0.1)
    bark = darker(air.near, 0.15)
    for x, wide in ((rng.uniform(0.0, 0.05), 0.1), (rng.uniform(0.93, 1.0), 0.085)):
        _trunk(stage, w * x, 130 * wide * 10, bark)
    grass(stage, "undergrowth", 1000, darker(air.near, 0.2), 120, 110, mix(air.tone(green), air.sun, 0.25))
    stage.stand = [(w * 0.5, 915, 335), (w * 0.38, 935, 335)]


def _trunk(stage: Stage, x: float, wide: float, colour: str) -> None:
    side = -1 if stage.key[0] < x else 1
    main, h = stage.main, wide / 2
    main.path(
        f"M{num(x - h * 1.9)} 1010C{num(x - h)} 900 {num(x - h * 0.8)} 500 {num(x - h * 0.9)} -10H{num(x + h * 0.9)}"
        f"C{num(x + h * 0.7)} 500 {num(x + h)} 900 {num(x + h * 2.1)} 1010Z",
        colour,
    )
    main.stroke(
        f"M{num(x + side * h * 0.85)} -10C{num(x + side * h * 0.74)} 500 {num(x + side * h)} 860"
        f" {num(x + side * h * 1.7)} 990",
        mix(colour, stage.air.sun, 0.45),
        5,
        0.6,
    )
    for k in (-0.4, 0.1, 0.5):
        main.stroke(
            f"M{num(x + h * k)} {num(60 + k * 100)}C{num(x + h * (k + 0.15))} 400 {num(x + h * (k - 0.1))} 600"
            f" {num(x + h * (k + 0.2))} 930",
            darker(colour, 0.5),
            4,
            0.6,
        )


def swamp(stage: Stage) -> None:
    """Standing water, drowned trees, lights over the moss."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("swamp")
    paint_sky(stage, 0.7)
    for depth, y in ((0.8, 560.0), (0.58, 596.0)):
        line = hills(stage, f"wood{y}", y, 40, depth, "#4f5a3c")
        for _ in range(16):
            x = rng.uniform(0, 1) * w
            bare_tree(main, rng, x, height_at(line, x), rng.uniform(150, 260), air.far(depth))
        mist(stage, y + 20, 0.5, 50)
    water(stage, 625, pigment="#55663f")
    for _ in range(9):
        x, y = rng.uniform(0, 1) * w, rng.uniform(680, 900)
        wide = rng.uniform(60, 210) * (y / 800)
        main.ellipse(x, y, wide, wide * 0.13, mix(air.tone("#5c6b3a", 0.1), air.near, 0.45), 0.95)
        main.ellipse(x, y - wide * 0.03, wide * 0.9, wide * 0.08, mix(air.tone("#7d8a4a", 0.1), air.low, 0.15), 0.7)
    for share in (0.12, 0.86):
        bare_tree(
            main, rng, w * share + rng.uniform(-20, 20), 885, rng.uniform(560, 660), mix(air.near, air.haze, 0.08)
        )
    for _ in range(7):
        x, y = rng.uniform(0.1, 0.9) * w, rng.uniform(560, 800)
        main.circle(x, y, 3.4, "#e9ffc0", 0.9)
        stage.glow.glow(x, y, 60, "#b9e87a", 0.5)
    main.path(
        smooth([(-20, 930), (w * 0.3, 900), (w * 0.6, 915), (w * 0.85, 950), (w + 20, 940)])
        + f"L{num(w + 20)} 1010L-20 1010Z",
        mix(air.tone("#5a5e36"), air.near, 0.55),
    )
    grass(stage, "reeds", 995, darker(air.near, 0.1), 170, 80, mix(air.tone("#8a8a4a"), air.sun, 0.2))
    stage.stand = [(w * 0.5, 935, 340), (w * 0.34, 930, 330)]


def meadow(stage: Stage) -> None:
    """Fields in strips, a farm with a windmill, flowers before it."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("meadow")
    paint_sky(stage, 0.66)
    hills(stage, "far hills", 560, 90, 0.78)
    side = -1 if air.key_x < 0.5 else 1
    for i, (y, pigment) in enumerate(((600.0, "#8c9a5a"), (660, "#b9a254"), (730, "#7d9150"))):
        line = ridge(stage.rng("field", i), w, y, 60, 0.35, 4)
        field = air.tone(pigment, 0.5 - 0.16 * i)
        main.path(
            smooth(line) + f"L{num(w + 20)} 1010L-20 1010Z",
            main.linear(
                (0, y - 40), (0, y + 190), [(0, mix(field, air.low, 0.22), 1), (1, mix(field, air.near, 0.3), 1)]
            ),
        )
        for _ in range(5 - i):
            x = rng.uniform(0, 1) * w
            dark = mix(air.tone("#4f6338", 0.4 - 0.12 * i), air.far(0.4), 0.3)
            broadleaf(
                main,
                rng,
                x,
                height_at(line, x) + 8,
                rng.uniform(60, 110) * (1 + 0.35 * i),
                air.far(0.3),
                dark,
                mix(dark, air.sun, 0.3),
                side,
            )
        if i == 1:
            x = w * rng.choice((0.24, 0.72))
            _windmill(stage, x, height_at(line, x) + 10, 210)
            house(stage, rng, x + 95, height_at(line, x) + 26, 100, 56, 0.22)
    ground(stage, "meadow", 830, "#7f8f48", 24)
    grass(
        stage, "blades", 985, mix(air.tone("#5d7038"), air.near, 0.4), 120, 170, mix(air.tone("#a8b060"), air.sun, 0.3)
    )
    for _ in range(46):
        x, y = rng.uniform(0, 1) * w, rng.uniform(870, 990)
        s = 3 + (y - 860) / 26
        main.circle(x, y, s, air.tone(rng.choice(("#d95f4e", "#f0d264", "#f3eee2", "#a58ad0", "#e08a5a"))), 0.95)
        main.circle(x, y, s * 0.35, air.tone("#6a4a20"))
    stage.stand = [(w * 0.46, 925, 330), (w * 0.6, 935, 330)]


def _windmill(stage: Stage, x: float, y: float, h: float) -> None:
    air, main = stage.air, stage.main
    body = air.tone("#d8ccb2", 0.24)
    main.polygon([(x - h * 0.16, y), (x - h * 0.09, y - h * 0.7), (x + h * 0.09, y - h * 0.7), (x + h * 0.16, y)], body)
    main.polygon([(x, y), (x, y - h * 0.7), (x + h * 0.09, y - h * 0.7), (x + h * 0.16, y)], air.near, 0.4)
    main.path(
        f"M{num(x - h * 0.11)} {num(y - h * 0.7)}Q{num(x)} {num(y - h * 0.9)} {num(x + h * 0.11)} {num(y - h * 0.7)}Z",
        air.tone("#6a4436", 0.2),
    )
    turn = stage.rng("mill").uniform(10, 80)
    with main.group(f"translate({num(x)} {num(y - h * 0.72)}) rotate({turn:.0f})"):
        for k in range(4):
            with main.group(f"rotate({k * 90})"):
                main.stroke(f"M0 0V{num(-h * 0.55)}", air.far(0.2), 3)
                main.rect(2, -h * 0.54, h * 0.1, h * 0.42, air.tone("#efe6d0", 0.2), 0.85)


def garden(stage: Stage) -> None:
    """A walled garden: hedges, a fountain, flower beds, an arbour."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("garden")
    paint_sky(stage, 0.66)
    side = -1 if air.key_x < 0.5 else 1
    for depth, y, tall, count in ((0.66, 620.0, 260, 10), (0.42, 660.0, 330, 6)):
        for k in range(count):
            dark = mix(air.tone("#587a3c", depth * 0.7), air.far(depth), 0.15)
            broadleaf(
                main,
                rng,
                w * (k + rng.uniform(-0.3, 0.3)) / (count - 1),
                y,
                tall * rng.uniform(0.8, 1.15),
                air.far(depth),
                dark,
                mix(dark, air.sun, 0.3),
                side,
            )
    mist(stage, 640, 0.4)
    hedge = air.tone("#4d6a3e", 0.22)
    for k in range(2):
        y = 650.0 + k * 44
        main.rect(
            -20,
            y,
            w + 40,
            400,
            main.linear((0, y), (0, y + 90), [(0, mix(hedge, air.sun, 0.25), 1), (1, mix(hedge, air.near, 0.5), 1)]),
        )
        for j in range(24):
            main.path(blob(rng, w * j / 23, y + 2, 34, 12, 8, 0.25), mix(hedge, air.sun, 0.2))
    ground(stage, "lawn", 770, "#7f9454", 8)
    walk = air.tone("#cdbf9f", 0.1)
    main.path(
        f"M{num(w * 0.46)} 765H{num(w * 0.54)}L{num(w * 0.74)} 1010H{num(w * 0.26)}Z",
        main.linear((0, 765), (0, 1000), [(0, mix(walk, air.low, 0.3), 1), (1, mix(walk, air.near, 0.45), 1)]),
    )
    _fountain(stage, w * 0.5, 800)
    for s in (-1, 1):
        for _ in range(46):
            t = rng.random()
            x = w * 0.5 + s * (w * (0.1 + 0.17 * t) + rng.uniform(10, 130 + 170 * t))
            y = 800 + t * 195
            main.circle(x, y + 8, 5 + 8 * t, mix(air.tone("#4d6a35"), air.near, 0.3), 0.9)
            main.circle(x, y, 3 + 7 * t, air.tone(rng.choice(("#c9475a", "#e2a2b4", "#f1e7d4", "#e5b04c", "#8d6cc0"))))
    stage.stand = [(w * 0.36, 930, 335), (w * 0.62, 935, 335)]


def _fountain(stage: Stage, x: float, y: float) -> None:
    air, main = stage.air, stage.main
    stone = air.tone("#c4bbab", 0.12)
    dark = mix(stone, air.near, 0.5)
    main.ellipse(x, y + 18, 150, 30, dark)
    main.ellipse(x, y + 6, 150, 28, stone)
    main.ellipse(x, y + 6, 132, 21, mix(air.middle, air.tone("#5c8a96"), 0.5))
    main.path(f"M{num(x - 14)} {y + 6}L{num(x - 9)} {y - 90}H{num(x + 9)}L{num(x + 14)} {y + 6}Z", dark)
    main.path(f"M{num(x - 62)} {y - 100}Q{num(x)} {y - 56} {num(x + 62)} {y - 100}Z", stone)
    main.rect(x - 5, y - 150, 10, 50, stone)
    for s in (-1, 1):
        for k in range(4):
            main.stroke(
                f"M{num(x)} {y - 150}Q{num(x + s * (14 + 14 * k))} {y - 190 + 12 * k} {num(x + s * (26 + 24 * k))}"
                f" {y - 98 + (k > 1) * 96}",
                lighter(air.low, 0.5),
                2.2,
                0.6,
            )
    stage.glow.glow(x, y - 80, 130, air.sun, 0.14)
