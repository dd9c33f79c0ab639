"""By the water: lighthouse, shore, harbour, open sea, river and bridge, and below the waves."""

from __future__ import annotations

import math

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.props import foam, grass, height_at, hills, house, mist, rock, shafts, water
from compute.backends.painter.sky import paint_sky
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import blob, num, polyline, smooth


def lighthouse(stage: Stage) -> None:
    """A tower on a rock, its beam turning over the sea."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("lighthouse")
    paint_sky(stage, 0.6)
    hills(stage, "far coast", 575, 42, 0.8)
    water(stage, 590)
    x = w * rng.choice((0.66, 0.7, 0.74)) if air.key_x < 0.6 else w * rng.choice((0.26, 0.3, 0.34))
    tall = rng.uniform(390, 450)
    foot, head = 655.0, 655.0 - tall
    stone = air.tone("#4c4844", 0.05)
    left = [(x - 420, 1010), (x - 300, 860), (x - 215, 770), (x - 150, 690), (x - 110, 652)]
    crag = [*left, (x + 120, 650), (x + 170, 700), (x + 250, 760), (x + 330, 880), (x + 440, 1010)]
    main.polygon(crag, main.linear((0, 640), (0, 1000), [(0, mix(stone, air.low, 0.16), 1), (1, air.near, 1)]))
    for dx, top in ((-120, 668), (-30, 660), (90, 662)):
        main.polygon(
            [(x + dx, top), (x + dx + 46, top), (x + dx * 1.7 + 20, 1000), (x + dx * 1.8 - 70, 1000)], air.near, 0.35
        )
    house(stage, rng, x - 78, foot + 4, 88, 50, 0.06, "#cfc4ae", "#5a3a34")
    _tower(stage, x, foot, head)
    for side in (-1, 1):
        _beam(stage, x, head - 26, side, rng.uniform(-0.05, 0.12) * side)
    foam(stage, "surf", 905, opacity=0.25)
    stage.lamp(x, head - 26, 250, "#ffdf9a", 0.95)
    main.path(
        smooth([(-20, 900), (w * 0.12, 870), (w * 0.3, 925), (w * 0.52, 960), (w * 0.75, 985), (w + 20, 975)])
        + f"L{num(w + 20)} 1010L-20 1010Z",
        darker(air.near, 0.2),
    )
    grass(stage, "sea grass", 975, darker(air.near, 0.3), 70, 60)
    stage.stand = [(w * 0.24 if x > w / 2 else w * 0.72, 915, 330), (w * 0.4, 950, 330)]


def _tower(stage: Stage, x: float, foot: float, head: float) -> None:
    air, main = stage.air, stage.main
    white, red = air.tone("#efe5d2"), air.tone("#a8392f")
    side = -1 if stage.key[0] < x else 1

    def half(y: float) -> float:
        return 26 + 24 * (y - head) / (foot - head)

    bands = 5
    for i in range(bands):
        y1, y2 = head + (foot - head) * i / bands, head + (foot - head) * (i + 1) / bands
        main.polygon(
            [(x - half(y1), y1), (x + half(y1), y1), (x + half(y2), y2), (x - half(y2), y2)],
            white if i % 2 == 0 else red,
        )
    shadow = [(x - side * half(head), head), (x - side * half(foot), foot), (x, foot), (x, head)]
    main.polygon(shadow, main.linear((x, 0), (x - side * 50, 0), [(0, air.near, 0.12), (1, air.near, 0.72)]))
    main.polygon(
        [
            (x + side * half(head), head),
            (x + side * half(foot), foot),
            (x + side * half(foot) * 0.8, foot),
            (x + side * half(head) * 0.8, head),
        ],
        air.sun,
        0.25,
    )
    for y in (head + 95, head + 210):
        main.rect(x - 6, y, 12, 22, air.lamp if air.lamps > 0.3 else air.near, 0.95, 6)
    main.rect(x - 40, head - 8, 80, 10, air.near)
    main.stroke(
        "".join(f"M{num(x - 38 + i * 12.6)} {num(head - 8)}v-16" for i in range(7))
        + f"M{num(x - 38)} {num(head - 24)}h76",
        air.near,
        2.4,
    )
    main.rect(x - 22, head - 52, 44, 46, "#ffe6a6")
    main.stroke(f"M{num(x - 8)} {num(head - 52)}v46M{num(x + 8)} {num(head - 52)}v46", air.near, 2)
    main.path(
        f"M{num(x - 30)} {num(head - 50)}Q{num(x)} {num(head - 98)} {num(x + 30)} {num(head - 50)}Z",
        mix(red, air.near, 0.55),
    )
    main.circle(x, head - 80, 5, air.near)


def _beam(stage: Stage, x: float, y: float, side: int, tilt: float) -> None:
    strength = 0.5 * max(stage.air.lamps, 0.18)
    run = stage.width * 1.1
    ends = [(x + side * run, y + run * (tilt + spread)) for spread in (-0.09, 0.05)]
    paint = stage.glow.linear(
        (x, y), ((x + side * run), y), [(0, "#ffe6ac", strength), (0.5, "#ffdf9a", strength * 0.35), (1, "#ffdf9a", 0)]
    )
    with stage.glow.group(blur=5):
        stage.glow.polygon([(x, y - 9), *ends, (x, y + 9)], paint)


def coast(stage: Stage) -> None:
    """Cliffs falling to a beach."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("coast")
    paint_sky(stage, 0.58)
    water(stage, 560)
    hills(stage, "headland", 590, 90, 0.7)
    water(stage, 600)
    for i, depth in enumerate((0.5, 0.28, 0.08)):
        reach, top = w * (0.46 - 0.1 * i) * rng.uniform(0.85, 1.15), 330 + 60 * i + rng.uniform(-30, 30)
        base = 640 + i * 75
        cliff = [
            (w + 20, top - 40),
            (w - reach * 0.5, top),
            (w - reach * 0.62, top + 50),
            (w - reach * 0.74, base - 120),
            (w - reach * 0.9, base - 26),
            (w - reach, base + 8),
            (w + 20, base + 30),
        ]
        body = air.tone("#a8977c", depth)
        main.polygon(
            cliff, main.linear((0, top), (0, base), [(0, mix(body, air.low, 0.1), 1), (1, mix(body, air.near, 0.5), 1)])
        )
        for k in range(5):
            cx = w - reach * (0.1 + 0.15 * k)
            main.polygon([(cx, top + 20 * k), (cx + 26, top + 16 * k), (cx + 4, base), (cx - 36, base)], air.near, 0.16)
        main.path(
            smooth([(w + 20, top - 46), (w - reach * 0.3, top - 18), (w - reach * 0.52, top + 4)])
            + f"L{num(w - reach * 0.48)} {num(top + 26)}L{num(w + 20)} {num(top)}Z",
            air.tone("#66784a", depth),
        )
        foam(stage, f"foam{i}", base + 6, opacity=0.3)
    sand = air.tone("#cdb68d", 0.05)
    beach = smooth([(-20, 800), (w * 0.25, 780), (w * 0.55, 830), (w * 0.8, 812), (w + 20, 840)])
    main.path(
        beach + f"L{num(w + 20)} 1010L-20 1010Z",
        main.linear((0, 780), (0, 1000), [(0, mix(sand, air.low, 0.3), 1), (1, mix(sand, air.near, 0.6), 1)]),
    )
    main.stroke(beach, air.tone("#f4f1e6"), 7, 0.65)
    for _ in range(4):
        rock(
            stage,
            rng,
            rng.uniform(0, 0.5) * w,
            rng.uniform(800, 900),
            rng.uniform(50, 120),
            rng.uniform(30, 70),
            "#5b5650",
            0.08,
        )
    _gulls(stage)
    stage.stand = [(w * 0.4, 915, 340), (w * 0.6, 930, 340)]


