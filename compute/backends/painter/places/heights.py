"""High, cold, dry and burning country: mountains, snow, desert, volcano."""

from __future__ import annotations

from random import Random

from compute.backends.painter.colour import darker, mix
from compute.backends.painter.props import (
    grass,
    ground,
    height_at,
    hills,
    mist,
    pine,
    rock,
)  # fmt: skip
from compute.backends.painter.sky import paint_sky
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import Point, num, ridge, smooth, under


def _skyline(rng: Random, width: float, y: float, height: float) -> list[Point]:
    """Summits of different heights with broken slopes between them."""
    count = rng.randint(3, 4)
    tall = rng.randrange(count)
    line: list[Point] = [(-40, y - height * rng.uniform(0.0, 0.3))]
    for k in range(count):
        x = width * (k + 0.5 + rng.uniform(-0.22, 0.22)) / count
        top = height * (rng.uniform(0.85, 1.0) if k == tall else rng.uniform(0.4, 0.75))
        gap = height * rng.uniform(-0.05, 0.22)
        valley = width * (k + 1 + rng.uniform(-0.12, 0.12)) / count
        start = line[-1]
        line += [_between(rng, start, (x, y - top), t) for t in (0.3, 0.55, 0.8)]
        line.append((x, y - top))
        line += [_between(rng, (x, y - top), (valley, y - gap), t) for t in (0.2, 0.45, 0.75)]
        line.append((valley, y - gap))
    line.append((width + 40, y - height * rng.uniform(0.0, 0.3)))
    return line


def _between(rng: Random, one: Point, other: Point, t: float) -> Point:
    run = abs(other[0] - one[0])
    return one[0] + (other[0] - one[0]) * t, one[1] + (other[1] - one[1]) * t + rng.uniform(-0.11, 0.11) * run


def peaks(
    stage: Stage, y: float, height: float, depth: float, name: str, pigment: str = "#75706c", snow: float = 0.4
) -> None:
    """A mountain range with lit and shaded flanks and snow on its tops."""
    air, main = stage.air, stage.main
    rng = stage.rng(name)
    line = _skyline(rng, stage.width, y, height)
    rockface = mix(air.tone(pigment, depth), air.far(depth), 0.35)
    main.path(
        under(line, y + height + 200),
        main.linear((0, y - height * 0.7), (0, y + height), [(0, rockface, 1), (1, mix(rockface, air.haze, 0.75), 1)]),
    )
    lit = mix(mix(rockface, air.sun, 0.42), air.haze, depth * 0.4)
    white = mix(air.tone("#f4f2f0", depth * 0.8), air.sun, 0.15)
    right = air.key_x > 0.5
    for top, run in _flanks(line, right):
        foot = y + height * 0.5
        lean = 1 if right else -1
        inner = [
            (top[0] + lean * (foot - top[1]) * s + rng.uniform(-14, 14), top[1] + (foot - top[1]) * t)
            for t, s in ((1.0, 0.1), (0.72, -0.06), (0.5, 0.1), (0.25, -0.03))
        ]
        main.polygon(
            [top, *run, (run[-1][0], max(foot, run[-1][1])), *inner],
            main.linear((0, top[1]), (0, foot), [(0, lit, 0.75), (1, lit, 0)]),
        )
    if snow:
        cap = [(px, py) for px, py in line]
        lower = [
            (px, max(py + 1, min(py + snow * max(0.0, y - py + height * 0.12) * rng.uniform(0.5, 1.0), y + 400)))
            for px, py in reversed(line)
        ]
        main.path("M" + "L".join(f"{num(px)} {num(py)}" for px, py in [*cap, *lower]) + "Z", white, 0.8)


def _flanks(line: list[Point], right: bool) -> list[tuple[Point, list[Point]]]:
    """Each summit with the run of its lit slope down to the next valley."""
    points = line if right else line[::-1]
    found = []
    for i in range(1, len(points) - 1):
        if points[i][1] < points[i - 1][1] and points[i][1] < points[i + 1][1]:
            j = i + 1
            while j + 1 < len(points) and points[j + 1][1] > points[j][1]:
                j += 1
            found.append((points[i], points[i + 1 : j + 1]))
    return found


