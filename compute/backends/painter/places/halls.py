"""Indoors: tavern, library, throne room, bedroom, laboratory, stairs, cave, dungeon."""

from __future__ import annotations

from compute.backends.painter.colour import lighter, mix
from compute.backends.painter.rooms import (
    across,
    candle,
    hanging_lamp,
    hearth,
    light_side,
    shelf,
    table,
    torch,
    walls,
    warm,
    window,
)
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import num, smooth


def tavern(stage: Stage) -> None:
    """A hearth, beams, tables with mugs and candles."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("tavern")
    walls(stage, "#8a6846", 740, "#6b4a30")
    beam = mix(air.tone("#4f3524"), air.near, 0.5)
    for k in range(5):
        x = w * (0.02 + 0.24 * k)
        main.polygon(
            [
                (x - 20, -10),
                (x + 20, -10),
                (w / 2 + (x - w / 2) * 0.6 + 11, 130),
                (w / 2 + (x - w / 2) * 0.6 - 11, 130),
            ],
            beam,
        )
    main.rect(-20, 118, w + 40, 34, mix(beam, air.near, 0.3))
    for x in (0.05, 0.95):
        main.rect(w * x - 20, 100, 40, 660, beam)
    window(stage, across(stage, 0.3) - 75, 250, 150, 230)
    shelf(stage, rng, across(stage, 0.53) - 90, 300, 180, 210, 3, "jars")
    hearth(stage, across(stage, 0.78), 742, 270)
    barrel_x = across(stage, 0.13)
    for dx, dy in ((-50, 0), (50, 0), (0, -108)):
        _barrel(stage, barrel_x + dx, 800 + dy, 96)
    for x, y, wide in ((across(stage, 0.42), 775, 250), (across(stage, 0.66), 880, 330)):
        table(stage, x, y, wide, 130 * wide / 280)
        candle(stage, x + 20, y - 8, 34)
        for share in (-0.3, 0.28):
            mug = air.tone("#a9875a")
            main.rect(x + share * wide - 13, y - 40, 26, 34, mug, 1, 4)
            main.ellipse(x + share * wide, y - 40, 13, 5, lighter(mug, 0.6))
            main.stroke(f"M{num(x + share * wide + 13)} {y - 33}q14 8 0 20", mug, 4)
    hanging_lamp(stage, across(stage, 0.42), 240)
    hanging_lamp(stage, across(stage, 0.1), 200, 28)
    stage.stand = [(across(stage, 0.32), 940, 380), (across(stage, 0.52), 955, 370)]


def _barrel(stage: Stage, x: float, y: float, h: float) -> None:
    air, main = stage.air, stage.main
    wood, side = air.tone("#7a5432"), light_side(stage)
    main.path(
        f"M{num(x - h * 0.36)} {num(y)}Q{num(x - h * 0.5)} {num(y - h / 2)} {num(x - h * 0.36)} {num(y - h)}"
        f"H{num(x + h * 0.36)}Q{num(x + h * 0.5)} {num(y - h / 2)} {num(x + h * 0.36)} {num(y)}Z",
        main.linear(
            (x - side * h * 0.4, 0),
            (x + side * h * 0.4, 0),
            [(0, mix(wood, air.lamp, 0.15), 1), (1, mix(wood, air.near, 0.7), 1)],
        ),
    )
    for k in (0.2, 0.8):
        main.stroke(f"M{num(x - h * 0.41)} {num(y - h * k)}H{num(x + h * 0.41)}", air.near, 6, 0.8)
    main.ellipse(x, y - h, h * 0.36, h * 0.08, mix(wood, air.near, 0.35))


def library(stage: Stage) -> None:
    """Shelves to the ceiling, a ladder, a desk with an open book and a lamp."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("library")
    walls(stage, "#6f5540", 770, "#5a3d2a")
    wx = across(stage, rng.uniform(0.42, 0.5))
    window(stage, wx - 95, 130, 190, 420, arched=True)
    for x0, x1 in ((-0.02, (wx - 130) / w), ((wx + 130) / w, 1.02)):
        n = max(1, round((x1 - x0) * w / 250))
        for k in range(n):
            x = w * (x0 + (x1 - x0) * k / n)
            shelf(stage, rng, x + 6, 66, w * (x1 - x0) / n - 14, 700, 7)
    lx = across(stage, 0.16)
    for s in (-1, 1):
        main.stroke(f"M{num(lx + s * 34)} 800L{num(lx + s * 22 + 60)} 150", mix(air.tone("#8a6238"), air.near, 0.2), 8)
    main.stroke(
        "".join(f"M{num(lx - 32 + k * 6.4)} {760 - k * 62}h{66 - k}" for k in range(10)),
        mix(air.tone("#8a6238"), air.near, 0.35),
        6,
    )
    rug = air.tone("#7a3434")
    main.ellipse(w * 0.5, 900, w * 0.4, 80, mix(rug, air.near, 0.3))
    main.ellipse(w * 0.5, 898, w * 0.36, 68, rug)
    main.ellipse(w * 0.5, 898, w * 0.31, 56, air.tone("#a8793f"), 0.6)
    main.ellipse(w * 0.5, 898, w * 0.29, 51, rug)
    tx = across(stage, 0.7)
    table(stage, tx, 800, 330, 150)
    page = air.tone("#efe2c6")
    main.path(f"M{num(tx - 90)} 788q46 -22 90 -4q44 -18 90 4l-8 14q-42 -14 -82 2q-40 -16 -82 -2Z", lighter(page, 0.2))
    for k in range(3):
        main.rect(tx + 86 - k * 5, 784 - k * 15, 64 + k * 6, 14, air.tone(("#7d3a34", "#3f5a55", "#8a6a3a")[k]), 1, 2)
    candle(stage, tx - 124, 792, 50)
    hanging_lamp(stage, across(stage, 0.34), 220, 30)
    stage.stand = [(across(stage, 0.42), 925, 380), (across(stage, 0.28), 945, 370)]


