"""Animals and other beings. Local units: feet at (0, 0), facing right, about 100 high."""

from __future__ import annotations

from collections.abc import Callable

from compute.backends.painter.colour import darker, mix
from compute.backends.painter.stage import Stage
from compute.backends.painter.svg import Layer, num


def draw_creature(stage: Stage, name: str, x: float, y: float, h: float, facing: int) -> None:
    """One creature at (x, y); `h` is the height of a grown person beside it."""
    painter, size, pigment = _CREATURES[name]
    air = stage.air
    colour = stage.scene.colours[0] if stage.scene.colours else pigment
    body = mix(air.tone(colour, 0.02), colour, 0.2)
    side = (-1 if stage.key[0] < x else 1) * facing
    scale = h * size / 100
    if name not in ("bird", "ghost"):
        stage.main.ellipse(x, y + 2, 62 * scale, 6 * scale, darker(air.near, 0.5), 0.5)
    stage.glow.glow(x, y - 50 * scale, 95 * scale, mix(air.sun, air.lamp, 0.4), 0.14)
    paint = stage.main.linear(
        (side * 60, -100),
        (-side * 40, 0),
        [(0, mix(body, air.sun, 0.4), 1), (0.4, body, 1), (1, mix(body, air.near, 0.65), 1)],
    )
    with stage.main.group(f"translate({num(x)} {num(y)}) scale({facing * scale:.3f} {scale:.3f})"):
        painter(stage.main, paint, mix(body, air.near, 0.55), air.sun)
    if name == "dragon":
        stage.lamp(x + facing * 118 * scale, y - 108 * scale, 80 * scale, "#ff8a3c", 0.7)
    if name == "ghost":
        stage.lamp(x, y - 70 * scale, 120 * scale, "#b9e8ff", 0.5)


def _legs(d: Layer, dark: str, paint: str, xs: tuple[float, ...], top: float, wide: float) -> None:
    for k, x in enumerate(xs):
        d.path(
            f"M{num(x - wide)} {num(top)}L{num(x - wide * 0.5)} -30L{num(x - wide * 0.6)} 0H{num(x + wide * 0.9)}"
            f"L{num(x + wide * 0.5)} -28L{num(x + wide * 1.2)} {num(top)}Z",
            dark if k % 2 == 0 else paint,
        )


def _wolf(d: Layer, paint: str, dark: str, sun: str) -> None:
    d.path("M-58 -62C-84 -60 -92 -34 -98 -20C-80 -26 -66 -38 -52 -48Z", dark)
    _legs(d, dark, paint, (-38, -48, 36, 26), -52, 7)
    d.path(
        "M-62 -50C-64 -76 -30 -78 0 -76C20 -80 34 -92 46 -98L50 -112L58 -98L66 -108L68 -94C80 -90 92 -84 96 -80"
        "Q92 -72 74 -72C66 -64 56 -48 44 -40C20 -34 -30 -34 -46 -38Q-60 -40 -62 -50Z",
        paint,
    )
    d.path("M34 -84C28 -64 32 -52 44 -42C56 -50 66 -64 72 -72C58 -72 44 -76 34 -84Z", sun, 0.16)
    d.circle(70, -87, 2.2, "#ffd97a")
    d.circle(95, -80, 2.4, "#0c0a0d")
    d.stroke("M-56 -70Q-10 -80 30 -82", sun, 1.6, 0.5)


def _horse(d: Layer, paint: str, dark: str, sun: str) -> None:
    d.path("M-62 -84C-88 -80 -88 -40 -80 -20C-72 -40 -66 -60 -54 -70Z", dark)
    _legs(d, dark, paint, (-36, -48, 40, 28), -56, 8)
    d.path(
        "M-64 -70C-66 -96 -30 -94 6 -90C24 -96 34 -124 52 -138L54 -148L62 -140C78 -134 88 -118 94 -106"
        "Q90 -98 80 -100C72 -108 66 -110 62 -106C60 -88 56 -66 46 -54C20 -46 -30 -46 -50 -52Q-62 -58 -64 -70Z",
        paint,
    )
    d.path("M54 -142C36 -136 18 -110 4 -92C14 -94 22 -100 28 -104C40 -112 52 -128 58 -138Z", dark)
    d.circle(70, -124, 2.4, "#0c0a0d")
    d.stroke("M-58 -86Q-20 -96 8 -90", sun, 1.8, 0.5)


