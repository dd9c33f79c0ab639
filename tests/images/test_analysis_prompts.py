"""What a model is asked about a turn, and what is made of its answers, good and bad."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from images.analysis import LIMITS, AnalysisRequest, ChangeReason, KnownCharacter
from images.analysis.prompts import (
    analysis_messages,
    narration_messages,
    parse_analysis,
    parse_reading,
    reading_messages,
)

MIRA = KnownCharacter(
    name="Mira",
    description="A tall woman",
    outfit="grey coat",
    physical_features="long dark hair",
    aliases=("the pilot",),
)
REQUEST = AnalysisRequest(
    player_input="I follow Mira and Ilsa into the cellar",
    narration="You step into the cellar. Mira puts on a red cloak.",
    location="the lantern room", location_description="Brass and glass.", time_of_day="dusk", weather="rain",
    characters=(MIRA,), known_locations=("The Old Lighthouse", "harbour"), title="The Salt Crown", genre="fantasy",
    premise="A queen seeks her drowned city.",
)  # fmt: skip
GOOD: dict[str, Any] = {
    "summary": "Mira leads you down.", "action_description": "Mira opening a hatch", "location": "cellar",
    "location_description": "Low and damp.", "time_of_day": "night", "weather": "rain",
    "characters": [
        {"name": "Mira", "description": "A tall woman", "outfit": "red cloak", "physical_features": "long dark hair",
         "expression": "wary", "changed": True, "change_reason": "new_outfit"},
    ],
}  # fmt: skip


def told(messages: list[dict[str, str]]) -> str:
    return "\n".join(message["content"] for message in messages)


def answer(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def mira(**changes: Any) -> dict[str, Any]:
    return {**GOOD["characters"][0], **changes}


# What is asked


@pytest.mark.parametrize("build", [analysis_messages, reading_messages])
def test_a_model_is_told_the_state_the_line_and_the_shape_of_the_answer(build: Any) -> None:
    messages, schema = build(REQUEST)
    assert [message["role"] for message in messages] == ["system", "user"]
    for known in ("the lantern room", "dusk", "rain", "Mira", "grey coat", "The Old Lighthouse", "I follow Mira"):
        assert known in told(messages)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) == set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert "maxLength" not in json.dumps(schema)


def test_the_reading_holds_the_narration_and_its_schema_takes_the_documented_reasons() -> None:
    messages, schema = reading_messages(REQUEST)
    assert "puts on a red cloak" in told(messages)
    jsonschema.validate(GOOD, schema)
    reasons = schema["properties"]["characters"]["items"]["properties"]["change_reason"]["enum"]
    assert set(reasons) == {"none", *(str(reason) for reason in ChangeReason)}


def test_the_narration_is_asked_for_with_the_story_its_last_turns_and_an_idea() -> None:
    history = [(f"line {number}", f"narration {number}") for number in range(10)]
    messages = narration_messages(REQUEST, history=history, idea="A bell under the sea")
    assert [message["role"] for message in messages] == ["system", *["user", "assistant"] * 6, "user"]
    assert "drowned city" in messages[0]["content"]
    assert messages[1]["content"] == "line 4"
    assert "A bell under the sea" in messages[-1]["content"]
    assert messages[-1]["content"].endswith("I follow Mira and Ilsa into the cellar")


def test_prompts_stay_of_a_bearable_size_whatever_the_story_holds() -> None:
    huge = "word " * 40_000
    request = AnalysisRequest(
        player_input=huge, narration=huge, location=huge, premise=huge, known_locations=[huge] * 100,
        characters=[KnownCharacter(name=f"N{number}", description=huge, outfit=huge) for number in range(50)],
    )  # fmt: skip
    for messages in (
        analysis_messages(request)[0],
        reading_messages(request)[0],
        narration_messages(request, history=[(huge, huge)] * 50, idea=huge),
    ):
        assert len(told(messages)) < 80_000


# What is made of it


def test_a_good_reading_becomes_an_analysis() -> None:
    found = parse_reading(answer(), REQUEST)
    assert (found.location, found.location_changed, found.location_description) == ("cellar", True, "Low and damp.")
    assert (found.time_of_day, found.weather, found.summary) == ("night", "rain", "Mira leads you down.")
    reading = found.characters[0]
    assert (reading.name, reading.outfit, reading.expression) == ("Mira", "red cloak", "wary")
    assert (reading.changed, reading.change_reason) == (True, ChangeReason.NEW_OUTFIT)
    assert found.notes == ()


def test_an_analysis_before_the_narration_names_people_with_their_known_looks() -> None:
    text = json.dumps({"location": "the old lighthouse", "characters": [{"name": "the pilot"}, {"name": "Ilsa"}]})
    found = parse_analysis(text, REQUEST)
    assert found.location == "The Old Lighthouse"
    known, new = found.characters
    assert (known.name, known.outfit, known.changed) == ("Mira", "grey coat", False)
    assert (new.name, new.change_reason) == ("Ilsa", ChangeReason.INITIAL_APPEARANCE)
    assert found.time_of_day == "dusk"


def test_the_same_place_in_other_words_is_no_move() -> None:
    found = parse_reading(answer(location="Lantern Room", location_description=""), REQUEST)
    assert (found.location, found.location_changed) == ("the lantern room", False)
    assert found.location_description == "Brass and glass."


def test_a_claimed_change_that_changes_nothing_is_none() -> None:
    found = parse_reading(answer(characters=[mira(outfit="a GRAY coat")]), REQUEST)
    assert not found.characters[0].changed
    assert found.characters[0].outfit == "grey coat"
    assert "nothing differs" in found.notes[0]


def test_looks_told_without_a_change_are_not_taken_over() -> None:
    found = parse_reading(answer(characters=[mira(changed=False, outfit="a ball gown")]), REQUEST)
    assert (found.characters[0].changed, found.characters[0].outfit) == (False, "grey coat")
    assert found.characters[0].expression == "wary"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"change_reason": "none"}, ChangeReason.NEW_OUTFIT),
        ({"change_reason": "initial_appearance"}, ChangeReason.NEW_OUTFIT),
        ({"outfit": "", "physical_features": "white hair", "change_reason": "new_outfit"}, ChangeReason.TRANSFORMATION),
        ({"outfit": "", "description": "An old woman", "change_reason": 7}, ChangeReason.DESCRIPTION_UPDATE),
    ],
)
def test_the_reason_is_the_one_that_fits_what_differs(row: dict[str, Any], reason: ChangeReason) -> None:
    assert parse_reading(answer(characters=[mira(**row)]), REQUEST).characters[0].change_reason is reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"location": 5}, {"location": None}, {"characters": "Mira"}, {"characters": [1, {}, {"name": ""}, None]},
        {"time_of_day": ["night"]}, {"weather": {"a": 1}}, {"extra": "x"}, {"summary": "n/a"},
        {"characters": [mira(changed="yes")]},
    ],
)  # fmt: skip
def test_a_missing_extra_or_wrongly_typed_field_is_dropped_and_the_rest_stays(wrong: dict[str, Any]) -> None:
    found = parse_reading(answer(**wrong), REQUEST)
    assert found.location in ("cellar", "the lantern room")
    assert found.action_description == "Mira opening a hatch"
    if wrong not in ({"location": None}, {"summary": "n/a"}):
        assert found.notes


def test_an_empty_object_leaves_everything_as_it_was() -> None:
    found = parse_reading("{}", REQUEST)
    assert (found.location, found.time_of_day, found.weather) == ("the lantern room", "dusk", "rain")
    assert found.characters == ()
    assert not found.location_changed


def test_everything_is_cut_to_its_limit() -> None:
    long = "word " * 2000
    text = answer(
        **{key: long for key in GOOD if key != "characters"},
        characters=[mira(name=f"Ilsa {number} {long}", outfit=long) for number in range(40)],
    )
    found = parse_reading(text, REQUEST)
    assert len(found.summary) <= LIMITS["summary"]
    assert len(found.location_description) <= LIMITS["location_description"]
    assert len(found.characters) <= 12
    assert all(len(each.outfit) <= LIMITS["outfit"] for each in found.characters)
    assert len(found.notes) <= 20


def test_markup_in_an_answer_does_not_survive_and_a_name_counts_once() -> None:
    text = answer(location="<b>cellar</b>\n\n", characters=[mira(), mira(name="mira"), {"name": "You"}, "Ilsa"])
    found = parse_reading(text, REQUEST)
    assert found.location == "cellar"
    assert [each.name for each in found.characters] == ["Mira", "Ilsa"]


@pytest.mark.parametrize("name", ["The Lantern Room", "cellar", "Aragorn"])
def test_a_place_or_a_name_that_the_turn_does_not_hold_is_no_new_character(name: str) -> None:
    found = parse_reading(answer(characters=[mira(), mira(name=name)]), REQUEST)
    assert [each.name for each in found.characters] == ["Mira"]
    assert name in found.notes[0]


@pytest.mark.parametrize("text", ["", "no", "[]", "3", "null", "{", "[" * 100_000])
def test_what_is_no_json_object_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_reading(text, REQUEST)