def throne(stage: Stage) -> None:
    """Columns in a row, tall windows, banners, a throne on its steps."""
    air, w, main = stage.air, stage.width, stage.main
    walls(stage, "#8c7f74", 730, "#7c7068", boards=False)
    cx = w / 2
    for x in (0.3, 0.7):
        window(stage, w * x - 48, 190, 96, 400, arched=True, bars=1)
    main.path(
        f"M{num(cx - 120)} 640V250Q{num(cx)} 90 {num(cx + 120)} 250V640Z", mix(air.tone("#6b5f5a"), air.near, 0.45)
    )
    window(stage, cx - 62, 150, 124, 210, arched=True, bars=1)
    for k in range(4):
        half, y = 150.0 + k * 56, 640 + k * 26
        main.rect(cx - half, y, half * 2, 28, mix(air.tone("#a3968a"), air.near, 0.1 + 0.12 * k))
        main.rect(cx - half, y, half * 2, 5, air.sun, 0.3)
    carpet = air.tone("#96303a")
    main.polygon(
        [(cx - 54, 640), (cx + 54, 640), (cx + 190, 1010), (cx - 190, 1010)],
        main.linear((0, 640), (0, 1000), [(0, lighter(carpet, 0.1), 1), (1, mix(carpet, air.near, 0.6), 1)]),
    )
    for s in (-1, 1):
        main.stroke(f"M{num(cx + s * 48)} 640L{num(cx + s * 172)} 1010", air.tone("#d3a544"), 5, 0.8)
    gold, cloth = air.tone("#c9983f"), air.tone("#7d2a36")
    main.path(
        f"M{num(cx - 62)} 645V440Q{num(cx - 40)} 400 {num(cx)} 380Q{num(cx + 40)} 400 {num(cx + 62)} 440V645Z", gold
    )
    main.path(f"M{num(cx - 46)} 640V450Q{num(cx)} 410 {num(cx + 46)} 450V640Z", cloth)
    for s in (-1, 1):
        main.rect(cx + s * 62 - 13, 540, 26, 104, mix(gold, air.near, 0.25), 1, 5)
        main.circle(cx + s * 55, 436, 12, lighter(gold, 0.2))
    main.rect(cx - 58, 580, 116, 26, lighter(cloth, 0.1), 1, 6)
    main.circle(cx, 374, 16, lighter(gold, 0.4))
    stone = air.tone("#a39789")
    for t in (0.26, 0.56, 1.0):
        for s in (-1, 1):
            x, half = cx + s * (170 + w * 0.33 * t), 22 + 34 * t
            side = -1 if stage.key[0] < x else 1
            main.rect(
                x - half,
                -10,
                half * 2,
                760 + 150 * t,
                main.linear(
                    (x - side * half, 0),
                    (x + side * half, 0),
                    [
                        (0, mix(stone, air.near, 0.75), 1),
                        (0.7, mix(stone, air.near, 0.1), 1),
                        (1, mix(stone, air.sun, 0.3), 1),
                    ],
                ),
            )
            main.rect(x - half * 1.3, 735 + 150 * t, half * 2.6, 30 + 14 * t, mix(stone, air.near, 0.45))
            if t < 1:
                bx = x + s * (60 + 50 * t)
                main.path(
                    f"M{num(bx - 34)} 150h68v{num(250 + 60 * t)}l-34 34l-34 -34Z",
                    mix(air.tone("#96303a"), air.near, 0.15),
                )
                main.path(f"M{num(bx)} {num(230)}l18 26l-18 26l-18 -26Z", gold)
            if warm(stage):
                torch(stage, x, 430 + 40 * t, 44 + 26 * t)
    stage.stand = [(cx - w * 0.07, 930, 360), (cx + w * 0.09, 940, 355)]


