"""Asset cards: embedding changes nothing but the card; a hostile file raises InvalidCard and nothing else."""

from __future__ import annotations

import io
import json
import os
import stat
import tracemalloc
import uuid
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from community import cards
from community.cards import AssetCardMetadata, InvalidCard, build_card, embed_card, extract_card, validate_card
from community.cards.fields import FIELDS, GENERATION_FIELDS
from community.cards.png import MAX_CHUNKS, fold_keyword, make_chunk, make_international_text, make_text, read_png

GENERATION = {
    "prompt": "portrait of Shadow Assassin, cloaked in darkness",
    "negative_prompt": "blurry, text",
    "model": "sdxl_base_1.0",
    "sampler": "DPM++ 2M Karras",
    "steps": 35,
    "cfg": 7.0,
    "seed": 0,
    "width": 16,
    "height": 8,
}
MINIMAL = {"format_version": "1.0", "content_type": "item", "name": "Lamp", "description": ""}


def picture(width: int = 16, height: int = 8, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    image = Image.effect_noise((width, height), 80).convert(mode)
    image.save(out, "PNG")
    return out.getvalue()


PLAIN = picture()


def card(**changes: Any) -> dict[str, Any]:
    made = build_card("character", "Shadow Assassin", "Dual daggers", generation=GENERATION)
    return {**made, **changes}


def insert(png: bytes, *chunks: bytes, before: bytes = b"IDAT") -> bytes:
    place = png.index(before) - 4
    return png[:place] + b"".join(chunks) + png[place:]


def texts(png: bytes) -> dict[str, str]:
    with Image.open(io.BytesIO(png)) as image:
        return dict(image.text)


def others(png: bytes) -> list[bytes]:
    """Every chunk as bytes, without those that embedding may add or replace."""
    ours = {fold_keyword(name) for name in (cards.KEYWORD, "parameters", "XML:com.adobe.xmp")}
    walked = read_png(png)
    return [png[chunk.start : chunk.end] for chunk in walked.chunks if chunk.key not in ours]


def pixels(png: bytes) -> tuple[str, tuple[int, int], bytes]:
    with Image.open(io.BytesIO(png)) as image:
        return image.mode, image.size, image.tobytes()


# What embedding does


def test_an_embedded_card_comes_out_as_it_went_in() -> None:
    made = card(attributes={"faction": "rogue", "threat_level": 8, "名": "影 🗡"}, something_new={"kept": [1, None]})
    assert extract_card(embed_card(PLAIN, made)) == made


def test_a_picture_without_a_card_gives_none() -> None:
    assert extract_card(PLAIN) is None


def test_the_card_is_one_ascii_text_chunk_before_the_picture_data() -> None:
    result = embed_card(PLAIN, card(name="Łucja 影"))
    chunks = [c for c in read_png(result).chunks if c.keyword == "LUNA-Asset-Card"]
    assert [c.type for c in chunks] == [b"tEXt"]
    assert chunks[0].start < result.index(b"IDAT")
    assert read_png(result).body(chunks[0]).isascii()
    assert json.loads(texts(result)["LUNA-Asset-Card"])["name"] == "Łucja 影"


def test_a_newer_card_replaces_the_older_one_wherever_and_however_it_was_stored() -> None:
    old = json.dumps({**MINIMAL, "name": "Old"})
    packed = make_chunk(b"zTXt", b"luna-asset-card\0\0" + zlib.compress(old.encode()))
    after_picture = insert(PLAIN, make_international_text("LUNA-Asset-Card", old), before=b"IEND")
    for png in (embed_card(PLAIN, {**MINIMAL, "name": "Old"}), insert(PLAIN, packed), after_picture):
        assert extract_card(png)["name"] == "Old"  # type: ignore[index]
        again = embed_card(png, {**MINIMAL, "name": "New"})
        assert extract_card(again)["name"] == "New"  # type: ignore[index]
        assert again.lower().count(b"luna-asset-card") == 1


def test_parameters_are_written_as_automatic1111_writes_them() -> None:
    assert texts(embed_card(PLAIN, card()))["parameters"] == (
        "portrait of Shadow Assassin, cloaked in darkness\n"
        "Negative prompt: blurry, text\n"
        "Steps: 35, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 0, Size: 16x8, "
        "Model: sdxl_base_1.0, Version: LUNA"
    )


def test_a_prompt_cannot_pose_as_settings() -> None:
    sly = {**GENERATION, "prompt": "a lamp\nNegative prompt: x\nSteps: 1, Seed: 1, Size: 1x1", "model": "a, Seed: 5"}
    lines = texts(embed_card(PLAIN, card(generation=sly)))["parameters"].split("\n")
    assert len(lines) == 3
    assert lines[2].endswith('Model: "a, Seed: 5", Version: LUNA')


def test_parameters_outside_latin_1_are_kept_in_unicode() -> None:
    result = embed_card(PLAIN, card(generation={**GENERATION, "prompt": "影の刺客"}))
    assert texts(result)["parameters"].startswith("影の刺客\n")


def test_existing_parameters_and_xmp_are_left_alone() -> None:
    own = insert(PLAIN, make_text("parameters", "mine"), make_international_text("XML:com.adobe.xmp", "<mine/>"))
    result = embed_card(own, card())
    assert texts(result)["parameters"] == "mine"
    assert result.count(b"XML:com.adobe.xmp") == 1


def test_plain_prompt_and_model_texts_are_never_written_and_those_of_comfyui_stay() -> None:
    assert not {"prompt", "model"} & set(texts(embed_card(PLAIN, card())))
    comfy = insert(PLAIN, make_text("prompt", '{"3": {}}'), make_text("workflow", '{"nodes": []}'))
    kept = texts(embed_card(comfy, card()))
    assert (kept["prompt"], kept["workflow"]) == ('{"3": {}}', '{"nodes": []}')


@pytest.mark.parametrize(
    ("generation", "source", "term"),
    [
        (GENERATION, None, "trainedAlgorithmicMedia"),
        ({**GENERATION, "model": "painter"}, None, "algorithmicMedia"),
        (GENERATION, "algorithmicMedia", "algorithmicMedia"),
        ({}, None, None),
    ],
)
def test_the_picture_says_that_a_machine_made_it(generation: Any, source: str | None, term: str | None) -> None:
    result = embed_card(PLAIN, card(generation=generation), digital_source=source)
    if term is None:
        assert "XML:com.adobe.xmp" not in texts(result)
        return
    packet = texts(result)["XML:com.adobe.xmp"]
    wanted = f">http://cv.iptc.org/newscodes/digitalsourcetype/{term}</Iptc4xmpExt:DigitalSourceType>"
    assert wanted in packet


def test_an_unknown_digital_source_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="trainedAlgorithmicMedia"):
        embed_card(PLAIN, card(), digital_source="photo")


