"""Things, drawn upright in a box from (-100, -150) to (100, 150): painted alone, or small in somebody's hand."""

from __future__ import annotations

import math
from collections.abc import Callable

from compute.backends.painter import arms
from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.ink import Ink
from compute.backends.painter.svg import Layer, blob, num


def _key(d: Layer, ink: Ink) -> None:
    metal = ink.across(d, ink.main, 60)
    d.path(
        "M-58 -92a58 56 0 1 1 116 0a58 56 0 1 1 -116 0ZM-34 -92a34 32 0 1 0 68 0a34 32 0 1 0 -68 0Z",
        metal,
        extra=' fill-rule="evenodd"',
    )
    for x, y in ((0, -150), (-58, -92), (58, -92)):
        d.circle(x, y, 15, metal)
    d.rect(-11, -42, 22, 176, metal, 1, 8)
    d.rect(-20, -40, 40, 14, metal, 1, 6)
    d.rect(-17, -16, 34, 9, metal, 1, 4)
    d.path("M8 78H52V92H38V104H52V128H8Z", ink.main)
    d.path("M8 78H52V84H8Z", lighter(ink.main, 0.5))
    d.stroke("M-44 -110a48 46 0 0 1 40 -32", lighter(ink.main, 0.75), 6, 0.8)
    d.stroke("M-4 -20V126", lighter(ink.main, 0.7), 4, 0.6)


def _amulet(d: Layer, ink: Ink) -> None:
    d.stroke("M-84 -150C-80 -40 -40 10 0 20C40 10 80 -40 84 -150", ink.gold, 5)
    d.stroke("M-84 -150C-80 -40 -40 10 0 20C40 10 80 -40 84 -150", lighter(ink.gold, 0.6), 2, 0.8)
    d.circle(0, 74, 58, ink.across(d, ink.gold, 58))
    d.circle(0, 74, 42, darker(ink.main, 0.2))
    d.circle(
        0,
        74,
        36,
        d.radial((-10, 60), 50, [(0, lighter(ink.main, 0.7), 1), (0.5, ink.main, 1), (1, darker(ink.main, 0.6), 1)]),
    )
    for k in range(12):
        a = math.tau * k / 12
        d.circle(math.cos(a) * 50, 74 + math.sin(a) * 50, 4.5, lighter(ink.gold, 0.6))
    d.ellipse(-12, 58, 9, 6, "#ffffff", 0.8)


def _ring(d: Layer, ink: Ink) -> None:
    d.path(
        "M-80 40a80 76 0 1 1 160 0a80 76 0 1 1 -160 0ZM-58 42a58 54 0 1 0 116 0a58 54 0 1 0 -116 0Z",
        ink.across(d, ink.gold, 80),
        extra=' fill-rule="evenodd"',
    )
    with d.group("translate(0 -64) scale(.5)"):
        _gem(d, ink)
    d.path("M-34 -32L-44 -64L-26 -52ZM34 -32L44 -64L26 -52Z", lighter(ink.gold, 0.4))


def _coin(d: Layer, ink: Ink) -> None:
    for x, y, r in ((34, 66, 74), (-40, 50, 76), (0, -20, 92)):
        d.ellipse(x, y + 9, r, r * 0.97, darker(ink.gold, 0.6))
        d.circle(x, y, r, ink.across(d, ink.gold, r))
        d.circle(x, y, r * 0.84, mix(ink.gold, ink.dark, 0.15))
    d.path("M-30 30C-52 -10 -40 -64 8 -78C-8 -50 -4 -20 34 -8C20 26 -6 40 -30 30Z", lighter(ink.gold, 0.5))
    d.stroke("M-62 -66A78 78 0 0 1 30 -92", lighter(ink.gold, 0.8), 6, 0.8)