def bedroom(stage: Stage) -> None:
    """A bed under a window, a chair, a candle on the chest."""
    air, _w, main = stage.air, stage.width, stage.main
    rng = stage.rng("bedroom")
    walls(stage, rng.choice(("#8a7a8c", "#7f8a80", "#93806a")), 740, "#70503a")
    wx = across(stage, 0.34)
    window(stage, wx - 100, 210, 200, 300, bars=1)
    curtain = air.tone(rng.choice(("#7d3a45", "#3f5f6b", "#6b5a86")))
    for s in (-1, 1):
        x = wx + s * 126
        main.path(
            f"M{num(x - 46)} 180H{num(x + 46)}C{num(x + 36)} 360 {num(x + 52)} 460 {num(x + 40 * s + 12)} 640"
            f"H{num(x + 40 * s - 44)}C{num(x - 40)} 460 {num(x - 30)} 340 {num(x - 46)} 180Z",
            curtain,
        )
        for k in range(4):
            main.stroke(
                f"M{num(x - 30 + k * 20)} 186C{num(x - 24 + k * 18)} 360 {num(x - 30 + k * 22)} 470"
                f" {num(x + 30 * s - 20 + k * 12)} 630",
                air.near,
                5,
                0.25,
            )
    main.stroke(f"M{num(wx - 190)} 178h380", air.tone("#a8843f"), 9)
    bx = across(stage, 0.72)
    wood, quilt, linen = mix(air.tone("#6a4630"), air.near, 0.2), air.tone("#5f6f8e"), air.tone("#efe6d6")
    flip = light_side(stage)
    with main.group(f"translate({num(bx)} 0) scale({flip} 1)"):
        main.path("M190 900V520Q215 470 240 520V900Z", wood)
        main.path("M-230 860V640H-206V860Z", wood)
        main.path("M-220 700H210V850H-220Z", mix(wood, air.near, 0.4))
        main.path("M90 690Q100 610 150 612Q206 610 204 690Z", linen)
        main.path(
            "M-225 700C-180 660 -60 668 20 664C80 660 120 668 130 690L128 830H-225Z",
            main.linear((0, 650), (0, 840), [(0, lighter(quilt, 0.15), 1), (1, mix(quilt, air.near, 0.6), 1)]),
        )
        main.path("M20 664C80 658 128 664 134 694L60 706Q40 690 20 664Z", linen)
        for k in range(5):
            main.stroke(f"M{-190 + k * 64} 674q-14 70 4 150", air.near, 4, 0.22)
    px = across(stage, 0.53)
    main.rect(px - 60, 640, 120, 190, mix(wood, air.near, 0.1), 1, 4)
    for k in range(2):
        main.rect(px - 50, 660 + k * 80, 100, 66, mix(wood, air.near, 0.4), 1, 4)
        main.circle(px, 692 + k * 80, 6, air.tone("#d3a544"))
    candle(stage, px - 20, 640, 48)
    main.rect(px + 8, 616, 46, 12, air.tone("#7d3a34"))
    main.rect(px + 12, 604, 40, 12, air.tone("#4d6a58"))
    fx = across(stage, 0.62)
    main.rect(fx - 62, 300, 124, 160, air.tone("#a8843f"), 1, 3)
    main.rect(fx - 50, 312, 100, 136, mix(air.middle, air.haze, 0.4))
    main.path(f"M{num(fx - 50)} 448V412q30 -40 52 -12q22 -34 48 0V448Z", air.tone("#4f6048"))
    main.ellipse(across(stage, 0.32), 900, 230, 56, air.tone("#8a5a4a"), 0.6)
    stage.stand = [(across(stage, 0.3), 925, 385), (across(stage, 0.44), 945, 375)]


