"""Built places outdoors: castle, village, market, city, ruins, graveyard, camp, and space."""

from __future__ import annotations

from compute.backends.painter.colour import darker, mix
from compute.backends.painter.props import (
    grass,
    ground,
    height_at,
    hills,
    house,
    lit_window,
    mist,
    pine,
)  # fmt: skip
from compute.backends.painter.sky import paint_sky
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import num, smooth


def _turret(stage: Stage, x: float, y: float, w: float, h: float, depth: float, pointed: bool) -> None:
    """A round tower with battlements or a pointed roof; (x, y) is the middle of its foot."""
    air, main = stage.air, stage.main
    side = -1 if stage.key[0] < x else 1
    stone = air.tone("#978c80", depth)
    stops = [(0.0, mix(stone, air.near, 0.62), 1.0), (0.65, stone, 1.0), (1.0, mix(stone, air.sun, 0.3), 1.0)]
    paint = main.linear((x - side * w / 2, y), (x + side * w / 2, y), stops)
    main.rect(x - w / 2, y - h, w, h, paint)
    main.rect(x - w * 0.58, y - h - w * 0.16, w * 1.16, w * 0.2, paint)
    for k in range(4):
        main.rect(x - w * 0.58 + k * w * 0.32, y - h - w * 0.32, w * 0.19, w * 0.18, paint)
    if pointed:
        roof = air.tone("#54465a", depth)
        peak = y - h - w * 1.5
        main.polygon(
            [(x - w * 0.62, y - h - w * 0.15), (x, peak), (x + w * 0.62, y - h - w * 0.15)], mix(roof, air.near, 0.3)
        )
        main.polygon(
            [(x, y - h - w * 0.15), (x, peak), (x + side * w * 0.62, y - h - w * 0.15)], mix(roof, air.sun, 0.22)
        )
        main.stroke(f"M{num(x)} {num(peak)}v{num(-w * 0.35)}", air.near, 2)
        main.path(
            f"M{num(x)} {num(peak - w * 0.35)}q{num(w * 0.3)} {num(w * 0.02)} {num(w * 0.45)} {num(w * 0.1)}"
            f"q{num(-w * 0.2)} {num(w * 0.03)} {num(-w * 0.45)} {num(w * 0.08)}Z",
            air.tone("#a8352f", depth),
        )
    rng = stage.rng("turret", int(x))
    for k in range(max(1, int(h / 90))):
        lit_window(stage, rng, x + (k % 2 - 0.5) * w * 0.2, y - h + w * 0.2 + k * 80, w * 0.12, w * 0.28, depth)


