"""People seen whole, small in a place. Local units: feet at (0, 0), a grown person 100 high, facing right."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from compute.backends.painter.colour import darker, lighter, mix
from compute.backends.painter.figure_head import draw_head
from compute.backends.painter.objects import GLOWING, OBJECTS
from compute.backends.painter.people import Person
from compute.backends.painter.stage import Stage
from compute.backends.painter.still import ink_for
from compute.backends.painter.svg import num

_LONG = {"cloak", "dress", "robe"}
# How a carried thing is held: size of its 300-unit box, and the point of it that lies in the hand.
_HELD = {
    "staff": (0.38, 30.0), "spear": (0.42, 30.0), "sword": (0.24, 108.0), "dagger": (0.15, 100.0),
    "axe": (0.22, 70.0), "hammer": (0.2, 70.0), "bow": (0.27, 0.0), "torch": (0.14, 80.0), "lantern": (0.105, -140.0),
    "book": (0.09, 0.0), "shield": (0.16, 0.0), "lute": (0.2, 20.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """Colours of one person in this light, and which side (1 right, -1 left, in local units) the light is on."""

    cloth: str
    under: str
    skin: str
    hair: str
    boots: str
    trim: str
    dark: str
    sun: str
    side: int


def draw_person(stage: Stage, person: Person, x: float, y: float, h: float, facing: int) -> None:
    """One person standing at (x, y); `h` is a grown person's height in scene units."""
    air, main = stage.air, stage.main
    rng = Random(person.key)
    h *= (
        {"c": 0.66, "y": 0.95, "o": 0.95}.get(person.age, 1.0)
        * (0.95 if person.sex == "w" else 1.0)
        * rng.uniform(0.95, 1.05)
    )
    side = (-1 if stage.key[0] < x else 1) * facing

    def seen(pigment: str, lift: float = 0.22) -> str:
        return mix(air.tone(pigment, 0.02), pigment, lift)

    cloth = seen(person.colour)
    body = Body(
        cloth=cloth, under=seen(rng.choice(("#8a7a5e", "#6b5a4a", "#a08c6a", "#5a5f6a"))),
        skin=seen(person.skin, 0.4), hair=seen(person.hair, 0.3), boots=seen("#4a3426", 0.1),
        trim=seen(rng.choice(("#c9a15a", "#a8b0ba", "#8a5a34"))), dark=air.near, sun=air.sun, side=side,
    )  # fmt: skip
    stage.glow.glow(x, y - h * 0.6, h * 0.75, mix(air.sun, air.lamp, 0.4), 0.13)
    main.ellipse(x, y + 2, h * 0.22, h * 0.03, darker(air.near, 0.5), 0.55)
    main.path(
        f"M{num(x - h * 0.1)} {num(y)}L{num(x + h * 0.1)} {num(y)}"
        f"L{num(x + h * 0.1 - side * facing * h * 0.5)} {num(y + h * 0.1)}"
        f"L{num(x - h * 0.02 - side * facing * h * 0.5)} {num(y + h * 0.1)}Z",
        darker(air.near, 0.5),
        0.25,
    )
    with main.group(f"translate({num(x)} {num(y)}) scale({facing * h / 100:.3f} {h / 100:.3f})"):
        hand = _body(stage, person, body)
        draw_head(main, person, body)
    _carried_glow(stage, person, (x + facing * hand[0] * h / 100, y + hand[1] * h / 100), h)


def _carried_glow(stage: Stage, person: Person, at: tuple[float, float], h: float) -> None:
    if person.carries and person.carries[0] in GLOWING:
        thing = person.carries[0]
        strong = {"lantern": 0.85, "torch": 0.9, "candle": 0.6, "staff": 0.45}.get(thing, 0.3)
        lift = 0.1 if thing == "lantern" else -0.3 if thing in ("torch", "staff") else 0
        stage.lamp(
            at[0],
            at[1] + lift * h * 0.5,
            h * (0.95 if strong > 0.8 else 0.5),
            strength=strong * (0.5 + 0.5 * stage.air.lamps),
        )


