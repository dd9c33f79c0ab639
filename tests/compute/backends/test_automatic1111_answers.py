"""The AUTOMATIC1111 family: what the answers mean."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from compute.backends.automatic1111 import Automatic1111Backend
from compute.backends.base import BackendError, Fault
from tests.compute.backends.automatic1111_help import DIALECTS, Start, paint, refused, starting
from tests.compute.backends.watching import RecordingWatch, image_request, settings


@pytest.fixture
def start() -> Iterator[Start]:
    with starting() as make:
        yield make


# Answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("replace_sampler", "sampler Heun instead of DPM++ 2M"),
        ("replace_scheduler", "scheduler Simple instead of Karras"),
        ("replace_seed", "seed 4242 instead of 7"),
    ],
)
def test_a_silently_replaced_setting_is_a_warning_and_in_used(start: Start, mode: str, said: str) -> None:
    fake, backend = start("a1111")
    fake.fail_next(mode)
    result = paint(backend, sampler="DPM++ 2M Karras")
    assert any(said in warning for warning in result.warnings)
    assert said.split()[1] in str(result.used)


@pytest.mark.parametrize(
    ("mode", "mime"),
    [("jpeg", "image/jpeg"), ("webp", "image/webp"), ("data_prefix", "image/png"), ("gzip", "image/png"),
     ("grid", "image/png"), ("no_info", "image/png")],
)  # fmt: skip
def test_the_forms_an_answer_takes_are_all_read(start: Start, mode: str, mime: str) -> None:
    fake, backend = start("a1111")
    fake.fail_next(mode)
    result = paint(backend)
    assert result.mime == mime
    assert Image.open(io.BytesIO(result.data)).size == (64, 64)


def test_the_grid_before_the_pictures_is_not_taken_for_one(start: Start) -> None:
    fake, backend = start("a1111")
    plain = paint(backend)
    fake.fail_next("grid")
    assert paint(backend).data == plain.data


@pytest.mark.parametrize(
    ("mode", "code", "fault"),
    [
        ("oom", "out_of_memory", Fault.WORKER),
        ("nan", "nan", Fault.WORKER),
        ("error", "failed", Fault.WORKER),
        ("rejected", "rejected", Fault.PAYLOAD),
        ("busy", "busy", Fault.SERVER),
        ("rate_limit", "busy", Fault.SERVER),
        ("html", "bad_answer", Fault.WORKER),
        ("not_json", "bad_answer", Fault.WORKER),
        ("odd_types", "bad_answer", Fault.WORKER),
        ("truncated_body", "lost", Fault.WORKER),
        ("reset", "lost", Fault.WORKER),
        ("die", "lost", Fault.WORKER),
        ("no_images", "no_picture", Fault.WORKER),
        ("empty_image", "no_picture", Fault.WORKER),
        ("stopped_before_first", "interrupted", Fault.WORKER),
        ("not_base64", "bad_answer", Fault.WORKER),
        ("not_a_picture", "bad_answer", Fault.WORKER),
        ("cut_picture", "bad_answer", Fault.WORKER),
        ("blank", "bad_answer", Fault.WORKER),
        ("wrong_size", "wrong_size", Fault.WORKER),
    ],
)
@pytest.mark.parametrize("dialect", ["a1111", "forge", "sdcpp"])
def test_each_failure_has_its_code_and_its_culprit(
    start: Start, dialect: str, mode: str, code: str, fault: Fault
) -> None:
    fake, backend = start(dialect)
    fake.fail_next(mode)
    error = refused(backend)
    assert (error.code, error.fault) == (code, fault)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("mode", "code", "words"),
    [("oom", "out_of_memory", "Tried to allocate"), ("nan", "nan", "NaNs"), ("error", "failed", "mat1 and mat2")],
)
def test_the_servers_own_words_are_passed_on_in_every_dialect(
    start: Start, dialect: str, mode: str, code: str, words: str
) -> None:
    fake, backend = start(dialect)
    fake.fail_next(mode)
    error = refused(backend)
    assert error.code == code
    assert words in error.detail


def test_a_busy_server_says_when_to_come_back(start: Start) -> None:
    fake, backend = start("sdnext")
    fake.fail_next("rate_limit")
    assert refused(backend).retry_after_s == 7.0
    kobold, backend = start("koboldcpp")
    kobold.fail_next("busy")
    error = refused(backend)
    assert error.retry_after_s == 2.0
    assert "try again later" in error.detail


@pytest.mark.parametrize("dialect", ["koboldcpp", "drawthings"])
def test_a_picture_that_is_an_empty_text_is_no_picture_although_the_status_is_200(start: Start, dialect: str) -> None:
    fake, backend = start(dialect)
    fake.fail_next("empty_image")
    error = refused(backend)
    assert error.code == "no_picture"
    assert ("open a project" in error.detail) == (dialect == "drawthings")


def test_a_request_after_a_failure_works(start: Start) -> None:
    fake, backend = start("forge")
    fake.fail_next("oom", "html")
    refused(backend)
    refused(backend)
    assert paint(backend).mime == "image/png"


# Sizes ----------------------------------------------------------------------------------------------------------


def test_a_picture_rounded_up_is_cut_to_the_asked_size_and_told(start: Start) -> None:
    _, backend = start("sdcpp")
    result = paint(backend, width_px=72, height_px=100)
    picture = Image.open(io.BytesIO(result.data))
    assert (picture.size, result.mime) == ((72, 100), "image/png")
    assert "parameters" in picture.info
    assert any("128×128" in warning for warning in result.warnings)
    assert (result.used["width_px"], result.used["height_px"]) == (72, 100)


@pytest.mark.parametrize(
    ("dialect", "size", "allowed"),
    [("koboldcpp", (100, 64), "64 px"), ("koboldcpp", (1088, 64), "up to 1024"), ("forge", (63, 64), "8 px"),
     ("a1111", (64, 70), "8 px")],
)  # fmt: skip
def test_a_size_the_server_would_cut_down_is_refused_with_the_allowed_ones(
    start: Start, dialect: str, size: tuple[int, int], allowed: str
) -> None:
    fake, backend = start(dialect)
    error = refused(backend, width_px=size[0], height_px=size[1])
    assert (error.code, error.fault) == ("unsupported", Fault.WORKER)
    assert allowed in error.detail
    assert fake.requests == []


# As a process of its own ----------------------------------------------------------------------------------------


def test_a_server_killed_in_the_middle_is_lost_and_then_unreachable() -> None:
    command = [sys.executable, "-m", "tests.fakes.automatic1111", "--dialect", "forge", "--step-ms", "50"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) as server:
        try:
            assert server.stdout is not None
            backend = Automatic1111Backend(settings("automatic1111", server.stdout.readline().strip()))
            watch = RecordingWatch()
            killer = watch.progress

            def kill_at_first_progress(progress: Any) -> None:
                killer(progress)
                server.kill()

            watch.progress = kill_at_first_progress  # type: ignore[method-assign]
            with pytest.raises(BackendError) as caught:
                backend.generate_image(image_request(steps=400), watch)
            assert (caught.value.code, caught.value.fault) == ("lost", Fault.WORKER)
            assert refused(backend).code == "unreachable"
        finally:
            server.kill()