def test_an_animated_png_keeps_its_frames() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:], duration=100)
    result = embed_card(out.getvalue(), card())
    with Image.open(io.BytesIO(result)) as image:
        assert image.n_frames == 3
    assert others(result) == others(out.getvalue())


def test_the_card_of_the_document_written_by_pillow_is_read() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("LUNA-Asset-Card", json.dumps({**MINIMAL, "generation": {"prompt": "x"}}))
    info.add_text("prompt", "x")
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG", pnginfo=info)
    assert extract_card(out.getvalue()) == {**MINIMAL, "generation": {"prompt": "x"}}


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
def test_a_card_in_any_kind_of_text_chunk_is_read(kind: bytes) -> None:
    body = json.dumps({**MINIMAL, "name": "Łódź"}, ensure_ascii=False).encode()
    middle = {b"tEXt": b"\0", b"zTXt": b"\0\0", b"iTXt": b"\0\1\0en\0\0"}[kind]
    stored = body if kind == b"tEXt" else zlib.compress(body)
    png = insert(PLAIN, make_chunk(kind, b"LUNA-Asset-Card" + middle + stored))
    assert extract_card(png) == {**MINIMAL, "name": "Łódź"}


# Property tests


def refusal_or_card(png: bytes) -> Any:
    try:
        embed_card(png, card())
        return extract_card(png)
    except InvalidCard as error:
        return error


_letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
_kind = st.builds(lambda a, b, c: f"{a}{b}X{c}".encode(), _letters, _letters, _letters)
_keyword = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
_ancillary = st.one_of(
    st.builds(make_chunk, _kind, st.binary(max_size=200)),
    st.sampled_from([make_chunk(b"caBX", b"\0\0\0\x10jumb" * 50), make_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0")]),
)
_text_chunks = st.lists(
    st.tuples(_keyword, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)),
    unique_by=lambda pair: fold_keyword(pair[0]),
    max_size=4,
)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keyword, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _pngs(draw: st.DrawFn) -> bytes:
    mode = draw(st.sampled_from(["RGB", "RGBA", "L", "1"]))
    png = picture(draw(st.integers(1, 20)), draw(st.integers(1, 20)), mode)
    chunks = draw(st.lists(_ancillary, max_size=4))
    chunks += [make_text(name, text) for name, text in draw(_text_chunks)]
    chunks = draw(st.permutations(chunks))
    middle = draw(st.integers(0, len(chunks)))
    return insert(insert(png, *chunks[:middle]), *chunks[middle:], before=b"IEND")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_pngs(), st.dictionaries(_keyword.map(lambda key: f"x-{key}"), _json, max_size=3))
def test_embedding_changes_nothing_but_the_card(png: bytes, more: dict[str, Any]) -> None:
    made = card(attributes=more, **more)
    once = embed_card(png, made)
    assert extract_card(once) == made
    assert others(once) == others(png)
    assert pixels(once) == pixels(png)
    assert embed_card(once, made) == once
    twice = embed_card(once, {**made, "revision": 2})
    assert sum(chunk.key == "luna-asset-card" for chunk in read_png(twice).chunks) == 1
    assert others(twice) == others(png)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.sampled_from(["cut", "put", "replace"]))
@example(b"", 0, "put")
def test_a_damaged_file_raises_invalid_card_and_nothing_else(noise: bytes, place: int, how: str) -> None:
    sound = embed_card(PLAIN, card())
    place = min(place, len(sound))
    damaged = {
        "cut": sound[:place],
        "put": sound[:place] + noise + sound[place:],
        "replace": sound[:place] + noise + sound[place + len(noise) :],
    }[how]
    found = refusal_or_card(damaged)
    if isinstance(found, InvalidCard):
        assert found.where
        assert found.what
    elif damaged == sound:
        assert found == extract_card(sound)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80) | _json.map(json.dumps) | _json.map(lambda value: json.dumps({"format_version": value})))
def test_any_card_text_is_read_or_refused(text: str) -> None:
    try:
        found = cards.parse_card(text)
    except InvalidCard:
        return
    validate_card(found)


@given(_json)
def test_validation_never_raises(value: Any) -> None:
    assert isinstance(validate_card(value), list)
    assert all(
        isinstance(problem, str) for problem in validate_card({**MINIMAL, "generation": value, "parents": value})
    )


# Hostile files


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    body = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + make_chunk(b"IHDR", body)


