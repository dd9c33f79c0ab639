"""Lonely places: ruins, a graveyard, a camp by the road, and space."""

from __future__ import annotations

import math

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.props import (
    bare_tree,
    fire,
    grass,
    ground,
    height_at,
    hills,
    house,
    lit_window,
    mist,
    pine,
    rock,
    shafts,
)  # fmt: skip
from compute.backends.painter.sky import paint_sky
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import Layer, num, polyline, smooth


def _column(stage: Stage, x: float, y: float, w: float, h: float, depth: float, whole: bool) -> None:
    air, main = stage.air, stage.main
    side = -1 if stage.key[0] < x else 1
    stone = air.tone("#c9bda6", depth)
    stops = [(0.0, mix(stone, air.near, 0.6), 1.0), (0.6, stone, 1.0), (1.0, mix(stone, air.sun, 0.35), 1.0)]
    paint = main.linear((x - side * w / 2, 0), (x + side * w / 2, 0), stops)
    top = y - h
    if whole:
        main.rect(x - w / 2, top, w, h, paint)
        main.rect(x - w * 0.72, top - w * 0.2, w * 1.44, w * 0.26, paint)
    else:
        main.polygon(
            [
                (x - w / 2, y),
                (x - w / 2, top + w * 0.3),
                (x - w * 0.1, top),
                (x + w * 0.2, top + w * 0.4),
                (x + w / 2, top + w * 0.15),
                (x + w / 2, y),
            ],
            paint,
        )
    main.stroke(
        "".join(f"M{num(x + k * w * 0.2)} {num(top + w * 0.5)}V{num(y)}" for k in (-1, 0, 1)), air.near, 2, 0.22
    )
    main.rect(x - w * 0.7, y - w * 0.28, w * 1.4, w * 0.3, paint)


def ruins(stage: Stage) -> None:
    """Broken columns, an arch, steps overgrown."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("ruins")
    paint_sky(stage, 0.66)
    hills(stage, "far", 560, 150, 0.76)
    mist(stage, 620, 0.4)
    line = hills(stage, "near", 660, 50, 0.46, "#747a55")
    for k in range(6):
        x = w * (0.06 + 0.17 * k)
        _column(stage, x, height_at(line, x) + 30, 26, rng.uniform(80, 190), 0.48, rng.random() < 0.5)
    ground(stage, "floor", 760, "#8f8a62", 20)
    ax = w * (0.7 if air.key_x < 0.5 else 0.3)
    stone = air.tone("#c0b399", 0.14)
    arch = (
        f"M{num(ax - 150)} 800V420Q{num(ax)} 300 {num(ax + 150)} 420V800H{num(ax + 92)}V490"
        f"Q{num(ax)} 390 {num(ax - 92)} 490V800Z"
    )
    main.path(
        arch,
        main.linear(
            (ax - 150, 360), (ax + 150, 800), [(0, mix(stone, air.sun, 0.25), 1), (1, mix(stone, air.near, 0.55), 1)]
        ),
    )
    for k in range(7):
        for s in (-1, 1):
            main.stroke(f"M{num(ax + s * 92)} {520 + k * 40}h{s * 58}", air.near, 2, 0.3)
    for x, h, whole in ((0.1, 380, False), (0.26, 240, False), (0.9, 300, True)):
        cx = w * (x if ax > w / 2 else 1 - x)
        _column(stage, cx, 850 + 60 * (h > 350), 46 + 22 * (h > 350), h * rng.uniform(0.9, 1.15), 0.08, whole)
    for _ in range(9):
        rock(
            stage,
            rng,
            rng.uniform(0, 1) * w,
            rng.uniform(840, 970),
            rng.uniform(40, 110),
            rng.uniform(24, 60),
            "#b0a48c",
            0.06,
        )
    vine = mix(air.tone("#5d7038", 0.1), air.near, 0.3)
    for k in range(6):
        vx = ax - 150 + k * 56
        main.stroke(smooth([(vx, 400 + abs(k - 2.5) * 14), (vx + 8, 450), (vx - 6, 500 + rng.uniform(0, 60))]), vine, 6)
    shafts(stage, 3, 0.12)
    grass(stage, "weeds", 998, darker(air.near, 0.05), 90, 100, mix(vine, air.sun, 0.3))
    stage.stand = [(w * 0.48, 930, 330), (w * 0.62, 940, 330)]


def graveyard(stage: Stage) -> None:
    """Leaning stones, a bare tree, a chapel behind."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("graveyard")
    paint_sky(stage, 0.66)
    hills(stage, "far", 590, 100, 0.75)
    cx = w * (0.32 if air.key_x > 0.5 else 0.68)
    house(stage, rng, cx, 680, 170, 130, 0.45, "#8a8680", "#4a4650")
    main.polygon(
        [(cx + 70, 680), (cx + 70, 430), (cx + 100, 300), (cx + 130, 430), (cx + 130, 680)], air.tone("#85807a", 0.45)
    )
    main.stroke(f"M{num(cx + 100)} 300v-40m-14 14h28", air.far(0.4), 4)
    lit_window(stage, rng, cx + 100, 470, 20, 44, 0.35)
    mist(stage, 680, 0.5)
    line = ground(stage, "grass", 720, "#5f6a48", 30)
    rail = "".join(f"M{num(w * k / 34)} {num(height_at(line, w * k / 34) + 12)}v-62" for k in range(35))
    main.stroke(rail, air.far(0.25), 3.4)
    main.stroke(polyline([(px, py - 34) for px, py in line]), air.far(0.25), 3)
    bare_tree(main, rng, w * (0.88 if cx < w / 2 else 0.12), 900, 640, mix(air.near, air.haze, 0.06))
    stones = sorted((rng.uniform(770, 950), rng.uniform(0.02, 0.98)) for _ in range(15))
    for y, share in stones:
        size, x = (y - 640) / 260, share * w
        if y > 860 and 0.34 < share < 0.66:
            continue
        side = -1 if stage.key[0] < x else 1
        stone = air.tone("#9a978f", 0.3 - 0.28 * size * 0.8)
        with main.group(f"translate({num(x)} {num(y)}) rotate({rng.uniform(-9, 9):.1f}) scale({size:.2f})"):
            if rng.random() < 0.3:
                main.path("M-9 0V-62H-36V-82H-9V-122H9V-82H36V-62H9V0Z", stone)
                main.path(f"M{side * 9} 0V-62H{side * 36}V-70H{side * 4}V0Z", air.sun, 0.25)
            else:
                main.path(
                    "M-40 0V-78Q-38 -120 0 -122Q38 -120 40 -78V0Z",
                    main.linear(
                        (-side * 40, 0),
                        (side * 40, 0),
                        [(0, mix(stone, air.near, 0.6), 1), (1, mix(stone, air.sun, 0.2), 1)],
                    ),
                )
                main.stroke("M-18 -84h36m-30 16h24m-20 16h16", air.near, 3, 0.5)
            main.ellipse(0, 2, 52, 8, air.near, 0.5)
    mist(stage, 880, 0.22, 60)
    grass(stage, "blades", 1000, darker(air.near, 0.1), 80, 110)
    stage.stand = [(w * 0.5, 930, 330), (w * 0.6, 940, 330)]


