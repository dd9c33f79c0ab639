"""Idempotency-Key: one key, one creation."""

from __future__ import annotations

import threading

import pytest
import time_machine
from django.db import connection

from compute.common.api import idempotency
from compute.common.errors import Conflict
from compute.models import IdempotencyRecord
from images.models import Story, Turn
from tests.factories import StoryFactory, UserFactory, client_of

STORIES = "/api/v1/stories/"
BODY = {"title": "Vell"}


def post(client, key: str = "k-1", address: str = STORIES, body: object = None):
    return client.post(address, BODY if body is None else body, format="json", headers={"Idempotency-Key": key})


def test_the_same_key_and_body_give_the_first_answer_and_make_one_story(client) -> None:
    first, second = post(client), post(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Story.objects.count() == 1


def test_the_same_key_makes_one_turn(client, story) -> None:
    address = f"{STORIES}{story.pk}/turns/"
    answers = [post(client, address=address, body={"player_input": "I wait."}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert Turn.objects.count() == 1


def test_another_body_or_another_address_is_a_conflict(client, story) -> None:
    post(client)
    for answer in (
        post(client, body={"title": "Other"}),
        post(client, address=f"{STORIES}{story.pk}/turns/", body={"player_input": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert Story.objects.count() == 2


def test_a_key_belongs_to_one_person(client, strange_client) -> None:
    assert post(client).json()["id"] != post(strange_client).json()["id"]


def test_a_refused_request_is_not_remembered(client) -> None:
    assert post(client, body={"title": ""}).status_code == 400
    assert not IdempotencyRecord.objects.exists()
    assert post(client).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there"])
def test_an_unusable_key_is_refused(client, key) -> None:
    assert post(client, key=key).status_code == 400


def test_a_key_is_free_again_after_48_hours(client) -> None:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        first = post(client).json()["id"]
        clock.shift(48 * 3600 - 60)
        assert post(client).json()["id"] == first
        clock.shift(120)
        assert post(client).json()["id"] != first
        clock.shift(49 * 3600)
        assert idempotency.idempotency_expire() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_and_the_other_is_told_to_wait() -> None:
    user = UserFactory.create()
    inside, may_end = threading.Event(), threading.Event()

    def slow() -> tuple[int, object]:
        inside.set()
        assert may_end.wait(20)
        return 201, {"made": StoryFactory.create(owner=user).pk}

    def call(run=slow):
        return idempotency.idempotent_call(actor_id=user.pk, key="k", route="POST /x", body=b"{}", run=run)

    answers: list[idempotency.Answer] = []

    def first() -> None:
        try:
            answers.append(call())
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert inside.wait(20)
        with pytest.raises(Conflict) as refused:
            call(lambda: pytest.fail("ran twice"))
        assert refused.value.code == "in_progress"
    finally:
        may_end.set()
        thread.join(20)
    replay = call(lambda: pytest.fail("ran twice"))
    assert replay.replayed
    assert replay.reply == answers[0].reply
    assert Story.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_turn() -> None:
    user = UserFactory.create()
    story = StoryFactory.create(owner=user)
    clients = [client_of(user) for _ in range(4)]
    start = threading.Barrier(len(clients))
    answers = []

    def tell(client) -> None:
        try:
            start.wait(20)
            answers.append(post(client, address=f"{STORIES}{story.pk}/turns/", body={"player_input": "I wait."}))
        finally:
            connection.close()

    threads = [threading.Thread(target=tell, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Turn.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len(answers) == 4
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"in_progress"}
    final = post(clients[0], address=f"{STORIES}{story.pk}/turns/", body={"player_input": "I wait."})
    assert final.json()["id"] == Turn.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_a_failure_leaves_neither_record_nor_story() -> None:
    user = UserFactory.create()

    def fails() -> tuple[int, object]:
        StoryFactory.create(owner=user)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        idempotency.idempotent_call(actor_id=user.pk, key="k", route="POST /x", body=b"{}", run=fails)
    assert not Story.objects.exists()
    assert not IdempotencyRecord.objects.exists()