IEND = make_chunk(b"IEND", b"")
IDAT = make_chunk(b"IDAT", zlib.compress(b"\0" * 13))
SMALL = header(2, 2)
JSON_BOMB = b'{"a":' * 100_000
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "not a PNG": b"GIF89a" + b"\0" * 40,
    "JPEG named png": b"\xff\xd8\xff\xe0" + b"\0" * 40,
    "only the signature": PLAIN[:8],
    "no IEND": PLAIN[:-12],
    "cut in a chunk": PLAIN[:-30],
    "no picture data": SMALL + IEND,
    "length of 4.2 GB": PLAIN[:33] + b"\xfa\x00\x00\x00tEXt" + PLAIN[33:],
    "length one too long": PLAIN[:-12] + b"\0\0\0\1IEND" + PLAIN[-4:],
    "wrong CRC in the header": PLAIN[:29] + b"\0\0\0\0" + PLAIN[33:],
    "wrong CRC after the picture": insert(PLAIN, make_text("a", "b")[:-1] + b"\0", before=b"IEND"),
    "type that is no word": insert(PLAIN, make_chunk(b"t\xe4Xt", b"")),
    "bytes after IEND": PLAIN + b"PK\x03\x04 a zip",
    "second IHDR": insert(PLAIN, PLAIN[8:33]),
    "first chunk is no IHDR": PLAIN[:8] + make_text("a", "b") + PLAIN[8:],
    "20,000 x 20,000": header(20_000, 20_000) + IDAT + IEND,
    "no width": header(0, 5) + IDAT + IEND,
    "impossible pixel format": header(2, 2, 3, 2) + IDAT + IEND,
    "picture data in two places": SMALL + IDAT + make_text("a", "b") + IDAT + IEND,
    "IEND with data": PLAIN[:-12] + make_chunk(b"IEND", b"x"),
    "too many chunks": SMALL + make_chunk(b"abXc", b"") * MAX_CHUNKS + IDAT + IEND,
    "text without keyword": insert(PLAIN, make_chunk(b"tEXt", b"\0text")),
    "text without end of keyword": insert(PLAIN, make_chunk(b"tEXt", b"k" * 300)),
    "one keyword twice": insert(PLAIN, make_text("chara", "a"), make_text("chara", "b")),
    "one keyword in two cases": insert(PLAIN, make_text("chara", "a")).replace(IEND, make_text("Chara", "b") + IEND),
    "two cards": insert(embed_card(PLAIN, MINIMAL), make_text("LUNA-Asset-Card", json.dumps(MINIMAL)), before=b"IEND"),
    "larger than 32 MiB": insert(PLAIN, make_chunk(b"abXc", bytes(32 * 2**20))),
}
HOSTILE_CARDS: dict[str, bytes] = {
    "no JSON": make_text("LUNA-Asset-Card", "not json"),
    "empty": make_text("LUNA-Asset-Card", ""),
    "a list": make_text("LUNA-Asset-Card", "[]"),
    "too long": make_text("LUNA-Asset-Card", json.dumps({**MINIMAL, "x": "y" * 262_144})),
    "too deep": make_text("LUNA-Asset-Card", "[" * 100_000),
    "deeper than 32": make_text("LUNA-Asset-Card", '{"a":' * 40 + "1" + "}" * 40),
    "too many values": make_text("LUNA-Asset-Card", json.dumps({"a": [0] * 30_000})),
    "a key twice": make_text("LUNA-Asset-Card", '{"name": "a", "name": "b"}'),
    "NaN": make_text("LUNA-Asset-Card", '{"name": NaN}'),
    "infinite": make_text("LUNA-Asset-Card", '{"name": 1e999}'),
    "endless digits": make_text("LUNA-Asset-Card", '{"name": ' + "9" * 5000 + "}"),
    "many digits": make_text("LUNA-Asset-Card", '{"name": ' + "9" * 400 + "}"),
    "NUL": make_text("LUNA-Asset-Card", r'{"name": "a\u0000b"}'),
    "NUL in a key": make_text("LUNA-Asset-Card", r'{"a\u0000b": 1}'),
    "half a surrogate pair": make_text("LUNA-Asset-Card", r'{"name": "\ud800"}'),
    "JSON that never ends": make_chunk(b"zTXt", b"LUNA-Asset-Card\0\0" + zlib.compress(JSON_BOMB)),
    "zTXt bomb": make_chunk(b"zTXt", b"LUNA-Asset-Card\0\0" + zlib.compress(bytes(70 * 2**20))),
    "zTXt of noise": make_chunk(b"zTXt", b"LUNA-Asset-Card\0\0noise"),
    "zTXt cut off": make_chunk(b"zTXt", b"LUNA-Asset-Card\0\0" + zlib.compress(b"{}" * 9)[:-6]),
    "zTXt of an unknown method": make_chunk(b"zTXt", b"LUNA-Asset-Card\0\7" + zlib.compress(b"{}")),
    "iTXt without its parts": make_chunk(b"iTXt", b"LUNA-Asset-Card\0\0\0"),
    "iTXt with a wrong flag": make_chunk(b"iTXt", b"LUNA-Asset-Card\0\5\0\0\0{}"),
    "iTXt that is not UTF-8": make_chunk(b"iTXt", b'LUNA-Asset-Card\0\0\0\0\0{"a": "\xff"}'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_place_and_reason(name: str) -> None:
    for action in (extract_card, lambda png: embed_card(png, MINIMAL)):
        with pytest.raises(InvalidCard) as caught:
            action(HOSTILE[name])
        assert caught.value.where
        assert caught.value.what


@pytest.mark.parametrize("name", HOSTILE_CARDS)
def test_a_hostile_card_in_a_sound_file_is_refused_but_can_be_replaced(name: str) -> None:
    png = insert(PLAIN, HOSTILE_CARDS[name])
    with pytest.raises(InvalidCard, match="."):
        extract_card(png)
    assert extract_card(embed_card(png, MINIMAL)) == MINIMAL


def test_a_bomb_does_not_take_more_memory_than_a_card_may() -> None:
    png = insert(PLAIN, HOSTILE_CARDS["zTXt bomb"])
    tracemalloc.start()
    try:
        with pytest.raises(InvalidCard):
            extract_card(png)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_a_card_that_would_make_the_file_too_large_is_refused() -> None:
    room = 32 * 2**20 - len(PLAIN) - 12
    full = insert(PLAIN, make_chunk(b"abXc", bytes(room)))
    assert extract_card(full) is None
    with pytest.raises(InvalidCard, match="32 MiB"):
        embed_card(full, MINIMAL)


# What a card may hold

GOOD: list[dict[str, Any]] = [
    MINIMAL,
    card(),
    card(confidence_score=0.85, dreamed_by="user_12345", story_context="Cyberpunk", parents=[str(uuid.uuid4())]),
    card(parents=[{"card_id": str(uuid.uuid4()), "name": "x"}], attribution=[{"creator": "a"}], extensions={"x": 1}),
    card(generation={"seed": 2**64 - 1, "steps": 30.0, "model": None}, created_by=None, format_version="1.3"),
]
BAD: list[tuple[str, dict[str, Any]]] = [
    *[(key, {name: value for name, value in MINIMAL.items() if name != key}) for key in MINIMAL],
    ("format_version", {**MINIMAL, "format_version": "2.0"}),
    ("format_version", {**MINIMAL, "format_version": 1.0}),
    ("name", {**MINIMAL, "name": "  "}),
    ("name", {**MINIMAL, "name": "x" * 256}),
    ("content_type", {**MINIMAL, "content_type": ""}),
    ("description", {**MINIMAL, "description": None}),
    ("attributes", {**MINIMAL, "attributes": ["a"]}),
    ("generation", {**MINIMAL, "generation": "a"}),
    ("generation.steps", {**MINIMAL, "generation": {"steps": "30"}}),
    ("generation.steps", {**MINIMAL, "generation": {"steps": True}}),
    ("generation.cfg", {**MINIMAL, "generation": {"cfg": -1}}),
    ("generation.seed", {**MINIMAL, "generation": {"seed": 1.5}}),
    ("card_id", {**MINIMAL, "card_id": "12"}),
    ("revision", {**MINIMAL, "revision": 0}),
    ("confidence_score", {**MINIMAL, "confidence_score": 1.01}),
    ("parents", {**MINIMAL, "parents": ["me"]}),
    ("parents", {**MINIMAL, "parents": [{"name": "me"}]}),
    ("attribution", {**MINIMAL, "attribution": ["me"]}),
    ("license", {**MINIMAL, "license": ""}),
]
SCHEMA_PATH = Path(cards.__file__).with_name("asset-card-1.0.schema.json")
SCHEMA = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))