def castle(stage: Stage) -> None:
    """A castle on its hill, a road winding up to it."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("castle")
    paint_sky(stage, 0.64)
    hills(stage, "far", 560, 170, 0.8)
    mist(stage, 610, 0.4)
    x = w * (0.6 if air.key_x < 0.5 else 0.42)
    hill = air.tone("#6d7350", 0.24)
    main.path(
        smooth(
            [
                (-20, 800),
                (w * 0.15, 770),
                (x - 300, 690),
                (x - 150, 598),
                (x + 170, 596),
                (x + 300, 690),
                (w * 0.95, 780),
                (w + 20, 800),
            ]
        )
        + f"L{num(w + 20)} 1010L-20 1010Z",
        main.linear((0, 590), (0, 900), [(0, mix(hill, air.low, 0.2), 1), (1, mix(hill, air.near, 0.6), 1)]),
    )
    tall = rng.uniform(0.9, 1.12)
    _turret(stage, x + 20, 560, 92, 290 * tall, 0.3, True)
    _turret(stage, x - 70, 590, 60, 250 * tall, 0.26, True)
    _turret(stage, x + 104, 590, 64, 200 * tall, 0.26, rng.random() < 0.5)
    wall = air.tone("#978c80", 0.22)
    main.rect(
        x - 180,
        500,
        360,
        130,
        main.linear((0, 500), (0, 640), [(0, mix(wall, air.low, 0.15), 1), (1, mix(wall, air.near, 0.5), 1)]),
    )
    for k in range(14):
        main.rect(x - 180 + k * 26.4, 486, 16, 16, wall)
    _turret(stage, x - 180, 640, 70, 190, 0.18, True)
    _turret(stage, x + 182, 640, 74, 170, 0.18, False)
    main.path(f"M{num(x - 34)} 632V566Q{num(x)} 520 {num(x + 34)} 566V632Z", air.near)
    main.path(f"M{num(x - 24)} 632V572Q{num(x)} 536 {num(x + 24)} 572V632Z", air.lamp, 0.6 * air.lamps)
    stage.glow.glow(x, 610, 120, air.lamp, 0.5 * air.lamps)
    road = mix(air.tone("#b8a27c", 0.12), air.low, 0.15)
    main.path(
        f"M{num(x - 16)} 632C{num(x - 120)} 690 {num(x + 200)} 720 {num(x + 60)} 780"
        f"S{num(x - 330)} 860 {num(w * 0.34)} 1010H{num(w * 0.58)}"
        f"C{num(x - 190)} 880 {num(x + 210)} 820 {num(x + 130)} 765S{num(x - 50)} 690 {num(x + 16)} 632Z",
        road,
        0.75,
    )
    side = -1 if air.key_x < 0.5 else 1
    for _ in range(18):
        tx = rng.choice((rng.uniform(0, 0.2), rng.uniform(0.8, 1))) * w
        y = rng.uniform(780, 940)
        pine(
            main,
            rng,
            tx,
            y,
            rng.uniform(110, 200) * (y / 830),
            mix(air.tone("#3f5138", 0.06), air.near, 0.55),
            air.tone("#6b7a4a", 0.08),
            side,
        )
    grass(stage, "verge", 1000, darker(air.near, 0.1), 80, 90)
    stage.stand = [(w * 0.46, 930, 320), (w * 0.3, 940, 320)]


def village(stage: Stage) -> None:
    """A street between gabled houses, lamps, a church tower at its end."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("village")
    paint_sky(stage, 0.62)
    hills(stage, "hills", 500, 130, 0.75)
    cx = w * 0.5
    main.polygon(
        [(cx - 16, 620), (cx - 16, 380), (cx + 12, 300), (cx + 40, 380), (cx + 40, 620)], air.tone("#7d7570", 0.5)
    )
    lit_window(stage, rng, cx + 12, 400, 14, 30, 0.4)
    mist(stage, 600, 0.35)
    stones = air.tone("#8f8478", 0.06)
    main.rect(
        -20,
        690,
        w + 40,
        320,
        main.linear((0, 680), (0, 1000), [(0, mix(stones, air.low, 0.25), 1), (1, mix(stones, air.near, 0.7), 1)]),
    )
    for t, depth in ((0.08, 0.48), (0.26, 0.34), (0.5, 0.2), (0.86, 0.06)):
        for s in (-1, 1):
            wide = 90 + 250 * t + rng.uniform(-20, 20)
            x = cx + s * (70 + w * 0.06 + t * w * 0.5)
            house(stage, rng, x, 690 + 170 * t, wide, (120 + 270 * t) * rng.uniform(0.8, 1.1), depth)
    for row in range(15):
        y = 715 + row * row * 1.3
        pieces = "".join(
            f"M{num(cx + (k - 8) * (22 + row * 7) + (row % 2) * 14)} {num(y)}h{num(10 + row * 3)}" for k in range(17)
        )
        main.stroke(pieces, mix(stones, air.sun, 0.35), 2 + row * 0.16, 0.25)
    for s, y, tall in ((-1, 880, 320), (1, 780, 200)):
        x = cx + s * (w * 0.2 if s < 0 else w * 0.12)
        main.rect(x - tall * 0.014, y - tall, tall * 0.028, tall, air.near)
        main.rect(
            x - tall * 0.05,
            y - tall * 1.12,
            tall * 0.1,
            tall * 0.13,
            mix(air.lamp, air.near, 0.85 * (1 - max(air.lamps, 0.15))),
            1,
            4,
        )
        main.polygon(
            [(x - tall * 0.07, y - tall * 1.11), (x, y - tall * 1.19), (x + tall * 0.07, y - tall * 1.11)], air.near
        )
        if air.lamps > 0.25:
            stage.lamp(x, y - tall * 1.05, tall * 0.62, strength=0.8 * air.lamps)
            main.ellipse(
                x,
                y,
                tall * 0.5,
                tall * 0.07,
                main.radial((x, y), tall * 0.5, [(0, air.lamp, 0.4), (1, air.lamp, 0)], 0.14),
            )
    stage.stand = [(cx + w * 0.04, 925, 340), (cx - w * 0.08, 935, 335)]


