"""Hair, beard and what is worn on the head in a portrait. Local units as in `face`."""

from __future__ import annotations

import math
from collections.abc import Callable

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.face import Sitter
from compute.backends.painter.headwear import draw_headwear
from compute.backends.painter.svg import Layer, num

_COVERED = {"hood", "helmet", "visor", "scarf"}


def draw_behind(d: Layer, s: Sitter) -> None:
    """Everything of the hair, and of a hood, that lies behind neck and shoulders."""
    if s.person.headgear == "hood":
        cloth = mix(s.cloth, s.dark, 0.45)
        d.path("M-88 130C-104 40 -96 -60 -60 -104C-30 -132 34 -132 62 -104C98 -60 106 40 90 130Z", cloth)
        d.path("M-70 120C-84 30 -78 -52 -48 -86C-24 -108 26 -108 50 -86C80 -52 86 30 72 120Z", darker(cloth, 0.6))
        return
    painter = _BEHIND.get(s.person.style)
    if painter and s.person.headgear not in ("helmet", "visor"):
        painter(d, s)


def _strands(d: Layer, s: Sitter, paths: list[str], light: float = 0.5) -> None:
    for n, path in enumerate(paths):
        d.stroke(path, s.hair_shine if n % 2 else s.hair_dark, 2.2 if n % 2 else 3, light if n % 2 else 0.5)


def _long(d: Layer, s: Sitter) -> None:
    w = s.wide + 16
    wave = 12 if s.person.style == "wavy" else 3
    d.path(
        f"M{num(-w)} -30C{num(-w - 6)} -112 {num(w + 6)} -112 {num(w)} -30"
        f"C{num(w + wave)} 20 {num(w - wave)} 50 {num(w + 10 + wave)} 104"
        f"C{num(w + 14)} 140 {num(w - 6)} 158 {num(w - 24)} 168H{num(-w + 24)}"
        f"C{num(-w + 6)} 158 {num(-w - 14)} 140 {num(-w - 10 - wave)} 104"
        f"C{num(-w + wave)} 50 {num(-w - wave)} 20 {num(-w)} -30Z",
        d.linear((0, -90), (0, 170), [(0, s.hair, 1), (0.5, mix(s.hair, s.hair_dark, 0.5), 1), (1, s.hair_dark, 1)]),
    )
    _strands(
        d,
        s,
        [
            f"M{num(k * (w - 8 - 7 * n))} {num(-10 + 6 * n)}C{num(k * (w + wave - 4 - 6 * n))} 30"
            f" {num(k * (w - wave - 4 - 6 * n))} 60 {num(k * (w + wave - 5 * n))} {num(140 - 4 * n)}"
            for k in (-1, 1)
            for n in range(4)
        ],
        0.35,
    )


def _curly(d: Layer, s: Sitter) -> None:
    rng = s.rng
    d.ellipse(0, -8, s.wide + 22, 92, s.hair_dark)
    for ring, (reach, size) in enumerate(((1.0, 25), (0.86, 21))):
        for n in range(22):
            a = math.pi * (0.68 + 1.64 * n / 21)
            x, y = math.cos(a) * (s.wide + 26) * reach, -4 + math.sin(a) * -1 * -92 * reach
            y = min(y, 92)
            r = size * rng.uniform(0.75, 1.15)
            d.circle(x, y, r, mix(s.hair, s.hair_dark, 0.7 - 0.4 * ring + rng.uniform(-0.15, 0.15)))
            turn = rng.uniform(0, 6)
            d.stroke(
                f"M{num(x + math.cos(turn) * r * 0.6)} {num(y + math.sin(turn) * r * 0.6)}"
                f"A{num(r * 0.6)} {num(r * 0.6)} 0 0 1 {num(x + math.cos(turn + 2) * r * 0.6)}"
                f" {num(y + math.sin(turn + 2) * r * 0.6)}",
                s.hair_shine,
                2.4,
                0.4,
            )


def _bun(d: Layer, s: Sitter) -> None:
    d.circle(s.side * -6, -108, 27, mix(s.hair, s.hair_dark, 0.4))
    for n in range(3):
        d.stroke(
            f"M{num(s.side * -6 - 20 + 6 * n)} {num(-104 + 5 * n)}"
            f"Q{num(s.side * -6)} {num(-136 + 11 * n)} {num(s.side * -6 + 20 - 5 * n)} {num(-106 + 5 * n)}",
            s.hair_shine if n == 1 else s.hair_dark,
            2.6,
            0.6,
        )


def _bob(d: Layer, s: Sitter) -> None:
    w = s.wide + 15
    d.path(
        f"M{num(-w)} -30C{num(-w - 6)} -112 {num(w + 6)} -112 {num(w)} -30"
        f"C{num(w + 6)} 10 {num(w + 4)} 40 {num(w - 2)} 64Q{num(w - 20)} 76 {num(w - 34)} 66V20H{num(-w + 34)}V66"
        f"Q{num(-w + 20)} 76 {num(-w + 2)} 64C{num(-w - 4)} 40 {num(-w - 6)} 10 {num(-w)} -30Z",
        mix(s.hair, s.hair_dark, 0.5),
    )