@pytest.mark.parametrize("good", GOOD)
def test_a_good_card_is_accepted_by_code_and_schema(good: dict[str, Any]) -> None:
    assert validate_card(good) == []
    jsonschema.Draft202012Validator(SCHEMA).validate(good)


@pytest.mark.parametrize(("where", "bad"), BAD)
def test_a_bad_card_is_refused_by_code_and_schema_at_the_same_place(where: str, bad: dict[str, Any]) -> None:
    assert [problem.split(":")[0] for problem in validate_card(bad)] == [where]
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(bad)
    with pytest.raises(InvalidCard):
        embed_card(PLAIN, bad)


def test_the_schema_names_the_keys_that_the_code_checks() -> None:
    assert set(SCHEMA["properties"]) == set(FIELDS)
    assert set(SCHEMA["properties"]["generation"]["properties"]) == set(GENERATION_FIELDS)
    assert SCHEMA["required"] == list(cards.REQUIRED)


def test_the_page_names_every_key_and_limit() -> None:
    page = (Path(__file__).parents[2] / "docs" / "asset-card.md").read_text(encoding="utf-8")
    assert [key for key in (*FIELDS, *GENERATION_FIELDS) if f"`{key}`" not in page] == []
    for words in ("256 KiB", "32 MiB", "65,536 chunks", "LUNA-Asset-Card", "trainedAlgorithmicMedia"):
        assert words in page


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(InvalidCard) as caught:
        build_card("", "", "", revision=0)
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["revision", "content_type", "name"]


