"""The built-in painter: it reads the words, keeps its promises as a backend, and what changes in words shows."""

from __future__ import annotations

import io
import sys
import zlib
from itertools import combinations, pairwise
from typing import Any

import pytest
from PIL import Image

from compute.backends.base import BackendError, BackendSettings, Cancelled, Capacity, ChatRequest, Fault, RemoteState
from compute.backends.painter import PainterBackend, lexicon
from compute.backends.painter.objects import OBJECTS
from compute.backends.painter.places import PLACES
from compute.backends.painter.sheet import PROMPTS
from compute.backends.painter.words import read
from compute.backends.registry import build_backend
from tests.compute.backends.watching import RecordingWatch, image_request

LEAST_BITS = 8
STAIRS = (
    "cinematic wide shot of The lantern stairs, iron stairs winding up inside a lighthouse, nightfall, "
    "rain coming in from the west, professional photography, highly detailed, 8k"
)
ACTION = (
    "Mira climbs the stairs with a lantern, Mira, Old Marrow, the lantern stairs, cinematic composition, "
    "dramatic lighting, high quality"
)


def painted(prompt: str, *, width_px: int = 160, height_px: int = 120, **changes: Any) -> bytes:
    request = image_request(prompt=prompt, width_px=width_px, height_px=height_px, **changes)
    return PainterBackend(BackendSettings(api_type="painter")).generate_image(request, RecordingWatch()).data


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def dhash(data: bytes) -> int:
    """The usual 64-bit difference hash: is each of 9 x 8 grey patches brighter than its right neighbour?"""
    grey = decoded(data).convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(8):
        for left, right in pairwise(grey[row * 9 : row * 9 + 9]):
            bits = bits * 2 + (left > right)
    return bits


