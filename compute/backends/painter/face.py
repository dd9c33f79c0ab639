"""A face seen close. Local units: the middle between the eyes' line and the nose is (0, 0), the head about 150 high."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from compute.backends.painter.colour import darker, lighter, luminance, mix, parts
from compute.backends.painter.people import Person
from compute.backends.painter.svg import Layer, num


@dataclass(frozen=True, slots=True)
class Sitter:
    """The person, the colours in this light, and the measures of the face, all from the person's own key."""

    person: Person
    skin: str
    shade: str  # skin turned away from the light
    shine: str  # skin that faces it
    hair: str
    hair_dark: str
    hair_shine: str
    cloth: str
    under: str
    trim: str
    dark: str
    sun: str
    rim: str
    side: int  # where the light is: 1 right, -1 left
    wide: float  # half the width at the temples
    jaw: float
    chin: float
    eye: float  # half an eye's height
    nose: float
    turn: float  # how far the face is turned, as a shift of its features to the right
    glance: float  # where the pupils sit, right of the middle
    rng: Random


def outline(s: Sitter) -> str:
    """The shape of the face, from skull to chin."""
    w, j, c = s.wide, s.jaw, s.chin
    return (
        f"M{num(-w)} -16C{num(-w - 3)} -104 {num(w + 3)} -104 {num(w)} -16C{num(w)} 12 {num(w - 2)} 26 {num(j + 3)} 46"
        f"C{num(j - 6)} {num(c - 10)} 14 {num(c)} 0 {num(c)}S{num(-j + 6)} {num(c - 10)} {num(-j - 3)} 46"
        f"C{num(-w + 2)} 26 {num(-w)} 12 {num(-w)} -16Z"
    )


def draw_neck(d: Layer, s: Sitter) -> None:
    half = 22 if s.person.sex == "w" else 28
    if s.person.age == "c":
        half = 22
    d.path(
        f"M{num(-half)} 40C{num(-half)} 80 {num(-half - 4)} 96 {num(-half - 26)} 112H{num(half + 26)}"
        f"C{num(half + 4)} 96 {num(half)} 80 {num(half)} 40Z",
        mix(s.skin, s.shade, 0.45),
    )
    lit = half * s.side
    d.path(
        f"M{num(lit)} 46C{num(lit)} 80 {num(lit * 1.15)} 96 {num(lit * 2)} 112H{num(lit * 0.7)}"
        f"C{num(lit * 0.75)} 90 {num(lit * 0.75)} 70 {num(lit * 0.72)} 50Z",
        s.shine,
        0.45,
    )
    d.path(f"M{num(-half)} 54Q0 {num(s.chin + 26)} {num(half)} 54L{num(half)} 44H{num(-half)}Z", s.shade, 0.75)


def draw_face(d: Layer, s: Sitter) -> None:
    """Ears, the lit and the shaded half, eyes, nose, mouth, and what the years or the words have added."""
    for k in (-1, 1):
        tone = mix(s.skin, s.shine if k == s.side else s.shade, 0.4)
        pointed = "pointed_ears" in s.person.marks or s.person.noun == "elf"
        tip = (
            f"C{num(k * (s.wide + 8))} -26 {num(k * (s.wide + 20))} -44 {num(k * (s.wide + 24))} -58"
            if pointed
            else f"C{num(k * (s.wide + 4))} -26 {num(k * (s.wide + 16))} -24 {num(k * (s.wide + 12))} -4"
        )
        d.path(
            f"M{num(k * (s.wide - 3))} -14{tip}C{num(k * (s.wide + 12))} 8 {num(k * (s.wide + 4))} 22"
            f" {num(k * (s.wide - 4))} 20Z",
            tone,
        )
        if "earring" in s.person.marks:
            d.circle(k * (s.wide + 4), 26, 4, s.trim)
    shape = outline(s)
    x = s.side * s.wide
    paint = d.linear(
        (-x, 10), (x, -10), [(0, s.shade, 1), (0.42, s.skin, 1), (0.8, mix(s.skin, s.shine, 0.55), 1), (1, s.shine, 1)]
    )
    d.path(shape, paint)
    with d.group(clip=shape):
        d.path(
            f"M{num(-s.side * 80)} -110H{num(-s.side * 16)}C{num(-s.side * 34)} -40 {num(-s.side * 26)} 20"
            f" {num(-s.side * 8)} 90H{num(-s.side * 80)}Z",
            s.shade,
            0.3,
        )
        d.ellipse(0, -74, 62, 26, s.shade, 0.4)
        blush = (0.34 if s.person.sex == "w" or s.person.age == "c" else 0.2) * min(1.0, luminance(s.skin) * 1.5)
        for k in (-1, 1):
            d.ellipse(k * 31, 24, 19, 13, d.radial((k * 31, 24), 19, [(0, "#d8584c", blush), (1, "#d8584c", 0)], 0.7))
            d.ellipse(k * 21, -3, 17, 12, s.shade, 0.16)
    with d.group(f"translate({num(s.turn)} 0)"):
        _age(d, s)
        _nose(d, s)
        _mouth(d, s)
        for k in (-1, 1):
            _eye(d, s, k)
            _brow(d, s, k)
        _marks(d, s)


