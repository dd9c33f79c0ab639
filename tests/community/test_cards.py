"""Embedding changes nothing but the card, and extracting gives back what was embedded."""

from __future__ import annotations

import io
import json
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from community.cards import embed_card, extract_card
from community.cards.png import fold_keyword, make_chunk, make_international_text, make_text, read_png
from tests.support.pictures import (
    GENERATION,
    MINIMAL,
    PLAIN,
    card,
    insert,
    json_values,
    keywords,
    others,
    picture,
    pixels,
    texts,
)


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


_letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
_kind = st.builds(lambda a, b, c: f"{a}{b}X{c}".encode(), _letters, _letters, _letters)
_ancillary = st.one_of(
    st.builds(make_chunk, _kind, st.binary(max_size=200)),
    st.sampled_from([make_chunk(b"caBX", b"\0\0\0\x10jumb" * 50), make_chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0")]),
)
_text_chunks = st.lists(
    st.tuples(keywords, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)),
    unique_by=lambda pair: fold_keyword(pair[0]),
    max_size=4,
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
@given(_pngs(), st.dictionaries(keywords.map(lambda key: f"x-{key}"), json_values, max_size=3))
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
