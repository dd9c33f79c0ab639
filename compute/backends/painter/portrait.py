"""One person close: background out of focus, shoulders in their clothes, the face in the light."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from compute.backends.painter.colour import darker, lighter, luminance, mix, turned
from compute.backends.painter.face import Sitter, draw_face, draw_neck
from compute.backends.painter.hair import draw_before, draw_behind
from compute.backends.painter.objects import OBJECTS
from compute.backends.painter.people import Person
from compute.backends.painter.stage import HEIGHT, Stage
from compute.backends.painter.still import ink_for
from compute.backends.painter.svg import Layer, num

# Things long enough to show behind a shoulder.
_OVER_SHOULDER = ("staff", "spear", "axe", "bow", "torch", "lute")


def paint_portrait(stage: Stage) -> None:
    """Head and shoulders of the scene's first person."""
    person = stage.scene.people[0]
    _background(stage, person)
    rng = stage.rng("pose", person.key)
    sitter = _sitter(stage, person, rng.uniform(-5, 5))
    narrow = min(stage.width / 750, 1.0)
    scale = (2.62 if person.age != "c" else 2.4) * narrow * rng.uniform(0.97, 1.05)
    x = stage.width * (0.5 + rng.uniform(-0.035, 0.035)) - sitter.side * 14
    y = (
        430
        + (26 if person.headgear in ("pointed", "crown", "hat", "feathered") else 0)
        + (40 if person.age == "c" else 0)
    )
    d = stage.main
    stage.glow.glow(x + sitter.side * 230, y - 120, 520, mix(stage.air.sun, stage.air.lamp, 0.4), 0.2)
    with d.group(f"translate({num(x)} {num(y)}) scale({scale:.3f})"):
        for thing in person.carries[:1]:
            if thing in _OVER_SHOULDER:
                with d.group(f"translate({-sitter.side * 92} 20) rotate({-sitter.side * 12}) scale(1.05)"):
                    OBJECTS[thing](d, ink_for(stage, thing))
        with d.group(f"rotate({rng.uniform(-3.5, 3.5):.1f} 0 80)"):
            draw_behind(d, sitter)
            draw_neck(d, sitter)
        _shoulders(d, sitter)
        with d.group(f"rotate({rng.uniform(-3.5, 3.5):.1f} 0 80)"):
            draw_face(d, sitter)
            draw_before(d, sitter)
        if "scarf" in person.marks:
            d.path("M-52 84Q0 116 52 84L58 108Q0 144 -58 108Z", sitter.trim)
            d.path("M-58 106Q0 142 58 106L56 112Q0 148 -56 112Z", darker(sitter.trim, 0.4))
    if person.carries and person.carries[0] in ("lantern", "torch", "candle"):
        stage.lamp(stage.width * 0.5 + sitter.side * stage.width * 0.36, 860, 460, strength=0.7)


def _sitter(stage: Stage, person: Person, turn: float) -> Sitter:
    air, rng = stage.air, Random(person.key ^ 0x5EED)
    shape = Random(
        sum(map(ord, person.name + person.noun)) * 7919 + 1
    )  # the name alone: moods and clothes leave the bones alone

    def seen(pigment: str, lift: float = 0.5) -> str:
        return mix(air.tone(pigment), pigment, lift)

    skin = seen(person.skin, 0.62)
    hair = seen(person.hair, 0.6)
    sun = mix(air.sun, "#ffffff", 0.1)
    child, woman = person.age == "c", person.sex == "w"
    deep = luminance(person.skin) < 0.45
    return Sitter(
        person=person, skin=skin, shade=mix(skin, mix("#5a2a30", air.near, 0.35), 0.52 if not deep else 0.6),
        shine=mix(lighter(skin, 0.16), sun, 0.24), hair=hair, hair_dark=mix(darker(hair, 0.45), air.near, 0.2),
        hair_shine=mix(lighter(hair, 0.28), sun, 0.25), cloth=seen(person.colour, 0.45),
        under=seen(shape.choice(("#d8c8a8", "#8a7a5e", "#b8a888", "#6b5a4a"))),
        trim=seen(shape.choice(("#c9a15a", "#a8b0ba", "#b4602f", "#d3a544"))), dark=air.near, sun=sun,
        rim=mix(air.low, air.sun, 0.4), side=-1 if air.key_x < 0.5 else 1,
        wide=(47 if woman else 50) + shape.uniform(-2.5, 2.5) + (2 if child else 0),
        jaw=(30 if woman else 38) + shape.uniform(-3, 4) + (3 if child else 0),
        chin=(74 if woman else 80) + shape.uniform(-3, 3) - (8 if child else 0),
        eye=(7.0 if woman else 6.0) + shape.uniform(-0.5, 0.7) + (1.4 if child else 0),
        nose=(9.6 if woman else 11.6) + shape.uniform(-0.8, 1.4) - (1.5 if child else 0), turn=turn,
        glance=turn * 0.3, rng=rng,
    )  # fmt: skip