def _gem(d: Layer, ink: Ink) -> None:
    c = ink.main
    d.polygon([(-60, -80), (60, -80), (100, -24), (0, 120), (-100, -24)], c)
    for points, tone in (
        ([(-60, -80), (-34, -24), (-100, -24)], lighter(c, 0.35)),
        ([(-60, -80), (0, -80), (-34, -24)], lighter(c, 0.6)),
        ([(0, -80), (34, -24), (-34, -24)], lighter(c, 0.25)), ([(0, -80), (60, -80), (34, -24)], lighter(c, 0.45)),
        ([(60, -80), (100, -24), (34, -24)], darker(c, 0.15)), ([(-100, -24), (-34, -24), (0, 120)], darker(c, 0.1)),
        ([(34, -24), (100, -24), (0, 120)], darker(c, 0.5)), ([(-34, -24), (34, -24), (0, 120)], lighter(c, 0.15)),
    ):  # fmt: skip
        d.polygon(points, tone)


def _crown(d: Layer, ink: Ink) -> None:
    d.ellipse(0, 70, 96, 26, darker(ink.gold, 0.7))
    d.path("M-96 70L-110 -60L-56 6L-34 -96L0 -4L34 -96L56 6L110 -60L96 70Q0 112 -96 70Z", ink.across(d, ink.gold, 100))
    d.path("M-96 70Q0 112 96 70V46Q0 88 -96 46Z", lighter(ink.gold, 0.3))
    for x, y in ((-110, -64), (-34, -102), (34, -102), (110, -64)):
        d.circle(x, y, 11, lighter(ink.gold, 0.6))
    for x, y in ((-56, 60), (0, 74), (56, 60)):
        d.circle(x, y, 12, ink.main)
        d.circle(x - 3, y - 4, 4, "#ffffff", 0.8)


def _book(d: Layer, ink: Ink) -> None:
    d.path("M-92 -118L78 -136Q92 -136 92 -122V116L-78 138Q-96 138 -96 118Z", darker(ink.main, 0.4))
    d.path("M-84 120Q-92 136 -74 134L88 112V96L-76 118Z", ink.paper)
    d.path(
        "M-92 -118L78 -136V94L-84 118Q-96 116 -92 104Z",
        d.linear((-92, -118), (78, 110), [(0, lighter(ink.main, 0.25), 1), (1, darker(ink.main, 0.3), 1)]),
    )
    d.path("M-92 -118L-66 -121V116L-84 118Q-96 116 -92 104Z", ink.dark, 0.35)
    d.stroke("M-48 -102L62 -114V76L-48 92Z", ink.gold, 4, 0.9)
    d.path("M8 -60L24 -14L8 30L-10 -14Z", ink.gold)
    d.circle(7, -14, 7, ink.main)
    for y in (-120, 70):
        d.path(f"M54 {y - 12}l24 -3v26l-24 3Z", ink.gold)


def _letter(d: Layer, ink: Ink) -> None:
    d.path("M-100 -60L96 -80L104 74L-92 96Z", ink.paper)
    d.path("M-100 -60L6 24L96 -80Z", darker(ink.paper, 0.16))
    d.path("M-100 -60L2 16L96 -80Z", lighter(ink.paper, 0.35))
    d.stroke("M-92 96L-16 12M104 74L22 6", darker(ink.paper, 0.35), 2.4, 0.6)
    d.path(blob(ink.rng, 4, 18, 28, 26, 10, 0.12), mix(ink.main, "#8c1f24", 0.6))
    d.circle(4, 18, 15, darker(mix(ink.main, "#8c1f24", 0.6), 0.3))
    d.stroke("M-14 4q10 -10 24 -6", "#ffffff", 3, 0.4)


def _map(d: Layer, ink: Ink) -> None:
    d.path("M-104 -86Q-60 -104 0 -88T104 -92L98 88Q50 104 -2 90T-98 96Z", ink.paper)
    d.path("M-104 -86Q-60 -104 0 -88L-2 90Q-50 76 -98 96Z", darker(ink.paper, 0.12))
    d.path(blob(ink.rng, -36, -14, 48, 44, 11, 0.28), mix(ink.paper, "#6f7a48", 0.5))
    d.path(blob(ink.rng, 52, 30, 34, 36, 9, 0.3), mix(ink.paper, "#6f7a48", 0.5))
    d.stroke("M-60 -10l12 -22l12 22m4 2l10 -18l10 18", ink.wood, 4)
    d.stroke("M-40 30Q-10 60 16 20T62 26", "#a3352c", 4)
    d.stroke("M52 14l20 22m0 -22l-20 22", "#a3352c", 6)
    d.path("M66 -66l7 22l-7 22l-7 -22Z", ink.wood)
    for x in (-104, 104):
        d.ellipse(x * 0.98, 0, 13, 96, darker(ink.paper, 0.25))
        d.ellipse(x * 0.98 - 3, 0, 6, 90, lighter(ink.paper, 0.3), 0.6)