def differing_bits(one: bytes, other: bytes) -> int:
    return (dhash(one) ^ dhash(other)).bit_count()


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """A PNG's chunks, their checksums checked."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert int.from_bytes(data[at + 8 + length : at + 12 + length], "big") == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + length
    return found


# Reading the words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_place_the_painter_knows_has_words_that_lead_to_it(name: str) -> None:
    words = [word for word, place in lexicon.PLACE.items() if place == name]
    assert len(words) >= 3
    for word in words:
        assert read(f"cinematic wide shot of the {word.replace('_', ' ')}").place == name


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            STAIRS,
            {"kind": "place", "place": "stairs", "light": "night", "weather": "rain", "inside": True, "people": ()},
        ),
        ("wide shot of a tavern, torchlit, snowing", {"place": "tavern", "light": "candle", "weather": "snow"}),
        ("wide shot of the harbors at sunrise, foggy", {"place": "harbour", "light": "dawn", "weather": "fog"}),
        ("wide shot of a castle, inside, morning", {"place": "throne", "inside": True}),
        ("an old brass key, item, still life", {"kind": "item", "things": ("key",)}),
        ("wide shot of Vell, eerie, storm-light", {"place": "", "mood": "eerie", "light": "storm"}),
        ("", {"kind": "place", "place": "", "people": ()}),
    ],
)
def test_place_light_weather_and_kind_are_read_from_the_words(prompt: str, expected: dict[str, Any]) -> None:
    scene = read(prompt)
    assert {name: getattr(scene, name) for name in expected} == expected


def test_a_portrait_is_of_one_person_with_the_looks_the_words_give() -> None:
    (mira,) = read("portrait of Mira, copper curls, green travel cloak, smiling, character art").people
    assert (mira.name, mira.sex, mira.style, mira.garment, mira.expression) == (
        "Mira", "w", "curly", "cloak", "smile",
    )  # fmt: skip
    assert (mira.hair, mira.colour) == (lexicon.COLOUR["copper"], lexicon.COLOUR["green"])
    (marrow,) = read("portrait of Old Marrow, one-eyed ferryman with a white beard, navy coat, stern").people
    assert (marrow.age, marrow.beard, marrow.marks, marrow.expression) == ("o", True, ("eyepatch",), "angry")


def test_the_people_of_an_action_are_its_names_and_who_carries_what() -> None:
    mira, marrow = read(ACTION).people
    assert (mira.name, mira.pose, mira.carries) == ("Mira", "walk", ("lantern",))
    assert (marrow.name, marrow.age, marrow.carries) == ("Old Marrow", "o", ())


def test_people_without_names_are_told_apart_by_their_nouns() -> None:
    scene = read("a woman in a red cloak and an old man with a staff walk through the forest, a wolf behind them")
    woman, man = scene.people
    assert (woman.sex, woman.age, woman.garment, woman.colour) == ("w", "a", "cloak", lexicon.COLOUR["red"])
    assert (man.sex, man.age, man.carries) == ("m", "o", ("staff",))
    assert scene.creatures == ("wolf",)
    assert len(read("two children in the meadow").people) == 2
    assert len(read("a pirate captain on deck").people) == 1


def test_a_person_looks_the_same_in_every_picture_that_does_not_say_otherwise() -> None:
    (one,) = read("Ilse opens the chest, Ilse, the cellar").people
    (other,) = read("Ilse runs, Ilse, the market square, noon, rain").people
    assert (one.hair, one.style, one.skin, one.colour, one.garment) == (
        other.hair, other.style, other.skin, other.colour, other.garment,
    )  # fmt: skip


@pytest.mark.parametrize("word", sorted(set(lexicon.THING.values())))
def test_everything_that_can_be_carried_can_be_painted(word: str) -> None:
    assert word in OBJECTS


# The backend's promises -----------------------------------------------------------------------------------------


def test_the_registry_builds_it_and_a_probe_says_what_it_is() -> None:
    capabilities = build_backend(BackendSettings(api_type="painter")).probe()
    assert capabilities.job_kinds == ("image_generation",)
    assert (capabilities.server, capabilities.models, capabilities.loaded_model) == (
        "LUNA painter 1", ("luna-painter",), "luna-painter",
    )  # fmt: skip
    assert capabilities.features == {Capacity.PROGRESS, Capacity.PREVIEW, Capacity.CANCEL}


@pytest.mark.parametrize("prompt", [STAIRS, ACTION, "portrait of Mira, copper curls", "an old brass key, item"])
def test_the_same_request_gives_the_same_bytes(prompt: str) -> None:
    assert painted(prompt, seed=11) == painted(prompt, seed=11)


@pytest.mark.parametrize("size", [(16, 16), (16, 2048), (2048, 16), (333, 97), (640, 480), (480, 640)])
def test_the_picture_is_a_png_of_exactly_the_asked_size(size: tuple[int, int]) -> None:
    image = decoded(painted(ACTION, width_px=size[0], height_px=size[1]))
    assert (image.format, image.size, image.mode) == ("PNG", size, "RGB")


def test_the_picture_says_that_it_is_a_sketch_before_its_pixels() -> None:
    found = chunks(painted(STAIRS))
    kinds = [kind for kind, _ in found]
    assert kinds.index(b"tEXt") < kinds.index(b"IDAT")
    assert dict(found)[b"tEXt"] == b"Software\x00LUNA built-in painter (sketch)"


def test_any_model_is_accepted_and_the_answer_says_what_really_painted() -> None:
    request = image_request(model="some-checkpoint.safetensors", seed=5)
    result = PainterBackend(BackendSettings(api_type="painter")).generate_image(request, RecordingWatch())
    assert result.used == {"model": "luna-painter", "sketch": True, "seed": 5, "width_px": 64, "height_px": 64}


@pytest.mark.parametrize("size", [(15, 64), (64, 15), (2049, 64), (64, 2049), (0, 64), (-1, 64)])
def test_sizes_it_cannot_paint_are_refused_as_the_requests_fault(size: tuple[int, int]) -> None:
    watch = RecordingWatch()
    with pytest.raises(BackendError) as caught:
        PainterBackend(BackendSettings(api_type="painter")).generate_image(
            image_request(width_px=size[0], height_px=size[1]), watch
        )
    assert (caught.value.code, caught.value.fault) == ("invalid_parameters", Fault.PAYLOAD)
    assert watch.events == []


def test_the_watcher_hears_of_the_start_of_steps_and_of_one_small_preview() -> None:
    watch, request = RecordingWatch(), image_request(width_px=320, height_px=200)
    PainterBackend(BackendSettings(api_type="painter")).generate_image(request, watch)
    assert watch.kinds[:2] == ["sending", "sent"]
    assert watch.remote_id == request.request_id
    fractions = [progress.fraction or 0.0 for progress in watch.progresses]
    assert len(fractions) >= 3
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    (preview,) = [progress.preview for progress in watch.progresses if progress.preview]
    assert preview.mime == "image/png"
    assert max(decoded(preview.data).size) == 48
    assert len(preview.data) <= 24_000


@pytest.mark.parametrize("stages", range(5))
def test_it_stops_between_stages_when_asked(stages: int) -> None:
    watch = RecordingWatch()
    watch.stop_when = lambda: len(watch.progresses) >= stages
    with pytest.raises(Cancelled):
        PainterBackend(BackendSettings(api_type="painter")).generate_image(image_request(), watch)
    assert len(watch.progresses) == stages


def test_it_gives_up_when_its_time_is_over() -> None:
    with pytest.raises(BackendError) as caught:
        painted(STAIRS, timeout_s=0.0)
    assert caught.value.code == "timed_out"


def test_without_resvg_it_names_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg", None)
    backend = PainterBackend(BackendSettings(api_type="painter"))
    for call in (backend.probe, lambda: backend.generate_image(image_request(), RecordingWatch())):
        with pytest.raises(BackendError, match=r"pip install resvg==0\.2\.0") as caught:
            call()
        assert caught.value.code == "missing_dependency"


def test_it_writes_no_text_and_knows_nothing_of_other_processes() -> None:
    backend = PainterBackend(BackendSettings(api_type="painter"))
    with pytest.raises(BackendError) as caught:
        backend.chat(ChatRequest(request_id="x", messages=[]), RecordingWatch())
    assert caught.value.code == "unsupported"
    assert backend.look_up("x") is RemoteState.UNSUPPORTED
    assert backend.cancel("x") is False


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   ,,, ;;",
        "<svg onload='x'>&amp;\"]]>",
        "(dark:1.4), [forest]",
        "雨の夜の灯台",
        "lantern " * 3000,
        "\x00\x07",
    ],
)
def test_no_prompt_is_too_odd_to_be_painted(prompt: str) -> None:
    assert decoded(painted(prompt)).size == (160, 120)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_place_takes_every_light_and_weather(name: str) -> None:
    lights, weathers = sorted(set(lexicon.LIGHT.values())), sorted(set(lexicon.WEATHER.values()))
    for n, light in enumerate(lights):
        prompt = f"wide shot of {name}, {light} light, {weathers[n % len(weathers)]}"
        assert decoded(painted(prompt, width_px=64, height_px=48)).size == (64, 48)


def test_the_sheet_has_its_24_prompts_and_all_differ() -> None:
    assert len(PROMPTS) == 24
    pictures = [painted(prompt, seed=seed, width_px=64, height_px=64) for prompt, seed, _, _ in PROMPTS]
    assert len(set(pictures)) == 24


# What changes in words shows ------------------------------------------------------------------------------------

SOME_PLACES = (
    "The lighthouse of Vell", "Harrow forest", "The mountain pass", "an old castle", "a village street", "the tavern",
    "the library", "the cave", "the desert", "the dungeon", "the tower stairs", "the throne room", "a space station",
    "the bedroom", "The Vrondel", "Ashka Korim",
)  # fmt: skip
SOME_LIGHTS = ("dawn", "noon", "dusk", "nightfall", "candlelight")
SOME_WEATHERS = ("clear", "overcast", "rain", "snow", "fog")
SOME_PEOPLE = ("a woman in a red cloak", "an old man with a staff", "a knight with a sword", "two children", "a wolf")


def place_prompt(place: str, light: str, weather: str) -> str:
    return f"cinematic wide shot of {place}, {light}, {weather}, professional photography, highly detailed, 8k"


def action_prompt(who: str, place: str, light: str, weather: str) -> str:
    return f"{who}, {place}, {light}, {weather}, cinematic composition, dramatic lighting"


def assert_all_differ(prompts: list[str], seed: int = 7) -> None:
    """Each of these prompts' pictures is at least LEAST_BITS from each other's."""
    pictures = {prompt: painted(prompt, seed=seed) for prompt in prompts}
    for one, other in combinations(prompts, 2):
        assert differing_bits(pictures[one], pictures[other]) >= LEAST_BITS, (one, other)


@pytest.mark.parametrize(("light", "weather"), [("dusk", "clear"), ("nightfall", "rain")])
def test_another_place_is_another_picture(light: str, weather: str) -> None:
    assert_all_differ([place_prompt(place, light, weather) for place in SOME_PLACES])


@pytest.mark.parametrize("place", SOME_PLACES)
def test_another_light_is_another_picture(place: str) -> None:
    assert_all_differ([place_prompt(place, light, "clear") for light in SOME_LIGHTS])


@pytest.mark.parametrize("place", SOME_PLACES)
def test_another_weather_is_another_picture(place: str) -> None:
    assert_all_differ([place_prompt(place, "dusk", weather) for weather in SOME_WEATHERS])


@pytest.mark.parametrize("place", SOME_PLACES)
def test_another_figure_is_another_picture(place: str) -> None:
    assert_all_differ([action_prompt(who, place, "dusk", "clear") for who in SOME_PEOPLE])


def test_another_look_is_another_portrait() -> None:
    looks = (
        "copper curls, green cloak",
        "long black hair, red dress",
        "blond hair, beard, blue coat",
        "hooded, black cloak",
    )
    assert_all_differ([f"portrait of Kim, {look}, calm, professional character art" for look in looks])


@pytest.mark.parametrize("prompt", [STAIRS, ACTION, "cinematic wide shot of Harrow forest, dawn"])
def test_another_seed_is_another_composition(prompt: str) -> None:
    pictures = [painted(prompt, seed=seed) for seed in (0, 1, 2, 2**32 - 1)]
    assert all(differing_bits(one, other) >= LEAST_BITS for one, other in combinations(pictures, 2))


def test_the_hash_does_not_depend_on_the_size() -> None:
    small = painted(STAIRS, seed=3, width_px=256, height_px=192)
    large = painted(STAIRS, seed=3, width_px=1024, height_px=768)
    assert differing_bits(small, large) < LEAST_BITS