def _background(stage: Stage, person: Person) -> None:
    """The place, out of focus, when the prompt names one; else washes of colour with lights in them."""
    from compute.backends.painter.places import paint_place

    air, w, back = stage.air, stage.width, stage.back
    if stage.scene.place:
        far = Stage(scene=stage.scene, air=air, seed=stage.seed, width=w)
        paint_place(far)
        stage.back, stage.behind = far.back, far.main
        return
    rng = stage.rng("backdrop", person.key, stage.scene.key)
    hue = mix(turned(person.colour, rng.choice((150, 180, 210, 30, -30)), 0.8), air.middle, 0.5)
    back.rect(
        0,
        0,
        w,
        HEIGHT,
        back.linear(
            (0, 0), (w, HEIGHT), [(0, darker(hue, 0.4), 1), (0.5, darker(hue, 0.55), 1), (1, darker(hue, 0.8), 1)]
        ),
    )
    kx, ky = stage.key
    back.glow(kx, min(ky, 380), 700, mix(air.sun, hue, 0.35), 0.6)
    back.glow(w - kx, 620, 520, air.low, 0.35)
    with back.group(blur=22):
        for _ in range(9):
            back.ellipse(
                rng.uniform(0, 1) * w,
                rng.uniform(0, 1) * HEIGHT,
                rng.uniform(80, 260),
                rng.uniform(40, 140),
                mix(hue, rng.choice((air.low, air.top, air.sun)), 0.4),
                0.2,
            )
    for _ in range(22):
        r = rng.uniform(10, 58)
        back.circle(
            rng.uniform(0, 1) * w,
            rng.uniform(0, 0.9) * HEIGHT,
            r,
            mix(air.sun, air.lamp, rng.random()),
            rng.uniform(0.04, 0.17),
        )
    _backdrop_weather(stage)


def _backdrop_weather(stage: Stage) -> None:
    rng, w, main = stage.rng("backdrop weather"), stage.width, stage.main
    weather = stage.scene.weather
    if weather in ("rain", "storm"):
        main.stroke(
            "".join(f"M{num(rng.uniform(0, 1) * w)} {num(rng.uniform(0, 1) * HEIGHT)}l-12 44" for _ in range(190)),
            lighter(stage.air.low, 0.4),
            2,
            0.3,
        )
    elif weather == "snow":
        for _ in range(120):
            main.circle(rng.uniform(0, 1) * w, rng.uniform(0, 1) * HEIGHT, rng.uniform(2, 7), "#ffffff", 0.5)