def market(stage: Stage) -> None:
    """Stalls under striped awnings, strings of lanterns, a crowd of goods."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("market")
    paint_sky(stage, 0.62)
    x = -40.0
    while x < w + 60:
        wide = rng.uniform(90, 150)
        house(stage, rng, x + wide / 2, 680, wide, rng.uniform(190, 330), 0.42)
        x += wide * 0.96
    mist(stage, 650, 0.35)
    ground(stage, "square", 720, "#a8926c", 6)
    for rank, (y, size, depth) in enumerate(((760, 0.8, 0.24), (870, 1.25, 0.07))):
        for k in range(4 - rank):
            sx = w * ((k + 0.5) / (4 - rank) + rng.uniform(-0.03, 0.03))
            if rank == 1 and abs(sx - w / 2) < w * 0.15:
                continue
            _stall(stage, sx, y, size, depth, rng.choice(("#b23a34", "#3e6f7c", "#c98a34", "#5f7a48", "#7a4a7c")))
    for k in range(2):
        y0 = 420 - k * 90
        points = [(w * i / 4, y0 + (55 if i % 2 else 0) + rng.uniform(-12, 12)) for i in range(5)]
        main.stroke(smooth(points), air.near, 2)
        for i in range(17):
            lx = w * i / 16
            ly = height_at(points, lx) + 12
            colour = rng.choice(("#ffcf7a", "#ff9a5a", "#ffd9a0", "#e8705a"))
            main.ellipse(lx, ly + 8, 9, 12, mix(colour, air.tone(colour), 0.4 * (1 - air.lamps)))
            stage.glow.glow(lx, ly + 8, 55, colour, 0.12 + 0.42 * air.lamps)
    stage.stand = [(w * 0.5, 925, 340), (w * 0.4, 945, 335)]


def _stall(stage: Stage, x: float, y: float, size: float, depth: float, stripe: str) -> None:
    air, main = stage.air, stage.main
    rng = stage.rng("stall", int(x), int(y))
    half, wood = 105 * size, air.tone("#6f5138", depth)
    top = y - 215 * size
    main.rect(x - half * 0.94, top + 30 * size, half * 1.88, 190 * size, mix(air.near, wood, 0.25), 0.85)
    if air.lamps > 0.25:
        stage.lamp(x, top + 86 * size, 120 * size, strength=0.6 * air.lamps)
    for s in (-1, 1):
        main.rect(x + s * half * 0.92 - 4 * size, top + 20 * size, 8 * size, 195 * size, wood)
    main.rect(
        x - half,
        y - 80 * size,
        half * 2,
        80 * size,
        main.linear((0, y - 80 * size), (0, y), [(0, wood, 1), (1, mix(wood, air.near, 0.6), 1)]),
    )
    for _ in range(26):
        gx, r = x + rng.uniform(-0.9, 0.9) * half, rng.uniform(8, 14) * size
        main.circle(
            gx,
            y - 82 * size - rng.uniform(0, 13) * size,
            r,
            air.tone(rng.choice(("#c8502f", "#d9a13c", "#7d9a46", "#8a3c50", "#d8c39a")), depth),
        )
    for k in range(8):
        x0 = x - half * 1.12 + k * half * 0.28
        main.path(
            f"M{num(x - half * 0.9 + k * half * 0.225)} {num(top - 26 * size)}h{num(half * 0.225)}"
            f"L{num(x0 + half * 0.28)} {num(top + 34 * size)}q{num(-half * 0.14)} {num(24 * size)}"
            f" {num(-half * 0.28)} 0Z",
            air.tone(stripe if k % 2 else "#e9ddc4", depth),
        )


def city(stage: Stage) -> None:
    """Towers in haze, windows by the hundred, wet roofs before them."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("city")
    paint_sky(stage, 0.66)
    neon = stage.scene.light == "neon"
    for rank, depth in enumerate((0.76, 0.52, 0.26)):
        x = -30.0
        while x < w + 30:
            wide = rng.uniform(46, 120)
            top = 640 - rng.uniform(150, 470) * (1 - 0.16 * rank)
            body = mix(air.far(depth), air.tone("#6a7080", depth), 0.3)
            main.rect(
                x,
                top,
                wide,
                820 - top,
                main.linear((0, top), (0, 780), [(0, body, 1), (1, mix(body, air.haze, 0.45), 1)]),
            )
            side = x if air.key_x < 0.5 else x + wide - 5
            main.rect(side, top, 5, 820 - top, air.sun, 0.22)
            if rng.random() < 0.4:
                main.stroke(f"M{num(x + wide / 2)} {num(top)}v{num(-rng.uniform(30, 90))}", body, 3)
            _panes(stage, rng.random(), x, top, wide, depth, neon)
            x += wide + rng.uniform(-4, 14)
        mist(stage, 740, 0.35, 90)
    for k in range(3 if neon else 0):
        sx, colour = w * (0.18 + 0.32 * k), ("#ff4fa3", "#4fe8ff", "#ffd24f")[k]
        main.rect(sx, 470 + 40 * k, 34, 130, air.near, 0.9, 5)
        main.stroke(f"M{num(sx + 8)} {490 + 40 * k}h18m-18 26h18m-18 26h18m-18 26h18", colour, 6)
        stage.lamp(sx + 17, 535 + 40 * k, 170, colour, 0.6)
    roof = mix(air.near, air.haze, 0.1)
    main.polygon(
        [
            (-20, 850),
            (w * 0.36, 842),
            (w * 0.37, 800),
            (w * 0.47, 800),
            (w * 0.47, 842),
            (w + 20, 850),
            (w + 20, 1010),
            (-20, 1010),
        ],
        main.linear((0, 800), (0, 1000), [(0, mix(roof, air.low, 0.22), 1), (1, air.near, 1)]),
    )
    main.stroke(f"M-20 851L{num(w * 0.36)} 843V800H{num(w * 0.47)}V843L{num(w + 20)} 851", air.sun, 2.4, 0.5)
    for _ in range(9):
        main.ellipse(
            rng.uniform(0, 1) * w,
            rng.uniform(880, 985),
            rng.uniform(50, 150),
            rng.uniform(3, 8),
            mix(air.low, air.middle, 0.5),
            0.28,
        )
    stage.stand = [(w * 0.62, 925, 330), (w * 0.26, 935, 330)]


def _panes(stage: Stage, dice: float, x: float, top: float, wide: float, depth: float, neon: bool) -> None:
    rng = stage.rng("panes", int(x), int(top), int(dice * 1e6))
    warm: list[str] = []
    cool: list[str] = []
    step = 15
    for row in range(int((760 - top) / step)):
        for col in range(int((wide - 10) / 11)):
            roll = rng.random()
            if roll < 0.12 + 0.38 * stage.air.lamps:
                (cool if roll < (0.22 if neon else 0.05) else warm).append(
                    f"M{num(x + 7 + col * 11)} {num(top + 12 + row * step)}h6v8h-6Z"
                )
    opacity = (0.3 + 0.6 * stage.air.lamps) * (1 - depth * 0.55)
    if warm:
        stage.main.path("".join(warm), stage.air.lamp, opacity)
    if cool:
        stage.main.path("".join(cool), "#7fe6ff", opacity)