def _gulls(stage: Stage) -> None:
    rng = stage.rng("gulls")
    for _ in range(6):
        x, y, s = rng.uniform(0.1, 0.9) * stage.width, rng.uniform(160, 420), rng.uniform(8, 20)
        stage.main.stroke(
            f"M{num(x - s)} {num(y)}Q{num(x - s * 0.5)} {num(y - s * 0.7)} {num(x)} {num(y)}"
            f"Q{num(x + s * 0.5)} {num(y - s * 0.7)} {num(x + s)} {num(y - s * 0.1)}",
            stage.air.tone("#e8e6e0", 0.1),
            2,
        )


def ship(stage: Stage, x: float, y: float, size: float, depth: float, lean: float = 0.0) -> None:
    """A three-masted ship; `size` is the length of her hull."""
    air, main = stage.air, stage.main
    hull, sail = mix(air.tone("#5a3b28", depth), air.near, 0.45), air.tone("#e2d2b0", depth)
    side = -1 if stage.key[0] < x else 1
    with main.group(f"translate({num(x)} {num(y)}) rotate({lean:.1f}) scale({size / 200:.3f})"):
        for mx, tall in ((-55, 150), (5, 185), (62, 140)):
            main.stroke(f"M{mx} 0V{-tall}", hull, 4)
            for k, (top, bottom, half) in enumerate(
                ((-tall * 0.96, -tall * 0.7, 20), (-tall * 0.68, -tall * 0.4, 29), (-tall * 0.38, -tall * 0.12, 34))
            ):
                belly = 9 + 3 * k
                main.path(
                    f"M{num(mx - half)} {num(top)}Q{num(mx + belly)} {num((top + bottom) / 2)} {num(mx - half - 3)}"
                    f" {num(bottom)}Q{num(mx)} {num(bottom - 8)} {num(mx + half + 3)} {num(bottom)}"
                    f"Q{num(mx + half + belly)} {num((top + bottom) / 2)} {num(mx + half)} {num(top)}Z",
                    sail,
                )
                main.path(
                    f"M{num(mx - side * half)} {num(top)}Q{num(mx - side * half + belly)} {num((top + bottom) / 2)}"
                    f" {num(mx - side * half)} {num(bottom)}L{num(mx)} {num(bottom - 5)}L{num(mx)} {num(top)}Z",
                    air.near,
                    0.3,
                )
        main.stroke("M-55 -150L5 -185L62 -140L118 -22M-55 -150L-100 -16", hull, 1.4, 0.8)
        main.path("M-104 -22L-96 -6Q-86 24 -60 30H66Q92 14 118 -24L80 -8H-72Z", hull)
        main.path("M-96 -8H86L82 0H-90Z", mix(hull, air.sun, 0.3), 0.7)
        if air.lamps > 0.3:
            for wx in (-84, -70, -56):
                main.rect(wx, -2, 8, 8, air.lamp)
    if air.lamps > 0.3:
        stage.glow.glow(x - size * 0.36, y, size * 0.35, air.lamp, 0.5)