def test_a_time_must_be_a_time() -> None:
    assert validate_card({**MINIMAL, "created_at": "yesterday"}) != []
    assert validate_card({**MINIMAL, "created_at": "2026-01-31T18:30:00.5"}) == []


def test_the_time_of_a_card_is_written_in_utc() -> None:
    made = build_card("item", "Lamp", "", created_at=datetime(2026, 1, 31, 18, 30, tzinfo=UTC))
    assert made["created_at"] == "2026-01-31T18:30:00Z"


def test_older_names_are_read_as_the_present_ones() -> None:
    old = {
        "content_type": "character",
        "name": "Shadow Assassin",
        "description": "…",
        "generation_prompt": "portrait",
        "model": "sdxl_base_1.0",
        "generation_params": {"steps": 35, "cfg": 7.0, "seed": 12345},
        "version": "luna-narrates-v1.0",
        "dreamed_by": "user_12345",
    }
    found = extract_card(insert(PLAIN, make_text("LUNA-Asset-Card", json.dumps(old))))
    assert found is not None
    assert found["generation"] == {
        "prompt": "portrait",
        "model": "sdxl_base_1.0",
        "steps": 35,
        "cfg": 7.0,
        "seed": 12345,
    }
    assert found["format_version"] == "1.0"
    assert not {"generation_prompt", "model", "generation_params", "version"} & set(found)
    assert validate_card(found) == []


def test_present_names_win_over_older_ones() -> None:
    found = cards.normalise_card({**MINIMAL, "generation": {"model": "new"}, "model": "old", "version": "v0.3"})
    assert found == {**MINIMAL, "generation": {"model": "new"}}


def test_equal_cards_have_equal_hashes_whoever_wrote_them() -> None:
    made = card()
    assert cards.card_hash(made) == cards.card_hash(dict(reversed(made.items())))
    assert cards.card_hash(made) != cards.card_hash({**made, "revision": 2})


# Files on disk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    path.write_bytes(insert(PLAIN, make_text("prompt", '{"3": {}}'), make_text("chara", "eyJ9")))
    path.chmod(0o640)
    return path


