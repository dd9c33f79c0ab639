"""Stairs, caves and dungeons: rooms of stone."""

from __future__ import annotations

import math

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.props import rock
from compute.backends.painter.rooms import across, hanging_lamp, light_side, torch, walls, warm, window
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import blob, num, smooth


def stairs(stage: Stage) -> None:
    """Steps winding up a round tower, light from above."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("stairs")
    walls(stage, "#80614a", 900, "#4d3a2c", boards=False)
    pool = air.lamp if warm(stage) else air.sun
    tx, ty = across(stage, 0.64), 300.0
    stage.back.ellipse(
        tx,
        ty,
        620,
        560,
        stage.back.radial(
            (tx, ty),
            620,
            [(0, mix(pool, "#fff2d0", 0.2), 0.8), (0.35, mix(pool, air.middle, 0.5), 0.5), (1, air.middle, 0)],
            0.9,
        ),
    )
    for row in range(13):  # courses of the wall, bending like a tower's inside
        y = 40.0 + row * 74
        main.stroke(f"M-20 {y + 50}Q{num(w / 2)} {y - 50} {num(w + 20)} {y + 50}", air.near, 2.4, 0.22)
        for k in range(9):
            x = w * (k + (row % 2) * 0.5) / 8.5
            bend = y - 50 * (1 - ((x - w / 2) / (w / 2)) ** 2) + 50
            main.stroke(f"M{num(x)} {num(bend)}v74", air.near, 2, 0.16)
    window(stage, across(stage, 0.2) - 48, 170, 96, 210, arched=True, bars=1)
    window(stage, across(stage, 0.86) - 34, 330, 68, 150, arched=True, bars=1)
    flip = light_side(stage)
    iron = mix(air.near, air.tone("#4a3a30"), 0.35)
    n = rng.choice((7, 8, 9, 10))
    x0, y0 = w * 0.04, 905.0
    run, rise = w * 0.792 / n, rng.uniform(470, 590) / n
    with main.group("" if flip > 0 else f"translate({num(w)} 0) scale(-1 1)"):
        body = f"M-20 1010V{y0}H{num(x0)}"
        for k in range(n):
            body += f"V{num(y0 - rise * (k + 1))}H{num(x0 + run * (k + 1))}"
        tail = f"C{num(x0 + run * n)} 700 {num(w * 0.95)} 800 {num(w + 20)} 820V1010Z"
        main.path(
            body + tail,
            main.linear(
                (0, 330), (0, 1000), [(0, mix(iron, pool, 0.2), 1), (0.35, iron, 1), (1, darker(iron, 0.5), 1)]
            ),
        )
        for row in range(1, 8):  # the stair's own masonry, just seen
            for k in range(n):
                y = y0 - rise * (k + 1) + 24 + row * 58
                if y < 1000:
                    main.rect(
                        x0 + run * k + (row % 2) * run * 0.4, y, run * 0.7, 40, mix(iron, pool, 0.16), 0.4 * 0.8**row, 4
                    )
        edges = "".join(f"M{num(x0 + run * k)} {num(y0 - rise * (k + 1))}h{num(run)}" for k in range(n))
        main.stroke(edges, mix(pool, "#fff0d0", 0.2), 4.5, 0.75)
        main.stroke(
            "".join(f"M{num(x0 + run * k)} {num(y0 - rise * (k + 1))}v{num(rise)}" for k in range(n)), pool, 3, 0.3
        )
        rail = [(x0 + run * (k + 0.5), y0 - rise * (k + 1) - 150) for k in range(n)]
        main.stroke("".join(f"M{num(px)} {num(py)}v150" for px, py in rail), iron, 4, 0.85)
        main.stroke(
            smooth([(x0 - 40, y0 - 150), *rail, (x0 + run * (n + 0.4), rail[-1][1] + 10)]), mix(iron, pool, 0.3), 8
        )
        main.path(
            f"M{num(w * 0.9)} -10C{num(w * 0.8)} 300 {num(w * 0.84)} 700 {num(w * 0.95)} 1010H{num(w + 20)}V-10Z",
            darker(air.near, 0.2),
            0.92,
        )
        main.stroke(f"M{num(w * 0.9)} -10C{num(w * 0.8)} 300 {num(w * 0.84)} 700 {num(w * 0.95)} 1010", pool, 4, 0.35)
    hanging_lamp(stage, across(stage, rng.uniform(0.6, 0.68)), rng.uniform(170, 230), 40)
    steps = [(4, 0), (2, 0), (6, 0)]
    stage.stand = [(across(stage, (x0 + run * (k + 0.5)) / w), y0 - rise * (k + 1) + 2, 330) for k, _ in steps]


def cave(stage: Stage) -> None:
    """Rock on every side, hanging stones, a pool, light from a cleft or crystals."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("cave")
    kx, ky = stage.key
    stone = air.tone("#6a625c")
    stage.back.rect(0, 0, w, 1000, mix(stone, air.near, 0.65))
    gx, gy = kx, min(ky + 120, 520)
    light = air.lamp if warm(stage) else air.sun
    if stage.scene.weather in ("rain", "storm", "fog", "snow"):
        light = mix(light, air.haze, 0.45)
    stage.back.ellipse(
        gx,
        gy,
        560,
        500,
        stage.back.radial((gx, gy), 560, [(0, light, 0.9), (0.3, mix(light, stone, 0.5), 0.7), (1, stone, 0)], 0.9),
    )
    for i in range(3):
        shade = mix(mix(stone, light, 0.24), air.near, 0.35 + 0.27 * i)
        inner_x, inner_y = w * (0.36 + 0.075 * i), 330.0 + 55 * i
        points = []
        for k in range(22):
            a = math.tau * k / 22
            reach = rng.uniform(0.86, 1.14)
            points.append(
                (
                    gx + (w / 2 - gx) * i * 0.4 + math.cos(a) * inner_x * reach,
                    gy + 40 * i + math.sin(a) * inner_y * reach,
                )
            )
        main.path(
            f"M-20 -20H{num(w + 20)}V1020H-20Z" + smooth(points, closed=True), shade, extra=' fill-rule="evenodd"'
        )
        main.stroke(smooth(points, closed=True), light, 3, 0.25 * (1 - i * 0.3))
        for _ in range(8):
            x, long, half = rng.uniform(0, 1) * w, rng.uniform(90, 260) * (0.7 + 0.3 * i), rng.uniform(14, 34)
            top = gy + 40 * i - inner_y * 0.96
            main.polygon([(x - half, top - 60), (x + half, top - 60), (x + half * 0.1, top + long)], shade)
            main.polygon(
                [
                    (x + (half if gx > x else -half) * 0.9, top - 60),
                    (x + half * 0.1, top + long),
                    (x + half * 0.1, top),
                ],
                light,
                0.1,
            )
    _pool(stage, gx, light)
    if not warm(stage) or stage.scene.mood == "magical" or rng.random() < 0.35:
        glow = rng.choice(("#7fe0ff", "#b89aff", "#8affc8"))
        for x in (0.14, 0.2, 0.82, 0.9):
            _crystal(stage, w * x + rng.uniform(-14, 14), rng.uniform(820, 900), rng.uniform(80, 170), glow)
    else:
        torch(stage, w * 0.15, 560, 64)
        torch(stage, w * 0.86, 540, 60)
    for k in range(6):
        rock(
            stage,
            rng,
            w * k / 5 + rng.uniform(-50, 50),
            rng.uniform(950, 1010),
            rng.uniform(120, 240),
            rng.uniform(60, 130),
            "#574f4a",
            0,
        )
    stage.stand = [(across(stage, 0.56), 935, 335), (across(stage, 0.42), 945, 330)]


