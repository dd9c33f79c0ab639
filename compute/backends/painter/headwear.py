"""What is worn on the head in a portrait. Local units as in `face`."""

from __future__ import annotations

import math
from collections.abc import Callable

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.face import Sitter
from compute.backends.painter.svg import Layer, num, smooth


def _hood(d: Layer, s: Sitter) -> None:
    lit = mix(s.cloth, s.sun, 0.2)
    paint = d.linear(
        (-s.side * 90, 0), (s.side * 90, 0), [(0, mix(s.cloth, s.dark, 0.6), 1), (0.5, s.cloth, 1), (1, lit, 1)]
    )
    d.path(
        "M-94 132C-112 30 -100 -74 -60 -116C-28 -144 30 -144 62 -116C102 -74 114 30 96 132C86 128 74 128 66 118"
        "C84 40 78 -48 44 -78C20 -96 -18 -96 -42 -78C-76 -48 -82 40 -64 118C-72 128 -84 128 -94 132Z",
        paint,
    )
    d.path(
        "M-64 118C-82 40 -76 -48 -42 -78C-18 -96 20 -96 44 -78C78 -48 84 40 66 118C74 40 64 -40 38 -64"
        "C18 -80 -16 -80 -36 -64C-62 -40 -72 40 -64 118Z",
        darker(s.cloth, 0.72),
        0.75,
    )
    d.stroke(
        "M-66 112C-82 40 -76 -48 -42 -78C-18 -96 20 -96 44 -78C78 -48 84 40 68 112", mix(s.trim, s.cloth, 0.35), 3, 0.8
    )
    for n in range(3):
        d.stroke(
            f"M{num(s.side * (70 + 8 * n))} {num(100 - 20 * n)}C{num(s.side * (88 + 5 * n))} 30"
            f" {num(s.side * (80 + 4 * n))} -50 {num(s.side * (46 + 5 * n))} {num(-98 - 4 * n)}",
            s.sun if n == 2 else s.dark,
            2.4,
            0.25,
        )


def _cap(d: Layer, s: Sitter) -> None:
    cloth = mix(s.cloth, "#2b3348", 0.45)
    w = s.wide + 12
    d.path(
        f"M{num(-w)} -44C{num(-w - 2)} -122 {num(w + 2)} -122 {num(w)} -44Q0 -70 {num(-w)} -44Z",
        d.linear(
            (-s.side * w, 0),
            (s.side * w, 0),
            [(0, mix(cloth, s.dark, 0.5), 1), (0.6, cloth, 1), (1, mix(cloth, s.sun, 0.35), 1)],
        ),
    )
    d.path(f"M{num(-w - 2)} -42Q0 -70 {num(w + 2)} -42V-60Q0 -88 {num(-w - 2)} -60Z", lighter(cloth, 0.12))
    d.stroke(
        "".join(
            f"M{num(-w + 6 + n * 9)} {num(-58 + abs(n - w / 9) * 0.3 - 14 * math.sin(math.pi * n / (2 * w / 9)))}v15"
            for n in range(int(2 * w / 9))
        ),
        s.dark,
        1.8,
        0.3,
    )


def _helmet(d: Layer, s: Sitter) -> None:
    steel, w = mix("#a7afba", s.sun, 0.12), s.wide + 13
    paint = d.linear(
        (-s.side * w, 0),
        (s.side * w, 0),
        [(0, darker(steel, 0.7), 1), (0.5, steel, 1), (0.8, lighter(steel, 0.4), 1), (1, mix(steel, s.sun, 0.4), 1)],
    )
    d.path(
        f"M{num(-w)} 52C{num(-w - 6)} -60 {num(-w + 12)} -116 0 -116S{num(w + 6)} -60 {num(w)} 52L{num(w - 15)} 60"
        f"C{num(w - 8)} 20 {num(w - 14)} -24 {num(w - 26)} -34H9L5 26Q0 30 -5 26L-9 -34H{num(-w + 26)}"
        f"C{num(-w + 14)} -24 {num(-w + 8)} 20 {num(-w + 15)} 60Z",
        paint,
    )
    d.stroke(f"M{num(-w + 26)} -34H-9M9 -34H{num(w - 26)}M0 -114V-38", darker(steel, 0.55), 2.6, 0.8)
    d.path("M-7 -114C-10 -150 -60 -150 -80 -96C-60 -116 -30 -118 -4 -106Z", s.cloth)
    for k in (-1, 1):
        for n in range(4):
            d.circle(k * (w - 8), -40 + n * 22, 2.6, lighter(steel, 0.5))


def _brimmed(d: Layer, s: Sitter, crown: str, colour: str, wide: float) -> None:
    paint = d.linear(
        (-s.side * 60, 0),
        (s.side * 60, 0),
        [(0, mix(colour, s.dark, 0.6), 1), (0.6, colour, 1), (1, mix(colour, s.sun, 0.35), 1)],
    )
    d.path(crown, paint)
    d.path("M-56 -58Q0 -40 56 -58L54 -72Q0 -54 -54 -72Z", s.trim, 0.9)
    d.path(f"M{num(-wide)} -44Q0 -92 {num(wide)} -44Q0 -20 {num(-wide)} -44Z", paint)
    d.path(f"M{num(-wide)} -44Q0 -34 {num(wide)} -44Q0 -20 {num(-wide)} -44Z", darker(colour, 0.5), 0.7)


