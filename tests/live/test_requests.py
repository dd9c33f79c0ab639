"""What stands before Django: long polls, limits on bodies, CORS; and files over a real port."""

from __future__ import annotations

import io
import threading
import time
import zipfile

import requests

from images import events
from images.models import Turn
from tests.factories import TurnFactory
from tests.live.conftest import PATIENCE_S, Server


def waiting_turn(story) -> Turn:
    return TurnFactory.create(story=story, state=Turn.State.NARRATING, narration="")


def test_a_long_poll_answers_when_the_turn_is_told(server, story, token) -> None:
    turn = waiting_turn(story)
    answers: list[requests.Response] = []
    thread = threading.Thread(
        target=lambda: answers.append(server.get(f"/api/v1/turns/{turn.pk}/?wait_s=30", token)), daemon=True
    )
    started = time.monotonic()
    thread.start()
    time.sleep(1)
    assert not answers
    Turn.objects.filter(pk=turn.pk).update(state="complete", narration="It is told.")
    events.publish_turn(turn.pk)
    thread.join(PATIENCE_S)
    assert answers, "it did not answer"
    assert time.monotonic() - started < 29
    assert (answers[0].status_code, answers[0].json()["narration"]) == (200, "It is told.")
    assert not [name for name in answers[0].headers if name.lower().startswith("luna-wait")]


def test_a_long_poll_finds_out_without_an_event(server, story, token) -> None:
    turn = waiting_turn(story)
    timer = threading.Timer(1, lambda: Turn.objects.filter(pk=turn.pk).update(state="failed"))
    timer.start()
    answer = server.get(f"/api/v1/turns/{turn.pk}/?wait_s=30", token)
    timer.join()
    assert answer.json()["status"] == "failed"


def test_a_long_poll_ends_with_its_time(server, story, token) -> None:
    turn = waiting_turn(story)
    started = time.monotonic()
    answer = server.get(f"/api/v1/turns/{turn.pk}/?wait_s=1", token)
    assert answer.json()["status"] == "processing"
    assert time.monotonic() - started >= 1


def test_a_finished_or_foreign_turn_is_answered_at_once(server, story, token) -> None:
    told, foreign = TurnFactory.create(story=story), waiting_turn(TurnFactory.create().story)
    started = time.monotonic()
    assert server.get(f"/api/v1/turns/{told.pk}/?wait_s=30", token).json()["status"] == "complete"
    assert server.get(f"/api/v1/turns/{foreign.pk}/?wait_s=30", token).status_code == 404
    assert server.get(f"/api/v1/turns/{told.pk}/?wait_s=31", token).status_code == 400
    assert time.monotonic() - started < 25


def test_many_long_polls_leave_the_server_free(server, story, token) -> None:
    turn = waiting_turn(story)
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(server.get(f"/api/v1/turns/{turn.pk}/?wait_s=20", token).json()))
        for _ in range(25)
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)
    assert server.get("/api/v1/auth/me/", token).status_code == 200
    Turn.objects.filter(pk=turn.pk).update(state="complete")
    events.publish_turn(turn.pk)
    for thread in threads:
        thread.join(PATIENCE_S * 2)
    assert [answer["status"] for answer in done] == ["complete"] * 25


def test_json_above_a_megabyte_is_refused(server, token) -> None:
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    url = f"{server.url}/api/v1/stories/"
    announced = requests.post(url, data=b"x" * (1024 * 1024 + 1), headers=headers, timeout=PATIENCE_S)
    assert (announced.status_code, announced.json()["code"]) == (413, "too_large")

    def pieces():
        for _ in range(17):
            yield b"x" * 65_536

    chunked = requests.post(url, data=pieces(), headers=headers, timeout=PATIENCE_S)
    assert (chunked.status_code, chunked.json()["code"]) == (413, "too_large")


def test_a_body_above_40_megabytes_is_refused_anywhere(server) -> None:
    def pieces():
        for _ in range(41):
            yield b"x" * (1024 * 1024)

    for body in (b"x" * (41 * 1024 * 1024), pieces()):
        answer = requests.post(f"{server.url}/accounts/login/", data=body, timeout=PATIENCE_S * 3)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert requests.get(f"{server.url}/healthz", timeout=PATIENCE_S).ok


def test_listed_origins_may_use_the_api_without_cookies(server, token) -> None:
    asked = {"Origin": "https://engine.example", "Access-Control-Request-Method": "POST"}
    preflight = requests.options(f"{server.url}/api/v1/stories/", headers=asked, timeout=PATIENCE_S)
    assert preflight.status_code == 204
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    allowed = server.get("/api/v1/stories/", token, headers={"Origin": "https://engine.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://engine.example"
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    refused = server.get("/api/v1/stories/", token, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert (
        "Access-Control-Allow-Origin"
        not in server.get("/healthz", headers={"Origin": "https://engine.example"}).headers
    )


def test_the_export_is_streamed_over_a_real_server(server: Server, story, token) -> None:
    TurnFactory.create(story=story, narration="word " * 100_000)
    answer = server.get(f"/api/v1/stories/{story.pk}/export/", token)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None


def test_readyz_over_a_real_server(server) -> None:
    assert server.get("/readyz").json()["status"] == "ok"