def camp(stage: Stage) -> None:
    """A fire by the road, a tent, dark trees around."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("camp")
    paint_sky(stage, 0.7)
    hills(stage, "far", 590, 130, 0.7)
    side = -1 if air.key_x < 0.5 else 1
    for depth, base, count, tall in ((0.5, 660, 22, 190), (0.24, 720, 16, 320)):
        for k in range(count):
            x = w * (k + rng.uniform(-0.4, 0.4)) / (count - 1)
            if depth < 0.3 and 0.3 < x / w < 0.7:
                continue
            dark = mix(air.tone("#3f5138", depth), air.far(depth), 0.6)
            pine(main, rng, x, base, tall * rng.uniform(0.75, 1.2), dark, mix(dark, air.sun, 0.2), side)
        mist(stage, base, 0.3)
    ground(stage, "clearing", 720, "#6f6a48", 16)
    fx, fy = w * (0.62 if side < 0 else 0.4), 890.0
    tx = w * (0.3 if fx > w / 2 else 0.72)
    toward = 1 if fx > tx else -1
    canvas = mix(air.tone("#b99a6c", 0.05), "#ffb35c", 0.3)
    main.polygon(
        [(tx - 170, 850), (tx, 600), (tx + 170, 850)],
        main.linear(
            (tx - toward * 170, 0), (tx + toward * 170, 0), [(0, mix(canvas, air.near, 0.75), 1), (1, canvas, 1)]
        ),
    )
    main.polygon([(tx + toward * 14, 850), (tx, 606), (tx + toward * 84, 850)], air.near, 0.8)
    main.stroke(f"M{num(tx)} 600v-22M{num(tx - 170)} 850l-50 26M{num(tx + 170)} 850l50 26", air.near, 4)
    main.ellipse(
        fx,
        fy + 8,
        420,
        74,
        main.radial((fx, fy + 8), 420, [(0, "#ff9a4a", 0.75), (0.4, "#e0702c", 0.3), (1, "#e0702c", 0)], 0.18),
    )

    def before() -> None:
        fire(stage, fx, fy, 120)
        for s in (-1, 1):
            main.path(
                f"M{num(fx + s * 120 - 80)} {fy + 70}q-14 -18 4 -30h150q18 12 4 30Z",
                mix(air.tone("#5a4230"), air.near, 0.45),
            )
            main.stroke(f"M{num(fx + s * 120 - 70)} {fy + 42}h140", "#ff9a4a", 3, 0.6)
        grass(stage, "blades", 1000, darker(air.near, 0.1), 80, 100)

    stage.fronts.append(before)
    stage.stand = [
        (fx + (-1 if fx > w / 2 else 1) * w * 0.16, 860, 320),
        (fx + (-1 if fx > w / 2 else 1) * w * 0.1, 850, 310),
    ]


def space(stage: Stage) -> None:
    """A ringed planet, a nebula, a ship under way."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("space")
    deep = darker(air.top, 0.35)
    stage.back.rect(
        0,
        0,
        w,
        1000,
        stage.back.linear((0, 0), (w, 1000), [(0, deep, 1), (0.5, mix(deep, air.middle, 0.6), 1), (1, deep, 1)]),
    )
    for colour in ("#7a3c8c", "#2f6f9c", "#c2604a", "#3a4ba0"):
        with stage.back.group(blur=60):
            for _ in range(3):
                stage.back.ellipse(
                    rng.uniform(0, 1) * w,
                    rng.uniform(0, 1) * 900,
                    rng.uniform(120, 360),
                    rng.uniform(50, 150),
                    mix(colour, air.sun, 0.12),
                    0.38,
                )
    for _ in range(340):
        main.circle(
            rng.uniform(0, 1) * w,
            rng.uniform(0, 1000),
            rng.choice((0.7, 0.9, 1.2, 1.8)),
            rng.choice(("#ffffff", "#cfe0ff", "#ffe9cf")),
            rng.uniform(0.3, 1),
        )
    kx, ky = stage.key
    px, py, r = (w * 0.68 if kx < w / 2 else w * 0.3), rng.uniform(330, 420), rng.uniform(190, 250)
    _planet(stage, main, px, py, r, rng.choice(("#c98a58", "#5a8fae", "#a85f6a", "#7fa07a")))
    stage.glow.glow(kx, ky, 300, air.sun, 0.55)
    main.circle(kx, ky, 10, "#ffffff")
    sx, sy = w - px, 640.0
    hull = air.tone("#c4c9d2")
    with main.group(f"translate({num(sx)} {num(sy)}) rotate(-14)"):
        main.path(
            "M-190 0C-110 -46 60 -48 190 -6C120 22 -90 40 -190 0Z",
            main.linear((0, -46), (0, 34), [(0, mix(hull, air.sun, 0.3), 1), (1, darker(hull, 0.75), 1)]),
        )
        main.path("M-150 4L-230 70L-96 26ZM-120 -24L-190 -84L-60 -36Z", darker(hull, 0.55))
        main.path("M70 -30Q110 -36 140 -14L80 -10Z", "#8fe0ff", 0.9)
        for k in range(7):
            main.circle(-80 + k * 22, -4, 4, "#ffe2a0")
    stage.lamp(sx - 190, sy + 46, 170, "#7fc8ff", 0.9)
    floor = mix(air.near, air.tone("#5a6478"), 0.3)
    main.polygon(
        [(-20, 880), (w * 0.3, 862), (w * 0.7, 862), (w + 20, 880), (w + 20, 1010), (-20, 1010)],
        main.linear((0, 862), (0, 1000), [(0, lighter(floor, 0.15), 1), (1, air.near, 1)]),
    )
    main.stroke(f"M-20 880L{num(w * 0.3)} 862H{num(w * 0.7)}L{num(w + 20)} 880", "#7fc8ff", 3, 0.7)
    stage.stand = [(w * 0.5, 955, 330), (w * 0.36, 965, 330)]