def _hat(d: Layer, s: Sitter) -> None:
    _brimmed(
        d,
        s,
        "M-54 -50C-54 -110 -40 -132 -14 -126Q0 -118 14 -126C40 -132 54 -110 54 -50Z",
        mix("#4a3426", s.cloth, 0.3),
        104,
    )


def _straw(d: Layer, s: Sitter) -> None:
    _brimmed(d, s, "M-52 -50C-52 -124 52 -124 52 -50Z", mix("#cfae66", s.dark, 0.15), 116)


def _pointed(d: Layer, s: Sitter) -> None:
    _brimmed(d, s, "M-54 -50C-40 -110 -24 -150 -36 -206C0 -180 44 -110 54 -50Z", s.cloth, 118)


def _feathered(d: Layer, s: Sitter) -> None:
    _hat(d, s)
    d.path("M-44 -66C-100 -90 -120 -140 -104 -176C-84 -140 -60 -110 -36 -84Z", s.trim)
    d.stroke("M-44 -66C-80 -96 -100 -136 -104 -172", lighter(s.trim, 0.5), 2.4, 0.7)


def _tricorn(d: Layer, s: Sitter) -> None:
    felt = mix("#2a2530", s.cloth, 0.15)
    d.path(
        "M-104 -72Q-60 -46 0 -38Q60 -46 104 -72Q64 -128 0 -124Q-64 -128 -104 -72Z",
        d.linear(
            (-s.side * 100, 0),
            (s.side * 100, 0),
            [(0, darker(felt, 0.4), 1), (0.6, felt, 1), (1, mix(felt, s.sun, 0.4), 1)],
        ),
    )
    d.stroke("M-104 -72Q-60 -46 0 -38Q60 -46 104 -72", s.trim, 5)


def _crown(d: Layer, s: Sitter) -> None:
    gold = mix("#d9ab4c", s.sun, 0.12)
    paint = d.linear(
        (-s.side * 60, 0), (s.side * 60, 0), [(0, darker(gold, 0.5), 1), (0.5, gold, 1), (1, lighter(gold, 0.5), 1)]
    )
    d.path("M-56 -66L-66 -120L-36 -94L-26 -136L0 -98L26 -136L36 -94L66 -120L56 -66Q0 -46 -56 -66Z", paint)
    d.path("M-56 -66Q0 -46 56 -66L57 -76Q0 -56 -57 -76Z", lighter(gold, 0.3))
    for x, y in ((-34, -68), (0, -60), (34, -68)):
        d.circle(x, y, 6, mix("#a3203f", s.cloth, 0.25))
        d.circle(x - 1.6, y - 2, 1.8, "#ffffff", 0.85)
    for x, y in ((-66, -122), (-26, -138), (26, -138), (66, -122)):
        d.circle(x, y, 5, lighter(gold, 0.5))


def _scarf(d: Layer, s: Sitter) -> None:
    cloth = mix(s.trim, "#9a3b3b", 0.5)
    d.path(
        "M-70 84C-84 0 -76 -112 0 -114C76 -112 84 0 70 84C62 40 62 -40 40 -58Q0 -76 -40 -58C-62 -40 -62 40 -70 84Z",
        d.linear(
            (-s.side * 70, 0),
            (s.side * 70, 0),
            [(0, mix(cloth, s.dark, 0.6), 1), (0.6, cloth, 1), (1, mix(cloth, s.sun, 0.3), 1)],
        ),
    )
    d.stroke(smooth([(-40, -60), (0, -72), (40, -60)]), lighter(cloth, 0.3), 3, 0.6)


def _visor(d: Layer, s: Sitter) -> None:
    d.circle(0, -12, 100, "#dfefff", 0.14)
    d.stroke("M-100 -12a100 100 0 1 1 200 0a100 100 0 1 1 -200 0", mix("#e4e8ee", s.dark, 0.1), 12)
    d.path("M-78 -50A92 92 0 0 1 -10 -104A110 110 0 0 0 -64 -30Z", "#ffffff", 0.35)


_WORN: dict[str, Callable[[Layer, Sitter], None]] = {
    "hood": _hood, "cap": _cap, "helmet": _helmet, "hat": _hat, "fedora": _hat, "straw": _straw, "pointed": _pointed,
    "feathered": _feathered, "tricorn": _tricorn, "crown": _crown, "scarf": _scarf, "visor": _visor,
}  # fmt: skip


def draw_headwear(d: Layer, s: Sitter) -> None:
    """The hat, hood, helmet or crown of this person, if any."""
    painter = _WORN.get(s.person.headgear)
    if painter:
        painter(d, s)
