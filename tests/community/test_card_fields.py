"""What a card may hold: the code, the JSON Schema and the page say the same."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from community import cards
from community.cards import InvalidCard, build_card, embed_card, extract_card, validate_card
from community.cards.fields import FIELDS, GENERATION_FIELDS
from community.cards.png import make_text
from tests.support.pictures import MINIMAL, PLAIN, card, insert

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