def _eye(d: Layer, s: Sitter, k: int) -> None:
    x, look = k * 21.5, s.person.expression
    half = 11.5
    up = s.eye * {"smile": 0.88, "angry": 0.82, "surprise": 1.28, "smirk": 0.84, "sad": 0.92}.get(look, 1.0)
    down = up * (0.62 if look == "smile" else 0.8)
    outer, inner = (x + k * half, -2.2), (x - k * half, 1.2)
    shape = (
        f"M{num(inner[0])} {num(inner[1])}Q{num(x - k * 2)} {num(-up * 1.75)} {num(outer[0])} {num(outer[1])}"
        f"Q{num(x + k * 2)} {num(down * 1.6)} {num(inner[0])} {num(inner[1])}Z"
    )
    if "eyepatch" in s.person.marks and k == -s.side:
        d.stroke(f"M{num(-s.side * -s.wide)} -46L{num(-s.side * s.wide)} -2", "#141015", 4.5)
        d.path(
            f"M{num(x - 17)} -10Q{num(x)} -17 {num(x + 17)} -9Q{num(x + 14)} 15 {num(x)} 17"
            f"Q{num(x - 15)} 14 {num(x - 17)} -10Z",
            "#19141a",
        )
        d.stroke(f"M{num(x - 12)} -9Q{num(x)} -13 {num(x + 11)} -8", lighter("#19141a", 0.25), 1.6, 0.8)
        return
    white = mix("#efe8de", s.shade, 0.18 if k == s.side else 0.34)
    iris = s.person.eyes
    with d.group(clip=shape):
        d.path(shape, white)
        cx, cy = x + s.glance, -1.2
        d.circle(cx, cy, 6.6, darker(iris, 0.55))
        d.circle(
            cx,
            cy + 0.8,
            5.4,
            d.radial((cx, cy + 3), 7, [(0, lighter(iris, 0.45), 1), (0.7, iris, 1), (1, darker(iris, 0.4), 1)]),
        )
        d.circle(cx, cy, 2.7, "#0d0a0c")
        d.path(
            f"M{num(x - 14)} -14H{num(x + 14)}V{num(-up * 0.42)}Q{num(x)} {num(-up * 1.05)} {num(x - 14)}"
            f" {num(-up * 0.3)}Z",
            darker(white, 0.7),
            0.35,
        )
        d.circle(cx + s.side * 2.1, cy - 2.3, 1.7, "#ffffff", 0.95)
        d.circle(cx - s.side * 1.8, cy + 2.2, 0.8, "#ffffff", 0.5)
    lash = darker(mix(s.person.hair, s.skin, 0.15), 0.72)
    thick = 2.7 if s.person.sex == "w" else 2.0
    d.stroke(
        f"M{num(inner[0])} {num(inner[1])}Q{num(x - k * 2)} {num(-up * 1.75)} {num(outer[0])} {num(outer[1])}",
        lash,
        thick,
    )
    if s.person.sex == "w":
        d.stroke(f"M{num(outer[0])} {num(outer[1])}l{num(k * 4)} -3", lash, 2)
    d.stroke(
        f"M{num(inner[0] + k * 3)} {num(inner[1] + 2)}Q{num(x + k * 2)} {num(down * 1.65)} {num(outer[0])}"
        f" {num(outer[1])}",
        mix(s.shade, lash, 0.4),
        0.9,
        0.7,
    )
    d.stroke(
        f"M{num(inner[0] + k * 1)} {num(-up * 0.95)}Q{num(x)} {num(-up * 1.75 - 3.5)} {num(outer[0])}"
        f" {num(outer[1] - 4.5)}",
        s.shade,
        1.3,
        0.75,
    )