def _pool(stage: Stage, x: float, light: str) -> None:
    """Still water on the cave's floor, with the light on it."""
    main, rng = stage.main, stage.rng("pool")
    pool = mix(stage.air.middle, light, 0.35)
    main.ellipse(x, 860, 300, 46, pool, 0.75)
    main.stroke(
        "".join(
            f"M{num(x + rng.gauss(0, 110))} {num(rng.uniform(835, 885))}h{num(rng.uniform(20, 70))}" for _ in range(16)
        ),
        light,
        2.5,
        0.6,
    )


def _crystal(stage: Stage, x: float, y: float, h: float, colour: str) -> None:
    for lean, size in ((-0.4, 0.7), (0.36, 0.62), (0.03, 1.0)):
        tip = (x + lean * h, y - h * size)
        half = h * 0.13 * size + 5
        stage.main.polygon(
            [
                (x - half, y),
                (tip[0] - half * 0.6, tip[1] + h * 0.2),
                tip,
                (tip[0] + half * 0.6, tip[1] + h * 0.22),
                (x + half, y),
            ],
            mix(colour, stage.air.near, 0.25),
        )
        stage.main.polygon(
            [(x, y), (tip[0], tip[1] + h * 0.24), tip, (tip[0] + half * 0.6, tip[1] + h * 0.22), (x + half, y)],
            lighter(colour, 0.5),
            0.8,
        )
    stage.lamp(x, y - h * 0.4, h * 1.8, colour, 0.6)


