"""ComfyUI when it fails, lies, or goes away: each failure has a code, a fault and a sentence that names the thing."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from compute.backends.base import BackendError, Fault
from compute.backends.comfyui import attempt
from compute.backends.comfyui.errors import validation_error
from tests.compute.backends.comfyui_help import MIDDLE, NEW, OLD, Background, Watcher, backend, request
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.comfyui_rules import Options, refusal


@pytest.fixture(autouse=True)
def _quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "POLL_S", 0.05)
    monkeypatch.setattr(attempt, "POLL_SLOWLY_S", 0.3)


def failure_of(fake: FakeComfyUI, comfy: Any = None, **changes: Any) -> BackendError:
    """The error a picture ends with."""
    with pytest.raises(BackendError) as raised:
        (comfy or backend(fake)).generate_image(request(**changes), Watcher())
    return raised.value


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("oom", "out_of_memory", "KSampler"),
        ("nan", "execution_failed", "NaN"),
        ("broken_checkpoint", "unsupported", "v1-5-pruned-emaonly.safetensors' is not a complete checkpoint"),
        ("interrupted", "interrupted", "somebody else"),
        ("history_lost", "lost", "no longer knows"),
        ("restart", "lost", "restarted"),
        ("die", "unreachable", "nothing answers"),
        ("wrong_size", "bad_answer", "72×64 px where 64×64 px"),
        ("blank", "bad_answer", "one flat colour"),
        ("truncated", "bad_answer", "cannot be read"),
        ("html_view", "bad_answer", "text/html instead of the picture"),
        ("file_gone", "no_picture", "gone from the output folder"),
        ("no_images", "no_picture", "lists no picture"),
        ("swap_checkpoint", "missing_checkpoint", "it ran other.safetensors instead"),
    ],
)
def test_a_failure_at_the_server_is_the_workers_and_says_what(kind: str, code: str, words: str) -> None:
    with FakeComfyUI(step_ms=5) as fake:
        fake.fail_next(kind)
        error = failure_of(fake)
    assert (error.code, error.fault) == (code, Fault.WORKER)
    assert words in error.detail


def test_after_a_failure_the_next_picture_is_made() -> None:
    with FakeComfyUI(step_ms=1) as fake:
        comfy = backend(fake)
        fake.fail_next("oom")
        assert failure_of(fake, comfy).code == "out_of_memory"
        assert comfy.generate_image(request(), Watcher()).mime == "image/png"


def test_a_server_that_came_back_as_another_version_is_asked_anew() -> None:
    with FakeComfyUI(step_ms=1, version=MIDDLE) as fake:
        comfy = backend(fake)
        comfy.generate_image(request(), Watcher())
        fake.kill()
        assert failure_of(fake, comfy).code == "unreachable"
        fake.options.version, fake.options.checkpoints = NEW, ["other.safetensors"]
        fake.revive()
        assert comfy.generate_image(request(), Watcher()).used["model"] == "other.safetensors"


def test_a_dead_server_is_noticed_within_seconds() -> None:
    with FakeComfyUI(step_ms=5) as fake:
        fake.fail_next("die")
        started_s = time.monotonic()
        failure_of(fake)
        assert time.monotonic() - started_s < 15, "the time-out of 30 s was waited for"


def test_a_prompt_that_hangs_is_stopped_at_its_time_limit() -> None:
    with FakeComfyUI(step_ms=5) as fake:
        fake.fail_next("hang")
        asked = request(timeout_s=0.6)
        with pytest.raises(BackendError, match=r"within 0\.6 s") as raised:
            backend(fake).generate_image(asked, Watcher())
        assert (raised.value.code, raised.value.fault) == ("timed_out", Fault.WORKER)
        assert fake.engine.running is None
        assert fake.engine.finished == [(asked.request_id, "interrupted")]


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    comfy = backend(url)
    calls: list[Callable[[], object]] = [
        comfy.probe,
        lambda: comfy.look_up("x"),
        lambda: comfy.generate_image(request(), Watcher()),
    ]
    for call in calls:
        with pytest.raises(BackendError, match=url) as raised:
            call()
        assert raised.value.code == "unreachable"
    assert comfy.cancel("x") is False


def test_a_sign_in_page_is_not_comfyui() -> None:
    with FakeComfyUI(html=True) as fake, pytest.raises(BackendError, match=r"text/html instead of JSON") as raised:
        backend(fake).probe()
    assert raised.value.code == "bad_answer"


def test_koboldcpps_imitation_is_refused_and_told_apart() -> None:
    with FakeComfyUI(koboldcpp=True) as fake:
        with pytest.raises(BackendError, match="KoboldCpp.*automatic1111") as raised:
            backend(fake).probe()
        assert failure_of(fake).code == raised.value.code == "unsupported"
        assert fake.seen("POST", "/prompt") == []


@pytest.mark.parametrize("settings", [{}, {"user": "ann", "password": "wrong"}, {"bearer": "wrong"}])
def test_wrong_credentials_are_named_without_being_shown(settings: dict[str, str]) -> None:
    with (
        FakeComfyUI(user="ann", password="right") as fake,
        pytest.raises(BackendError, match="user and password, or its bearer token") as raised,
    ):
        backend(fake, **settings).probe()
    assert raised.value.code == "unauthorized"
    assert "wrong" not in str(raised.value)


def test_a_missing_checkpoint_is_named_with_the_nearest_and_all_there_are() -> None:
    with FakeComfyUI(checkpoints=["dreamshaper_8.safetensors", "sd_xl_base_1.0.safetensors"]) as fake:
        error = failure_of(fake, model="dreamshaper_7")
        assert fake.seen("POST", "/prompt") == []
    assert (error.code, error.fault) == ("missing_checkpoint", Fault.WORKER)
    for words in ("'dreamshaper_7'", "nearest is 'dreamshaper_8.safetensors'", "'sd_xl_base_1.0.safetensors'"):
        assert words in error.detail


@pytest.mark.parametrize("count", [1, 25])
def test_a_checkpoint_deleted_after_the_probe_is_named(count: int) -> None:
    """With more than 20 choices the server's message no longer lists them."""
    with FakeComfyUI(checkpoints=["gone.safetensors", *(f"m{n}.safetensors" for n in range(count))]) as fake:
        comfy = backend(fake)
        comfy.probe()
        fake.options.checkpoints.remove("gone.safetensors")
        error = failure_of(fake, comfy, model="gone")
    assert error.code == "missing_checkpoint"
    assert "'gone'" in error.detail
    assert "'m0.safetensors'" in error.detail