def laboratory(stage: Stage) -> None:
    """Benches of glass, coils and jars, something glowing."""
    air, _w, main = stage.air, stage.width, stage.main
    rng = stage.rng("laboratory")
    walls(stage, "#66706a", 760, "#57504a")
    window(stage, across(stage, 0.2) - 70, 180, 140, 330, arched=True)
    shelf(stage, rng, across(stage, 0.5) - 150, 170, 300, 330, 4, "jars")
    shelf(stage, rng, across(stage, 0.82) - 120, 150, 240, 380, 5)
    glow = rng.choice(("#7affc0", "#8ab8ff", "#ffb35c", "#d58aff"))
    for x, y, wide in ((across(stage, 0.68), 740, 520), (across(stage, 0.26), 850, 430)):
        table(stage, x, y, wide, 170, "#6a5442")
        for k in range(6):
            gx = x - wide * 0.4 + k * wide * 0.16
            colour = glow if k % 3 == 1 else rng.choice(("#6fa8a0", "#b98a4a", "#9a6fb0"))
            _glass(stage, gx, y - 8, rng.uniform(60, 110), colour, k % 3 == 1)
    main.stroke(
        smooth(
            [
                (across(stage, 0.56), 640),
                (across(stage, 0.6), 560),
                (across(stage, 0.66), 600),
                (across(stage, 0.72), 550),
                (across(stage, 0.78), 650),
            ]
        ),
        lighter(air.tone("#9fb8b8"), 0.3),
        6,
        0.6,
    )
    if warm(stage):
        hanging_lamp(stage, across(stage, 0.4), 210)
        candle(stage, across(stage, 0.33), 842, 46)
    stage.stand = [(across(stage, 0.46), 940, 385), (across(stage, 0.3), 955, 380)]


def _glass(stage: Stage, x: float, y: float, h: float, colour: str, bright: bool) -> None:
    main, r = stage.main, h * 0.34
    main.circle(x, y - r, r, colour, 0.75)
    main.path(
        f"M{num(x - r * 0.98)} {num(y - r * 1.2)}Q{num(x)} {num(y - r * 1.5)} {num(x + r * 0.98)} {num(y - r * 1.2)}"
        f"A{num(r)} {num(r)} 0 0 0 {num(x - r * 0.98)} {num(y - r * 1.2)}Z",
        "#e8f4f0",
        0.35,
    )
    main.rect(x - r * 0.26, y - h, r * 0.52, h - r * 1.8, "#dcebe8", 0.4)
    main.rect(x - r * 0.4, y - h, r * 0.8, 6, "#eef6f4", 0.6)
    main.stroke(
        f"M{num(x - r * 0.6)} {num(y - r * 1.35)}q{num(-r * 0.24)} {num(r * 0.4)} {num(r * 0.06)} {num(r * 0.8)}",
        "#ffffff",
        3,
        0.6,
    )
    if bright:
        stage.lamp(x, y - r, h * 1.7, colour, 0.6)