def _chest(d: Layer, ink: Ink) -> None:
    d.rect(-100, -8, 200, 112, ink.across(d, ink.wood, 110), 1, 6)
    d.path("M-106 -8V-40Q-100 -96 -40 -96H40Q100 -96 106 -40V-8Z", ink.across(d, lighter(ink.wood, 0.08), 110))
    d.stroke("M-100 30H100M-100 66H100M-96 -56H96", ink.dark, 3, 0.4)
    for x in (-78, 0, 78):
        d.path(f"M{x - 10} 104V-8H{x + 10}V104ZM{x - 10} -8V-95H{x + 10}V-8Z", ink.gold)
    d.rect(-108, -16, 216, 13, ink.gold)
    d.rect(-22, -26, 44, 52, lighter(ink.gold, 0.2), 1, 6)
    d.circle(0, -4, 7, ink.dark)
    d.path("M-4 -2h8l3 18h-14Z", ink.dark)


def _potion(d: Layer, ink: Ink) -> None:
    d.path(
        "M-26 -110H26V-60C60 -44 84 -4 84 40C84 96 50 120 0 120S-84 96 -84 40C-84 -4 -60 -44 -26 -60Z", "#dcebe8", 0.32
    )
    d.path(
        "M-72 26Q-36 12 0 26T72 26C84 90 46 110 0 110S-84 90 -72 26Z",
        d.radial((0, 40), 96, [(0, lighter(ink.main, 0.6), 1), (0.6, ink.main, 1), (1, darker(ink.main, 0.5), 1)]),
    )
    for _ in range(9):
        d.circle(ink.rng.uniform(-50, 50), ink.rng.uniform(34, 96), ink.rng.uniform(3, 8), "#ffffff", 0.4)
    d.rect(-32, -116, 64, 14, "#e6f0ee", 0.6, 6)
    d.path("M-22 -116L-18 -150H18L22 -116Z", ink.wood)
    d.stroke("M-58 -4Q-74 30 -60 70", "#ffffff", 8, 0.55)
    d.stroke("M-24 -66Q0 -56 24 -66", ink.gold, 6)


def _cup(d: Layer, ink: Ink) -> None:
    d.path(
        "M-76 -110H76C80 -20 50 14 14 24V96H54Q62 118 0 122Q-62 118 -54 96H-14V24C-50 14 -80 -20 -76 -110Z",
        ink.across(d, ink.gold, 80),
    )
    d.ellipse(0, -110, 76, 18, darker(ink.gold, 0.55))
    d.ellipse(0, -106, 66, 12, mix("#7a2036", ink.main, 0.3))
    for x in (-40, 0, 40):
        d.circle(x, -56 + abs(x) * -0.1, 11, ink.main)
        d.circle(x - 3, -60, 4, "#ffffff", 0.8)


def _lantern(d: Layer, ink: Ink) -> None:
    d.stroke("M-34 -96C-30 -156 30 -156 34 -96", ink.dark, 8)
    d.path("M-56 -72L-30 -104H30L56 -72Z", ink.metal)
    d.rect(-48, -72, 96, 156, mix(ink.glow, "#ffffff", 0.2), 0.95, 6)
    d.ellipse(0, 24, 44, 60, d.radial((0, 24), 60, [(0, "#fffbe0", 1), (0.5, "#ffd884", 0.9), (1, "#ffb84e", 0)]))
    d.path("M0 -26C26 8 26 40 0 56C-26 40 -26 8 0 -26Z", "#fff6d0")
    for x in (-48, -3, 42):
        d.rect(x, -74, 6, 160, ink.dark)
    d.rect(-60, 82, 120, 20, ink.metal, 1, 4)
    d.rect(-48, 102, 96, 12, darker(ink.metal, 0.4), 1, 4)