def test_auto_turns_to_another_checkpoint_when_the_usual_one_was_deleted() -> None:
    with FakeComfyUI(checkpoints=["a.safetensors", "b.safetensors"], step_ms=1) as fake:
        comfy = backend(fake)
        comfy.probe()
        fake.options.checkpoints.remove("a.safetensors")
        assert comfy.generate_image(request(), Watcher()).used["model"] == "b.safetensors"


def test_a_server_without_any_checkpoint_says_so() -> None:
    with FakeComfyUI(checkpoints=[]) as fake:
        error = failure_of(fake)
    assert error.code == "missing_checkpoint"
    assert "none at all" in error.detail


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"steps": 0}, "KSampler"), ({"width_px": 8}, "EmptyLatentImage"), ({"width_px": 20000}, "bigger")],
)
def test_what_the_server_finds_wrong_is_the_requests_fault_and_named(changes: dict[str, int], words: str) -> None:
    with FakeComfyUI() as fake:
        error = failure_of(fake, **changes)
    assert (error.code, error.fault) == ("rejected", Fault.PAYLOAD)
    assert words in error.detail


@pytest.mark.parametrize("changes", [{"seed": -1}, {"seed": 2**64}, {"request_id": "ABC"}, {"request_id": "A" * 32}])
def test_what_comfyui_never_takes_is_refused_before_sending(changes: dict[str, Any]) -> None:
    with FakeComfyUI() as fake:
        error = failure_of(fake, **changes)
        assert fake.seen("POST", "/prompt") == []
    assert (error.code, error.fault) == ("rejected", Fault.PAYLOAD)


def test_a_request_too_large_for_the_server_is_the_requests_fault() -> None:
    with FakeComfyUI(max_upload_bytes=2000) as fake:
        error = failure_of(fake, prompt="x" * 4000)
    assert (error.code, error.fault) == ("rejected", Fault.PAYLOAD)
    assert "too large" in error.detail