def mountain(stage: Stage) -> None:
    """High peaks over a wooded valley."""
    air, w = stage.air, stage.width
    rng = stage.rng("mountain")
    paint_sky(stage, 0.66)
    peaks(stage, 470, 380, 0.72, "far peaks")
    mist(stage, 560, 0.5, 90)
    peaks(stage, 600, 330, 0.42, "near peaks", snow=0.25)
    mist(stage, 690, 0.6, 80)
    side = -1 if air.key_x < 0.5 else 1
    for depth, y, count, tall in ((0.4, 730, 30, 90), (0.2, 800, 24, 150)):
        line = hills(stage, f"slope{y}", y, 60, depth, "#4c5f47")
        for _ in range(count):
            x = rng.uniform(0, 1) * w
            pine(
                stage.main,
                rng,
                x,
                height_at(line, x) + 12,
                rng.uniform(0.6, 1.15) * tall,
                mix(air.tone("#43573f", depth), air.far(depth), 0.5),
                mix(air.tone("#66784a", depth), air.sun, 0.2),
                side,
            )
        mist(stage, y + 60, 0.25, 40)
    ground(stage, "ledge", 885, "#77705e", 26)
    for x in (0.06, 0.93, 0.78):
        rock(stage, rng, w * x, 940 + rng.uniform(0, 40), rng.uniform(130, 230), rng.uniform(70, 140), "#6d6862", 0.04)
    grass(stage, "tufts", 1000, darker(air.near, 0.1), 60, 70)
    stage.stand = [(w * 0.42, 950, 310), (w * 0.6, 955, 310)]


def snowfield(stage: Stage) -> None:
    """Snow to the horizon, blue shadows, a few spruces."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("snowfield")
    paint_sky(stage, 0.62)
    peaks(stage, 520, 230, 0.7, "ice peaks", "#8d97a8", snow=0.9)
    mist(stage, 590, 0.5, 60)
    shadow = mix(air.tone("#7f95bd"), air.haze, 0.25)
    side = -1 if air.key_x < 0.5 else 1
    for i, y in enumerate((600, 680, 780)):
        depth = 0.45 - 0.17 * i
        white = air.tone("#eef1f4", depth)
        line = ridge(stage.rng("drift", i), w, y, 50, 0.38, 5)
        main.path(
            smooth(line) + f"L{num(w + 20)} 1010L-20 1010Z",
            main.linear(
                (w * air.key_x, y - 30),
                (w * (1 - air.key_x), y + 260),
                [(0, mix(white, air.sun, 0.25), 1), (0.5, white, 1), (1, mix(white, shadow, 0.7), 1)],
            ),
        )
        for _ in range(6 - 2 * i):
            x = rng.uniform(0, 1) * w
            tall = rng.uniform(110, 190) * (1 + 0.6 * i)
            base = height_at(line, x) + 10
            main.ellipse(x - side * tall * 0.35, base + 4, tall * 0.42, tall * 0.045, shadow, 0.6)
            pine(
                main,
                rng,
                x,
                base,
                tall,
                mix(air.tone("#3f5248", depth), air.far(depth), 0.4),
                air.tone("#f2f4f6", depth * 0.6),
                side,
            )
    steps = "".join(
        f"M{num(w * (0.44 + 0.012 * k * (1 if k % 2 else -1)) + k * 3)} {820 + k * 17}h{8 + k}" for k in range(11)
    )
    main.stroke(steps, shadow, 6, 0.6)
    stage.stand = [(w * 0.5, 890, 330), (w * 0.38, 915, 330)]


def desert(stage: Stage) -> None:
    """Dunes with one bright and one dark side."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("desert")
    paint_sky(stage, 0.64)
    hills(stage, "mesa", 565, 80, 0.78, "#a8714f", 0.35)
    mist(stage, 590, 0.4, 50)
    for i, y in enumerate((610, 690, 790, 900)):
        depth = 0.5 - 0.15 * i
        sand = air.tone(rng.choice(("#d39a5c", "#cf9055", "#d8a468")), depth)
        crest = w * rng.uniform(0.25, 0.75)
        left, right = y + rng.uniform(10, 60), y + rng.uniform(10, 60)
        ridge_ = f"C{num(crest * 0.4)} {num(left)} {num(crest * 0.7)} {num(y - 60)} {num(crest)} {num(y - 66)}"
        fall = (
            f"C{num(crest + w * 0.1)} {num(y - 60)} {num(crest + (w - crest) * 0.6)} {num(right)} {num(w + 20)}"
            f" {num(right + 10)}"
        )
        main.path(
            f"M-20 {num(left + 10)}{ridge_}{fall}L{num(w + 20)} 1010H-20Z",
            main.linear((0, y - 70), (0, y + 170), [(0, mix(sand, air.sun, 0.3), 1), (1, mix(sand, air.near, 0.3), 1)]),
        )
        edge = w + 20 if air.key_x < 0.5 else -20
        dark = f"M{num(crest)} {num(y - 66)}"
        dark += (
            fall
            if edge > 0
            else f"C{num(crest * 0.7)} {num(y - 60)} {num(crest * 0.4)} {num(left)} -20 {num(left + 10)}"
        )
        main.path(
            dark
            + f"L{num(edge)} 1010C{num(crest + (edge - crest) * 0.4)} {num(y + 160)} {num(crest - 40)} {num(y + 90)}"
            f" {num(crest)} {num(y - 66)}Z",
            mix(sand, air.near, 0.62),
            0.6,
        )
    for k in range(3):
        rock(
            stage,
            rng,
            w * (0.1 + 0.4 * k) + rng.uniform(-60, 60),
            940 + 20 * k,
            rng.uniform(60, 130),
            rng.uniform(30, 60),
            "#8a6248",
            0.05,
        )
    stage.stand = [(w * 0.5, 905, 320), (w * 0.36, 925, 320)]