def _deer(d: Layer, paint: str, dark: str, sun: str) -> None:
    with d.group("scale(.86)"):
        _legs(d, dark, paint, (-36, -46, 36, 26), -58, 6)
        d.path(
            "M-60 -74C-62 -94 -30 -92 4 -90C20 -96 32 -116 46 -128L42 -140L54 -132C68 -128 80 -118 84 -112"
            "Q80 -106 68 -108C60 -104 56 -84 44 -62C20 -52 -30 -52 -48 -58Q-58 -62 -60 -74Z",
            paint,
        )
        for lean in (0, 12):
            d.stroke(
                f"M{48 + lean} -134C{40 + lean} -152 {30 + lean} -160 {34 + lean} -182M{42 + lean} -150"
                f"L{28 + lean} -152M{35 + lean} -164L{50 + lean} -172",
                mix(dark, sun, 0.35),
                3.4,
            )
        d.circle(64, -120, 2.2, "#0c0a0d")
        d.stroke("M-56 -84Q-20 -94 6 -90", sun, 1.6, 0.5)


def _bear(d: Layer, paint: str, dark: str, sun: str) -> None:
    _legs(d, dark, paint, (-44, -54, 42, 30), -50, 13)
    d.path(
        "M-76 -50C-80 -92 -40 -100 -6 -94C20 -102 40 -104 52 -100Q56 -112 64 -102C84 -98 96 -84 100 -76"
        "Q96 -66 78 -68C66 -56 56 -38 40 -32C10 -28 -40 -28 -60 -34Q-74 -38 -76 -50Z",
        paint,
    )
    d.circle(76, -88, 2.4, "#0c0a0d")
    d.circle(99, -77, 3, "#0c0a0d")
    d.stroke("M-66 -82Q-30 -102 10 -96", sun, 2, 0.5)


def _cat(d: Layer, paint: str, dark: str, sun: str) -> None:
    d.stroke("M-30 -8C-66 -6 -70 -40 -54 -58", dark, 9)
    d.path(
        "M-36 0C-44 -44 -16 -66 0 -72C-8 -90 0 -100 4 -104L6 -120L18 -108H30L42 -120L44 -102C52 -92 48 -76 36 -70"
        "C40 -50 38 -20 40 0Z",
        paint,
    )
    for x in (17, 33):
        d.ellipse(x, -92, 3.4, 4.2, "#d9e07a")
        d.ellipse(x, -92, 1.1, 3.8, "#0c0a0d")
    d.path("M23 -84h5l-2.500 3Z", "#c9807a")
    d.stroke("M12 0V-30M26 0V-30", dark, 2, 0.6)
    d.stroke("M-34 -10C-40 -44 -16 -62 -2 -70", sun, 1.8, 0.5)


def _bird(d: Layer, paint: str, dark: str, sun: str) -> None:
    with d.group("translate(0 -130)"):
        d.path(
            "M-10 -4C-40 -60 -84 -70 -116 -58C-90 -50 -84 -40 -100 -34C-76 -34 -66 -24 -80 -16C-50 -20 -30 -4 -6 14Z",
            dark,
        )
        d.path("M-60 20L-96 34L-60 34ZM-64 14C-30 -14 20 -20 50 -8Q66 -6 76 2Q64 6 52 8C30 30 -30 36 -64 26Z", paint)
        d.path("M4 -6C20 -70 70 -96 112 -92C88 -78 84 -66 100 -64C78 -58 70 -46 84 -42C60 -40 44 -16 24 6Z", paint)
        d.circle(54, -2, 2.2, "#ffe08a")
        d.stroke("M4 -8C20 -70 70 -94 108 -92", sun, 1.6, 0.6)


def _ghost(d: Layer, paint: str, dark: str, sun: str) -> None:
    veil = d.linear((0, -130), (0, 6), [(0, "#eefaff", 0.9), (0.6, "#a9d3ea", 0.55), (1, "#a9d3ea", 0.0)])
    d.path("M-34 4C-44 -40 -40 -128 0 -132C40 -128 44 -40 34 4Q24 -14 14 0Q4 -14 -6 2Q-18 -14 -34 4Z", veil)
    d.path(
        "M-26 -66C-54 -60 -60 -40 -66 -30C-48 -36 -36 -40 -24 -46ZM26 -66C54 -60 60 -40 66 -30C48 -36 36 -40 24 -46Z",
        veil,
    )
    for x in (-9, 13):
        d.ellipse(x, -100, 4.6, 7.5, "#0f2233")
    d.ellipse(2, -80, 4, 6.5, "#0f2233", 0.85)


