"""The chat backend when the server refuses, breaks, dawdles or is told to stop; and with a real model."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from compute.backends.base import (
    BackendError,
    BackendSettings,
    Cancelled,
    Fault,
    ImageRequest,
    RemoteState,
)
from compute.backends.openai import OpenAIBackend, answer_stream
from tests.fakes.openai import FakeOpenAI, Script
from tests.support.chat import IDEA_SCHEMA, Watcher, backend_for, failure, request, wait_until
from tests.support.llm import small_llm  # noqa: F401


@pytest.fixture
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


# Failures


CONTEXT = {
    "error": {"message": "This model's maximum context length is 4096 tokens", "code": "context_length_exceeded"}
}
LLAMA_CONTEXT = {"error": {"code": 400, "message": "request exceeds the available context size", "n_ctx": 4096}}


@pytest.mark.parametrize(
    ("script", "code", "fault"),
    [
        (Script(status=400, body=CONTEXT), "context_too_long", Fault.PAYLOAD),
        (Script(status=400, body=LLAMA_CONTEXT), "context_too_long", Fault.PAYLOAD),
        (Script(status=400, body={"error": "bad messages"}), "rejected", Fault.PAYLOAD),
        (Script(status=404, body={"error": {"message": 'model "x" not found, try pulling it first'}}), "missing_model",
         Fault.WORKER),
        (Script(status=404, body="404 page not found"), "not_found", Fault.WORKER),
        (Script(status=503, body={"error": {"message": "Loading model", "code": 503}}), "busy", Fault.SERVER),
        (Script(status=500, body={"error": {"message": "CUDA error: out of memory"}}), "out_of_memory", Fault.WORKER),
        (Script(status=500, body="Internal Server Error"), "bad_answer", Fault.WORKER),
        (Script(status=502, body="<html>Bad Gateway</html>"), "unreachable", Fault.WORKER),
        (Script(whole=True, text="", finish_reason="content_filter"), "rejected", Fault.PAYLOAD),
        (Script(raw=[b"<html>sign in</html>"], content_type="text/html"), "bad_answer", Fault.WORKER),
        (Script(raw=[b"data: {broken\n\n"]), "bad_answer", Fault.WORKER),
        (Script(raw=[b'data: {"choices": []}\n\n', b"data: [DONE]\n\n"]), "bad_answer", Fault.WORKER),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_wrong_and_whose_fault_it_is(
    fake: FakeOpenAI, script: Script, code: str, fault: Fault
) -> None:
    error = failure(fake, script, model="fake-7b-instruct")
    assert (error.code, error.fault) == (code, fault)
    assert len(fake.requests) == 1


def test_too_many_requests_is_busy_for_as_long_as_the_server_says(fake: FakeOpenAI) -> None:
    error = failure(fake, Script(status=429, body={"error": {"message": "slow down"}}, headers={"Retry-After": "7"}))
    assert (error.code, error.fault, error.retry_after_s) == ("busy", Fault.SERVER, 7.0)


def test_an_error_in_the_middle_of_a_stream_keeps_its_meaning(fake: FakeOpenAI) -> None:
    assert failure(fake, Script(text="One two three", error_after=(2, CONTEXT))).fault is Fault.PAYLOAD
    broken = failure(fake, Script(text="One two", error_after=(1, {"error": {"message": "slot died"}})))
    assert (broken.code, "slot died" in broken.detail) == ("bad_answer", True)
    old_llama = failure(fake, Script(raw=[b'error: {"code":500,"message":"slot died"}\n\n']))
    assert "slot died" in old_llama.detail


@pytest.mark.parametrize(
    "script",
    [
        Script(text="One two three", abort_after=3),
        Script(raw=[b'data: {"choices":[{"delta":{"content":"One"}}]}\n\n']),
        Script(raw=[b'data: {"choices":[{"delta":{"content":"One"}}]}\n\n', b'data: {"choi']),
    ],
    ids=["reset", "ends early", "ends inside an event"],
)
def test_a_connection_cut_in_the_middle_is_lost(fake: FakeOpenAI, script: Script) -> None:
    assert failure(fake, script).code == "lost"


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        backend = OpenAIBackend(BackendSettings(api_type="openai", url=url))
        for ask in (backend.probe, lambda: backend.chat(request(model="x"), Watcher())):
            with pytest.raises(BackendError) as caught:
                ask()
            assert caught.value.code == "unreachable"


def test_an_answer_without_end_is_broken_off(fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_stream, "TEXT_MAX_CHARS", 1000)
    assert failure(fake, Script(text="word " * 2000)).code == "bad_answer"


# Time


def test_no_first_word_in_time_is_timed_out_though_comments_come(fake: FakeOpenAI) -> None:
    script = Script(keep_alive_comments=2, hang_after=3)
    error = failure(fake, script, first_token_timeout_s=0.4)
    assert error.code == "timed_out"
    assert "0.4 s" in error.detail
    late = failure(fake, Script(before_headers_s=30), first_token_timeout_s=0.3)
    assert late.code == "timed_out"
    wait_until(lambda: fake.hung_up >= 2)


def test_silence_between_words_is_timed_out(fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_stream, "BETWEEN_TOKENS_S", 0.4)
    error = failure(fake, Script(text="One two three", hang_after=3))
    assert (error.code, "silent" in error.detail) == ("timed_out", True)


@pytest.mark.parametrize("stream", [True, False])
def test_the_whole_answer_has_a_limit_however_steadily_it_comes(fake: FakeOpenAI, stream: bool) -> None:
    script = Script(text="on and " * 200, between_s=0.05) if stream else Script(before_headers_s=30)
    assert failure(fake, script, stream=stream, timeout_s=0.8).code == "timed_out"
    wait_until(lambda: fake.hung_up == 1)


def test_the_watcher_hears_that_the_server_lives_while_it_thinks(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(before_headers_s=1.6))
    watcher = Watcher()
    backend_for(fake).chat(request(), watcher)
    assert watcher.alive_count >= 1
    assert watcher.sent_count == 1


# Stopping


@pytest.mark.parametrize(
    "script",
    [
        Script(before_headers_s=30),
        Script(text="One two three", hang_after=3),
        Script(text="go on " * 500, between_s=0.05),
    ],
    ids=["before the headers", "in silence", "in full flow"],
)
def test_stop_breaks_the_connection_and_the_server_notices(fake: FakeOpenAI, script: Script) -> None:
    fake.scripts.append(script)
    with pytest.raises(Cancelled):
        backend_for(fake).chat(request(), Watcher(stop_when=lambda _: len(fake.requests) == 1))
    wait_until(lambda: fake.hung_up == 1)


def test_stop_before_the_start_sends_nothing(fake: FakeOpenAI) -> None:
    with pytest.raises(Cancelled):
        backend_for(fake).chat(request(), Watcher(stop_when=lambda _: True))
    assert fake.requests == []


def test_cancel_stops_that_request_and_no_other(fake: FakeOpenAI) -> None:
    fake.scripts.extend([Script(text="One two", hang_after=2), Script(text="One two", hang_after=2)])
    backend = backend_for(fake)
    backend.probe()
    ended: list[str] = []

    def run(request_id: str) -> None:
        try:
            backend.chat(request(request_id=request_id), Watcher(stop_when=lambda _: "all" in ended))
        except Cancelled:
            ended.append(request_id)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(fake.requests) == 2)
    assert backend.cancel("first") is True
    assert ended == ["first"]
    assert backend.cancel("nobody") is False
    ended.append("all")
    for thread in threads:
        thread.join(10)
    assert ended == ["first", "all", "second"]


def test_pictures_and_looking_up_are_not_a_chat_servers_work(fake: FakeOpenAI) -> None:
    backend = backend_for(fake)
    picture = ImageRequest(request_id="x", prompt="a tower")
    for ask in (lambda: backend.generate_image(picture, Watcher()), lambda: backend.adopt(picture, "x", Watcher())):
        with pytest.raises(BackendError, match="unsupported"):
            ask()
    assert backend.look_up("x") is RemoteState.UNSUPPORTED


# A real model


@pytest.mark.slow
def test_a_real_model_streams_a_text_and_answers_by_schema(small_llm: str) -> None:  # noqa: F811
    backend = OpenAIBackend(BackendSettings(api_type="openai", url=small_llm))
    found = backend.probe()
    assert found.models
    watcher = Watcher()
    told = backend.chat(request(max_tokens=40, temperature=0.2, timeout_s=240, first_token_timeout_s=200), watcher)
    assert told.text.strip() == watcher.text.strip()
    assert len(told.text.split()) >= 3
    assert told.completion_tokens is not None
    assert 1 <= told.completion_tokens <= 41
    idea = backend.chat(
        request(
            messages=[{"role": "user", "content": "Invent a place for a ghost story. Answer in JSON."}],
            json_schema=IDEA_SCHEMA, max_tokens=160, temperature=0.2, timeout_s=240,
            first_token_timeout_s=200,
        ),
        Watcher(),
    )  # fmt: skip
    value = json.loads(idea.text)
    assert value["kind"] in ("place", "person")
    assert 0 <= value["confidence"] <= 1
    with pytest.raises(Cancelled):
        backend.chat(request(max_tokens=2000), Watcher(stop_when=lambda watch: len(watch.text) > 20))