def _brow(d: Layer, s: Sitter, k: int) -> None:
    look = s.person.expression
    inner = {"angry": 6.5, "sad": -5.0, "surprise": -6.0, "smirk": 1.5 * k}.get(look, 0.0)
    outer = {"angry": -3.0, "sad": 2.5, "surprise": -5.5, "smile": -1.0, "smirk": -4.0 if k == s.side else 1.0}.get(
        look, 0.0
    )
    y, thick = -19.0 - s.eye * 0.3, (3.4 if s.person.sex == "w" else 5.2) * (1.15 if s.person.age == "o" else 1)
    colour = darker(mix(s.person.hair, s.skin, 0.1), 0.35) if s.person.age != "o" else mix(s.person.hair, s.shade, 0.3)
    x1, x2 = k * 9.5, k * 37
    d.path(
        f"M{num(x1)} {num(y + inner + 2)}Q{num(k * 23)} {num(y - 7 + (inner + outer) / 3)} {num(x2)}"
        f" {num(y + 1.5 + outer)}"
        f"Q{num(k * 23)} {num(y - 7 + (inner + outer) / 3 + thick)} {num(x1)} {num(y + inner + 2 + thick)}Z",
        colour,
        0.92,
    )


def _nose(d: Layer, s: Sitter) -> None:
    n, away = s.nose, -s.side
    d.path(
        f"M{num(away * 4)} -12C{num(away * 6)} 6 {num(away * 8)} 14 {num(away * n)} 22"
        f"Q{num(away * (n - 1))} 28 {num(away * 3)} 27Q{num(away * 2)} 10 {num(away * 1)} -8Z",
        s.shade,
        0.5,
    )
    d.stroke(f"M{num(s.side * 1.5)} -8Q{num(s.side * 2.5)} 8 {num(s.side * 2)} 18", s.shine, 3, 0.5)
    d.ellipse(s.side * 1.6, 20.5, 4, 3.2, lighter(s.shine, 0.25), 0.55)
    for k in (-1, 1):
        d.path(
            f"M{num(k * 2.2)} 26.500Q{num(k * 5)} 24 {num(k * (n - 2.4))} 26.500"
            f"Q{num(k * 5)} 28.800 {num(k * 2.2)} 26.500Z",
            darker(s.shade, 0.5),
            0.75,
        )
        d.stroke(f"M{num(k * (n - 1))} 20.500Q{num(k * (n + 1.2))} 24 {num(k * (n - 1.6))} 27", s.shade, 1.3, 0.65)