def _spider(d: Layer, paint: str, dark: str, sun: str) -> None:
    for s in (-1, 1):
        for k, (kx, ky, ex) in enumerate(((40, -84, 60), (58, -72, 92), (66, -52, 108), (52, -36, 78))):
            d.stroke(f"M{s * 12} -38L{s * kx} {ky}L{s * ex} 0", dark if k % 2 else mix(dark, sun, 0.15), 5)
    d.ellipse(-16, -46, 40, 32, paint)
    d.circle(26, -36, 18, paint)
    for x, y in ((32, -42), (38, -38), (30, -34), (38, -31)):
        d.circle(x, y, 2.2, "#e2574c")
    d.stroke("M-46 -62Q-20 -84 10 -66", sun, 1.8, 0.5)


def _dragon(d: Layer, paint: str, dark: str, sun: str) -> None:
    d.path(
        "M-20 -84C-40 -150 -100 -176 -150 -160C-124 -146 -120 -128 -134 -112C-108 -116 -94 -104 -100 -84"
        "C-76 -92 -60 -80 -40 -60Z",
        dark,
    )
    d.stroke("M-20 -84L-150 -160M-22 -80L-134 -112M-26 -74L-100 -84", mix(dark, sun, 0.3), 2.4, 0.7)
    d.path("M-40 -50C-90 -60 -130 -30 -170 -34L-188 -50L-184 -24C-150 -4 -90 -6 -50 -20Z", paint)
    d.path(
        "M-46 -20C-40 -8 -44 0 -50 0H-14C-16 -10 -10 -22 -6 -30ZM22 -22C30 -10 26 0 22 0H54C50 -12 50 -26 44 -36Z", dark
    )
    d.path(
        "M-60 -34C-66 -70 -20 -88 14 -84C34 -96 36 -120 54 -132L48 -148L64 -138L72 -152L78 -134"
        "C96 -132 112 -122 124 -114Q122 -106 108 -108L116 -102Q108 -98 92 -104C78 -104 72 -92 70 -78"
        "C66 -50 44 -26 8 -22C-24 -18 -54 -20 -60 -34Z",
        paint,
    )
    d.path("M66 -86C62 -56 40 -32 8 -26C30 -44 44 -64 48 -92Z", sun, 0.25)
    d.path(
        "M10 -86C20 -150 70 -186 118 -184C98 -166 98 -148 112 -136C88 -136 78 -120 84 -104C62 -108 44 -88 30 -66Z",
        mix(dark, sun, 0.12),
    )
    d.stroke("M10 -86L118 -184M16 -80L112 -136M24 -72L84 -104", mix(dark, sun, 0.4), 2.4, 0.8)
    for k in range(7):
        d.path(f"M{-54 + k * 11} {-70 - k * 2.2:.1f}l6 -12l6 10Z", dark)
    d.circle(84, -124, 3.2, "#ffdf6a")


_CREATURES: dict[str, tuple[Callable[[Layer, str, str, str], None], float, str]] = {
    "dragon": (_dragon, 0.66, "#6a3f3a"), "wolf": (_wolf, 0.62, "#6d6f78"), "horse": (_horse, 0.86, "#6e4a30"),
    "cat": (_cat, 0.34, "#4a4048"), "bird": (_bird, 0.62, "#3d3a45"), "ghost": (_ghost, 0.86, "#cfe6f2"),
    "deer": (_deer, 0.84, "#8a623c"), "bear": (_bear, 0.86, "#5a4030"), "spider": (_spider, 0.8, "#3a3038"),
}  # fmt: skip


# Breadth of each, as a share of a grown person's height.
CREATURE_WIDTH = {
    "dragon": 1.7, "wolf": 1.05, "horse": 1.5, "cat": 0.4, "bird": 0.9, "ghost": 0.8, "deer": 1.15, "bear": 1.5,
    "spider": 1.5,
}  # fmt: skip