def sea(stage: Stage) -> None:
    """The open sea with a ship on it, and waves in rows."""
    air, w = stage.air, stage.width
    rng = stage.rng("sea")
    paint_sky(stage, 0.6)
    water(stage, 585)
    rough = {"storm": 3.0, "wind": 2.0, "rain": 1.5}.get(stage.scene.weather, 0.8)
    ship(stage, w * (0.64 if air.key_x < 0.55 else 0.36), 640, rng.uniform(300, 360), 0.16, rng.uniform(-3, 3) * rough)
    for i in range(7):
        y, depth = 640 + i * 52, 0.5 - i * 0.08
        swell = (7 + i * 5) * rough
        n = 12
        points = [
            (
                w * (k / n * 1.2 - 0.1) + rng.uniform(-30, 30),
                y + math.sin(k * 1.7 + i * 2.1) * swell + rng.uniform(-5, 5),
            )
            for k in range(n + 1)
        ]
        crest = mix(air.tone("#3d6e7c", depth), air.low, 0.2)
        stage.main.path(
            smooth(points) + f"L{num(w + 60)} 1010L-60 1010Z",
            stage.main.linear(
                (0, y - swell), (0, y + 130), [(0, crest, 0.95), (1, mix(air.tone("#274a5c"), air.near, 0.55), 1)]
            ),
        )
        stage.main.stroke(smooth(points), lighter(crest, 0.35), 1.6 + rough, 0.4)
    _gulls(stage)
    deck = mix(air.tone("#6b4a30"), air.near, 0.4)

    def rail() -> None:
        stage.main.rect(-20, 968, w + 40, 40, deck)

    stage.main.path(f"M-20 930Q{num(w / 2)} 900 {num(w + 20)} 930V1010H-20Z", mix(deck, air.near, 0.3))
    stage.fronts.append(rail)
    stage.stand = [(w * (0.3 if air.key_x < 0.55 else 0.68), 975, 400), (w * 0.5, 980, 390)]