def _shaded(stage: Stage, body: Body, colour: str, half: float) -> str:
    """A paint that turns a flat form into a round one, bright on the light's side."""
    s = body.side
    stops = [
        (0.0, mix(colour, body.dark, 0.62), 1.0),
        (0.5, colour, 1.0),
        (0.85, lighter(mix(colour, body.sun, 0.22), 0.08), 1.0),
        (1.0, mix(colour, body.sun, 0.45), 1.0),
    ]
    return stage.main.linear((-s * half, 0), (s * half, 0), stops)


def _hand(person: Person) -> tuple[float, float, float, float]:
    """Elbow and hand of the arm in front, by what it does."""
    held = person.carries[0] if person.carries else ""
    if person.pose == "fight":
        return 19.0, -84.0, 22.0, -100.0
    if person.pose == "reach":
        return 17.0, -72.0, 31.0, -82.0
    if held in ("staff", "spear", "bow"):
        return 16.0, -62.0, 25.0, -60.0
    if held in ("lantern", "torch"):
        return 15.0, -66.0, 27.0, -72.0
    if held:
        return 15.0, -57.0, 23.0, -62.0
    return 13.5, -61.0, 14.0, -45.0


def _body(stage: Stage, person: Person, body: Body) -> tuple[float, float]:
    """Everything below the head. Returns where the forward hand is."""
    main, wide = stage.main, 11.5 if person.sex == "w" else 13.0
    paint = _shaded(stage, body, body.cloth, 20)
    if person.garment == "cloak":
        main.path(
            f"M-6 -80C{num(-wide - 9)} -76 {num(-wide - 11)} -30 {num(-wide - 12)} -3Q-8 -7 0 -5T{num(wide + 9)} -3"
            f"C{num(wide + 6)} -34 {num(wide + 6)} -74 5 -80Z",
            mix(body.cloth, body.dark, 0.45),
        )
    back = mix(body.cloth if person.garment != "armour" else "#8d949f", body.dark, 0.45)
    sleeve = 6.6 if person.garment in ("robe", "dress") else 5.6
    main.stroke(f"M{num(-wide + 2.5)} -74Q{num(-wide - 4)} -60 {num(-wide - 1.5)} -46", back, sleeve)
    main.circle(-wide - 1.2, -43.6, 2.7, mix(body.skin, body.dark, 0.3))
    if person.garment not in ("dress", "robe"):
        _legs(stage, person, body)
    {"dress": _dress, "robe": _robe, "cloak": _cloak, "armour": _armour, "tunic": _tunic, "spacesuit": _spacesuit}.get(
        person.garment, _coat
    )(stage, body, wide, paint)
    ex, ey, hx, hy = _hand(person)
    arm = (
        body.cloth
        if person.garment not in ("armour", "cloak")
        else ("#9aa2ad" if person.garment == "armour" else body.under)
    )
    arm = mix(arm, body.dark, 0.14)
    if person.carries:
        _hold(stage, person, hx, hy)
    main.stroke(f"M{num(wide - 3)} -74Q{num(ex)} {num(ey)} {num(hx)} {num(hy)}", arm, sleeve)
    main.stroke(
        f"M{num(wide - 3)} -75Q{num(ex)} {num(ey - 1.5)} {num(hx)} {num(hy - 1.6)}",
        mix(arm, body.sun, 0.5),
        1.2,
        0.6 if body.side > 0 else 0.25,
    )
    main.circle(hx + 0.8, hy, 2.9, body.skin)
    return hx, hy


def _hold(stage: Stage, person: Person, hx: float, hy: float) -> None:
    thing = person.carries[0]
    size, grip = _HELD.get(thing, (0.075, 40.0))
    turn = {"sword": 34, "dagger": 60, "axe": 24, "hammer": 20, "torch": 12, "lute": -60}.get(thing, 0)
    if person.pose == "fight":
        turn = 52
    with stage.main.group(f"translate({num(hx)} {num(hy)}) rotate({turn}) scale({size}) translate(0 {num(-grip)})"):
        OBJECTS[thing](stage.main, ink_for(stage, thing, lift=0.3))


