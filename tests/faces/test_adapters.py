"""The customer's adapters, called as the document calls them, against servers that speak the real protocols."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compute.backends import Automatic1111Adapter, ComfyUIAdapter
from compute.backends.base import BackendError
from tests.compute.backends.watching import wait_until
from tests.fakes.automatic1111 import FakeAutomatic1111
from tests.fakes.comfyui import FakeComfyUI

XL = "sd_xl_base_1.0.safetensors"


@dataclass(frozen=True)
class Stand:
    make: Callable[..., Any]
    url: str
    seeds: Callable[[], list[int]]
    is_busy: Callable[[], bool]


@pytest.fixture(params=["comfyui", "automatic1111"])
def stand(request) -> Iterator[Stand]:
    with ExitStack() as stack:
        if request.param == "comfyui":
            comfy = stack.enter_context(FakeComfyUI(checkpoints=[XL], step_ms=3))
            yield Stand(ComfyUIAdapter, comfy.url, lambda: comfy_seeds(comfy), lambda: comfy.engine.remaining > 0)
        else:
            web_ui = stack.enter_context(FakeAutomatic1111(checkpoints=[XL], step_ms=3))
            seeds = lambda: [body["seed"] for body in web_ui.requests]  # noqa: E731
            yield Stand(Automatic1111Adapter, web_ui.url, seeds, lambda: not web_ui.is_idle())


def comfy_seeds(fake: FakeComfyUI) -> list[int]:
    graphs = [seen.body["prompt"] for seen in fake.seen("POST", "/prompt")]
    return [node["inputs"]["seed"] for graph in graphs for node in graph.values() if "seed" in node["inputs"]]


async def generate(
    adapter: Any, url: str, *, seed: int | None = 7, steps: int = 3, model: str = "sdxl_base_1.0"
) -> str:
    path = await adapter.generate(
        api_url=url,
        prompt="a lighthouse at dusk",
        negative_prompt="blurry",
        model=model,
        steps=steps,
        cfg_scale=7.0,
        seed=seed,
        width=64,
        height=96,
    )
    assert isinstance(path, str)
    return path


def test_a_picture_is_made_and_saved_and_its_path_is_the_answer(stand, tmp_path):
    path = Path(asyncio.run(generate(stand.make(tmp_path / "out"), stand.url)))
    assert path.parent == tmp_path / "out"
    with Image.open(path) as picture:
        picture.load()
        assert picture.size == (64, 96)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_without_a_folder_pictures_go_to_a_private_temporary_one(stand):
    path = Path(asyncio.run(generate(stand.make(), stand.url)))
    assert path.is_file()
    assert path.parent.stat().st_mode & 0o077 == 0


def test_seed_0_is_a_seed_and_none_draws_one(stand, tmp_path):
    adapter = stand.make(tmp_path)
    for seed in (0, None, None):
        asyncio.run(generate(adapter, stand.url, seed=seed))
    first, second, third = stand.seeds()
    assert first == 0
    assert second != third
    assert all(0 <= seed < 2**32 for seed in (second, third))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_is_none_is_refused(stand, tmp_path, seed: int):
    with pytest.raises(ValueError, match="a seed lies between"):
        asyncio.run(generate(stand.make(tmp_path), stand.url, seed=seed))
    assert stand.seeds() == []


def test_several_pictures_at_once(stand, tmp_path):
    async def both() -> list[str]:
        adapter = stand.make(tmp_path)
        return await asyncio.gather(*(generate(adapter, stand.url, seed=seed) for seed in (1, 2)))

    paths = asyncio.run(both())
    assert len({Path(path).read_bytes() for path in paths}) == 2


def test_a_missing_checkpoint_is_an_error_that_names_it(stand, tmp_path):
    with pytest.raises(BackendError) as caught:
        asyncio.run(generate(stand.make(tmp_path), stand.url, model="juggernaut"))
    assert caught.value.code == "missing_checkpoint"
    assert "juggernaut" in caught.value.detail


def test_cancelling_the_call_stops_the_servers_work(stand, tmp_path):
    async def cancelled() -> None:
        task = asyncio.create_task(generate(stand.make(tmp_path), stand.url, steps=2000))
        await asyncio.to_thread(wait_until, stand.is_busy)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    wait_until(lambda: not stand.is_busy())
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_a_backend_error(tmp_path):
    with pytest.raises(BackendError) as caught:
        asyncio.run(generate(ComfyUIAdapter(tmp_path), "http://127.0.0.1:9"))
    assert caught.value.code == "unreachable"


def test_the_adapters_need_no_django():
    code = "import sys; from compute.backends import ComfyUIAdapter; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