def _torch(d: Layer, ink: Ink) -> None:
    d.path("M-14 -40L-8 150H8L14 -40Z", ink.across(d, ink.wood, 14))
    d.path("M-24 -30L-20 -66H20L24 -30Z", ink.dark)
    for colour, s in (("#e25a1e", 1.0), ("#ff9a3c", 0.72), ("#ffe39a", 0.42)):
        d.path(
            f"M{num(-26 * s)} -56C{num(-46 * s)} {num(-56 - 40 * s)} 0 {num(-56 - 50 * s)} 6 {num(-56 - 94 * s)}"
            f"C{num(14 * s)} {num(-56 - 50 * s)} {num(46 * s)} {num(-56 - 36 * s)} {num(26 * s)} -56Z",
            colour,
        )


def _candle(d: Layer, ink: Ink) -> None:
    for x, y in ((-62, -40), (0, -70), (62, -40)):
        d.stroke(f"M{x} {y + 40}Q{x} {y + 96} 0 76", ink.gold, 8)
        d.rect(x - 10, y - 26, 20, 66, ink.paper, 1, 3)
        d.path(f"M{x} {y - 66}q13 20 0 36q-13 -14 0 -36Z", "#ffe9a8")
        d.ellipse(x, y + 40, 20, 6, ink.gold)
    d.path("M-9 20H9V108H50Q56 122 0 124Q-56 122 -50 108H-9Z", ink.across(d, ink.gold, 40))


def _compass(d: Layer, ink: Ink) -> None:
    d.circle(0, -132, 17, ink.gold)
    d.circle(0, -132, 9, ink.dark)
    d.circle(0, 0, 116, ink.across(d, ink.gold, 116))
    d.circle(0, 0, 94, ink.paper)
    d.circle(0, 0, 94, d.radial((-20, -24), 130, [(0, "#ffffff", 0.3), (1, ink.dark, 0.35)]))
    d.stroke(
        "".join(
            f"M{num(math.cos(a) * 84)} {num(math.sin(a) * 84)}L{num(math.cos(a) * 74)} {num(math.sin(a) * 74)}"
            for a in (math.tau * k / 24 for k in range(24))
        ),
        ink.wood,
        3,
    )
    d.path("M0 -60L9 -9L60 0L9 9L0 60L-9 9L-60 0L-9 -9Z", mix(ink.paper, ink.wood, 0.5))
    with d.group(f"rotate({ink.rng.uniform(15, 75):.0f})"):
        d.path("M0 -78L12 0H-12Z", "#b23a34")
        d.path("M0 78L12 0H-12Z", ink.metal)
    d.circle(0, 0, 8, ink.gold)
    d.stroke("M-70 -56A90 90 0 0 1 20 -86", "#ffffff", 7, 0.5)


def _hourglass(d: Layer, ink: Ink) -> None:
    for y in (-140, 122):
        d.rect(-82, y, 164, 20, ink.across(d, ink.wood, 82), 1, 6)
    for x in (-66, 56):
        d.rect(x, -120, 10, 244, ink.gold)
    d.path(
        "M-50 -118H50C50 -50 14 -20 8 0C14 20 50 50 50 118H-50C-50 50 -14 20 -8 0C-14 -20 -50 -50 -50 -118Z",
        "#dfeeee",
        0.35,
    )
    d.path(
        "M-38 -66H38C28 -34 10 -16 4 -4H-4C-10 -16 -28 -34 -38 -66ZM-46 116C-40 80 -14 62 0 56C14 62 40 80 46 116Z",
        mix("#d8b06a", ink.main, 0.4),
    )
    d.stroke("M0 -6V60", "#e8c88a", 3)
    d.stroke("M-36 -104C-36 -64 -22 -40 -14 -24", "#ffffff", 5, 0.6)