def _mouth(d: Layer, s: Sitter) -> None:
    look, woman = s.person.expression, s.person.sex == "w"
    red, green, blue = parts(s.skin)
    lip = mix(s.skin, "#a33a3c" if red > 0.5 else "#7a2f33", 0.5 if woman else 0.28)
    half = 16.5 if woman else 18.5
    if s.person.age == "c":
        half = 13.5
    bend = {"smile": -5.0, "smirk": -1.5, "sad": 4.0, "angry": 2.5, "surprise": 0.5}.get(look, -0.8)
    y = 46.0
    left, right = y + bend, y + bend
    if look == "smirk":
        left, right = (y + 1.5, y - 5.0) if s.side > 0 else (y - 5.0, y + 1.5)
    if look == "surprise":
        d.ellipse(0, y + 3, half * 0.52, 8.5, darker(lip, 0.75))
        d.stroke(
            f"M{num(-half * 0.5)} {num(y + 3)}a{num(half * 0.5)} 8.500 0 1 1 {num(half)} 0"
            f"a{num(half * 0.5)} 8.500 0 1 1 {num(-half)} 0",
            lip,
            2.6,
        )
        return
    dip = 3.4 if look == "smile" else 1.4
    line = (
        f"M{num(-half)} {num(left)}Q{num(-half * 0.4)} {num(y + dip)} 0 {num(y + dip * 0.85)}"
        f"Q{num(half * 0.4)} {num(y + dip)} {num(half)} {num(right)}"
    )
    full = 5.6 if woman else 3.9
    d.path(
        f"{line}Q{num(half * 0.5)} {num(y - full + bend * 0.3)} 3.500 {num(y - full * 0.85)}"
        f"Q0 {num(y - full * 0.5)} -3.500 {num(y - full * 0.85)}"
        f"Q{num(-half * 0.5)} {num(y - full + bend * 0.3)} {num(-half)} {num(left)}Z",
        mix(lip, s.shade, 0.35),
    )
    d.path(
        f"{line}Q{num(half * 0.45)} {num(y + full * 1.9 + dip)} 0 {num(y + full * 1.95 + dip)}"
        f"Q{num(-half * 0.45)} {num(y + full * 1.9 + dip)} {num(-half)} {num(left)}Z",
        lip,
    )
    d.stroke(line, darker(lip, 0.6), 1.4, 0.85)
    d.ellipse(s.side * 2.5, y + full + dip + 1.2, 5.5, 1.5, lighter(lip, 0.6), 0.45)
    for k, end in ((-1, left), (1, right)):
        d.stroke(f"M{num(k * (half + 0.5))} {num(end - 1.6)}q{num(k * 1.8)} 1.800 {num(k * 0.4)} 4", s.shade, 1.6, 0.6)
    d.ellipse(0, y + full * 2 + dip + 6, 10, 2.6, s.shade, 0.35)


def _age(d: Layer, s: Sitter) -> None:
    if s.person.age == "o":
        for k in (-1, 1):
            d.stroke(f"M{num(k * 12)} 9Q{num(k * 22)} 16 {num(k * 33)} 8", s.shade, 1.8, 0.75)
            d.stroke(f"M{num(k * 13)} 24Q{num(k * 26)} 36 {num(k * 25)} 52", s.shade, 2.2, 0.7)
            d.stroke(f"M{num(k * 38)} -4l{num(k * 8)} -4m{num(-k * 8)} 7l{num(k * 9)} 1", s.shade, 1.4, 0.7)
            d.path(
                f"M{num(k * (s.wide - 4))} 16Q{num(k * (s.jaw - 4))} 26 {num(k * (s.jaw - 2))} 46"
                f"Q{num(k * (s.jaw + 6))} 36 {num(k * (s.wide - 4))} 16Z",
                s.shade,
                0.3,
            )
        d.stroke("M-26 -44Q0 -50 26 -44M-22 -54Q0 -60 22 -54", s.shade, 1.7, 0.6)
    if s.person.expression == "angry":
        d.stroke("M-3.500 -24v9M3.500 -24v9", s.shade, 1.7, 0.7)


def _marks(d: Layer, s: Sitter) -> None:
    marks = s.person.marks
    if "scar" in marks:
        x = s.side * 26
        d.stroke(f"M{num(x)} -34Q{num(x + 3)} -6 {num(x - 3)} 34", mix(s.skin, "#b0483f", 0.5), 3)
        d.stroke(f"M{num(x + 1)} -32Q{num(x + 4)} -6 {num(x - 2)} 32", s.shine, 1, 0.7)
    if "freckles" in marks:
        for _ in range(34):
            d.circle(
                s.rng.gauss(0, 21), s.rng.uniform(8, 28), s.rng.uniform(0.7, 1.3), mix(s.skin, "#8a4628", 0.55), 0.7
            )
    if "paint" in marks:
        for k in (-1, 1):
            d.path(f"M{num(k * 16)} 16L{num(k * 44)} 10L{num(k * 42)} 17L{num(k * 17)} 22Z", s.cloth, 0.8)
    if "glasses" in marks:
        for k in (-1, 1):
            d.circle(k * 21.5, -1, 17, "#dff0ff", 0.12)
            d.stroke(f"M{num(k * 21.5 - 17)} -1a17 16 0 1 1 34 0a17 16 0 1 1 -34 0", mix("#2a2320", s.trim, 0.35), 2.4)
        d.stroke(
            f"M-4.500 -3Q0 -6 4.500 -3M{num(-s.wide)} -6L-38 -3M{num(s.wide)} -6L38 -3",
            mix("#2a2320", s.trim, 0.35),
            2.4,
        )
