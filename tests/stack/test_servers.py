"""LUNA with servers of both families: real processes, real sockets, servers that die."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest
from websockets.sync.client import connect

from tests.fakes.automatic1111 import FakeAutomatic1111
from tests.fakes.comfyui import FakeComfyUI
from tests.support.stack import Stack, free_port, running_stack, wait_for
from tests.support.told import told

CHECKPOINT = "sd_v15.safetensors"
PICTURE = {"default_size": [64, 64], "steps": 12, "model": "sd_v15", "sampler": "Euler a"}


def configuration(*workers: dict) -> dict:
    return {
        "workers": list(workers),
        "background_images": PICTURE,
        "turn_images": {**PICTURE, "variants": 4},
        "character_portraits": PICTURE,
    }


@pytest.fixture(scope="module")
def servers():
    """Two ComfyUIs of different ages and one A1111, slow enough to be killed in the middle of a picture."""
    options = {"checkpoints": [CHECKPOINT], "step_ms": 50}
    with (
        FakeComfyUI(version="0.3.64", **options) as old,
        FakeComfyUI(version="0.27.1", **options) as new,
        FakeAutomatic1111(dialect="a1111", **options) as a1111,
    ):
        yield old, new, a1111


@pytest.fixture(scope="module")
def stack(tmp_path_factory, servers):
    old, new, a1111 = servers
    workers = [
        {"name": "pc1", "api_type": "comfyui", "api_url": old.url, "max_concurrent": 1, "priority": 1},
        {"name": "pc2", "api_type": "comfyui", "api_url": new.url, "max_concurrent": 1, "priority": 2},
        {"name": "pc3", "api_type": "automatic1111", "api_url": a1111.url, "max_concurrent": 1, "priority": 3},
    ]
    with running_stack(tmp_path_factory.mktemp("servers"), image_generation=configuration(*workers)) as stack:
        wait_online(stack, 3)
        # The demo story's first pictures are out of the way before a test counts who painted what.
        wait_for(lambda: not busy(stack), message="the demo story was not painted")
        yield stack


def wait_online(stack: Stack, count: int) -> None:
    wait_for(
        lambda: sum(one["is_online"] for one in stack.workers()) == count,
        message=f"not {count} workers came online",
    )


def busy(stack: Stack) -> bool:
    stories = stack.get("stories/")["results"]
    return any(one["status"] in ("pending", "generating") for s in stories for one in stack.images(s["id"]))


def test_an_idle_system_gives_the_first_picture_to_the_worker_of_the_best_priority(stack):
    story = stack.post("stories/", {"title": "Priority", "settings": {"variants": 1}})
    for _ in range(3):
        stack.post(f"stories/{story['id']}/turns/", told(image_types=["action"]))
        images = stack.wait_complete(story["id"])
    assert Counter(one["gpu_worker"] for one in images) == {"pc1": 3}


def test_a_load_is_shared_by_all_three(stack):
    story = stack.post("stories/", {"title": "Load"})
    for _ in range(3):
        stack.post(f"stories/{story['id']}/turns/", told(image_types=["action"]))
    images = stack.wait_complete(story["id"])
    assert [one["status"] for one in images] == ["complete"] * 12
    assert set(Counter(one["gpu_worker"] for one in images)) == {"pc1", "pc2", "pc3"}


def test_steps_and_previews_reach_the_browser(stack):
    story = stack.post("stories/", {"title": "Progress", "settings": {"variants": 1}})
    url = f"{stack.url.replace('http', 'ws', 1)}/ws/stories/{story['id']}/"
    seen = []
    with connect(url, additional_headers={"Authorization": f"Token {stack.token}"}) as socket:
        assert json.loads(socket.recv(timeout=20))["type"] == "snapshot"
        stack.post(f"stories/{story['id']}/turns/", told(image_types=["action"]))
        while not seen or seen[-1]["type"] != "image.ready":
            seen.append(json.loads(socket.recv(timeout=30)))
    progress = [one for one in seen if one["type"] == "image.progress"]
    assert progress
    assert [one["progress"] for one in progress] == sorted(one["progress"] for one in progress)
    assert any(one.get("preview", "").startswith("data:image/") for one in progress)


def test_killing_a_server_in_the_middle_moves_its_picture_to_another(stack, servers):
    old, _, _ = servers
    story = stack.post("stories/", {"title": "Killed", "settings": {"variants": 1}})
    stack.post(f"stories/{story['id']}/turns/", told(image_types=["action"]))
    wait_for(lambda: [one for one in stack.images(story["id"]) if one["status"] == "generating"])
    old.wait_until(lambda: old.engine.remaining)
    old.kill()
    try:
        (image,) = stack.wait_complete(story["id"])
        assert image["status"] == "complete"
        assert image["gpu_worker"] in ("pc2", "pc3")
        assert [one["gpu_worker"] for one in image["attempts"]] == ["pc1", image["gpu_worker"]]
        assert image["attempts"][0]["error"]
    finally:
        old.revive()
    wait_online(stack, 3)


def test_a_missing_checkpoint_is_named_to_the_player_and_by_doctor(tmp_path):

    with FakeComfyUI(checkpoints=["dreamshaper_8.safetensors"]) as other:
        config = {
            "workers": [{"name": "only", "api_type": "comfyui", "api_url": other.url}],
            "turn_images": {**PICTURE, "model": "sdxl_base_1.0"},
        }
        with running_stack(tmp_path, image_generation=config) as second:
            wait_online(second, 1)
            story = second.post("stories/", {"title": "Missing"})
            second.post(f"stories/{story['id']}/turns/", told(image_types=["action"]))
            (image,) = second.images(story["id"])
            assert "only offers no checkpoint sdxl_base_1.0" in image["waiting_reason"]
            doctor = second.manage("doctor")
            assert doctor.returncode == 1
            assert "sdxl_base_1.0" in doctor.stdout
            # Putting the checkpoint there is all that is needed.
            other.options.checkpoints.append("sdxl_base_1.0.safetensors")
            assert second.wait_complete(story["id"])[0]["status"] == "complete"


def test_a_server_that_is_down_at_the_start_is_used_as_soon_as_it_is_up(tmp_path):
    port = free_port()
    workers = {"name": "late", "api_type": "comfyui", "api_url": f"http://127.0.0.1:{port}"}
    with running_stack(tmp_path, image_generation=configuration(workers)) as stack:
        story = stack.post("stories/", {"title": "Late", "settings": {"variants": 1}})
        stack.post(f"stories/{story['id']}/turns/", told(image_types=["action"]))
        reason = stack.images(story["id"])[0]["waiting_reason"]
        assert "late is offline" in reason
        with FakeComfyUI(port=port, checkpoints=[CHECKPOINT], step_ms=5):
            started = time.monotonic()
            (image,) = stack.wait_complete(story["id"])
            assert image["gpu_worker"] == "late"
            assert time.monotonic() - started < 45
