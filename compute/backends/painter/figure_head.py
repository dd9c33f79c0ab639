"""The head of a small figure: face, hair, beard, headgear. Same local units as `figure`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.people import Person
from compute.backends.painter.svg import Layer, num

if TYPE_CHECKING:
    from compute.backends.painter.figure import Body

_CX, _CY = 0.8, -90.0  # the middle of the face


def draw_head(d: Layer, person: Person, body: Body) -> None:
    """Neck, hair behind, face, hair before, then what is worn on it."""
    size = 1.28 if person.age == "c" else 1.06
    with d.group(f"translate(0 -79) scale({size}) translate(0 79)"):
        if person.headgear not in ("hood", "helmet", "visor"):
            _hair_behind(d, person, body)
        d.path("M-3 -84H4L4.500 -77Q0 -74 -3.500 -77Z", mix(body.skin, body.dark, 0.22))
        d.path(
            f"M-5.6 {num(_CY - 3)}C-6 {num(_CY - 10)} 7.4 {num(_CY - 10)} 7.2 {num(_CY - 2)}"
            f"C7.2 {num(_CY + 4)} 4.6 {num(_CY + 8)} 1.4 {num(_CY + 8)}"
            f"C-2.4 {num(_CY + 8)} -5.4 {num(_CY + 4)} -5.6 {num(_CY - 3)}Z",
            body.skin,
        )
        shade = (
            "M-5.6 -93C-5.4 -86 -2.4 -82 1.4 -82C-1 -84 -2.6 -88 -2.4 -94Z"
            if body.side > 0
            else "M7.2 -92C7.2 -86 4.6 -82 1.4 -82C3.6 -84 5 -88 4.8 -95Z"
        )
        d.path(shade, body.dark, 0.28)
        _features(d, person, body)
        if person.beard:
            d.path(
                "M-4.600 -88C-4 -78 -1 -73 2 -72C5.400 -74 7 -80 7 -88Q4.500 -85.500 2 -86.400"
                "Q-1.500 -85.500 -4.600 -88Z",
                body.hair,
            )
            d.stroke("M0 -85.200Q2 -84.200 4 -85.200", darker(body.hair, 0.5), 0.8)
        if person.headgear not in ("hood", "helmet", "visor"):
            _hair_before(d, person, body)
        _HEADGEAR.get(person.headgear, _nothing)(d, person, body)


def _features(d: Layer, person: Person, body: Body) -> None:
    ink = darker(body.skin, 0.78)
    for x in (-0.6, 4.4):
        d.ellipse(x, -91, 0.75, 1.05, ink)
    lift = {"angry": 0.9, "sad": -0.9, "surprise": -0.4}.get(person.expression, 0)
    d.stroke(
        f"M-2 {num(-93.4 - lift * 0.5)}L0.6 {num(-93.4 + lift * 0.7)}M3.4 {num(-93.4 + lift * 0.7)}"
        f"L6 {num(-93.4 - lift * 0.5)}",
        darker(body.hair, 0.3),
        0.7,
        0.9,
    )
    d.stroke("M2.600 -90L3.300 -88.200L2.300 -88", mix(body.skin, ink, 0.45), 0.5)
    bend = {"smile": 1.3, "smirk": 0.8, "sad": -1.0, "angry": -0.6}.get(person.expression, 0.3)
    d.stroke(f"M0.4 -85.4Q2.2 {num(-85.4 + bend)} 4 -85.4", mix("#8a3a34", ink, 0.3), 0.75)
    d.circle(-2, -88.3, 1.3, "#d0685a", 0.2)
    d.circle(5.6, -88.3, 1.2, "#d0685a", 0.2)
    if "eyepatch" in person.marks:
        d.ellipse(4.4, -91, 1.9, 1.7, "#17131a")
        d.stroke("M-5 -96L7 -91.500", "#17131a", 0.7)


def _hair_behind(d: Layer, person: Person, body: Body) -> None:
    dark = mix(body.hair, body.dark, 0.3)
    if person.style == "bald":
        return
    if person.style in ("long", "wavy"):
        d.path("M-7 -93C-11 -84 -10 -72 -12 -62Q-4 -58 2 -64Q8 -60 9 -68C9 -80 9 -90 7 -94Z", dark)
    elif person.style == "curly":
        for x, y, r in (
            (-7, -92, 4.6),
            (-8.5, -86, 4.4),
            (-7.5, -80, 4.2),
            (-2, -98, 4.6),
            (5, -97, 4.2),
            (8, -91, 3.6),
            (8.3, -85, 3.2),
            (-5, -76, 3.4),
        ):
            d.circle(x, y, r, dark)
    elif person.style in ("braid", "tail"):
        d.path("M-6 -95C-13 -92 -13 -80 -11 -70Q-10 -62 -13 -57Q-16 -64 -15 -74C-15 -86 -12 -96 -6 -95Z", dark)
    elif person.style == "bun":
        d.circle(-5.5, -99, 4.2, dark)
    elif person.style in ("bob", "wild"):
        d.path("M-8 -92C-10 -84 -8 -79 -4 -78Q2 -76 8 -80C9 -86 9 -90 7 -94Z", dark)


def _hair_before(d: Layer, person: Person, body: Body) -> None:
    if person.style == "bald":
        return
    hair, shine = body.hair, lighter(mix(body.hair, body.sun, 0.4), 0.1)
    d.path(
        "M-7 -89C-9.600 -100 -1 -104 4 -101.500C9 -100.500 9 -94 7.600 -91.500C6.800 -95.500 4 -97.400 1 -97"
        "C-2 -96.600 -4 -94 -4.600 -89Q-5.600 -86.500 -7 -89Z",
        hair,
    )
    if person.style == "curly":
        for x, y, r in ((-6.4, -94, 3.0), (-3.5, -99.5, 3.2), (1.5, -101, 3.2), (6, -98.5, 2.9), (8, -94, 2.3)):
            d.circle(x, y, r, hair)
            d.circle(x + body.side * 0.9, y - 0.9, r * 0.45, shine, 0.7)
    elif person.style == "wild":
        d.path(
            "M-7 -92Q-10 -95 -10 -99L-7 -98Q-7 -102 -5 -105L-2 -102Q1 -106 4 -106L4 -103Q7 -104 10 -102L8 -99"
            "Q10 -96 8 -92Z",
            hair,
        )
    d.stroke("M-5 -98Q-1 -102.500 5 -100.500", shine, 1.1, 0.7)


def _nothing(d: Layer, person: Person, body: Body) -> None:
    """A bare head."""


def _hood(d: Layer, person: Person, body: Body) -> None:
    cloth = body.cloth if person.garment in ("cloak", "robe", "coat", "tunic") else mix(body.cloth, body.dark, 0.3)
    d.path(
        "M-9 -79C-12 -94 -8 -105 1 -106C10 -105 11 -94 9.500 -80Q6.500 -77 6 -80C8.400 -90 6 -97.500 1.500 -98"
        "C-4 -97.500 -6 -90 -4 -80Q-6 -77 -9 -79Z",
        cloth,
    )
    d.path("M-5 -90C-5 -97 8 -97 7 -90C6 -94.500 4 -95.500 1.400 -95.500C-2 -95.500 -4.500 -94 -5 -90Z", body.dark, 0.6)
    d.stroke(
        "M-8 -92C-8 -101 -4 -104.500 1 -105" if body.side < 0 else "M2 -105C7 -104 10 -99 9.400 -88", body.sun, 1, 0.55
    )


def _helmet(d: Layer, person: Person, body: Body) -> None:
    steel = mix("#a7afba", body.dark, 0.2)
    d.path("M-7.500 -84C-9 -102 -3 -104 1 -104C6 -104 11 -101 9 -84L6 -83V-91H2V-84H0V-91H-4V-83Z", steel)
    d.path(
        "M1 -104C6 -104 11 -101 9 -84L6.500 -83.500C8 -94 6 -101 1 -104Z"
        if body.side > 0
        else "M1 -104C-4 -104 -9 -101 -7.500 -84L-5 -83.500C-6 -94 -3 -101 1 -104Z",
        body.sun,
        0.4,
    )
    d.path("M0 -104C-6 -112 -13 -108 -14 -97C-11 -103 -6 -104 2 -103Z", body.cloth)


def _brim(d: Layer, person: Person, body: Body, crown: str, wide: float, colour: str, band: str) -> None:
    d.path(crown, colour)
    d.path(f"M{num(1 - wide)} -97Q1 -103 {num(1 + wide)} -97Q1 -93.5 {num(1 - wide)} -97Z", darker(colour, 0.15))
    d.stroke("M-6 -99.300Q1 -96.600 8 -99.300", band, 1.6)


def _pointed(d: Layer, person: Person, body: Body) -> None:
    _brim(d, person, body, "M-7 -98Q-4 -112 -7 -124Q4 -114 9 -98Q1 -95 -7 -98Z", 15, body.cloth, body.trim)


def _hat(d: Layer, person: Person, body: Body) -> None:
    colour = mix(body.boots, body.cloth, 0.3)
    _brim(d, person, body, "M-7 -98C-7 -107 -3 -109 1 -107C5 -109 9 -107 9 -98Q1 -95 -7 -98Z", 13, colour, body.trim)


def _straw(d: Layer, person: Person, body: Body) -> None:
    _brim(d, person, body, "M-6 -98C-6 -106 8 -106 8 -98Q1 -95 -6 -98Z", 15, mix("#cfae66", body.dark, 0.2), "#8a3a34")


def _feathered(d: Layer, person: Person, body: Body) -> None:
    _hat(d, person, body)
    d.path("M-5 -101C-14 -104 -18 -112 -16 -119C-12 -112 -8 -108 -4 -103Z", body.trim)


def _tricorn(d: Layer, person: Person, body: Body) -> None:
    d.path("M-13 -101Q-6 -97 1 -95Q9 -97 15 -101Q9 -108 1 -107Q-7 -108 -13 -101Z", mix("#2a2530", body.cloth, 0.15))
    d.stroke("M-13 -101Q-6 -97 1 -95Q9 -97 15 -101", body.trim, 1.1)


def _cap(d: Layer, person: Person, body: Body) -> None:
    cloth = mix(body.cloth, "#2b3348", 0.4)
    d.path("M-7.600 -95C-8.500 -106 9.500 -106 9 -95Q1 -98.500 -7.600 -95Z", cloth)
    d.stroke("M-7.600 -95.500Q1 -98.800 9 -95.500", lighter(cloth, 0.18), 2.2)


def _crown(d: Layer, person: Person, body: Body) -> None:
    gold = mix("#d9ab4c", body.sun, 0.15)
    d.path("M-6.500 -97L-8 -106L-3 -101.500L1 -108L5 -101.500L10 -106L8.500 -97Q1 -94.500 -6.500 -97Z", gold)
    for x, y in ((-3, -98.6), (1, -97.8), (5, -98.6)):
        d.circle(x, y, 0.9, "#a3203f")


def _scarf(d: Layer, person: Person, body: Body) -> None:
    cloth = mix(body.trim, "#9a3b3b", 0.5)
    d.path("M-8 -80C-11 -98 -4 -104 1 -104C8 -104 10 -97 8 -90C7 -96 3 -98 0 -97.500C-4 -96 -5 -88 -4 -80Z", cloth)


def _visor(d: Layer, person: Person, body: Body) -> None:
    d.circle(1, -91, 12, "#dfe4ea", 0.95)
    d.ellipse(3, -91, 8.6, 8, "#1c2a44")
    d.path("M-3 -95Q1 -100 7 -97Q2 -95 -1 -91Z", "#9fd0ff", 0.7)


_HEADGEAR = {
    "hood": _hood, "helmet": _helmet, "pointed": _pointed, "hat": _hat, "fedora": _hat, "straw": _straw,
    "feathered": _feathered, "tricorn": _tricorn, "cap": _cap, "crown": _crown, "scarf": _scarf, "visor": _visor,
}  # fmt: skip