def _legs(stage: Stage, person: Person, body: Body) -> None:
    main = stage.main
    spread = {"walk": (13.0, -12.0), "fight": (15.0, -14.0)}.get(person.pose, (6.0, -5.0))
    trousers = "#8d949f" if person.garment == "armour" else mix(body.under, body.dark, 0.35)
    for reach, shade in ((spread[1], 0.4), (spread[0], 0.1)):
        knee = reach * 0.7 + (3 if reach > 0 else 1)
        main.stroke(f"M{num(reach * 0.3)} -48L{num(knee)} -25L{num(reach)} -4", mix(trousers, body.dark, shade), 7)
        main.path(
            f"M{num(reach - 4)} -20H{num(reach + 4)}L{num(reach + 4.4)} -5Q{num(reach + 10)} -4 {num(reach + 10)} 0"
            f"H{num(reach - 4.4)}Z",
            mix(body.boots, body.dark, shade),
        )


def _rim(stage: Stage, body: Body, left: str, right: str, strength: float = 0.6) -> None:
    """The bright edge on the light's side."""
    stage.main.stroke(right if body.side > 0 else left, body.sun, 1.1, strength)


def _dress(stage: Stage, body: Body, wide: float, paint: str) -> None:
    main = stage.main
    skirt = "M-6.5 -58C-12 -40 -19 -18 -21 -1Q-10 2 0 0T21 -1C19 -18 12 -40 6.5 -58Z"
    main.path(skirt, paint)
    for x in (-11, -3, 6, 13):
        main.stroke(f"M{num(x * 0.4)} -52Q{num(x * 0.8)} -26 {x} -2", body.dark, 1.6, 0.22)
    main.path(f"M{num(-wide + 1)} -77Q0 -82 {num(wide - 1)} -77L7 -57Q0 -54 -7 -57Z", paint)
    main.path("M-7.2 -60Q0 -57 7.2 -60V-56.400Q0 -53.500 -7.200 -56.400Z", body.trim)
    main.path("M-4.500 -79Q0 -70 4.500 -79Z", body.skin)
    main.stroke("M-20.500 -3Q-10 0 0 -2T20.500 -3", body.trim, 1.3, 0.8)
    _rim(stage, body, "M-10 -76L-7 -58C-12 -40 -19 -18 -21 -2", "M10 -76L7 -58C12 -40 19 -18 21 -2")


def _robe(stage: Stage, body: Body, wide: float, paint: str) -> None:
    main = stage.main
    main.path(
        f"M{num(-wide)} -76Q0 -83 {num(wide)} -76C{num(wide - 1)} -50 16 -20 17.5 -1Q8 2 0 0T-17.5 -1"
        f"C-16 -20 {num(-wide + 1)} -50 {num(-wide)} -76Z",
        paint,
    )
    main.path("M-2.400 -79H2.400L4 -1Q0 1 -4 -1Z", body.trim, 0.85)
    main.stroke("M-10 -52Q0 -48 10 -52", mix(body.trim, body.dark, 0.4), 2.6)
    for x in (-10, 9):
        main.stroke(f"M{num(x * 0.6)} -48Q{num(x * 0.9)} -26 {x} -2", body.dark, 1.6, 0.24)
    _rim(
        stage,
        body,
        f"M{num(-wide)} -76C{num(-wide + 1)} -50 -16 -20 -17.5 -2",
        f"M{num(wide)} -76C{num(wide - 1)} -50 16 -20 17.5 -2",
    )


def _tunic(stage: Stage, body: Body, wide: float, paint: str) -> None:
    main = stage.main
    main.path(f"M{num(-wide)} -76Q0 -82 {num(wide)} -76L9 -56Q11 -46 12 -37Q0 -33 -12 -37Q-11 -46 -9 -56Z", paint)
    main.path("M-9.600 -56H9.600V-52.500H-9.600Z", body.boots)
    main.rect(-1.8, -56.4, 3.6, 4.2, body.trim)
    main.path("M-4 -79.500L0 -70L4 -79.500Z", body.skin)
    _rim(stage, body, f"M{num(-wide)} -75L-9 -56L-12 -38", f"M{num(wide)} -75L9 -56L12 -38")