def _braid(d: Layer, s: Sitter) -> None:
    _bob_short(d, s)
    x = -s.side * (s.wide + 8)
    for n in range(7):
        y, r = 48 + n * 19, 17 - n * 1.1
        px = x + (5 if n % 2 else -5) - s.side * n * -1.5
        d.ellipse(px, y, r, 13, mix(s.hair, s.hair_dark, 0.25 + 0.3 * (n % 2)))
        d.stroke(
            f"M{num(px - r * 0.6)} {num(y - 4)}Q{num(px)} {num(y + 6)} {num(px + r * 0.6)} {num(y - 3)}",
            s.hair_shine,
            2,
            0.45,
        )
    d.rect(x - 8 + s.side * 9, 172, 14, 10, s.trim, 1, 3)


def _bob_short(d: Layer, s: Sitter) -> None:
    d.ellipse(0, -30, s.wide + 13, 66, s.hair_dark)


_BEHIND: dict[str, Callable[[Layer, Sitter], None]] = {
    "long": _long, "wavy": _long, "curly": _curly, "bun": _bun, "bob": _bob, "braid": _braid, "tail": _braid,
}  # fmt: skip


def draw_before(d: Layer, s: Sitter) -> None:
    """Beard, the hair over the brow, then hat, hood or helmet."""
    if s.person.beard:
        _beard(d, s)
    if s.person.headgear not in _COVERED:
        _front(d, s)
    elif s.person.headgear in ("hood", "scarf"):
        _locks(d, s)
    draw_headwear(d, s)


def _front(d: Layer, s: Sitter) -> None:
    style, w = s.person.style, s.wide + 9
    if style == "bald":
        d.ellipse(s.side * 20, -66, 20, 10, lighter(s.shine, 0.3), 0.35)
        return
    top = -106 if style != "short" else -101
    part = s.side * -14  # the parting lies away from the light, so that the fall of hair shines
    paint = d.linear(
        (-s.side * w, -40),
        (s.side * w, -90),
        [(0, s.hair_dark, 1), (0.45, s.hair, 1), (0.85, mix(s.hair, s.hair_shine, 0.45), 1), (1, s.hair_shine, 1)],
    )
    low = {"short": -8.0, "wild": 0.0, "bun": 4.0, "braid": 14.0, "tail": 8.0}.get(style, 30.0)
    fall = int(s.person.key >> 7) % 3 if s.person.sex == "w" else int(s.person.key >> 7) % 2
    if fall == 2 and style != "curly":  # a fringe
        brow = f"C{num(w - 8)} -36 {num(w - 20)} -30 30 -27Q0 -36 -30 -27C{num(-w + 20)} -30 {num(-w + 8)} -36"
    elif fall == 1:  # swept to one side
        brow = (
            f"C{num(w - 9)} -36 {num(w - 14)} -52 {num(part + s.side * 30)} -62"
            f"Q{num(part + s.side * 4)} -66 {num(part)} -74C{num(part - s.side * 6)} -58 {num(-w + 16)} -50"
            f" {num(-w + 9)} -30"
            if s.side > 0
            else f"C{num(w - 9)} -30 {num(w - 16)} -50 {num(part + 6)} -58Q{num(part)} -66 {num(part)} -74"
            f"C{num(part - 20)} -66 {num(-w + 14)} -52 {num(-w + 9)} -36"
        )
    else:  # parted in the middle
        brow = f"C{num(w - 8)} -40 {num(w - 22)} -60 0 -76C{num(-w + 22)} -60 {num(-w + 8)} -40"
    d.path(
        f"M{num(-w)} {num(low)}C{num(-w - 8)} -60 {num(-w + 6)} {num(top)} 0 {num(top)}"
        f"S{num(w + 8)} -60 {num(w)} {num(low)}Q{num(w - 4)} {num(low + 6)} {num(w - 9)} {num(low - 8)}{brow}"
        f" {num(-w + 9)} {num(low - 8)}Q{num(-w + 4)} {num(low + 6)} {num(-w)} {num(low)}Z",
        paint,
    )
    for n in range(5):
        k = s.side
        d.stroke(
            f"M{num(part + k * (2 + 3 * n))} {num(-78 - 4 * n)}C{num(part + k * (22 + 5 * n))} {num(-86 + 2 * n)}"
            f" {num(k * (w - 16))} {num(-66 + 6 * n)} {num(k * (w - 4 - n))} {num(-34 + 9 * n)}",
            s.hair_shine if n % 2 == 0 else s.hair_dark,
            2.2,
            0.5,
        )
    for n in range(3):
        k = -s.side
        d.stroke(
            f"M{num(part + k * 3 * n)} {num(-80 - 4 * n)}C{num(part + k * (16 + 4 * n))} {num(-82 + 2 * n)}"
            f" {num(k * (w - 18))} {num(-62 + 6 * n)} {num(k * (w - 5))} {num(-30 + 9 * n)}",
            s.hair_dark,
            2.4,
            0.5,
        )
    if style == "curly":
        _front_curls(d, s)
    elif style == "wild" and s.person.headgear in ("", "crown"):
        for n in range(9):
            a = math.pi * (1.08 + 0.84 * n / 8)
            x, y = math.cos(a) * (w - 4), -40 + math.sin(a) * 60
            d.path(
                f"M{num(x - 13)} {num(y + 10)}Q{num(x + math.cos(a) * 6)} {num(y - 10)}"
                f" {num(x + math.cos(a) * 26 + 6)} {num(y + math.sin(a) * 24)}"
                f"Q{num(x + 12)} {num(y)} {num(x + 13)} {num(y + 12)}Z",
                s.hair if n % 2 else mix(s.hair, s.hair_shine, 0.3),
            )


