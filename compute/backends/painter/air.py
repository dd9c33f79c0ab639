"""The light of a picture: sky colours, haze, where the light comes from, and what a pigment looks like in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from compute.backends.painter.colour import darker, lighter, mix, times, turned
from compute.backends.painter.words import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """key_x, key_y: where the light is, shares of width and height. lamps: how bright windows are, 0–1."""

    top: str
    middle: str
    low: str
    sun: str
    haze: str
    near: str  # the darkest silhouettes
    tint: str  # colour of the light that falls on things
    gain: float
    key_x: float
    key_y: float
    stars: float
    lamps: float
    disc: str = "sun"  # sun, moon or none
    lamp: str = "#ffc870"
    thick: float = 0.0  # how much haze lies between here and the horizon

    def tone(self, pigment: str, depth: float = 0.0) -> str:
        """A pigment in this light, seen through `depth` (0 here, 1 at the horizon) of air."""
        share = min(depth + self.thick * (0.1 + 0.9 * depth), 0.96)
        return mix(times(pigment, self.tint, self.gain), self.haze, share)

    def far(self, depth: float) -> str:
        """A silhouette at that depth."""
        return mix(self.near, self.haze, min(depth + self.thick * depth, 0.97))


def _air(top: str, middle: str, low: str, sun: str, haze: str, near: str, tint: str, rest: str) -> Air:
    gain, key_x, key_y, stars, lamps, disc = rest.split()
    return Air(
        top=top, middle=middle, low=low, sun=sun, haze=haze, near=near, tint=tint, gain=float(gain), key_x=float(key_x),
        key_y=float(key_y), stars=float(stars), lamps=float(lamps), disc=disc,
    )  # fmt: skip


LIGHTS: dict[str, Air] = {
    "dawn": _air("#33406b", "#8d7396", "#f3b695", "#ffe2b8", "#d9a49a", "#251f33", "#ffd9c6", ".78 .14 .53 .15 .5 sun"),
    "morning": _air(
        "#4d7fa8", "#8fb4c0", "#f3e2bd", "#fff3cf", "#c3cfc6", "#22302f", "#fff0d6", ".92 .24 .27 0 .1 sun"
    ),
    "noon": _air("#2f6fae", "#6aa5cf", "#cfe5e6", "#fffbe6", "#b4d0d8", "#1c2f38", "#fffaf0", "1.02 .5 .1 0 0 sun"),
    "afternoon": _air(
        "#4a6b94", "#a3a28f", "#f6cf86", "#ffe6a3", "#d9b981", "#2b2620", "#ffe3b0", ".95 .77 .32 0 .1 sun"
    ),
    "dusk": _air("#1b2347", "#6b4263", "#ea8a52", "#ffc27a", "#a3615a", "#171421", "#ffb98c", ".66 .85 .56 .3 .9 sun"),
    "night": _air("#070b1a", "#141f42", "#34456f", "#aebfe6", "#2c3a60", "#070910", "#8fa3d6", ".5 .33 .66 1 1 none"),
    "moonlight": _air(
        "#0a1630", "#1e3a63", "#5c86a0", "#e8f1ff", "#44678a", "#080f1c", "#a9c6ec", ".62 .68 .2 .55 .7 moon"
    ),
    "candle": _air("#0b0a14", "#2a1d25", "#7a4626", "#ffcb7d", "#4f3226", "#0b0809", "#ffb877", ".62 .5 .62 .4 1 none"),
    "storm": _air("#14201f", "#33484a", "#a3ae86", "#e6eec0", "#6c7c6c", "#0c1213", "#c9d6bd", ".6 .08 .34 0 .8 none"),
    "neon": _air("#0d0a26", "#37175a", "#c23a86", "#67e8e0", "#5a2a78", "#0a0716", "#c79bff", ".66 .6 .5 .3 1 none"),
}

# How a place is lit when the prompt does not say.
_USUAL = {
    "tavern": "candle", "library": "candle", "throne": "afternoon", "bedroom": "candle", "laboratory": "candle",
    "stairs": "candle", "cave": "candle", "dungeon": "candle", "space": "night", "underwater": "morning",
    "volcano": "dusk", "desert": "afternoon", "market": "morning", "meadow": "afternoon", "garden": "morning",
    "graveyard": "moonlight", "camp": "night", "city": "dusk", "snowfield": "morning", "swamp": "dawn",
    "forest": "morning", "lighthouse": "dusk", "castle": "dusk", "village": "dusk", "mountain": "dawn",
}  # fmt: skip

_WEATHER_WASH = {  # colour mixed in, share, gain, haze added
    "cloudy": ("#7c828c", 0.26, 0.9, 0.06),
    "rain": ("#45525f", 0.4, 0.78, 0.16),
    "storm": ("#27313b", 0.52, 0.64, 0.14),
    "snow": ("#a8b4c4", 0.34, 0.94, 0.22),
    "fog": ("#98a0a4", 0.42, 0.9, 0.5),
    "wind": ("#9c8f72", 0.14, 0.97, 0.05),
}
_MOOD_WASH = {
    "gloomy": ("#2c3038", 0.32, 0.85),
    "cosy": ("#c8813f", 0.16, 1.04),
    "eerie": ("#35513f", 0.3, 0.88),
    "magical": ("#5a4aa0", 0.26, 1.0),
    "fierce": ("#8a2f1c", 0.26, 0.95),
    "calm": ("#6f93a3", 0.12, 1.0),
}


def light_of(scene: Scene) -> str:
    """The light's name: what the prompt says, else what suits the place."""
    if scene.light:
        return scene.light
    if scene.kind == "item":
        return "candle"
    if scene.kind == "portrait" and not scene.place:
        return ("dusk", "candle", "afternoon", "morning")[scene.place_key % 4]
    if scene.weather == "storm" and not scene.inside:
        return "storm"
    usual = _USUAL.get(scene.place)
    return usual or ("dusk", "afternoon", "morning", "moonlight", "dawn")[scene.place_key % 5]


