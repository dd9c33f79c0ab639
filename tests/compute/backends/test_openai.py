"""The chat backend against a server that speaks the protocol over a real port: texts, models, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from compute.backends.base import (
    BackendError,
    BackendSettings,
    Capacity,
    Fault,
)
from compute.backends.registry import build_backend
from tests.fakes.openai import FakeOpenAI, Script
from tests.support.chat import GOOD_IDEA, HELLO, IDEA_SCHEMA, Watcher, backend_for, failure, request


@pytest.fixture
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


# The text


def test_a_streamed_answer_is_told_word_by_word_and_returned_whole(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text="The door groans. Dust falls."))
    watcher = Watcher()
    result = backend_for(fake).chat(request(max_tokens=50, temperature=0.8), watcher)
    assert result.text == watcher.text == "The door groans. Dust falls."
    assert (result.model, result.finish_reason) == ("fake-7b-instruct", "stop")
    assert (result.prompt_tokens, result.completion_tokens) == (11, 5)
    assert watcher.ids == ["11111111-2222-3333-4444-555555555555"]
    assert watcher.sent_count == 1
    body = fake.requests[0]
    assert body["messages"] == HELLO
    assert (body["max_tokens"], body["temperature"], body["stream"]) == (50, 0.8, True)


def test_an_answer_that_is_not_streamed_is_read_too(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text="All at once.", reasoning="hm"))
    watcher = Watcher()
    result = backend_for(fake).chat(request(stream=False), watcher)
    assert result.text == watcher.text == "All at once."
    assert result.completion_tokens == 3
    assert fake.requests[0]["stream"] is False


def test_a_server_that_answers_whole_though_asked_to_stream_is_read(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text="All at once.", whole=True))
    assert backend_for(fake).chat(request(), Watcher()).text == "All at once."


@pytest.mark.parametrize(
    "script",
    [
        Script(newline="\r\n"),
        Script(keep_alive_comments=3),
        Script(chop_bytes=1),
        Script(chop_bytes=7, newline="\r\n", keep_alive_comments=1),
        Script(content_type="text/plain"),
        Script(done=False),
        Script(usage=False, finish_reason=None),
    ],
    ids=["crlf", "comments", "one byte at a time", "all of it", "wrong content type", "no DONE", "no finish reason"],
)
def test_every_way_of_writing_a_stream_gives_the_same_text(fake: FakeOpenAI, script: Script) -> None:
    script.text = "Düstere Türme — 月が昇る 🌙 at last."
    fake.scripts.append(script)
    watcher = Watcher()
    assert backend_for(fake).chat(request(), watcher).text == script.text == watcher.text


def test_a_stream_without_blank_lines_or_spaces_is_read(fake: FakeOpenAI) -> None:
    lines = [
        b'data:{"choices":[{"delta":{"content":"Two "}}]}\n',
        b'data:{"choices":[{"delta":{"content":"words"}}]}\n',
    ]
    fake.scripts.append(Script(raw=[*lines, b"event: end\n", b"data:[DONE]"]))
    assert backend_for(fake).chat(request(), Watcher()).text == "Two words"


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_thinking_in_a_field_of_its_own_is_not_told(fake: FakeOpenAI, key: str) -> None:
    fake.scripts.append(Script(text="She nods.", reasoning="the player wants a nod", thinking_key=key))
    watcher = Watcher()
    assert backend_for(fake).chat(request(), watcher).text == watcher.text == "She nods."


@pytest.mark.parametrize("chop_bytes", [0, 3])
def test_thinking_inside_the_text_is_cut_out_while_it_streams(fake: FakeOpenAI, chop_bytes: int) -> None:
    text = "<think>What < now? The </thin no.</think>\n\nShe nods: 3 < 4 <b>."
    fake.scripts.append(Script(text=text, chop_bytes=chop_bytes))
    watcher = Watcher()
    result = backend_for(fake).chat(request(), watcher)
    assert result.text == watcher.text == "She nods: 3 < 4 <b>."


def test_a_closing_tag_alone_ends_thinking_that_the_template_had_begun(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text="so she nods</think>She nods."))
    assert backend_for(fake).chat(request(), Watcher()).text == "She nods."


def test_an_answer_of_thinking_alone_is_a_bad_answer_that_says_why(fake: FakeOpenAI) -> None:
    error = failure(fake, Script(text="<think>on and on", finish_reason="length"), max_tokens=40)
    assert error.code == "bad_answer"
    assert "40 tokens" in error.detail


# Where, and with which model


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_the_address_may_be_written_with_or_without_v1(fake: FakeOpenAI, ending: str) -> None:
    backend = backend_for(fake, url=fake.origin + ending)
    assert backend.probe().models == ("fake-7b-instruct",)
    assert backend.chat(request(), Watcher()).text


def test_a_prefix_before_v1_is_kept() -> None:
    with FakeOpenAI(prefix="/llm/v1") as fake:
        assert backend_for(fake, url=f"{fake.origin}/llm").probe().models == ("fake-7b-instruct",)


def test_probe_names_kinds_models_server_and_features(fake: FakeOpenAI) -> None:
    fake.models = ["text-embedding-nomic-embed-text-v1.5", "qwen2.5-7b"]
    found = build_backend(BackendSettings(api_type="openai", url=fake.url)).probe()
    assert found.job_kinds == ("llm_inference", "turn_summarization")
    assert found.server == "vLLM"
    assert found.models == ("text-embedding-nomic-embed-text-v1.5", "qwen2.5-7b")
    assert found.loaded_model == "qwen2.5-7b"
    assert {Capacity.CANCEL, Capacity.JSON_SCHEMA} <= found.features


def test_auto_takes_the_first_model_that_can_chat_and_asks_for_the_list_once(fake: FakeOpenAI) -> None:
    fake.models = ["text-embedding-nomic-embed-text-v1.5", "qwen2.5-7b"]
    backend = backend_for(fake)
    for _ in range(3):
        backend.chat(request(), Watcher())
    assert {body["model"] for body in fake.requests} == {"qwen2.5-7b"}
    assert fake.model_lists == 1


def test_auto_follows_a_server_that_changed_its_model(fake: FakeOpenAI) -> None:
    backend = backend_for(fake)
    backend.probe()
    fake.models = ["other-model"]
    assert backend.chat(request(), Watcher()).model == "other-model"


def test_a_server_without_models_is_reported_and_auto_fails_by_name() -> None:
    with FakeOpenAI(models=None) as fake:
        backend = backend_for(fake)
        assert "offers no model" in backend.probe().warnings[0]
        with pytest.raises(BackendError, match="missing_model"):
            backend.chat(request(), Watcher())


def test_a_missing_model_is_named_with_the_nearest_one(fake: FakeOpenAI) -> None:
    fake.models = ["llama-3.1-8b-instruct", "qwen2.5-7b"]
    backend = backend_for(fake)
    backend.probe()
    with pytest.raises(BackendError) as caught:
        backend.chat(request(model="llama-3-8b-instruct"), Watcher())
    assert caught.value.code == "missing_model"
    assert caught.value.fault is Fault.WORKER
    assert "llama-3.1-8b-instruct" in caught.value.detail


def test_a_model_is_found_by_its_mapping_and_by_its_folded_name(fake: FakeOpenAI) -> None:
    fake.models = ["Qwen2.5-7B-Instruct.gguf", "tiny"]
    backend = backend_for(fake, models={"storyteller": "tiny"})
    backend.probe()
    backend.chat(request(model="storyteller"), Watcher())
    backend.chat(request(model="qwen2.5_7b_instruct"), Watcher())
    assert [body["model"] for body in fake.requests] == ["tiny", "Qwen2.5-7B-Instruct.gguf"]


def test_a_key_is_sent_as_bearer_and_a_wrong_one_says_which_setting_to_mend() -> None:
    with FakeOpenAI(api_key="s3cret") as fake:
        assert backend_for(fake, bearer="s3cret").chat(request(), Watcher()).text
        with pytest.raises(BackendError) as caught:
            backend_for(fake, bearer="wrong").probe()
        with pytest.raises(BackendError, match="LUNA_LLM_API_KEY"):
            backend_for(fake).chat(request(model="fake-7b-instruct"), Watcher())
    assert caught.value.code == "unauthorized"
    assert "wrong" not in caught.value.detail


# JSON by schema


def test_json_is_asked_for_by_strict_schema_and_returned_as_json(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text=json.dumps(GOOD_IDEA)))
    watcher = Watcher()
    result = backend_for(fake).chat(request(json_schema=IDEA_SCHEMA), watcher)
    assert json.loads(result.text) == GOOD_IDEA
    asked = fake.requests[0]["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["strict"] is True
    assert asked["json_schema"]["schema"] == IDEA_SCHEMA
    assert watcher.text == ""


def test_numbers_outside_the_schema_are_clamped(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text=json.dumps({**GOOD_IDEA, "confidence": 2019})))
    result = backend_for(fake).chat(request(json_schema=IDEA_SCHEMA), Watcher())
    assert json.loads(result.text)["confidence"] == 1
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "text",
    [
        "```json\n{}\n```",
        "Sure! Here you go:\n```\n{}\n```\nAnything else?",
        "The idea: {} I hope it helps.",
        "<think>{{</think>{}",
    ],
    ids=["fence", "fence and chatter", "chatter", "thinking"],
)
def test_json_is_found_inside_what_models_put_around_it(fake: FakeOpenAI, text: str) -> None:
    fake.scripts.append(Script(text=text.replace("{}", json.dumps(GOOD_IDEA))))
    result = backend_for(fake).chat(request(json_schema=IDEA_SCHEMA), Watcher())
    assert json.loads(result.text) == GOOD_IDEA
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("refuses", "kinds"),
    [(["json_schema"], ["json_schema", "json_object"]), (["response_format"], ["json_schema", "json_object", None])],
)
def test_what_the_server_does_not_accept_is_left_out_and_remembered(
    fake: FakeOpenAI, refuses: list[str], kinds: list[str | None]
) -> None:
    fake.refuses = set(refuses)
    fake.answer = lambda body: json.dumps(GOOD_IDEA)
    backend = backend_for(fake)
    assert json.loads(backend.chat(request(json_schema=IDEA_SCHEMA), Watcher()).text) == GOOD_IDEA
    assert [(body.get("response_format") or {}).get("type") for body in fake.requests] == kinds
    told = fake.requests[-1]["messages"][0]["content"]
    assert told.startswith("You narrate.")
    assert '"confidence"' in told
    backend.chat(request(json_schema=IDEA_SCHEMA), Watcher())
    assert len(fake.requests) == len(kinds) + 1
    assert fake.requests[-1].get("response_format") == fake.requests[-2].get("response_format")


@pytest.mark.parametrize("part", ["stream_options", "temperature", "stream", "max_tokens"])
def test_other_refused_parts_are_left_out_and_remembered(fake: FakeOpenAI, part: str) -> None:
    fake.refuses = {part}
    backend = backend_for(fake)
    for _ in range(2):
        assert backend.chat(request(temperature=0.7, max_tokens=33), Watcher()).text
    assert len(fake.requests) == 3
    assert fake.requests[-1].get("max_tokens") == 33 or fake.requests[-1]["max_completion_tokens"] == 33


def test_a_bad_answer_is_asked_for_once_more_with_the_reason(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text='{"name": "The Salt Stair", "kind": "quest", "confidence": 0.4}'))
    fake.scripts.append(Script(text=json.dumps(GOOD_IDEA)))
    result = backend_for(fake).chat(request(json_schema=IDEA_SCHEMA), Watcher())
    assert json.loads(result.text) == GOOD_IDEA
    *_, bad, repair = fake.requests[1]["messages"]
    assert bad["role"] == "assistant"
    assert "quest" in bad["content"]
    assert "kind" in repair["content"]


def test_a_server_that_ignores_the_schema_is_told_it_in_words_from_then_on(fake: FakeOpenAI) -> None:
    fake.scripts.append(Script(text="What a lovely idea!"))
    fake.answer = lambda body: json.dumps(GOOD_IDEA)
    backend = backend_for(fake)
    for _ in range(2):
        assert json.loads(backend.chat(request(json_schema=IDEA_SCHEMA), Watcher()).text) == GOOD_IDEA
    assert '"confidence"' not in fake.requests[0]["messages"][0]["content"]
    assert '"confidence"' in fake.requests[1]["messages"][0]["content"]
    assert len(fake.requests) == 3


def test_two_bad_answers_are_not_held_against_the_server(fake: FakeOpenAI) -> None:
    fake.answer = lambda body: "no"
    error = failure(fake, json_schema=IDEA_SCHEMA)
    assert (error.code, error.fault) == ("bad_answer", Fault.PAYLOAD)
    assert len(fake.requests) == 2


@pytest.mark.parametrize(
    "schema",
    [{"type": "nonsense"}, {"$ref": "http://example.org/s.json"}, {"properties": {"a": {"pattern": "(a+)+$"}}}],
    ids=["no schema", "elsewhere", "pattern"],
)
def test_a_schema_that_cannot_be_used_is_refused_before_anything_is_sent(
    fake: FakeOpenAI, schema: dict[str, Any]
) -> None:
    error = failure(fake, json_schema=schema)
    assert (error.code, error.fault) == ("rejected", Fault.PAYLOAD)
    assert fake.requests == []