def test_a_partly_valid_prompt_is_a_failure_and_leaves_nothing_behind() -> None:
    """The server answers 200, drops the broken output and would run the rest."""
    with FakeComfyUI(step_ms=50) as fake:
        fake.fail_next("node_errors")
        error = failure_of(fake, steps=100)
        assert (error.code, error.fault) == ("rejected", Fault.PAYLOAD)
        assert "SaveImage" in error.detail
        assert fake.engine.remaining == 0


@pytest.mark.parametrize(
    ("kind", "code"), [("status_500", "bad_answer"), ("no_prompt_id", "bad_answer"), ("html_prompt", "bad_answer")]
)
def test_a_senseless_reply_is_not_asked_for_twice(kind: str, code: str) -> None:
    with FakeComfyUI(step_ms=1) as fake:
        fake.fail_next(kind)
        assert failure_of(fake).code == code
        assert len(fake.seen("POST", "/prompt")) == 1


@pytest.mark.parametrize("version", [NEW, MIDDLE, OLD])
@pytest.mark.parametrize("kind", ["reply_lost", "answered_late"])
def test_a_prompt_whose_reply_was_lost_is_found_not_sent_again(
    version: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "SUBMIT_S", 0.3)
    with FakeComfyUI(version=version, step_ms=30) as fake:
        fake.fail_next(kind)
        watch = Watcher()
        assert backend(fake).generate_image(request(), watch).mime == "image/png"
        assert len(fake.seen("POST", "/prompt")) == 1
        assert [status for _, status in fake.engine.finished] == ["success"]
    assert "sent" in watch.heard


@pytest.mark.parametrize("kind", ["never_answered", "status_502"])
def test_a_post_that_never_arrived_is_sent_once_more(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "SUBMIT_S", 0.2)
    monkeypatch.setattr(attempt, "LOOKS_MAX", 1)
    with FakeComfyUI(step_ms=1) as fake:
        comfy = backend(fake)
        fake.fail_next(kind)
        assert comfy.generate_image(request(), Watcher()).mime == "image/png"
        fake.fail_next(kind, times=2)
        assert failure_of(fake, comfy).code in ("timed_out", "unreachable")
        assert len(fake.seen("POST", "/prompt")) == 4


def test_a_server_that_cannot_answer_for_a_moment_is_borne_with() -> None:
    with FakeComfyUI(step_ms=10, ws="refuse") as fake:
        comfy = backend(fake)
        job = Background(lambda: comfy.generate_image(request(steps=20), Watcher()))
        fake.wait_until(lambda: fake.engine.running)
        fake.options.broken = {"/history": 500, "/queue": 503}
        asked = len(fake.requests)
        fake.wait_until(lambda: len(fake.requests) > asked + 5)
        fake.options.broken = {}
        assert job.join().mime == "image/png"


def test_a_server_that_cannot_answer_for_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "SILENT_S", 0.3)
    with FakeComfyUI(step_ms=10) as fake:
        job = Background(lambda: backend(fake).generate_image(request(steps=5000), Watcher()))
        fake.wait_until(lambda: fake.engine.running)
        fake.options.broken = {"/history": 500}
        with pytest.raises(BackendError, match="answered 500") as raised:
            job.join()
    assert raised.value.fault is Fault.WORKER


@pytest.mark.parametrize("version", ["0.3.20", "0.3.64", "0.12.0", "0.27.1"])
def test_every_shape_of_refusal_is_read(version: str) -> None:
    options = Options(version=version)
    bodies: dict[str, Any] = {
        "no prompt at all": {},
        "a node no server has": {"prompt": {"1": {"class_type": "NoSuchNode", "inputs": {}}}},
        "no output": {"prompt": {}},
    }
    codes = {}
    for name, body in bodies.items():
        refused = refusal(options, body)
        assert refused is not None
        error = validation_error(refused, checkpoint="a", offered=(), server="ComfyUI")
        codes[name] = (error.code, error.fault)
    assert codes["no prompt at all"] == codes["no output"] == ("rejected", Fault.PAYLOAD)
    assert codes["a node no server has"] == ("unsupported", Fault.WORKER)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"error": None, "node_errors": None},
        {"error": "no prompt", "node_errors": []},
        {"error": {"type": 3}, "node_errors": {"1": None, "2": {"errors": "x"}, "3": {"errors": [None, {}]}}},
    ],
)
def test_a_refusal_of_any_shape_becomes_an_error(body: dict[str, Any]) -> None:
    assert validation_error(body, checkpoint="a", offered=(), server="ComfyUI").code == "rejected"
