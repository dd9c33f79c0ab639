"""Cards in files on disk, and cards for pictures that are stored as JPEG or WebP."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from community import cards
from community.cards import AssetCardMetadata, InvalidCard, extract_card
from community.cards.png import make_text
from tests.support.pictures import GENERATION, MINIMAL, PLAIN, card, insert, others, pixels, texts


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


@pytest.mark.parametrize("odd", [PLAIN + b"after the end", insert(PLAIN, make_text("a", "1"), make_text("a", "2"))])
def test_an_odd_png_of_an_own_backend_can_be_written_anew_from_its_pixels(odd: bytes) -> None:
    with pytest.raises(InvalidCard):
        cards.to_png_card(odd, MINIMAL)
    repaired = cards.to_png_card(odd, MINIMAL, repair=True)
    assert extract_card(repaired) == MINIMAL
    assert pixels(repaired) == pixels(PLAIN)


@pytest.mark.parametrize("mode", ["P", "I;16", "1", "LA", "RGBA", "see-through P"])
def test_repair_keeps_every_kind_of_pixel(mode: str) -> None:
    out = io.BytesIO()
    if mode == "I;16":
        Image.new("I;16", (8, 8), 51_400).save(out, "PNG")
    elif mode == "see-through P":
        Image.new("P", (8, 8), 1).save(out, "PNG", transparency=1)
    else:
        Image.effect_noise((8, 8), 90).convert(mode).save(out, "PNG")
    repaired = cards.to_png_card(out.getvalue() + b"x", MINIMAL, repair=True)
    with Image.open(out) as before, Image.open(io.BytesIO(repaired)) as after:
        assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
        assert mode != "I;16" or after.getpixel((3, 3)) == 51_400


@pytest.mark.parametrize("data", [PLAIN[:60], b"GIF89a" + b"\0" * 30])
def test_what_cannot_be_decoded_cannot_be_repaired(data: bytes) -> None:
    with pytest.raises(InvalidCard):
        cards.to_png_card(data, MINIMAL, repair=True)
