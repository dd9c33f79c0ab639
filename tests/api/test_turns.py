"""Turns over the API: what they take, what they answer."""

from __future__ import annotations

import pytest

from images.api.outputs import CastMemberOut, DreamOut, ImageOut, SuggestedActionOut, TurnOut
from images.models import Turn
from tests.factories import DreamFactory, TurnFactory, client_of, complete_image, queued_image

GIVEN = {
    "player_input": "I light the lamp.",
    "narration": "The lamp wakes, and the stair with it.",
    "summary": "The lamp is lit.",
    "location": "The lamp room",
    "time_of_day": "night",
    "weather": "storm",
    "characters": [{"name": "Mira", "description": "a tall woman", "outfit": "a grey coat", "expression": "calm"}],
}


@pytest.fixture
def turns(story) -> str:
    return f"/api/v1/stories/{story.pk}/turns/"


def test_a_turn_with_everything_given_is_stored_as_given(client, turns) -> None:
    answer = client.post(turns, GIVEN, format="json")
    assert answer.status_code == 202
    turn = answer.json()
    for key in ("player_input", "narration", "summary", "location", "time_of_day", "weather"):
        assert turn[key] == GIVEN[key]
    assert turn["number"] == 1
    assert turn["narrated_by"] == "given"
    mira = turn["characters"][0]
    assert (mira["name"], mira["outfit"], mira["expression"]) == ("Mira", "a grey coat", "calm")
    assert (mira["changed"], mira["change_reason"]) == (True, "initial_appearance")
    kinds = sorted(image["image_type"] for image in turn["images"])
    assert kinds == ["action", "background", "character"]
    assert all(image["status"] == "pending" and image["waiting_reason"] for image in turn["images"])
    assert client.get(f"/api/v1/turns/{turn['id']}/").json()["images"][0]["id"] == turn["images"][0]["id"]


def test_other_engines_spellings_are_understood(client, turns) -> None:
    body = {
        "player_input": "I wait.",
        "ai_response": GIVEN["narration"],
        "plot_summary": "Nothing yet.",
        "tracked_items": ["Mira", {"name": "Tom", "outfit": "an apron"}],
        "location": "The stair",
    }
    turn = client.post(turns, body, format="json").json()
    assert (turn["narration"], turn["summary"]) == (GIVEN["narration"], "Nothing yet.")
    assert [one["name"] for one in turn["characters"]] == ["Mira", "Tom"]