def _front_curls(d: Layer, s: Sitter) -> None:
    rng, w = s.rng, s.wide + 8
    spots = [
        (-w + 2, 20),
        (-w, -2),
        (-w + 2, -26),
        (-w + 9, -50),
        (-28, -72),
        (-8, -84),
        (14, -82),
        (34, -70),
        (w - 8, -48),
        (w - 2, -24),
        (w, 0),
        (w - 2, 24),
    ]
    spots += [(-44, -88), (-20, -100), (6, -104), (30, -98), (50, -82)]
    for x, y in spots:
        r = rng.uniform(11, 16)
        near = 0.5 + 0.5 * (x * s.side) / w
        d.circle(x, y, r, mix(s.hair_dark, mix(s.hair, s.hair_shine, 0.25), 0.3 + 0.65 * near))
        turn = rng.uniform(0, 6)
        for size in (0.72, 0.4):
            d.stroke(
                f"M{num(x + math.cos(turn) * r * size)} {num(y + math.sin(turn) * r * size)}"
                f"A{num(r * size)} {num(r * size)} 0 0 1 {num(x + math.cos(turn + 2.4) * r * size)}"
                f" {num(y + math.sin(turn + 2.4) * r * size)}",
                s.hair_shine,
                2,
                0.3 + 0.4 * max(near, 0),
            )


def _locks(d: Layer, s: Sitter) -> None:
    """What of the hair shows under a hood."""
    if s.person.style == "bald":
        return
    for k in (-1, 1):
        tone = s.hair if k == s.side else s.hair_dark
        d.path(
            f"M{num(k * 6)} -72C{num(k * 40)} -70 {num(k * (s.wide + 2))} -40 {num(k * (s.wide + 3))} 20"
            f"Q{num(k * (s.wide - 5))} 30 {num(k * (s.wide - 9))} 14"
            f"C{num(k * (s.wide - 8))} -20 {num(k * 36)} -50 {num(k * 6)} -60Z",
            tone,
        )


def _beard(d: Layer, s: Sitter) -> None:
    w, old = s.wide, s.person.age == "o" or s.person.noun in ("dwarf", "wizard")
    end = s.chin + (58 if old else 18)
    paint = d.linear(
        (-s.side * 50, 40),
        (s.side * 50, 30),
        [(0, s.hair_dark, 1), (0.5, s.hair, 1), (1, mix(s.hair, s.hair_shine, 0.6), 1)],
    )
    d.path(
        f"M{num(-w + 1)} -6C{num(-w - 1)} 30 {num(-s.jaw - 10)} {num(s.chin)} -20 {num(end - 12)}"
        f"Q0 {num(end + 10)} 20 {num(end - 12)}C{num(s.jaw + 10)} {num(s.chin)} {num(w + 1)} 30 {num(w - 1)} -6"
        f"C{num(w - 8)} 20 {num(w - 14)} 32 24 35Q0 30 -24 35C{num(-w + 14)} 32 {num(-w + 8)} 20 {num(-w + 1)} -6Z",
        paint,
    )
    d.path("M-15 47Q0 43 15 47Q0 57 -15 47Z", mix(s.skin, "#8a3436", 0.5))
    d.path(
        "M0 33C-10 29 -22 36 -29 48C-18 46 -8 46 0 41C8 46 18 46 29 48C22 36 10 29 0 33Z",
        mix(s.hair, s.hair_shine, 0.18),
    )
    for n in range(7):
        x = -30 + n * 10
        d.stroke(
            f"M{x} {num(58 - abs(x) * 0.25)}Q{num(x * 0.8)} {num((s.chin + end) / 2)} {num(x * 0.55)}"
            f" {num(end - 12 - abs(x) * 0.5)}",
            s.hair_shine if n % 2 else s.hair_dark,
            2,
            0.45,
        )
