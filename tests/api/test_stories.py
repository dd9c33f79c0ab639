"""Stories and the people in them."""

from __future__ import annotations

import json

import pytest

from images.models import CharacterAppearance, Story
from tests.factories import StoryFactory, character, client_of, complete_image

STORIES = "/api/v1/stories/"


def test_a_story_is_made_with_its_settings_in_force(client, settings) -> None:
    body = {"title": "Vell", "genre": "mystery", "external_id": "e-1", "settings": {"variants": 3}}
    answer = client.post(STORIES, body, format="json")
    assert answer.status_code == 201
    story = answer.json()
    assert story["settings"]["variants"] == 3
    assert story["settings"]["share_text_with_pool"] is False
    assert story["settings"]["confidence_threshold"] == settings.IMAGE_GENERATION.dreamer.confidence_threshold
    assert answer.headers["Location"] == f"{STORIES}{story['id']}/"
    assert client.get(answer.headers["Location"]).json() == story


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x", "audience": "everybody"}, "audience"),
        ({"title": "x", "credit_budget_per_hour": -1}, "credit_budget_per_hour"),
        ({"title": "x", "credit_budget_per_hour": 1e999}, "credit_budget_per_hour"),
        ({"title": "x", "settings": {"varients": 2}}, "settings.varients"),
        ({"title": "x", "settings": {"variants": 5}}, "settings.variants"),
        ({"title": "x", "settings": {"backgrounds": "yes"}}, "settings.backgrounds"),
        ({"title": "x", "settings": [1]}, "settings"),
        ({"title": "nul \x00"}, "title"),
        ({"title": "half a pair \ud800"}, "title"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(client, body, field) -> None:
    text = json.dumps(body).replace("Infinity", "1e999")
    answer = client.post(STORIES, text, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameters")
    assert field in answer.json()["fields"], answer.json()
    assert not Story.objects.exists()


def test_unknown_keys_beside_the_known_are_ignored(client) -> None:
    assert client.post(STORIES, {"title": "Vell", "mood": "grey"}, format="json").status_code == 201


def test_external_id_finds_ones_own_and_is_taken_once(client, stranger, strange_client) -> None:
    mine = client.post(STORIES, {"title": "Vell", "external_id": "e-1"}, format="json").json()
    strange_client.post(STORIES, {"title": "Other", "external_id": "e-1"}, format="json")
    found = client.get(STORIES, {"external_id": "e-1"}).json()["results"]
    assert [one["id"] for one in found] == [mine["id"]]
    again = client.post(STORIES, {"title": "Vell", "external_id": "e-1"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_settings_are_merged_and_null_unsets(client, story) -> None:
    address = f"{STORIES}{story.pk}/"
    client.patch(address, {"settings": {"variants": 2, "dreamer": False}}, format="json")
    changed = client.patch(address, {"settings": {"variants": None}, "style": "ink"}, format="json").json()
    assert changed["settings"]["variants"] == 1
    assert changed["settings"]["dreamer"] is False
    assert (changed["style"], changed["title"]) == ("ink", story.title)
    assert client.patch(address, {"title": ""}, format="json").status_code == 400


def test_a_deleted_story_is_gone_with_all_that_hangs_on_it(client, story) -> None:
    image = complete_image(story)
    assert client.delete(f"{STORIES}{story.pk}/").status_code == 204
    for address in (f"{STORIES}{story.pk}/", f"{STORIES}{story.pk}/turns/", f"/api/v1/images/{image.pk}/"):
        assert client.get(address).status_code == 404
    assert client.get(STORIES).json()["results"] == []
    assert client.delete(f"{STORIES}{story.pk}/").status_code == 404


def test_nobody_else_sees_a_story_not_even_staff(story, stranger, strange_client) -> None:
    stranger.is_staff = stranger.is_superuser = True
    stranger.save()
    base = f"{STORIES}{story.pk}/"
    for end in ("", "turns/", "images/", "stats/", "export/", "characters/", "characters/mira/appearances/"):
        assert strange_client.get(base + end).status_code == 404, end
    assert strange_client.patch(base, {"title": "x"}, format="json").status_code == 404
    assert strange_client.delete(base).status_code == 404
    assert strange_client.post(f"{base}turns/", {"player_input": "x"}, format="json").status_code == 404
    assert strange_client.get(STORIES).json()["results"] == []


def test_characters_are_found_whatever_their_case(client, story) -> None:
    character(story, "Mira Vance", outfit="a grey coat")
    people = client.get(f"{STORIES}{story.pk}/characters/").json()["results"]
    assert [(one["name"], one["outfit"]) for one in people] == [("Mira Vance", "a grey coat")]
    one = client.get(f"{STORIES}{story.pk}/characters/mira%20VANCE/")
    assert one.json()["name"] == "Mira Vance"


def test_a_name_with_a_slash_has_an_address(client, story) -> None:
    character(story, "He/She", outfit="rags")
    assert client.get(f"{STORIES}{story.pk}/characters/He%2FShe/").status_code == 200
    looks = client.get(f"{STORIES}{story.pk}/characters/He%2FShe/appearances/").json()["results"]
    assert [look["character_name"] for look in looks] == ["He/She"]


def test_changing_looks_records_an_appearance_and_asks_for_a_portrait(client, story) -> None:
    mira = character(story, "Mira", outfit="a grey coat", description="a tall woman")
    address = f"{STORIES}{story.pk}/characters/Mira/"
    answer = client.patch(address, {"outfit": "a red gown"}, format="json")
    assert answer.status_code == 200
    assert (answer.json()["outfit"], answer.json()["description"]) == ("a red gown", "a tall woman")
    looks = client.get(f"{address}appearances/").json()["results"]
    assert [look["change_reason"] for look in looks] == ["initial_appearance", "new_outfit"]
    assert looks[1]["previous_appearance_id"] == looks[0]["appearance_id"]
    assert looks[1]["portrait_image_id"] == answer.json()["portrait_image_id"] is not None
    assert CharacterAppearance.objects.filter(character=mira).count() == 2


def test_changing_looks_needs_something_to_change(client, story) -> None:
    character(story, "Mira")
    assert client.patch(f"{STORIES}{story.pk}/characters/Mira/", {}, format="json").status_code == 400
    assert client.patch(f"{STORIES}{story.pk}/characters/Nobody/", {"outfit": "x"}, format="json").status_code == 404


def test_the_answer_has_no_more_and_no_fewer_fields_than_documented(client, story) -> None:
    from images.api.outputs import CharacterOut, StoryOut

    character(story, "Mira")
    assert set(client.get(f"{STORIES}{story.pk}/").json()) == set(StoryOut().fields)
    assert set(client.get(f"{STORIES}{story.pk}/characters/Mira/").json()) == set(CharacterOut().fields)


def test_a_page_of_stories_costs_the_same_whatever_its_length(player, django_assert_max_num_queries) -> None:
    StoryFactory.create_batch(30, owner=player)
    client = client_of(player)
    client.get(STORIES)
    with django_assert_max_num_queries(3):
        assert len(client.get(STORIES, {"limit": 30}).json()["results"]) == 30
