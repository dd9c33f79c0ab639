"""A watcher that writes down what a backend tells it, and says stop when a test wants it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from compute.backends.base import BackendSettings, ImageRequest, Progress

PATIENCE_S = 20.0


class RecordingWatch:
    """events: ("sending", id), ("sent",), ("progress", Progress), ("delta", text), ("alive", monotonic seconds)."""

    def __init__(self, stop_when: Callable[[], bool] = lambda: False) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.stop_when = stop_when
        self.stop_asked_s: float | None = None
        self.threads: set[int] = set()

    def sending(self, remote_id: str) -> None:
        self._note("sending", remote_id)

    def sent(self) -> None:
        self._note("sent")

    def progress(self, progress: Progress) -> None:
        self._note("progress", progress)

    def delta(self, text: str) -> None:
        self._note("delta", text)

    def alive(self) -> None:
        self._note("alive", time.monotonic())

    def should_stop(self) -> bool:
        stop = self.stop_when()
        if stop and self.stop_asked_s is None:
            self.stop_asked_s = time.monotonic()
        return stop

    def _note(self, *event: Any) -> None:
        self.threads.add(threading.get_ident())
        self.events.append(event)

    @property
    def kinds(self) -> list[str]:
        return [event[0] for event in self.events]

    @property
    def progresses(self) -> list[Progress]:
        return [event[1] for event in self.events if event[0] == "progress"]

    @property
    def remote_id(self) -> str:
        return next(str(event[1]) for event in self.events if event[0] == "sending")


def image_request(**changes: Any) -> ImageRequest:
    given: dict[str, Any] = {
        "request_id": str(uuid.uuid4()), "prompt": "a lighthouse at dusk", "steps": 3, "seed": 7,
        "width_px": 64, "height_px": 64, "timeout_s": 30.0,
    }  # fmt: skip
    return ImageRequest(**{**given, **changes})


def settings(api_type: str, url: str, **changes: Any) -> BackendSettings:
    return BackendSettings(api_type=api_type, url=url, **{"connect_timeout_s": 2.0, **changes})


def wait_until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
    """Poll until the condition holds; fail the test if it never does."""
    end_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.01)