def harbour(stage: Stage) -> None:
    """Quays, masts and warehouses with lit windows."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("harbour")
    paint_sky(stage, 0.58)
    hills(stage, "hills", 520, 110, 0.72)
    x = -30.0
    while x < w + 40:
        wide = rng.uniform(70, 120)
        house(stage, rng, x + wide / 2, 615, wide, rng.uniform(70, 165), 0.34)
        x += wide * 0.94
    mist(stage, 600, 0.35)
    water(stage, 612)
    for k in range(16):  # what the windows throw on the water
        lx = rng.uniform(0, 1) * w
        main.stroke(f"M{num(lx)} {620 + k * 4}v{num(rng.uniform(30, 90))}", air.lamp, 3, 0.22 * air.lamps)
    ship(stage, w * 0.3, 690, 300, 0.14)
    ship(stage, w * 0.78, 660, 210, 0.26)
    wood = air.tone("#6b5138")
    quay = [(-20, 850), (w * 0.62, 830), (w * 0.7, 870), (w * 0.78, 1010), (-20, 1010)]
    main.polygon(
        quay, main.linear((0, 830), (0, 1000), [(0, mix(wood, air.low, 0.15), 1), (1, mix(wood, air.near, 0.7), 1)])
    )
    for k in range(9):
        main.stroke(f"M{num(w * 0.075 * k)} {848 - k}L{num(w * (0.08 * k + 0.03))} 1000", air.near, 2.5, 0.4)
    for px in (0.08, 0.34, 0.6):
        main.rect(w * px - 14, 770, 28, 90, mix(wood, air.near, 0.5), 1, 5)
        main.ellipse(w * px, 772, 14, 5, mix(wood, air.low, 0.2))
    lx = w * 0.47
    main.rect(lx - 4, 640, 8, 200, air.near)
    main.rect(lx - 15, 606, 30, 38, air.lamp if air.lamps > 0.2 else air.tone("#d8d2c0"), 1, 5)
    main.polygon([(lx - 21, 608), (lx, 588), (lx + 21, 608)], air.near)
    stage.lamp(lx, 625, 200, strength=0.8 * max(air.lamps, 0.1))
    stage.stand = [(w * 0.24, 930, 350), (w * 0.5, 935, 345)]


def bridge(stage: Stage) -> None:
    """A stone bridge over a river between wooded banks."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("bridge")
    paint_sky(stage, 0.6)
    hills(stage, "far", 480, 150, 0.75)
    line = hills(stage, "woods", 560, 60, 0.52, "#4f6a48")
    for _ in range(26):
        tx = rng.uniform(0, 1) * w
        main.path(
            blob(rng, tx, height_at(line, tx) - 4, rng.uniform(22, 46), rng.uniform(26, 44)), air.tone("#51684a", 0.45)
        )
    water(stage, 640)
    stone, dark = air.tone("#9a9083", 0.12), mix(air.tone("#6a6259", 0.1), air.near, 0.5)
    y = 560.0
    deck = f"M-20 {y + 20}Q{num(w / 2)} {y - 110} {num(w + 20)} {y + 20}"
    arches = ""
    for cx, r in ((0.17, 0.1), (0.5, 0.15), (0.83, 0.1)):
        arches += (
            f"M{num(w * (cx - r))} 760V{num(y + 130 - r * 240)}A{num(w * r)} {num(110 + r * 200)} 0 0 1"
            f" {num(w * (cx + r))} {num(y + 130 - r * 240)}V760Z"
        )
    main.path(
        deck + f"V760H-20Z{arches}",
        main.linear((0, y - 60), (0, 760), [(0, mix(stone, air.low, 0.12), 1), (1, mix(stone, air.near, 0.5), 1)]),
        extra=' fill-rule="evenodd"',
    )
    main.stroke(deck, lighter(stone, 0.25), 9, 0.7)
    main.stroke(arches, dark, 8, 0.6)
    for _ in range(60):
        bx, by = rng.uniform(0, 1) * w, rng.uniform(y - 10, y + 110)
        if abs(bx / w - 0.5) > 0.16:
            main.rect(bx, by, rng.uniform(18, 40), 11, dark, 0.14, 3)
    for cx in (0.335, 0.665):
        main.rect(w * cx - 3, y - 150, 6, 70, air.near)
        main.rect(w * cx - 10, y - 176, 20, 28, air.lamp if air.lamps > 0.25 else air.tone("#cfc8b8"), 1, 4)
        if air.lamps > 0.25:
            stage.lamp(w * cx, y - 162, 130, strength=0.7)
            main.stroke(f"M{num(w * cx)} 770v80", air.lamp, 7, 0.22)
    bank = air.tone("#5a6b42")
    main.path(
        smooth([(-20, 800), (w * 0.2, 815), (w * 0.42, 905), (w * 0.6, 1010)]) + "L-20 1010Z",
        main.linear((0, 800), (0, 1000), [(0, mix(bank, air.low, 0.2), 1), (1, mix(bank, air.near, 0.75), 1)]),
    )
    main.path(
        smooth([(w + 20, 840), (w * 0.86, 880), (w * 0.7, 1010)]) + f"L{num(w + 20)} 1010Z", mix(bank, air.near, 0.6)
    )
    grass(stage, "reeds", 985, mix(air.near, bank, 0.2), 110, 70, mix(bank, air.sun, 0.3))
    stage.stand = [(w * 0.2, 925, 330), (w * 0.34, 955, 330)]