def _coat(stage: Stage, body: Body, wide: float, paint: str) -> None:
    main = stage.main
    main.path(
        f"M{num(-wide)} -76Q0 -83 {num(wide)} -76L9.5 -55C13 -44 14 -30 15 -17Q8 -15 1 -17L0 -46L-1 -17"
        "Q-8 -15 -15 -17C-14 -30 -13 -44 -9.5 -55Z",
        paint,
    )
    main.path("M-4.500 -80L0 -62L4.500 -80Q0 -83 -4.500 -80Z", body.under)
    main.path("M-6 -81L-1 -64L-7 -70ZM6 -81L1 -64L7 -70Z", mix(body.cloth, body.sun, 0.2))
    for y in (-58, -51, -44):
        main.circle(2, y, 0.9, body.trim)
    _rim(
        stage,
        body,
        f"M{num(-wide)} -75L-9.5 -55C-13 -44 -14 -30 -15 -18",
        f"M{num(wide)} -75L9.5 -55C13 -44 14 -30 15 -18",
    )


def _cloak(stage: Stage, body: Body, wide: float, paint: str) -> None:
    main = stage.main
    main.path(f"M{num(-wide + 2)} -76Q0 -80 {num(wide - 2)} -76L9 -40Q0 -36 -9 -40Z", body.under)
    main.path("M-8.500 -56H8.500V-53H-8.500Z", body.boots)
    main.path(
        f"M3 -80C{num(-wide - 3)} -82 {num(-wide - 6)} -60 {num(-wide - 9)} -4Q-12 -1 -5 -4C-6 -30 -5 -58 3 -80Z", paint
    )
    main.path(
        f"M-1 -80C{num(wide + 3)} -82 {num(wide + 4)} -66 {num(wide + 5)} -34Q10 -32 8 -34C8 -52 6 -68 -1 -80Z", paint
    )
    main.path("M-10 -80Q0 -73 10 -80Q8 -86 0 -86T-10 -80Z", mix(body.cloth, body.dark, 0.2))
    main.circle(1, -77, 1.9, body.trim)
    for x in (-13, -9):
        main.stroke(f"M{num(x * 0.5)} -70Q{x} -40 {num(x * 1.25)} -6", body.dark, 1.5, 0.25)
    _rim(
        stage,
        body,
        f"M-8 -79C{num(-wide - 4)} -76 {num(-wide - 6)} -60 {num(-wide - 9)} -5",
        f"M8 -79C{num(wide + 4)} -78 {num(wide + 4)} -62 {num(wide + 5)} -35",
    )


def _armour(stage: Stage, body: Body, wide: float, paint: str) -> None:
    main = stage.main
    steel = mix(body.cloth, "#a7afba", 0.6)
    plate = _shaded(stage, body, steel, wide)
    main.path("M-10 -52L-13 -36Q0 -31 13 -36L10 -52Z", _shaded(stage, body, body.cloth, 13))
    main.path(f"M{num(-wide)} -76Q0 -83 {num(wide)} -76L10 -52Q0 -47 -10 -52Z", plate)
    main.stroke("M0 -80V-50M-9 -60Q0 -55 9 -60", darker(steel, 0.5), 1.1, 0.7)
    for s in (-1, 1):
        main.ellipse(s * (wide - 0.5), -75, 6, 5.2, plate)
        main.stroke(
            f"M{num(s * (wide - 0.5) - 4)} -74.500Q{num(s * (wide - 0.5))} -71 {num(s * (wide - 0.5) + 4)} -74.500",
            darker(steel, 0.5),
            1,
            0.7,
        )
    main.path("M-10.500 -53H10.500V-50H-10.500Z", body.trim)
    _rim(stage, body, f"M{num(-wide - 3)} -78L-10 -54", f"M{num(wide + 3)} -78L10 -54", 0.8)


def _spacesuit(stage: Stage, body: Body, wide: float, paint: str) -> None:
    main = stage.main
    white = _shaded(stage, body, mix(body.cloth, "#e4e8ee", 0.75), 16)
    main.rect(-13, -80, 26, 38, white, 1, 8)
    main.rect(-11, -46, 22, 16, white, 1, 6)
    main.rect(-6, -68, 12, 10, "#48505c", 1, 2)
    for k, colour in enumerate(("#e2574c", "#5ad08a", "#5aa8e2")):
        main.circle(-3 + k * 3, -63, 1, colour)
    _rim(stage, body, "M-13 -74V-44", "M13 -74V-44", 0.8)
