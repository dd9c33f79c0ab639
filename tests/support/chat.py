"""What the tests of the chat backend share: a watcher, a request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from compute.backends.base import (
    BackendError,
    BackendSettings,
    ChatRequest,
    Progress,
)
from compute.backends.openai import OpenAIBackend
from tests.fakes.openai import FakeOpenAI, Script

HELLO = [{"role": "system", "content": "You narrate."}, {"role": "user", "content": "I open the door."}]
IDEA_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "kind": {"enum": ["place", "person"]},
    },
    "required": ["name", "confidence", "kind"],
    "additionalProperties": False,
}
GOOD_IDEA = {"name": "The Salt Stair", "confidence": 0.5, "kind": "place"}


class Watcher:
    """Records what a backend tells, and says stop when asked to."""

    def __init__(self, stop_when: Callable[[Watcher], bool] = lambda _: False) -> None:
        self.text, self.ids, self.sent_count, self.alive_count = "", [], 0, 0  # type: ignore[var-annotated]
        self._stop_when = stop_when

    def sending(self, remote_id: str) -> None:
        self.ids.append(remote_id)

    def sent(self) -> None:
        self.sent_count += 1

    def progress(self, progress: Progress) -> None:
        raise AssertionError("a chat server has no step progress")

    def delta(self, text: str) -> None:
        self.text += text

    def alive(self) -> None:
        self.alive_count += 1

    def should_stop(self) -> bool:
        return self._stop_when(self)


def backend_for(fake: FakeOpenAI, **settings: Any) -> OpenAIBackend:
    return OpenAIBackend(BackendSettings(**{"api_type": "openai", "url": fake.url, **settings}))


def request(**changes: Any) -> ChatRequest:
    return ChatRequest(**{"request_id": "11111111-2222-3333-4444-555555555555", "messages": HELLO, **changes})


def failure(fake: FakeOpenAI, script: Script | None = None, **changes: Any) -> BackendError:
    """The error that one request ends with."""
    if script is not None:
        fake.scripts.append(script)
    with pytest.raises(BackendError) as caught:
        backend_for(fake).chat(request(**changes), Watcher())
    return caught.value


def wait_until(condition: Callable[[], bool], limit_s: float = 15) -> None:
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "the condition never came true"
        time.sleep(0.02)
