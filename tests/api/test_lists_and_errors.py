"""Pages of a list, and the one shape of every error."""

from __future__ import annotations

import base64
import json

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from compute.common.api.errors import ERROR_CODES
from images.models import Story
from tests.factories import ImageFactory, StoryFactory

STORIES = "/api/v1/stories/"


def walk(client, address: str, key: str = "next") -> list[list]:
    pages = []
    while address and len(pages) < 50:
        page = client.get(address).json()
        pages.append([row["id"] for row in page["results"]])
        address = page[key]
    return pages


def test_every_row_is_on_exactly_one_page_there_and_back(client, story) -> None:
    rows = [ImageFactory.create(story=story).pk for _ in range(7)]
    address = f"{STORIES}{story.pk}/images/?limit=3&status=pending"
    there = walk(client, address)
    assert there == [rows[6:3:-1], rows[3:0:-1], rows[:1]]
    last = client.get(client.get(client.get(address).json()["next"]).json()["next"]).json()
    assert last["next"] is None
    assert walk(client, last["previous"], "previous") == [there[1], there[0]]


def test_rows_that_come_meanwhile_neither_repeat_nor_hide_others(client, story) -> None:
    rows = [ImageFactory.create(story=story).pk for _ in range(4)]
    first = client.get(f"{STORIES}{story.pk}/images/", {"limit": 2}).json()
    ImageFactory.create(story=story)
    second = client.get(first["next"]).json()
    assert [row["id"] for row in second["results"]] == [rows[1], rows[0]]


def test_stories_of_one_instant_are_still_paged_in_full(client, player) -> None:
    StoryFactory.create_batch(5, owner=player)
    Story.objects.update(created_at="2026-01-01T00:00:00Z")
    assert sorted(sum(walk(client, f"{STORIES}?limit=2"), [])) == sorted(Story.objects.values_list("pk", flat=True))


def test_limits_lie_between_1_and_100(client, player) -> None:
    StoryFactory.create_batch(25, owner=player)
    assert len(client.get(STORIES).json()["results"]) == 20
    assert len(client.get(STORIES, {"limit": 100}).json()["results"]) == 25
    for wrong in ("0", "101", "ten", "-1", "1.5", "٣"):
        assert client.get(STORIES, {"limit": wrong}).status_code == 400


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "wrong",
    ["x", "é", "%%%", "A" * 2000, cursor(), cursor(0, 1), cursor(2, "2026-01-01", "x"), cursor(0, "soon", "x"),
     cursor(0, None, None), cursor(0, {}, []), cursor(0, "2026-01-01\x00", "x")],
)  # fmt: skip
def test_a_cursor_that_is_none_is_refused(client, story, wrong) -> None:
    answer = client.get(STORIES, {"cursor": wrong})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["cursor"])


def shape(answer, status: int, code: str) -> None:
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "detail", "fields"}
    assert answer.json()["code"] == code
    assert answer.json()["detail"].endswith((".", "provided"))


def test_every_error_has_one_shape(client, db) -> None:
    client.raise_request_exception = False
    shape(client.get("/api/v1/nothing/"), 404, "not_found")
    shape(client.get("/api/v1/stories/st_none/"), 404, "not_found")
    shape(client.put(STORIES, {}, format="json"), 405, "method_not_allowed")
    shape(client.post(STORIES, "{", content_type="application/json"), 400, "invalid_json")
    shape(client.post(STORIES, "NaN", content_type="application/json"), 400, "invalid_json")
    shape(client.post(STORIES, "[" * 100_000, content_type="application/json"), 400, "invalid_json")
    shape(client.post(STORIES, "a=b", content_type="text/plain"), 415, "unsupported_media_type")
    shape(client.get(STORIES, headers={"Accept": "text/csv"}), 406, "not_acceptable")
    shape(client.post(STORIES, "x" * (1024 * 1024 + 1), content_type="application/json"), 413, "too_large")
    shape(APIClient().get(STORIES), 401, "not_authenticated")
    shape(client.get("/api/v1/workers/"), 403, "forbidden")
    for body in ("[]", '"text"', "7", "null"):
        shape(client.post(STORIES, body, content_type="application/json"), 400, "invalid_parameters")


def test_a_failure_of_ours_says_no_more_than_that(client, monkeypatch) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("secret path")

    monkeypatch.setattr("images.api.stories.story_create", fails)
    client.raise_request_exception = False
    answer = client.post(STORIES, {"title": "x"}, format="json")
    shape(answer, 500, "internal_error")
    assert "secret" not in answer.content.decode()


def test_a_database_that_is_down_is_unavailable(client, monkeypatch) -> None:
    def fails(**_: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("images.api.stories.story_create", fails)
    shape(client.post(STORIES, {"title": "x"}, format="json"), 503, "unavailable")


def test_the_error_page_lists_every_code(client) -> None:
    page = client.get("/api/v1/errors/").content.decode()
    for known in ERROR_CODES:
        assert f">{known.code}<" in page
    required = (
        "invalid_parameters invalid_card insufficient_credits not_found idempotency_conflict lease_lost pool_full"
    )
    required += " pool_full too_large prompt_refused rate_limited in_progress"
    assert {code.code for code in ERROR_CODES} >= set(required.split())
