"""SIGKILL during a turn: after the restart every picture of it is complete, none twice, no file without a row."""

from __future__ import annotations

import contextlib
from collections import Counter

import pytest
import requests

from tests.fakes.comfyui import FakeComfyUI
from tests.support.stack import Stack, running_stack, wait_for
from tests.support.told import told

CHECKPOINT = "sd_v15.safetensors"
PICTURE = {"default_size": [64, 64], "steps": 10, "model": "sd_v15", "sampler": "Euler a"}


@pytest.fixture(scope="module")
def server():
    with FakeComfyUI(checkpoints=[CHECKPOINT], step_ms=60) as fake:
        yield fake


@pytest.fixture(scope="module")
def stack(tmp_path_factory, server):
    config = {
        "workers": [{"name": "pc1", "api_type": "comfyui", "api_url": server.url, "max_concurrent": 2}],
        "background_images": PICTURE,
        "turn_images": {**PICTURE, "variants": 3},
        "character_portraits": PICTURE,
    }
    with running_stack(tmp_path_factory.mktemp("kills"), image_generation=config) as stack:
        yield stack


def turn_at_work(stack: Stack) -> str:
    """A story whose first turn is being painted."""
    story = stack.post("stories/", {"title": "Kill"})
    stack.post(f"stories/{story['id']}/turns/", told())
    wait_for(lambda: [one for one in stack.images(story["id"]) if one["status"] == "generating"])
    return str(story["id"])


def answers(stack: Stack) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{stack.url}/readyz", timeout=5).ok
    return False


def assert_whole(stack: Stack, story_id: str) -> None:
    images = stack.wait_complete(story_id)
    assert Counter((one["image_type"], one["status"]) for one in images) == {
        ("background", "complete"): 1,
        ("action", "complete"): 3,
        ("character", "complete"): 1,
    }, (images, stack.logs())
    for command in ("storage_audit", "queue_audit"):
        audit = stack.manage(command)
        assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize("victim", ["web", "runners", "tasks", "ticker", "valkey", "postgres"])
def test_a_killed_child_comes_back_and_nothing_is_lost_or_doubled(stack, victim):
    story_id = turn_at_work(stack)
    before = stack.pid_of(victim)
    stack.kill(victim)
    wait_for(lambda: stack.pid_of(victim) != before, message=f"{victim} was not started again")
    wait_for(lambda: answers(stack), message="LUNA did not answer again")
    assert_whole(stack, story_id)


def test_a_killed_supervisor_leaves_nothing_behind_and_the_next_start_finishes_the_turn(stack, server):
    story_id = turn_at_work(stack)
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait(10)
    stack.start()
    assert_whole(stack, story_id)


def test_an_orderly_restart_hands_back_what_runs_and_finishes_it(stack):
    story_id = turn_at_work(stack)
    assert stack.stop() == 0
    stack.start()
    assert_whole(stack, story_id)
    attempts = [one for image in stack.images(story_id) for one in image["attempts"]]
    assert all(one["error"] is None or "stopping" in str(one["error"]) for one in attempts), attempts
