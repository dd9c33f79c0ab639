"""ComfyUI's names, versions and frames, read one by one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from compute.backends.comfyui.frames import Story, parse_binary, parse_text
from compute.backends.comfyui.lane import Lanes
from compute.backends.comfyui.samplers import choose_sampler
from compute.backends.comfyui.versions import ComfyVersion
from tests.compute.backends.comfyui_help import backend
from tests.fakes.comfyui_rules import SAMPLERS, SCHEDULERS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DPM++ 2M Karras", ("dpmpp_2m", "karras")),
        ("DPM++ 2M", ("dpmpp_2m", "karras")),
        ("DPM++ 2M SDE Exponential", ("dpmpp_2m_sde", "exponential")),
        ("DPM++ 3M SDE", ("dpmpp_3m_sde", "karras")),
        ("DPM++ 2S a Karras", ("dpmpp_2s_ancestral", "karras")),
        ("dpm++ sde karras", ("dpmpp_sde", "karras")),
        ("Euler", ("euler", "normal")),
        ("Euler a", ("euler_ancestral", "normal")),
        ("Euler a SGM Uniform", ("euler_ancestral", "sgm_uniform")),
        ("Euler Automatic", ("euler", "normal")),
        ("DPM2 a Karras", ("dpm_2_ancestral", "karras")),
        ("UniPC", ("uni_pc", "normal")),
        ("DDIM", ("ddim", "normal")),
        ("dpmpp_2m", ("dpmpp_2m", "karras")),
        ("euler_ancestral karras", ("euler_ancestral", "karras")),
        ("res_multistep simple", ("res_multistep", "simple")),
        ("", ("euler", "normal")),
    ],
)
def test_a1111_sampler_names_become_comfyuis(name: str, expected: tuple[str, str]) -> None:
    assert choose_sampler(name, SAMPLERS, SCHEDULERS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3.64", ComfyVersion(0, 3, 64)),
        ("v0.27.1", ComfyVersion(0, 27, 1)),
        ("0.3.7-12-gabc", ComfyVersion(0, 3, 7)),
        ("0.12", ComfyVersion(0, 12, 0)),
        ("nightly", ComfyVersion()),
        (None, ComfyVersion()),
    ],
)
def test_versions_are_read_and_the_unreadable_count_as_old(text: object, expected: ComfyVersion) -> None:
    assert ComfyVersion.parse(text) == expected


def test_versions_compare_as_numbers() -> None:
    assert ComfyVersion.parse("0.27.1") > ComfyVersion.parse("0.3.64")
    assert ComfyVersion.parse("0.26.0").cancels_jobs
    assert not ComfyVersion.parse("0.25.9").cancels_jobs
    assert ComfyVersion.parse("0.3.57").interrupts_by_id
    assert not ComfyVersion.parse("0.3.56").interrupts_by_id


@pytest.mark.parametrize(
    "frame", [b"", b"\0\0\0\1", b"\0\0\0\4\xff\xff\xff\xff{}", b"\0\0\0\1\0\0\0\1GIF89a", b"\xff" * 40]
)
def test_broken_binary_frames_are_ignored(frame: bytes) -> None:
    assert parse_binary(frame) is None


@pytest.mark.parametrize(
    "frame", [b"", b"{", b"[]", b'{"type": "status"}', b'{"data": []}', b"[" * 100_000, b"\xff\xfe"]
)
def test_broken_text_frames_are_ignored(frame: bytes) -> None:
    assert parse_text(frame) is None


@pytest.mark.parametrize("value", [None, "3", -1, 9, [1], 10**400, float("nan")])
def test_nonsense_in_progress_frames_tells_nothing(value: object) -> None:
    story = Story("id", "5")
    story.text(
        json.dumps({"type": "progress", "data": {"prompt_id": "id", "node": "5", "value": value, "max": 4}}).encode()
    )
    story.text(json.dumps({"type": "progress_state", "data": {"prompt_id": "id", "nodes": value}}).encode())
    assert story.progress is None


def test_lanes_keep_as_many_threads_as_calls_were_under_way_at_once() -> None:
    lanes, gate = Lanes("test-lane"), threading.Event()
    calls = [lanes.start(lambda: (gate.wait(20), threading.current_thread())[1]) for _ in range(3)]
    gate.set()
    assert all(call.done.wait(20) for call in calls)
    threads = {call.result for call in calls}
    assert len(threads) == 3
    for _ in range(5):
        call = lanes.start(threading.current_thread)
        assert call.done.wait(20)
        assert call.result in threads
    lanes.close()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_a_lane_hands_errors_over_and_goes_on() -> None:
    lanes = Lanes("test-lane")
    failed = lanes.start(lambda: 1 // 0)
    assert failed.done.wait(20)
    assert isinstance(failed.error, ZeroDivisionError)
    again = lanes.start(lambda: 2)
    assert again.done.wait(20)
    assert again.result == 2
    lanes.close()
    late = lanes.start(lambda: 3)  # a call after the end is still answered
    assert late.done.wait(20)
    assert late.result == 3


def test_the_fake_runs_as_a_process_and_prints_its_address() -> None:
    command = [sys.executable, "-m", "tests.fakes.comfyui", "--checkpoint", "a.safetensors", "--step-ms", "1"]
    with subprocess.Popen(
        [*command, "--version", "0.3.64", "--no-previews"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = backend(process.stdout.readline().strip()).probe()
        finally:
            process.terminate()
    assert (found.server, found.models) == ("ComfyUI 0.3.64", ("a.safetensors",))