def _shoulders(d: Layer, s: Sitter) -> None:
    """The body down to the picture's edge, in its garment."""
    wide = {"w": 104.0, "m": 124.0}.get(s.person.sex, 112.0) * (0.84 if s.person.age == "c" else 1)
    painter: Callable[[Layer, Sitter, float, str, str], None] = _CLOTHES.get(s.person.garment, _tunic)
    body = (
        f"M{num(-wide * 1.16)} 250C{num(-wide * 1.12)} 170 {num(-wide)} 128 {num(-wide * 0.6)} 112"
        f"Q{num(-wide * 0.36)} 104 -24 92Q0 104 24 92Q{num(wide * 0.36)} 104 {num(wide * 0.6)} 112"
        f"C{num(wide)} 128 {num(wide * 1.12)} 170 {num(wide * 1.16)} 250Z"
    )
    paint = shaded(d, s, s.cloth, wide)
    painter(d, s, wide, body, paint)
    edge = s.side * wide
    d.stroke(f"M{num(edge * 0.6)} 113C{num(edge)} 129 {num(edge * 1.11)} 170 {num(edge * 1.15)} 248", s.sun, 2.4, 0.5)


def shaded(d: Layer, s: Sitter, colour: str, half: float) -> str:
    """A paint from the shadow side to the light."""
    stops = [
        (0, mix(colour, s.dark, 0.72), 1.0),
        (0.4, mix(colour, s.dark, 0.25), 1.0),
        (0.75, colour, 1.0),
        (1, mix(lighter(colour, 0.1), s.sun, 0.25), 1.0),
    ]
    return d.linear((-s.side * half, 200), (s.side * half, 100), stops)


def _bare_chest(d: Layer, s: Sitter, depth: float) -> None:
    d.path(
        f"M-32 88Q0 104 32 88L{num(30 + depth * 0.4)} 106Q0 {num(120 + depth)} {num(-30 - depth * 0.4)} 106Z",
        mix(s.skin, s.shade, 0.3),
    )
    d.stroke(
        f"M-20 112Q-8 {num(112 + depth * 0.2)} -3 {num(114 + depth * 0.2)}M20 112"
        f"Q8 {num(112 + depth * 0.2)} 3 {num(114 + depth * 0.2)}",
        s.shade,
        2,
        0.5,
    )


def _folds(d: Layer, s: Sitter, paths: str, strong: float = 0.35) -> None:
    d.stroke(paths, s.dark, 3.4, strong)