def underwater(stage: Stage) -> None:
    """The sea floor: beams from above, weed, coral and a wall of blue."""
    air, w, main = stage.air, stage.width, stage.main
    rng = stage.rng("underwater")
    blue = air.tone("#2f93a8")
    stage.back.rect(
        0,
        0,
        w,
        1000,
        stage.back.linear(
            (0, 0),
            (0, 1000),
            [
                (0, mix(blue, "#d8f6f0", 0.35), 1),
                (0.4, mix(blue, air.top, 0.25), 1),
                (1, darker(mix(blue, air.top, 0.6), 0.6), 1),
            ],
        ),
    )
    stage.back.glow(stage.key[0], -20, 800, mix(air.sun, "#c8fff0", 0.5), 0.75)
    shafts(stage, 7, 0.26)
    for i, depth in enumerate((0.8, 0.55, 0.25)):
        points = [(w * k / 8 - 20, 700 + i * 80 + rng.uniform(-60, 50)) for k in range(10)]
        main.path(
            smooth(points) + f"L{num(w + 60)} 1010L-60 1010Z", mix(darker(blue, 0.75 - depth * 0.3), blue, depth * 0.8)
        )
    for _ in range(16):
        x, y, h = rng.uniform(0, 1) * w, rng.uniform(850, 990), rng.uniform(140, 420)
        sway = rng.uniform(-50, 50)
        main.stroke(
            smooth([(x, y), (x + sway, y - h * 0.4), (x - sway * 0.6, y - h * 0.7), (x + sway * 0.5, y - h)]),
            mix(darker("#1d6b58", 0.4), blue, rng.uniform(0, 0.6)),
            rng.uniform(5, 15),
        )
    for _ in range(12):
        x, y = rng.uniform(0, 1) * w, rng.uniform(880, 990)
        main.path(
            blob(rng, x, y, rng.uniform(26, 70), rng.uniform(20, 60), 13, 0.3),
            mix(air.tone(rng.choice(("#d0705a", "#d79a5b", "#b65c8a", "#7a5aa5"))), blue, 0.35),
        )
    for _ in range(18):
        x, y, s = rng.uniform(0, 1) * w, rng.uniform(180, 640), rng.uniform(6, 20)
        main.path(
            polyline([(x - s * 1.8, y - s * 0.5), (x - s, y), (x - s * 1.8, y + s * 0.5)]) + "Z", darker(blue, 0.5), 0.7
        )
        main.ellipse(x, y, s, s * 0.45, darker(blue, 0.5), 0.7)
    for _ in range(40):
        x, y, s = rng.uniform(0, 1) * w, rng.uniform(60, 950), rng.uniform(2, 9)
        main.circle(x, y, s, "#d8fff8", 0.22)
    stage.stand = [(w * 0.42, 930, 350), (w * 0.62, 940, 340)]