def air_of(scene: Scene, rng: Random) -> Air:
    """The light of this scene. `rng` moves the sun a little and warms or cools the whole."""
    air = LIGHTS[light_of(scene)]
    if scene.inside:  # indoors the light falls where the room's lamps and windows are, in each prompt elsewhere
        air = replace(air, key_x=min(max(air.key_x + ((scene.key >> 16) % 1000 / 1000 - 0.5) * 0.5, 0.12), 0.88))
    air = replace(air, key_x=air.key_x + rng.uniform(-0.03, 0.03), key_y=air.key_y + rng.uniform(-0.02, 0.02))
    turn = ((scene.place_key >> 8) % 1000 / 1000 - 0.5) * 26 + rng.uniform(-5, 5)
    air = replace(
        air,
        top=turned(air.top, turn), middle=turned(air.middle, turn * 0.8), low=turned(air.low, turn * 0.5),
        haze=turned(air.haze, turn * 0.7), near=turned(air.near, turn),
    )  # fmt: skip
    if scene.weather in _WEATHER_WASH:
        colour, share, gain, thick = _WEATHER_WASH[scene.weather]
        # A night's rain is dark: the wash takes the brightness of the sky it falls from.
        air = _washed(
            air, times(mix(colour, "#ffffff", 0.1), mix(air.tint, "#ffffff", 0.3), min(air.gain + 0.12, 1)), share, gain
        )
        air = replace(
            air, thick=air.thick + thick, stars=air.stars * 0.15, lamps=max(air.lamps, 0.35 if gain < 0.8 else 0.1)
        )
    if scene.mood in _MOOD_WASH:
        colour, share, gain = _MOOD_WASH[scene.mood]
        air = _washed(air, times(colour, "#ffffff", min(air.gain + 0.1, 1)), share, gain)
    if scene.inside and air.lamps > 0.35:  # a room at night is lit by its own lamps, whatever the sky
        air = replace(air, tint=mix(air.tint, air.lamp, 0.55), gain=air.gain * 1.45, near=mix(air.near, "#1a0f0a", 0.6))
    for colour in scene.colours[:2]:
        air = replace(
            air, middle=mix(air.middle, times(colour, "#ffffff", air.gain), 0.22), haze=mix(air.haze, colour, 0.1)
        )
    return air


def _washed(air: Air, colour: str, share: float, gain: float) -> Air:
    return replace(
        air, top=mix(air.top, darker(colour, 0.3), share), middle=mix(air.middle, colour, share),
        low=mix(air.low, lighter(colour, 0.12), share), haze=mix(air.haze, colour, share),
        sun=mix(air.sun, colour, share * 0.3), tint=mix(air.tint, lighter(colour, 0.5), share * 0.4),
        gain=air.gain * gain,
    )  # fmt: skip