def _planet(stage: Stage, main: Layer, x: float, y: float, r: float, colour: str) -> None:
    rng = stage.rng("planet")
    kx, ky = stage.key
    angle = math.atan2(ky - y, kx - x)
    fx, fy = x + math.cos(angle) * r * 0.5, y + math.sin(angle) * r * 0.5
    ring = [f"A{num(r * s)} {num(r * s * 0.2)} 0 0" for s in (1.75, 1.35)]
    halves = []
    for sweep in (1, 0):
        halves.append(
            f"M{num(x - r * 1.75)} {num(y)}{ring[0]} {sweep} {num(x + r * 1.75)} {num(y)}"
            f"H{num(x + r * 1.35)}{ring[1]} {1 - sweep} {num(x - r * 1.35)} {num(y)}Z"
        )
    with main.group(f"rotate(-16 {num(x)} {num(y)})"):
        main.path(halves[0], mix(colour, "#f5e6cc", 0.5), 0.45)
        main.circle(
            x,
            y,
            r,
            main.radial(
                (fx, fy),
                r * 1.7,
                [
                    (0, lighter(colour, 0.45), 1),
                    (0.45, colour, 1),
                    (0.85, darker(colour, 0.85), 1),
                    (1, darker(colour, 0.92), 1),
                ],
            ),
        )
        clip = f"M{num(x - r)} {num(y)}a{num(r)} {num(r)} 0 1 0 {num(2 * r)} 0a{num(r)} {num(r)} 0 1 0 {num(-2 * r)} 0Z"
        with main.group(clip=clip):
            for k in range(6):
                by = y - r * 0.8 + k * r * 0.3 + rng.uniform(-12, 12)
                main.ellipse(
                    x, by, r * 1.1, rng.uniform(6, 20), darker(colour, 0.35) if k % 2 else lighter(colour, 0.4), 0.22
                )
        main.path(halves[1], mix(colour, "#f5e6cc", 0.5), 0.75)
    stage.back.glow(x, y, r * 1.6, mix(colour, "#8fb8ff", 0.4), 0.35)