def test_the_documents_functions_work_on_a_file(file: Path) -> None:
    before = file.read_bytes()
    assert AssetCardMetadata.extract_metadata(str(file)) is None
    AssetCardMetadata.embed_metadata(
        str(file), "character", "Shadow Assassin", "A figure", {"threat_level": 8}, GENERATION, "user_12345"
    )
    found = AssetCardMetadata.extract_metadata(str(file))
    assert found is not None
    assert AssetCardMetadata.validate_asset_card(found) is True
    assert (found["format_version"], found["created_by"], found["license"]) == ("1.0", "user_12345", "CC-BY-SA-4.0")
    assert (found["attributes"], found["generation"]) == ({"threat_level": 8}, GENERATION)
    assert others(file.read_bytes()) == others(before)
    assert pixels(file.read_bytes()) == pixels(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(file.parent) == ["portrait.png"]


def test_embedding_again_is_the_next_revision_of_the_same_card(file: Path) -> None:
    def embed(name: str) -> dict[str, Any]:
        AssetCardMetadata.embed_metadata(
            image_path=file, content_type="item", name=name, description="", attributes={}, generation_data={}
        )
        found = AssetCardMetadata.extract_metadata(file)
        assert found is not None
        return found

    first, second, other = embed("Lamp"), embed("Lamp"), embed("Rope")
    assert (first["revision"], second["revision"], other["revision"]) == (1, 2, 1)
    assert first["card_id"] == second["card_id"] != other["card_id"]
    assert first["created_by"] is None


def test_a_refused_card_leaves_the_file_as_it_was(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(InvalidCard, match="name"):
        AssetCardMetadata.embed_metadata(file, "item", "", "", {}, {})
    with pytest.raises(InvalidCard, match="set"):
        AssetCardMetadata.embed_metadata(file, "item", "Lamp", "", {"a": {1, 2}}, {})
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == ["portrait.png"]


def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_was(file: Path, monkeypatch: Any) -> None:
    def fail(*_: Any) -> None:
        raise OSError("disk full")

    before = file.read_bytes()
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        AssetCardMetadata.embed_metadata(file, "item", "Lamp", "", {}, {})
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == ["portrait.png"]


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_bytes(b"hello")
    with pytest.raises(InvalidCard):
        AssetCardMetadata.extract_metadata(path)
    with pytest.raises(FileNotFoundError):
        AssetCardMetadata.extract_metadata(tmp_path / "absent.png")


@pytest.mark.parametrize("value", [None, "card", [], {}, {**MINIMAL, "attributes": 5}])
def test_what_is_no_card_is_not_valid(value: Any) -> None:
    assert AssetCardMetadata.validate_asset_card(value) is False


# Stored as JPEG or WebP


def stored(image_format: str, mode: str = "RGB", size: tuple[int, int] = (24, 16), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(out, image_format, **options)
    return out.getvalue()


@pytest.mark.parametrize(("image_format", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("WEBP", "RGBA")])
def test_a_stored_jpeg_or_webp_becomes_a_png_card(image_format: str, mode: str) -> None:
    data = stored(image_format, mode)
    result = cards.to_png_card(data, MINIMAL)
    assert extract_card(result) == MINIMAL
    with Image.open(io.BytesIO(data)) as original, Image.open(io.BytesIO(result)) as image:
        assert image.size == original.size
        wanted = original.convert("RGB") if mode == "CMYK" else original
        assert image.tobytes() == wanted.tobytes()


def test_a_stored_png_keeps_its_bytes() -> None:
    own = insert(PLAIN, make_text("workflow", "{}"))
    assert others(cards.to_png_card(own, MINIMAL)) == others(own)


def test_a_turned_jpeg_is_turned_and_keeps_its_xmp() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = stored("JPEG", exif=exif, xmp=b"<x:xmpmeta>mine</x:xmpmeta>")
    result = cards.to_png_card(data, card())
    with Image.open(io.BytesIO(result)) as image:
        assert image.size == (16, 24)
    assert texts(result)["XML:com.adobe.xmp"] == "<x:xmpmeta>mine</x:xmpmeta>"


def test_a_jpeg_on_disk_holds_no_card_and_takes_none(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(stored("JPEG"))
    assert AssetCardMetadata.extract_metadata(path) is None
    with pytest.raises(InvalidCard, match="not a PNG"):
        AssetCardMetadata.embed_metadata(path, "item", "Lamp", "", {}, {})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff" + b"\0" * 60,
        stored("JPEG")[:200],
        stored("WEBP")[:40],
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"GIF89a" + b"\0" * 40,
        stored("JPEG", "L", (4200, 4200), quality=1),
        stored("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\1" * 30)[:90],
    ],
    ids=["empty", "noise", "cut jpeg", "cut webp", "webp without data", "gif", "too many pixels", "broken exif"],
)
def test_a_stored_picture_that_cannot_be_decoded_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidCard):
        cards.to_png_card(data, MINIMAL)