def volcano(stage: Stage) -> None:
    """A burning mountain, rivers of lava, ash in the air."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("volcano")
    paint_sky(stage, 0.64)
    x = w * rng.uniform(0.4, 0.6)
    stage.back.glow(x, 300, 520, "#ff6a2a", 0.7)
    with stage.back.group(blur=16):
        for k in range(11):
            stage.back.ellipse(
                x + (k - 3) * 26 + rng.uniform(-40, 40),
                260 - k * 28,
                60 + k * 17,
                36 + k * 10,
                mix("#2a1d20", air.haze, 0.25),
                0.75,
            )
    hills(stage, "ash", 600, 90, 0.6)
    rockface = mix(air.tone("#4a3a38", 0.16), air.near, 0.4)
    main.path(
        f"M{num(x - w * 0.55)} 780C{num(x - w * 0.25)} 640 {num(x - w * 0.13)} 420 {num(x - 62)} 316"
        f"L{num(x + 66)} 310C{num(x + w * 0.12)} 420 {num(x + w * 0.26)} 650 {num(x + w * 0.55)} 780Z",
        main.linear((0, 310), (0, 780), [(0, mix(rockface, "#ff7a3a", 0.28), 1), (1, mix(rockface, air.haze, 0.3), 1)]),
    )
    main.ellipse(x, 314, 64, 12, "#ffd27a")
    for s in (-1, 0, 1):
        points = [
            (x + s * 30, 316),
            (x + s * 60 + rng.uniform(-20, 20), 450),
            (x + s * 90 + rng.uniform(-40, 40), 580),
            (x + s * 190 + rng.uniform(-40, 40), 770),
        ]
        main.stroke(smooth(points), "#ff8a3c", 13)
        main.stroke(smooth(points), "#ffe08a", 5)
        for px, py in points:
            stage.glow.glow(px, py, 130, "#ff6a2a", 0.4)
    stage.lamp(x, 310, 300, "#ff9a4a", 0.9)
    ground(stage, "cinders", 790, "#4d3b38", 30)
    for k in range(7):
        rock(
            stage,
            rng,
            w * k / 6 + rng.uniform(-50, 50),
            rng.uniform(860, 980),
            rng.uniform(80, 190),
            rng.uniform(50, 150),
            "#4a3d3c",
            0.02,
        )
    main.path(
        smooth([(w * 0.3, 812), (w * 0.44, 850), (w * 0.3, 900), (w * 0.52, 1010)])
        + f"L{num(w * 0.66)} 1010L{num(w * 0.42)} 905L{num(w * 0.52)} 850L{num(w * 0.34)} 812Z",
        "#ff8f3f",
    )
    stage.glow.glow(w * 0.44, 920, 300, "#ff6a2a", 0.55, 0.6)
    for _ in range(60):
        main.circle(rng.uniform(0, 1) * w, rng.uniform(100, 1000), rng.uniform(1, 3.4), "#ffb05a", rng.uniform(0.4, 1))
    stage.stand = [(w * 0.7, 930, 320), (w * 0.24, 945, 320)]