def test_a_field_and_its_other_spelling_must_not_differ(client, turns) -> None:
    body = {"narration": "One.", "ai_response": "Two."}
    answer = client.post(turns, body, format="json")
    assert answer.status_code == 400
    assert "ai_response" in answer.json()["fields"]
    assert client.post(turns, {"narration": "One.", "ai_response": "One."}, format="json").status_code == 202


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "player_input"),
        ({"player_input": "   "}, "player_input"),
        ({"player_input": None, "narration": ""}, "player_input"),
        ({"player_input": "x" * 8001}, "player_input"),
        ({"player_input": "x", "narration": "x" * 40_001}, "narration"),
        ({"player_input": "x", "number": 0}, "number"),
        ({"player_input": "x", "number": "soon"}, "number"),
        ({"player_input": "x", "characters": [{"name": f"n{n}"} for n in range(31)]}, "characters"),
        ({"player_input": "x", "characters": [{"outfit": "rags"}]}, "characters.0.name"),
        ({"player_input": "x", "characters": [{"name": "Mira"}, {"name": " MIRA "}]}, "characters"),
        ({"player_input": "x", "image_types": ["portrait"]}, "image_types.0"),
        ({"player_input": "x", "image_types": ["item"]}, "image_types"),
        ({"player_input": {"a": 1}}, "player_input"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(client, turns, body, field) -> None:
    answer = client.post(turns, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameters")
    assert field in answer.json()["fields"], answer.json()
    assert not Turn.objects.exists()


def test_a_number_or_external_id_is_taken_once(client, turns) -> None:
    body = {**GIVEN, "number": 5, "external_id": "t-5"}
    assert client.post(turns, body, format="json").json()["number"] == 5
    assert client.post(turns, {**GIVEN, "number": 5}, format="json").status_code == 409
    assert client.post(turns, {**GIVEN, "external_id": "t-5"}, format="json").status_code == 409
    assert client.post(turns, GIVEN, format="json").json()["number"] == 6
    found = client.get(turns, {"external_id": "t-5"}).json()["results"]
    assert [turn["number"] for turn in found] == [5]


def test_only_the_asked_kinds_of_picture_are_made(client, turns) -> None:
    turn = client.post(turns, {**GIVEN, "image_types": ["background"]}, format="json").json()
    assert [image["image_type"] for image in turn["images"]] == ["background"]
    assert client.post(turns, {**GIVEN, "image_types": []}, format="json").json()["images"] == []


def test_pictures_can_be_asked_for_later(client, turns) -> None:
    turn = client.post(turns, {**GIVEN, "image_types": []}, format="json").json()
    answer = client.post(f"/api/v1/turns/{turn['id']}/images/", {"image_types": ["action"]}, format="json")
    assert answer.status_code == 202
    assert [image["image_type"] for image in answer.json()] == ["action"]


def test_a_turn_is_corrected(client, turns) -> None:
    turn = client.post(turns, GIVEN, format="json").json()
    address = f"/api/v1/turns/{turn['id']}/"
    changed = client.patch(address, {"plot_summary": "The lamp burns.", "location": "The cellar"}, format="json")
    assert changed.status_code == 200
    assert (changed.json()["summary"], changed.json()["location"]) == ("The lamp burns.", "The cellar")
    places = [image["subject_key"] for image in changed.json()["images"] if image["image_type"] == "background"]
    assert len(places) == 2
    for nothing in ({}, {"number": 9}, {"narrated_by": "me"}):
        assert client.patch(address, nothing, format="json").status_code == 400


def test_only_the_last_turn_is_taken_back(client, turns) -> None:
    first, second = (client.post(turns, GIVEN, format="json").json() for _ in range(2))
    refused = client.delete(f"/api/v1/turns/{first['id']}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert client.delete(f"/api/v1/turns/{second['id']}/").status_code == 204
    assert client.get(f"/api/v1/turns/{second['id']}/").status_code == 404


def test_only_a_failed_turn_is_tried_again(client, story) -> None:
    told = TurnFactory.create(story=story)
    assert client.post(f"/api/v1/turns/{told.pk}/retry/").status_code == 409
    failed = TurnFactory.create(story=story, state="failed", error_code="gave_up", error_detail="No luck.")
    address = f"/api/v1/turns/{failed.pk}/"
    assert client.get(address).json()["error"] == {"code": "gave_up", "detail": "No luck."}
    answer = client.post(f"{address}retry/")
    assert answer.status_code == 202
    assert answer.json()["error"] is None


def test_a_turn_shows_what_was_dreamed_and_what_may_come_next(client, story) -> None:
    ahead = complete_image(story, is_speculative=True)
    turn = TurnFactory.create(
        story=story, suggested_actions=[{"text": "Climb.", "image_id": ahead.pk}, {"text": "Wait."}]
    )
    dream = DreamFactory.create(
        story=story, is_realized=True, realized_at=turn.created_at, realized_in_turn=turn, primary_image=ahead
    )
    shown = client.get(f"/api/v1/turns/{turn.pk}/").json()
    assert [(one["text"], one["image"] and one["image"]["id"]) for one in shown["suggested_actions"]] == [
        ("Climb.", ahead.pk),
        ("Wait.", None),
    ]
    assert (shown["dreamer_content"]["content_id"], shown["dreamer_content"]["image_status"]) == (dream.pk, "ready")
    assert set(shown) == set(TurnOut().fields)
    assert set(shown["dreamer_content"]) == set(DreamOut().fields)
    assert set(shown["suggested_actions"][0]) == set(SuggestedActionOut().fields)
    assert set(shown["suggested_actions"][0]["image"]) == set(ImageOut().fields) - {"local_path"}


def test_a_cast_member_has_the_documented_fields(client, turns) -> None:
    turn = client.post(turns, GIVEN, format="json").json()
    assert set(turn["characters"][0]) == set(CastMemberOut().fields)


def test_turns_are_listed_from_the_first_or_from_the_last(client, story, turns) -> None:
    for number in (1, 2, 3):
        TurnFactory.create(story=story, number=number)
    assert [turn["number"] for turn in client.get(turns).json()["results"]] == [1, 2, 3]
    newest = client.get(turns, {"order": "newest", "limit": 2}).json()
    assert [turn["number"] for turn in newest["results"]] == [3, 2]
    assert [turn["number"] for turn in client.get(newest["next"]).json()["results"]] == [1]
    assert client.get(turns, {"order": "random"}).status_code == 400


def test_nobody_else_sees_or_changes_a_turn(story, strange_client) -> None:
    turn = TurnFactory.create(story=story, state="failed")
    address = f"/api/v1/turns/{turn.pk}/"
    assert strange_client.get(address).status_code == 404
    assert strange_client.patch(address, {"summary": "x"}, format="json").status_code == 404
    assert strange_client.delete(address).status_code == 404
    assert strange_client.post(f"{address}retry/").status_code == 404
    assert strange_client.post(f"{address}images/", {}, format="json").status_code == 404


def test_wait_s_lies_within_its_limits(client, story) -> None:
    turn = TurnFactory.create(story=story)
    assert client.get(f"/api/v1/turns/{turn.pk}/", {"wait_s": 5}).status_code == 200
    for wrong in ("31", "-1", "soon"):
        assert client.get(f"/api/v1/turns/{turn.pk}/", {"wait_s": wrong}).status_code == 400


def test_an_id_beyond_all_numbers_is_not_found(client) -> None:
    assert client.get(f"/api/v1/turns/{10**30}/").status_code == 404
    assert client.get(f"/api/v1/images/{10**30}/file/").status_code == 404


def test_a_page_of_turns_costs_the_same_whatever_its_length(player, story, django_assert_max_num_queries) -> None:
    client = client_of(player)
    for number in range(1, 21):
        turn = TurnFactory.create(story=story, number=number)
        complete_image(story, turn=turn)
        queued_image(story, turn=turn)
    client.get(f"/api/v1/stories/{story.pk}/turns/")
    with django_assert_max_num_queries(14):
        page = client.get(f"/api/v1/stories/{story.pk}/turns/").json()["results"]
    assert sum(len(turn["images"]) for turn in page) == 40
