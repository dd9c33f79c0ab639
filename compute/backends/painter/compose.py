"""From a scene to sheets with shapes on them."""

from __future__ import annotations

from random import Random

from compute.backends.painter.air import air_of
from compute.backends.painter.creatures import CREATURE_WIDTH, draw_creature
from compute.backends.painter.figure import draw_person
from compute.backends.painter.places import paint_place
from compute.backends.painter.portrait import paint_portrait
from compute.backends.painter.stage import HEIGHT, Stage
from compute.backends.painter.still import paint_still
from compute.backends.painter.weather import paint_weather
from compute.backends.painter.words import Scene, number_of

# Wider or narrower pictures are cropped out of one with this aspect ratio.
NARROWEST, WIDEST = 0.45, 2.4
_WITHOUT_WEATHER = ("space", "underwater")


def compose(scene: Scene, seed: int, width_px: int, height_px: int) -> Stage:
    """Draw the scene on its four sheets. The same scene, seed and aspect ratio give the same sheets."""
    width = HEIGHT * min(max(width_px / height_px, NARROWEST), WIDEST)
    air = air_of(scene, Random(number_of(seed, "air")))
    stage = Stage(scene=scene, air=air, seed=seed, width=width)
    if scene.kind == "item":
        paint_still(stage)
    elif scene.kind == "portrait":
        paint_portrait(stage)
    else:
        paint_place(stage)
        _people(stage)
        for front in stage.fronts:
            front()
        if not scene.inside and scene.place not in _WITHOUT_WEATHER:
            paint_weather(stage)
    _frame(stage)
    return stage


def _frame(stage: Stage) -> None:
    """Where the painter stood: a little nearer or to one side, differently for each prompt and seed."""
    rng = Random(number_of(stage.seed, stage.scene.key, "frame"))
    nearest = {"place": 1.3, "action": 1.25, "portrait": 1.06, "item": 1.12}[stage.scene.kind]
    near = rng.uniform(1.0, nearest)
    w, h = stage.width / near, HEIGHT / near
    x, y = (stage.width - w) * rng.random(), (HEIGHT - h) * rng.uniform(0.55, 0.95)
    if stage.cast:  # nobody is cut off who was in the picture
        x = min(max(x, max(stage.cast) - w), min(stage.cast))
        x = min(max(x, 0.0), stage.width - w)
    for layer in (stage.back, stage.main, stage.veil, stage.glow, stage.behind):
        if layer is not None:
            layer.frame = (x, y, w, h)


def _people(stage: Stage) -> None:
    """Set everybody into the place. Who they are decides where they stand and how near, so that it shows."""
    scene = stage.scene
    everyone: list[tuple[str, int]] = [("creature", i) for i in range(len(scene.creatures))] + [
        ("person", i) for i in range(len(scene.people))
    ]
    if not everyone:
        return
    rng = Random(number_of(stage.seed, *scene.people, *scene.creatures))
    x, y, h = stage.stand[rng.randrange(len(stage.stand))]
    near = (1.3 if scene.kind == "action" else 0.85) * rng.uniform(0.92, 1.2)
    on_steps = scene.place == "stairs"
    if on_steps:
        near = min(near, 1.15)
    else:
        x += rng.uniform(-0.1, 0.1) * stage.width
        y = min(y + (near - 1) * 70, 985)
    h *= near
    widths = [h * (CREATURE_WIDTH[scene.creatures[i]] if what == "creature" else 0.52) for what, i in everyone]
    squeeze = min(1.0, stage.width * 0.94 / sum(widths))
    left = min(max(x - sum(widths) * squeeze / 2, stage.width * 0.03), stage.width * 0.97 - sum(widths) * squeeze)
    middle = (len(everyone) - 1) / 2
    for n, (what, i) in enumerate(everyone):
        px = left + (sum(widths[:n]) + widths[n] / 2) * squeeze
        px = min(max(px, stage.width * 0.1), stage.width * 0.9)
        py, size = y - rng.uniform(0, 26), h * rng.uniform(0.94, 1.04)
        if on_steps:
            px, py, size = _on_step(stage, n, h)
        facing = 1 if px < stage.width / 2 else -1
        if len(everyone) > 1:
            facing = 1 if n <= middle else -1
        half = widths[n] * squeeze * 0.55
        stage.cast += [px - half, px + half]
        if what == "person":
            draw_person(stage, scene.people[i], px, py, size, facing)
        else:
            name = scene.creatures[i]
            draw_creature(stage, name, px, py - 18 - (h * 0.35 if name == "bird" else 0), size, facing)


def _on_step(stage: Stage, n: int, h: float) -> tuple[float, float, float]:
    x, y, _ = stage.stand[n % len(stage.stand)]
    return x, y, h * (0.98 if n else 1.0)
