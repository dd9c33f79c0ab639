from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connections

from compute.models import Worker
from tests.fakes.comfyui import FakeComfyUI
from tests.images.conftest import player, quiet_queue, story
from tests.support.play import run_queue
from tests.support.queue import make_worker

__all__ = ["player", "quiet_queue", "story"]
CHECKPOINT = "sd_xl_base_1.0.safetensors"


@pytest.fixture
def comfyui(db) -> Iterator[FakeComfyUI]:
    with FakeComfyUI(checkpoints=[CHECKPOINT], step_ms=1) as fake:
        yield fake


@pytest.fixture
def worker(comfyui, settings, quiet_queue) -> Iterator[Worker]:
    """A server with its runner: what waits is painted, 64×64 in two steps, while the test awaits it."""
    config = settings.IMAGE_GENERATION
    for name in ("background_images", "turn_images", "character_portraits"):
        config = replace(config, **{name: replace(getattr(config, name), default_size=(64, 64), steps=2)})
    settings.IMAGE_GENERATION = config
    made = make_worker("pc1-comfyui", api_url=comfyui.url, models_offered=[CHECKPOINT])
    stop = threading.Event()

    def serve() -> None:
        try:
            while not stop.is_set():
                run_queue(rounds=1)
                stop.wait(0.02)
        finally:
            connections.close_all()

    runner = threading.Thread(target=serve, name="runner")
    runner.start()
    yield made
    stop.set()
    runner.join(30)
    assert not runner.is_alive()