def _mirror(d: Layer, ink: Ink) -> None:
    d.ellipse(0, -44, 92, 106, ink.across(d, ink.gold, 92))
    d.ellipse(
        0,
        -44,
        74,
        88,
        d.linear(
            (-70, -120), (70, 40), [(0, lighter(ink.glow, 0.6), 1), (0.5, ink.metal, 1), (1, darker(ink.metal, 0.6), 1)]
        ),
    )
    d.stroke("M-40 -90L10 -20M-10 -106L40 -36", "#ffffff", 8, 0.4)
    d.path("M-14 58H14L18 140Q0 158 -18 140Z", ink.across(d, ink.gold, 18))
    d.circle(0, -150, 13, ink.main)


def _feather(d: Layer, ink: Ink) -> None:
    with d.group("rotate(18)"):
        d.path("M0 140C-6 60 -60 20 -46 -60C-38 -110 -8 -140 8 -150C40 -110 56 -40 34 20C24 50 8 70 4 140Z", ink.main)
        d.path("M2 140C4 60 20 -20 8 -150C40 -110 56 -40 34 20C24 50 8 70 4 140Z", darker(ink.main, 0.35))
        d.stroke("M2 150C2 60 14 -40 8 -146", ink.paper, 4)
        d.stroke("M4 20L-34 -20M6 -20L-40 -60M8 -60L-30 -96M6 10L34 -26M8 -40L44 -70", ink.dark, 2, 0.35)


def _flower(d: Layer, ink: Ink) -> None:
    stem = mix("#4d6a35", ink.dark, 0.15)
    d.stroke("M0 150C-10 90 10 40 0 -30", stem, 8)
    d.path("M2 90C40 50 70 60 84 40C80 90 40 104 2 90ZM-2 60C-40 30 -66 40 -80 16C-76 64 -36 80 -2 60Z", stem)
    for k in range(8):
        with d.group(f"translate(0 -72) rotate({k * 45 + 11})"):
            d.path("M0 0C-34 -30 -26 -72 0 -80C26 -72 34 -30 0 0Z", lighter(ink.main, 0.25) if k % 2 else ink.main)
    d.circle(0, -72, 20, ink.gold)
    d.circle(-5, -78, 7, lighter(ink.gold, 0.6))


def _mask(d: Layer, ink: Ink) -> None:
    d.path(
        "M-90 -70Q0 -120 90 -70C96 20 50 120 0 130C-50 120 -96 20 -90 -70Z",
        ink.across(d, mix(ink.paper, ink.main, 0.4), 90),
    )
    for s in (-1, 1):
        d.path(f"M{s * 16} -22Q{s * 44} -52 {s * 70} -24Q{s * 44} -4 {s * 16} -22Z", ink.dark)
        d.stroke(f"M{s * 14} -50Q{s * 46} -76 {s * 76} -48", ink.gold, 6)
        d.path(f"M{s * 30} 12L{s * 40} 52L{s * 20} 52Z", ink.main, 0.8)
    d.path("M0 -18L14 34Q0 44 -14 34Z", ink.dark, 0.22)
    d.path("M-30 72Q0 60 30 72Q0 96 -30 72Z", mix(ink.main, "#7a2a30", 0.6))


def _skull(d: Layer, ink: Ink) -> None:
    d.path(
        "M-80 -30C-84 -110 -40 -138 0 -138S84 -110 80 -30C80 0 60 20 54 36V86Q0 108 -54 86V36C-60 20 -80 0 -80 -30Z",
        ink.across(d, ink.paper, 86),
    )
    for s in (-1, 1):
        d.ellipse(s * 34, -22, 23, 26, ink.dark)
        d.circle(s * 34, -20, 5, ink.glow, 0.7)
    d.path("M0 6L13 36H-13Z", ink.dark)
    d.stroke("M-36 62V90M-18 66V95M0 67V96M18 66V95M36 62V90M-46 62Q0 74 46 62", ink.dark, 4, 0.7)


