"""A thing painted alone: on dark cloth, in a pool of light."""

from __future__ import annotations

import math

from compute.backends.painter.colour import darker, lighter, mix, turned
from compute.backends.painter.ink import Ink
from compute.backends.painter.objects import GLOWING, OBJECTS, USUAL
from compute.backends.painter.stage import HEIGHT, Stage
from compute.backends.painter.svg import Layer, blob, num, smooth


def ink_for(stage: Stage, thing: str, colour: str = "", lift: float = 0.3) -> Ink:
    """The colours for one thing in this scene's light, raised by `lift` so that it stands out."""
    air = stage.air

    def seen(pigment: str) -> str:
        return mix(air.tone(pigment), pigment, lift)

    main = colour or USUAL.get(thing, "#8a5a3c")
    return Ink(
        main=seen(main), metal=seen("#a9b0ba"), gold=seen("#cfa04a"), wood=seen("#6f4a2e"), paper=seen("#e6d6b2"),
        dark=seen("#17131a"), glow=mix(air.lamp, "#ffffff", 0.15), rng=stage.rng("thing", thing),
    )  # fmt: skip


def paint_still(stage: Stage) -> None:
    """The scene's first thing, large; a second one, smaller, beside it; an unknown one is a parcel."""
    air, w, main, back = stage.air, stage.width, stage.main, stage.back
    scene, rng = stage.scene, stage.rng("still", stage.scene.key)
    kx, ky = stage.key
    key = scene.key
    tint = mix(air.middle, turned("#5a4a6a", key % 360, 0.8), 0.35)
    back.rect(0, 0, w, HEIGHT, back.linear((0, 0), (0, 700), [(0, darker(tint, 0.72), 1), (1, darker(tint, 0.35), 1)]))
    for _ in range(16):  # lights far behind, out of focus
        x, y, r = rng.uniform(0, 1) * w, rng.uniform(40, 620), rng.uniform(14, 70)
        back.circle(x, y, r, mix(air.sun, turned(tint, rng.uniform(-50, 50), 1.6), 0.5), rng.uniform(0.05, 0.22))
    back.glow(w * 0.5, 420, 560, mix(air.sun, tint, 0.3), 0.62)
    back.glow(kx, ky, 520, air.sun, 0.4)
    cloth = mix(turned("#6a2f3c", (key >> 9) % 360, 0.9), air.near, 0.3)
    main.path(
        smooth([(-20, 700), (w * 0.3, 676), (w * 0.7, 690), (w + 20, 668)]) + f"L{num(w + 20)} 1010H-20Z",
        main.linear(
            (0, 670), (0, 1000), [(0, lighter(mix(cloth, air.sun, 0.2), 0.08), 1), (1, darker(cloth, 0.72), 1)]
        ),
    )
    for k in range(7):
        x = w * (k + rng.uniform(0.1, 0.9)) / 7
        bend = rng.uniform(-120, 120)
        main.stroke(
            smooth([(x, 690), (x + bend * 0.4, 800), (x + bend, 1010)]), darker(cloth, 0.6), rng.uniform(8, 26), 0.3
        )
        main.stroke(
            smooth([(x + 16, 690), (x + 16 + bend * 0.4, 800), (x + 16 + bend, 1010)]),
            mix(cloth, air.sun, 0.4),
            rng.uniform(3, 8),
            0.25,
        )
    main.ellipse(w * 0.5, 790, 330, 66, main.radial((w * 0.5, 790), 330, [(0, air.sun, 0.42), (1, air.sun, 0)], 0.2))
    things = list(scene.things) or [""]
    colour = scene.colours[0] if scene.colours else ""
    scale = min(w / 1000, 1.0) * 2.2
    if len(things) > 1:
        _thing(stage, things[1], w * 0.5 + rng.choice((-1, 1)) * w * 0.27, 640, scale * 0.62, "")
    _thing(stage, things[0], w * (0.5 if len(things) == 1 else 0.46), 520, scale, colour)
    for _ in range(26):
        main.circle(
            rng.uniform(0.15, 0.85) * w, rng.uniform(150, 780), rng.uniform(0.8, 2.6), air.sun, rng.uniform(0.15, 0.6)
        )


def _thing(stage: Stage, thing: str, x: float, y: float, scale: float, colour: str) -> None:
    main = stage.main
    rng = stage.rng("lean", thing)
    ink = ink_for(stage, thing, colour, 0.4)
    lean = (
        rng.uniform(-16, 16)
        if thing not in ("chest", "cup", "candle", "lantern", "hourglass", "")
        else rng.uniform(-3, 3)
    )
    foot = y + 140 * scale
    main.ellipse(
        x + 20,
        foot,
        105 * scale,
        20 * scale,
        main.radial((x + 20, foot), 105 * scale, [(0, "#050407", 0.75), (1, "#050407", 0)], 0.19),
    )
    with main.group(f"translate({num(x)} {num(y)}) rotate({lean:.1f}) scale({scale:.3f})"):
        (OBJECTS.get(thing) or _parcel)(main, ink)
    if thing in GLOWING:
        stage.lamp(x, y, 190 * scale, ink.glow if thing in ("lantern", "torch", "candle") else ink.main, 0.6)
    else:
        stage.glow.glow(x - 40 * scale, y - 60 * scale, 130 * scale, stage.air.sun, 0.2)
    for k in range(3):  # glints
        a = math.tau * rng.random()
        gx, gy, r = x + math.cos(a) * 70 * scale, y + math.sin(a) * 100 * scale, rng.uniform(8, 16)
        main.path(
            f"M{num(gx)} {num(gy - r)}Q{num(gx)} {num(gy)} {num(gx + r)} {num(gy)}"
            f"Q{num(gx)} {num(gy)} {num(gx)} {num(gy + r)}Q{num(gx)} {num(gy)} {num(gx - r)} {num(gy)}"
            f"Q{num(gx)} {num(gy)} {num(gx)} {num(gy - r)}Z",
            "#fff8e0",
            0.75 - 0.15 * k,
        )


def _parcel(d: Layer, ink: Ink) -> None:
    """Something nobody has a word for: a bundle tied with cord, its shape from the words."""
    rng = ink.rng
    d.path(blob(rng, 0, 30, 96, 88, 9, 0.14), ink.across(d, mix(ink.main, ink.wood, 0.4), 96))
    d.path(
        f"M-30 -50C-60 -110 {num(rng.uniform(-60, -20))} -140 -6 -96C{num(rng.uniform(0, 40))} -146 60 -110 28 -50Z",
        lighter(mix(ink.main, ink.wood, 0.4), 0.15),
    )
    d.stroke("M-36 -52Q0 -38 36 -52M-90 30Q0 70 90 24M-6 -44Q-26 40 6 116", ink.gold, 7)
    d.stroke("M-60 -10Q-70 40 -50 84M54 -14Q66 36 46 84", ink.dark, 4, 0.25)