def dungeon(stage: Stage) -> None:
    """Vaults of stone, a barred door, chains, torches."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("dungeon")
    walls(stage, "#6a655e", 770, "#57524c", boards=False)
    stone = air.tone("#756d64")
    for row in range(11):
        for k in range(int(w / 95) + 2):
            x, y = k * 95.0 - 40 + (row % 2) * 46, 10.0 + row * 70
            if rng.random() < 0.45:
                main.rect(x + 3, y + 3, 88, 63, mix(stone, air.near, rng.uniform(0.2, 0.7)), 0.4, 8)
    for row in range(6):
        y = 790 + row * row * 7
        main.stroke(f"M-20 {y}H{num(w + 20)}", air.near, 2 + row * 0.4, 0.4)
    gx = across(stage, 0.3)
    main.path(f"M{num(gx - 110)} 772V430Q{num(gx)} 300 {num(gx + 110)} 430V772Z", darker(air.near, 0.35))
    stage.back.glow(gx, 560, 200, air.sun, 0.3)
    main.path(f"M{num(gx - 92)} 772V440Q{num(gx)} 330 {num(gx + 92)} 440V772Z", mix(air.middle, air.low, 0.3), 0.4)
    main.stroke(
        "".join(f"M{num(gx - 80 + k * 32)} {num(395 + abs(k - 2.5) * 14)}V772" for k in range(6))
        + f"M{num(gx - 98)} 520h196M{num(gx - 98)} 660h196",
        mix(air.near, "#000000", 0.2),
        9,
    )
    window(stage, across(stage, 0.58) - 44, 190, 88, 130, arched=True, bars=3)
    for s, x in ((1, across(stage, 0.5)), (-1, across(stage, 0.9))):
        torch(stage, x, 470, 66 if s > 0 else 54)
    cx = across(stage, 0.72)
    for dx in (-40, 40):
        main.stroke(
            "".join(f"M{num(cx + dx)} {330 + k * 22}q7 9 0 18q-7 -9 0 -18" for k in range(9)),
            mix(air.near, air.tone("#8d8d92"), 0.45),
            3.5,
        )
        main.stroke(
            f"M{num(cx + dx - 15)} 545a15 15 0 1 0 30 0a15 15 0 1 0 -30 0", mix(air.near, air.tone("#8d8d92"), 0.45), 6
        )
    for s in (-1, 1):
        x = w / 2 + s * w * 0.47
        main.path(
            f"M{num(x - 60)} 1010V300Q{num(x - 40)} 60 {num(w / 2)} -60H{num(w / 2)}V-90H{num(x + s * 160)}V1010Z",
            main.linear(
                (x - s * 60, 0), (x + s * 60, 0), [(0, mix(stone, air.near, 0.45), 1), (1, darker(air.near, 0.1), 1)]
            ),
        )
    for _ in range(5):
        rock(
            stage,
            rng,
            rng.uniform(0.12, 0.9) * w,
            rng.uniform(860, 980),
            rng.uniform(40, 90),
            rng.uniform(20, 44),
            "#6a645e",
            0,
        )
    main.path(blob(rng, across(stage, 0.24), 880, 150, 22, 11, 0.16), mix(air.middle, stone, 0.5), 0.7)
    main.path(blob(rng, across(stage, 0.24), 878, 130, 15, 11, 0.16), air.lamp, 0.16)
    stage.stand = [(across(stage, 0.54), 935, 370), (across(stage, 0.4), 950, 360)]
