"""A hostile file raises InvalidCard and nothing else, within bounded memory."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from community import cards
from community.cards import InvalidCard, embed_card, extract_card, validate_card
from community.cards.png import MAX_CHUNKS, make_chunk, make_text
from tests.support.pictures import MINIMAL, PLAIN, card, insert, json_values


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


def refusal_or_card(png: bytes) -> Any:
    try:
        embed_card(png, card())
        return extract_card(png)
    except InvalidCard as error:
        return error


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
@given(
    st.text(max_size=80)
    | json_values.map(json.dumps)
    | json_values.map(lambda value: json.dumps({"format_version": value}))
)
def test_any_card_text_is_read_or_refused(text: str) -> None:
    try:
        found = cards.parse_card(text)
    except InvalidCard:
        return
    validate_card(found)


@given(json_values)
def test_validation_never_raises(value: Any) -> None:
    assert isinstance(validate_card(value), list)
    assert all(
        isinstance(problem, str) for problem in validate_card({**MINIMAL, "generation": value, "parents": value})
    )