def _bag(d: Layer, ink: Ink) -> None:
    leather = mix(ink.wood, ink.main, 0.4)
    d.path("M-28 -76C-110 -20 -110 110 0 116C110 110 110 -20 28 -76Z", ink.across(d, leather, 96))
    d.path("M-46 -118Q0 -92 46 -118L28 -76H-28Z", lighter(leather, 0.15))
    d.stroke("M-34 -78Q0 -66 34 -78", ink.gold, 8)
    d.stroke("M30 -76q26 20 22 56m-10 -54q22 6 32 34", ink.gold, 5)
    d.stroke("M-40 -50Q-76 10 -56 70M0 -60Q-8 10 0 80M40 -50Q72 10 56 66", ink.dark, 4, 0.25)


def _rope(d: Layer, ink: Ink) -> None:
    for k in range(5):
        y = 70 - k * 32
        d.ellipse(0, y, 92 - k * 4, 34, darker(ink.wood, 0.4))
        d.ellipse(0, y - 7, 88 - k * 4, 28, lighter(ink.wood, 0.3))
        d.ellipse(0, y - 7, 52, 13, ink.dark)
    d.stroke("M60 40C120 50 110 110 60 116", lighter(ink.wood, 0.25), 15)


def _lute(d: Layer, ink: Ink) -> None:
    with d.group("rotate(16)"):
        d.path(
            "M0 -20C70 0 96 60 70 110C50 146 -50 146 -70 110C-96 60 -70 0 0 -20Z",
            ink.across(d, mix(ink.wood, "#c98a48", 0.5), 84),
        )
        d.circle(0, 60, 24, ink.dark)
        d.rect(-11, -124, 22, 120, ink.wood)
        d.path("M-12 -124L-28 -150H12L14 -124Z", ink.dark)
        d.stroke("M-5 -120V112M0 -120V112M5 -120V112", ink.paper, 1.6, 0.8)
        d.rect(-28, 104, 56, 9, ink.dark)


def _telescope(d: Layer, ink: Ink) -> None:
    with d.group("rotate(38)"):
        for y, h, r in ((-150, 92, 38), (-62, 90, 29), (24, 110, 21)):
            d.rect(-r, y, r * 2, h, ink.across(d, ink.gold if y != -62 else ink.wood, r), 1, 4)
            d.rect(-r - 5, y + h - 14, r * 2 + 10, 14, ink.across(d, lighter(ink.gold, 0.1), r), 1, 4)
        d.ellipse(0, -150, 38, 11, ink.glow, 0.8)


OBJECTS: dict[str, Callable[[Layer, Ink], None]] = {
    "key": _key, "sword": arms.sword, "dagger": arms.dagger, "axe": arms.axe, "hammer": arms.hammer,
    "spear": arms.spear, "staff": arms.staff, "bow": arms.bow, "shield": arms.shield, "helmet": arms.helmet,
    "amulet": _amulet, "ring": _ring, "coin": _coin, "gem": _gem, "crown": _crown, "book": _book, "letter": _letter,
    "map": _map, "chest": _chest, "potion": _potion, "cup": _cup, "lantern": _lantern, "torch": _torch,
    "candle": _candle, "compass": _compass, "hourglass": _hourglass, "mirror": _mirror, "feather": _feather,
    "flower": _flower, "mask": _mask, "skull": _skull, "bag": _bag, "rope": _rope, "lute": _lute,
    "telescope": _telescope, "rose_": _flower,
}  # fmt: skip


# The pigment of a thing's main part when the prompt names none.
USUAL = {
    "key": "#c09a4a", "sword": "#7a3038", "book": "#7a3a34", "gem": "#3f9ab5", "ring": "#b23a4a", "amulet": "#3f8f7a",
    "potion": "#7a4ab5", "flower": "#c24a5a", "feather": "#4a6fae", "crown": "#a3203f", "shield": "#3f5a8f",
    "spear": "#a8352f", "mask": "#c9a15a",
}  # fmt: skip


GLOWING = {"lantern", "torch", "candle", "potion", "gem", "staff", "amulet"}