def _tunic(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    d.path(body, paint)
    d.path("M-26 90L0 156L26 90Q0 104 -26 90Z", mix(s.skin, s.shade, 0.35))
    d.path("M-30 88L-24 92L0 158L24 92L30 88L4 168H-4Z", mix(s.cloth, s.trim, 0.45))
    d.stroke("M-12 122L12 132M12 122L-12 132M-8 138L8 146M8 138L-8 146", s.under, 2.4, 0.9)
    _folds(
        d,
        s,
        f"M{num(-wide * 0.6)} 130Q{num(-wide * 0.5)} 190 {num(-wide * 0.62)} 250M{num(wide * 0.6)} 130"
        f"Q{num(wide * 0.5)} 190 {num(wide * 0.62)} 250M-20 180Q-30 210 -24 250M26 178Q34 212 30 250",
    )


def _dress(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    d.path(body, mix(s.skin, s.shade, 0.25))
    _bare_chest(d, s, 26)
    d.path(
        f"M{num(-wide * 1.16)} 250C{num(-wide * 1.12)} 180 {num(-wide * 1.02)} 140 {num(-wide * 0.72)} 122"
        f"C{num(-wide * 0.5)} 168 -24 184 0 176C24 184 {num(wide * 0.5)} 168 {num(wide * 0.72)} 122"
        f"C{num(wide * 1.02)} 140 {num(wide * 1.12)} 180 {num(wide * 1.16)} 250Z",
        paint,
    )
    d.stroke(
        f"M{num(-wide * 0.72)} 122C{num(-wide * 0.5)} 168 -24 184 0 176"
        f"C24 184 {num(wide * 0.5)} 168 {num(wide * 0.72)} 122",
        s.trim,
        4.5,
    )
    d.stroke("M-30 100Q0 150 30 100", s.trim, 1.8, 0.9)
    d.circle(0, 128, 6, s.trim)
    d.circle(0, 128, 3.4, s.cloth)
    _folds(d, s, "M-40 184Q-48 216 -42 250M0 184V250M42 182Q50 216 44 250", 0.25)


def _robe(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    d.path(body, paint)
    d.path("M-28 89L0 176L28 89Q0 104 -28 89Z", s.under)
    d.path("M-17 98L0 152L17 98Q0 108 -17 98Z", mix(s.skin, s.shade, 0.4))
    d.path("M-36 86L-24 90L8 190L0 250H-22ZM36 86L24 90L-2 176L6 200L22 250Z", s.trim, 0.9)
    _folds(
        d,
        s,
        f"M{num(-wide * 0.62)} 126Q{num(-wide * 0.4)} 190 {num(-wide * 0.5)} 250M{num(wide * 0.62)} 126"
        f"Q{num(wide * 0.4)} 190 {num(wide * 0.5)} 250M{num(-wide * 0.86)} 150"
        f"Q{num(-wide * 0.74)} 200 {num(-wide * 0.8)} 250M{num(wide * 0.86)} 150"
        f"Q{num(wide * 0.74)} 200 {num(wide * 0.8)} 250",
    )


def _cloak(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    d.path(body, mix(s.under, s.dark, 0.3))
    d.path("M-24 91L0 150L24 91Q0 104 -24 91Z", mix(s.skin, s.shade, 0.4))
    d.path("M-28 89L-22 92L0 152L22 92L28 89L3 162H-3Z", mix(s.under, s.dark, 0.1))
    for k in (-1, 1):
        d.path(
            f"M{num(k * 30)} 88C{num(k * 58)} 92 {num(k * wide * 1.0)} 116 {num(k * wide * 1.3)} 250H{num(k * 34)}"
            f"C{num(k * 44)} 200 {num(k * 36)} 160 {num(k * 12)} 134Z",
            paint,
        )
        d.stroke(f"M{num(k * 14)} 136C{num(k * 36)} 160 {num(k * 44)} 200 {num(k * 34)} 250", s.trim, 3, 0.6)
    d.path(
        "M-58 112C-74 84 -60 70 -44 72C-30 96 30 96 44 72C60 70 74 84 58 112Q0 150 -58 112Z",
        shaded(d, s, mix(s.cloth, s.dark, 0.1), 66),
    )
    d.path("M-44 72C-30 98 30 98 44 72L38 74C26 90 -26 90 -38 74Z", darker(s.cloth, 0.7), 0.8)
    d.circle(0, 133, 9.5, s.trim)
    d.circle(0, 133, 5.5, mix(s.person.eyes, s.cloth, 0.3))
    d.circle(-2, 131, 1.8, "#ffffff", 0.8)
    _folds(
        d,
        s,
        f"M{num(-wide * 0.7)} 130Q{num(-wide * 0.66)} 190 {num(-wide * 0.8)} 250M{num(wide * 0.7)} 130"
        f"Q{num(wide * 0.66)} 190 {num(wide * 0.8)} 250M-50 150Q-54 200 -62 250M50 150Q54 200 62 250",
    )


def _coat(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    d.path(body, paint)
    d.path("M-30 88L0 200L30 88Q0 104 -30 88Z", s.under)
    d.path("M-20 96L0 116L20 96Q0 104 -20 96Z", mix(s.skin, s.shade, 0.4))
    d.path("M-18 98L0 118L18 98L24 112L0 128L-24 112Z", lighter(s.under, 0.2))
    for k in (-1, 1):
        lapel = lighter(s.cloth, 0.1) if k == s.side else mix(s.cloth, s.dark, 0.35)
        d.path(
            f"M{num(k * 26)} 78L{num(k * 52)} 92L{num(k * 62)} 134L{num(k * 44)} 140L{num(k * 50)} 152"
            f"L{num(k * 2)} 214L{num(k * 28)} 100Z",
            lapel,
        )
        d.stroke(f"M{num(k * 62)} 134L{num(k * 44)} 140L{num(k * 50)} 152L{num(k * 2)} 214", s.dark, 1.8, 0.5)
    for n in range(2):
        d.circle(9, 218 + n * 20, 4.4, s.trim)
        d.circle(8, 217 + n * 20, 1.6, "#ffffff", 0.6)
    _folds(
        d,
        s,
        f"M{num(-wide * 0.84)} 140Q{num(-wide * 0.7)} 190 {num(-wide * 0.84)} 250M{num(wide * 0.84)} 140"
        f"Q{num(wide * 0.7)} 190 {num(wide * 0.84)} 250",
    )


def _armour(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    steel = mix("#a2aab6", s.cloth, 0.3)
    plate = shaded(d, s, steel, wide)
    d.path(body, plate)
    d.stroke(f"M0 112V250M{num(-wide * 0.5)} 170Q0 206 {num(wide * 0.5)} 170", darker(steel, 0.6), 3, 0.6)
    d.path("M-40 84Q0 112 40 84L50 112Q0 146 -50 112Z", shaded(d, s, mix(steel, s.trim, 0.25), 50))
    d.stroke("M-46 100Q0 130 46 100", lighter(steel, 0.6), 2.4, 0.7)
    for k in (-1, 1):
        for n in range(3):
            d.path(
                f"M{num(k * (wide * 0.5))} {112 + n * 26}C{num(k * wide * 0.8)} {98 + n * 26} {num(k * wide * 1.2)}"
                f" {118 + n * 28} {num(k * wide * 1.26)} {170 + n * 28}"
                f"Q{num(k * wide * 0.9)} {140 + n * 28} {num(k * wide * 0.52)} {146 + n * 26}Z",
                mix(steel, s.sun if k == s.side else s.dark, 0.3 if k == s.side else 0.5),
            )
            d.stroke(
                f"M{num(k * (wide * 0.5))} {112 + n * 26}C{num(k * wide * 0.8)} {98 + n * 26} {num(k * wide * 1.2)}"
                f" {118 + n * 28} {num(k * wide * 1.26)} {170 + n * 28}",
                lighter(steel, 0.5),
                2,
                0.55,
            )
        d.circle(k * wide * 0.56, 130, 5, s.trim)
    d.path(f"M{num(-wide * 0.3)} 250L0 196L{num(wide * 0.3)} 250Z", s.cloth, 0.85)


def _labcoat(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    white = mix("#e9e7e0", s.dark, 0.08)
    _coat(d, s, wide, body, shaded(d, s, white, wide))
    d.path("M40 190h30v34h-30Z", mix(white, s.dark, 0.15))
    d.stroke("M48 178v26M56 182v22", s.cloth, 3)


def _spacesuit(d: Layer, s: Sitter, wide: float, body: str, paint: str) -> None:
    white = mix("#dfe4ea", s.cloth, 0.12)
    d.path(body, shaded(d, s, white, wide))
    d.ellipse(0, 104, 66, 22, mix(white, s.dark, 0.35))
    d.ellipse(0, 99, 60, 18, lighter(white, 0.3))
    d.ellipse(0, 97, 48, 12, mix(s.dark, white, 0.2))
    d.rect(-36, 176, 72, 46, mix(s.dark, white, 0.25), 1, 6)
    for n, colour in enumerate(("#e2574c", "#5ad08a", "#5aa8e2")):
        d.circle(-20 + n * 20, 192, 5, colour)
    d.path(f"M{num(wide * 0.6)} 130l26 14l-8 20l-26 -12Z", s.cloth)


_CLOTHES: dict[str, Callable[[Layer, Sitter, float, str, str], None]] = {
    "tunic": _tunic, "dress": _dress, "robe": _robe, "cloak": _cloak, "coat": _coat, "armour": _armour,
    "labcoat": _labcoat, "spacesuit": _spacesuit,
}  # fmt: skip
