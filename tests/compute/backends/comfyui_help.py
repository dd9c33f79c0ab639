"""What the ComfyUI tests share: a watcher that remembers, requests, and a backend for a fake."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from compute.backends.base import BackendSettings, ImageRequest, ImageResult, Progress
from compute.backends.comfyui import ComfyUIBackend
from compute.common.http import HttpClient
from tests.fakes.comfyui import FakeComfyUI

NEW, MIDDLE, OLD = "0.27.1", "0.3.64", "0.3.30"


class Watcher:
    """Remembers what it is told, in order; stops when `stop` is set or `stop_when` says so."""

    def __init__(self, stop_when: Callable[[], bool] = lambda: False):
        self.ids: list[str] = []
        self.heard: list[str] = []
        self.updates: list[Progress] = []
        self.stop = threading.Event()
        self._stop_when = stop_when

    def sending(self, remote_id: str) -> None:
        self.ids.append(remote_id)
        self.heard.append("sending")

    def sent(self) -> None:
        self.heard.append("sent")

    def progress(self, progress: Progress) -> None:
        self.updates.append(progress)
        self.heard.append("progress")

    def delta(self, text: str) -> None:
        raise AssertionError("a picture has no words")

    def alive(self) -> None:
        self.heard.append("alive")

    def should_stop(self) -> bool:
        return self.stop.is_set() or self._stop_when()


def backend(fake: FakeComfyUI | str, **settings: Any) -> ComfyUIBackend:
    url = fake if isinstance(fake, str) else fake.url
    return ComfyUIBackend(BackendSettings(api_type="comfyui", url=url, connect_timeout_s=2, **settings))


def request(**changes: Any) -> ImageRequest:
    wanted: dict[str, Any] = {
        "request_id": str(uuid.uuid4()),
        "prompt": "an inn at dusk",
        "steps": 3,
        "width_px": 64,
        "height_px": 64,
        "timeout_s": 30,
        **changes,
    }
    return ImageRequest(**wanted)


class Background:
    """generate_image in a thread; `join` gives its result or raises its error."""

    def __init__(self, function: Callable[[], ImageResult]):
        self._result: ImageResult | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(function,), daemon=True)
        self._thread.start()

    def _run(self, function: Callable[[], ImageResult]) -> None:
        try:
            self._result = function()
        except BaseException as error:
            self._error = error

    def join(self, timeout_s: float = 30) -> ImageResult:
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), "still at work"
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result


def somebody_elses(fake: FakeComfyUI, *, steps: int = 5, client_id: str | None = None, seed: int = 1) -> str:
    """Queue a prompt that is not LUNA's; its id."""
    graph = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": fake.options.checkpoints[-1]}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["1", 1]}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "5": {"class_type": "KSampler", "inputs": {"seed": seed, "steps": steps, "sampler_name": "euler"}},
        "7": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI"}},
    }
    body: dict[str, Any] = {"prompt": graph} | ({"client_id": client_id} if client_id else {})
    reply = HttpClient(fake.url, BackendSettings(api_type="comfyui")).post_json("/prompt", body)
    return str(reply["prompt_id"])
