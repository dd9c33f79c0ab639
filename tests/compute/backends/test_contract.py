"""What every picture backend promises (compute.backends.base.Backend), checked on each of them over real ports."""

from __future__ import annotations

import base64
import io
import json
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from compute.backends.base import Backend, BackendError, Cancelled, Capabilities, ChatRequest, RemoteState
from compute.backends.registry import build_backend
from tests.compute.backends.watching import RecordingWatch, image_request, settings, wait_until

CONNECT_TIMEOUT_S = 2.0
STOP_WITHIN_S = 8.0
LONG_STEPS = 2000
A1111_DIALECTS = ("a1111", "a1111-nowebui", "a1111-1.8", "forge", "sdnext", "sdcpp", "koboldcpp", "drawthings")
CANNOT_STOP = ("sdcpp", "koboldcpp", "drawthings")
REMOTE = ("comfyui", *A1111_DIALECTS)
ALL = (*REMOTE, "painter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One backend and, where there is one, the server behind it. server_works: whether that is busy."""

    backend: Backend
    server_works: Callable[[], bool] = field(default=lambda: False)
    kill: Callable[[], None] = field(default=lambda: None)


def api_type_of(name: str) -> str:
    return "automatic1111" if name in A1111_DIALECTS else name


def new_backend(name: str, url: str = "", **changes: Any) -> Backend:
    return build_backend(settings(api_type_of(name), url, connect_timeout_s=CONNECT_TIMEOUT_S, **changes))


@contextmanager
def standing(name: str, step_ms: float = 2) -> Iterator[Stand]:
    """Start the server, build the backend; end both."""
    with ExitStack() as stack:
        if name == "comfyui":
            from tests.fakes.comfyui import FakeComfyUI

            comfy = stack.enter_context(FakeComfyUI(step_ms=step_ms))
            backend = new_backend(name, comfy.url)
            stand = Stand(backend=backend, server_works=lambda: comfy.engine.remaining > 0, kill=comfy.kill)
        elif name in A1111_DIALECTS:
            from tests.fakes.automatic1111 import FakeAutomatic1111

            web_ui = stack.enter_context(FakeAutomatic1111(name, step_ms=step_ms))
            backend = new_backend(name, web_ui.url)
            stand = Stand(backend=backend, server_works=lambda: not web_ui.is_idle(), kill=web_ui.die)
        else:
            backend = new_backend(name)
            stand = Stand(backend=backend)
        stack.callback(backend.close)
        yield stand


@pytest.fixture(params=ALL)
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    with standing(request.param) as made:
        yield made


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


# Pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(64, 64), (192, 128)])
def test_a_picture_decodes_in_the_asked_size_and_its_mime_is_true(stand: Stand, size: tuple[int, int]) -> None:
    result = stand.backend.generate_image(image_request(width_px=size[0], height_px=size[1]), RecordingWatch())
    image = decoded(result.data)
    assert image.size == size
    assert Image.MIME[image.format or ""] == result.mime
    assert result.generation_time_ms >= 0


def test_the_same_request_may_be_made_again(stand: Stand) -> None:
    first = stand.backend.generate_image(image_request(), RecordingWatch())
    second = stand.backend.generate_image(image_request(), RecordingWatch())
    assert decoded(first.data).tobytes() == decoded(second.data).tobytes()


def test_another_seed_or_prompt_gives_another_picture(stand: Stand) -> None:
    pictures = {
        stand.backend.generate_image(image_request(**changes), RecordingWatch()).data
        for changes in ({"seed": 1}, {"seed": 2}, {"seed": 1, "prompt": "a cave by torchlight"})
    }
    assert len(pictures) == 3


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_the_ends_of_the_seed_range_are_seeds_like_any_other(stand: Stand, seed: int) -> None:
    result = stand.backend.generate_image(image_request(seed=seed), RecordingWatch())
    assert result.used.get("seed", seed) == seed


def test_two_threads_may_paint_at_once(stand: Stand) -> None:
    pictures: list[bytes] = []
    failures: list[BackendError] = []

    def paint(seed: int) -> None:
        try:
            pictures.append(stand.backend.generate_image(image_request(seed=seed), RecordingWatch()).data)
        except BackendError as error:
            failures.append(error)

    threads = [threading.Thread(target=paint, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # KoboldCpp alone takes one request at a time and says so.
    assert [error.code for error in failures] in ([], ["busy"])
    assert len(set(pictures)) == 2 - len(failures)


# What the watcher hears -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_the_watcher_hears_sending_then_sent_and_progress_that_never_goes_back(name: str) -> None:
    with standing(name, step_ms=20) as stand:
        watch = RecordingWatch()
        stand.backend.generate_image(image_request(steps=20), watch)
        kinds = watch.kinds
        assert kinds[0] == "sending"
        assert watch.remote_id
        assert kinds.count("sent") == 1
        fractions = [seen.fraction for seen in watch.progresses if seen.fraction is not None]
        assert fractions == sorted(fractions)
        assert all(0 <= fraction <= 1 for fraction in fractions)
        if "progress" in stand.backend.probe().features:
            assert watch.progresses


@pytest.mark.parametrize("name", ["comfyui", "a1111", "sdcpp"])
def test_the_lease_is_kept_while_the_server_works(name: str) -> None:
    with standing(name, step_ms=25) as stand:
        watch = RecordingWatch()
        began_s = time.monotonic()
        stand.backend.generate_image(image_request(steps=50), watch)
        heard = [began_s, *(event[1] for event in watch.events if event[0] == "alive"), time.monotonic()]
        # 2 s are promised; a loaded test machine gets as much again.
        assert max(after - before for before, after in zip(heard, heard[1:], strict=False)) < 4.0
        assert len(heard) > 2


# Stopping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REMOTE)
def test_a_stop_is_obeyed_within_seconds_and_the_server_works_no_longer(name: str) -> None:
    with standing(name, step_ms=10) as stand:
        watch = RecordingWatch()
        watch.stop_when = lambda: "sent" in watch.kinds and stand.server_works()
        with pytest.raises(Cancelled):
            stand.backend.generate_image(image_request(steps=LONG_STEPS, timeout_s=60), watch)
        assert watch.stop_asked_s is not None
        assert time.monotonic() - watch.stop_asked_s < STOP_WITHIN_S
        if name not in CANNOT_STOP:
            wait_until(lambda: not stand.server_works(), STOP_WITHIN_S)


@pytest.mark.parametrize("name", ALL)
def test_a_stop_that_was_there_before_the_call_is_cancelled(name: str) -> None:
    with standing(name) as stand:
        with pytest.raises(Cancelled):
            stand.backend.generate_image(image_request(), RecordingWatch(stop_when=lambda: True))
        assert not stand.server_works()


# Failures -------------------------------------------------------------------------------------------------------


def closed_port() -> int:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.mark.parametrize("name", ["comfyui", "a1111"])
def test_a_dead_server_is_unreachable_within_the_connect_time_out(name: str) -> None:
    backend = new_backend(name, f"http://127.0.0.1:{closed_port()}")
    acts: list[Callable[[], object]] = [
        backend.probe,
        lambda: backend.generate_image(image_request(), RecordingWatch()),
    ]
    for act in acts:
        began_s = time.monotonic()
        with pytest.raises(BackendError) as caught:
            act()
        assert caught.value.code == "unreachable"
        assert "127.0.0.1" in caught.value.detail
        assert time.monotonic() - began_s < CONNECT_TIMEOUT_S + 2
    backend.close()


@pytest.mark.parametrize("name", REMOTE)
def test_a_server_that_dies_while_it_paints_is_an_error_at_once(name: str) -> None:
    with standing(name, step_ms=10) as stand:
        watch = RecordingWatch()
        killed_s: list[float] = []

        def kill_once() -> bool:
            if not killed_s and "sent" in watch.kinds and stand.server_works():
                killed_s.append(time.monotonic())
                stand.kill()
            return False

        watch.stop_when = kill_once
        with pytest.raises(BackendError) as caught:
            stand.backend.generate_image(image_request(steps=LONG_STEPS, timeout_s=60), watch)
        assert caught.value.code in ("lost", "unreachable")
        assert killed_s
        assert time.monotonic() - killed_s[0] < 30


class Rubbish:
    """A server that answers every connection with the same bytes, or with a reset."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Rubbish:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                try:
                    connection.recv(65536)
                    if self._answer is None:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    else:
                        connection.sendall(self._answer)
                except OSError:
                    continue


def http(body: bytes, kind: str = "application/json", *, claimed: int | None = None, status: str = "200 OK") -> bytes:
    length = len(body) if claimed is None else claimed
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def misshapen() -> bytes:
    """Right at first sight, wrong in every type."""
    return json.dumps({
        "images": [None, 5, {"a": []}, base64.b64encode(b"x").decode()], "info": "[1, 2]", "prompt_id": 7,
        "sd_model_checkpoint": 3, "system": [], "devices": {"name": None}, "state": "x", "queue_running": 1,
        "queue_pending": {"a": 1}, "error": ["x"], "node_errors": 3, "KSampler": None,
    }).encode()  # fmt: skip


RUBBISH: dict[str, bytes | None] = {
    "reset": None,
    "nothing": b"",
    "html": http(b"<!doctype html><title>Sign in</title>", "text/html"),
    "html_as_json": http(b"<html>"),
    "truncated": http(b'{"images": ["iVBOR', claimed=4000),
    "not_http": b"220 mail.example ESMTP ready\r\n",
    "empty_object": http(b"{}"),
    "empty_list": http(b"[]"),
    "null": http(b"null"),
    "list_of_odd_things": http(b'[1, null, "x", {"name": 5, "title": []}]'),
    "misshapen": http(misshapen()),
    "deep": http(b"[" * 100_000),
    "empty_500": http(b"", "text/plain", status="500 Internal Server Error"),
    "nul_bytes": http(bytes(1000)),
    "endless_redirect": http(b"", status="307 Temporary Redirect\r\nLocation: /again"),
}


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("name", ["comfyui", "a1111"])
def test_nothing_but_backend_errors_escapes_whatever_the_server_says(name: str, rubbish: str) -> None:
    with Rubbish(RUBBISH[rubbish]) as server:
        backend = new_backend(name, server.url)
        remote_id = str(uuid.uuid4())
        acts: list[Callable[[], object]] = [
            lambda: backend.generate_image(image_request(timeout_s=5), RecordingWatch()),
            lambda: backend.adopt(image_request(timeout_s=5), remote_id, RecordingWatch()),
        ]
        for act in acts:
            with pytest.raises(BackendError) as caught:
                act()
            assert caught.value.code.isidentifier()
            assert caught.value.detail
        questions: list[Callable[[], object]] = [
            backend.probe,
            lambda: backend.look_up(remote_id),
            lambda: backend.cancel(remote_id),
        ]
        for question in questions:
            with suppress(BackendError):
                assert isinstance(question(), Capabilities | RemoteState | bool)
        backend.close()


# The rest of the protocol ---------------------------------------------------------------------------------------


def test_a_probe_says_what_work_can_be_given(stand: Stand) -> None:
    found = stand.backend.probe()
    assert found.job_kinds == ("image_generation",)
    assert found.models
    assert found.server


def test_a_picture_backend_refuses_to_chat(stand: Stand) -> None:
    request = ChatRequest(request_id=str(uuid.uuid4()), messages=[{"role": "user", "content": "Hello"}])
    with pytest.raises(BackendError) as caught:
        stand.backend.chat(request, RecordingWatch())
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize("name", REMOTE)
def test_a_missing_checkpoint_is_refused_by_its_name(name: str) -> None:
    with standing(name) as stand, pytest.raises(BackendError, match="no-such-model") as caught:
        stand.backend.generate_image(image_request(model="no-such-model"), RecordingWatch())
    assert caught.value.code == "missing_checkpoint"


def test_an_id_nobody_sent_is_not_known_and_cancelling_it_harms_nobody(stand: Stand) -> None:
    remote_id = str(uuid.uuid4())
    assert stand.backend.look_up(remote_id) in (RemoteState.UNKNOWN, RemoteState.UNSUPPORTED)
    assert isinstance(stand.backend.cancel(remote_id), bool)
    assert decoded(stand.backend.generate_image(image_request(), RecordingWatch()).data).size == (64, 64)


def test_closing_twice_is_allowed(stand: Stand) -> None:
    stand.backend.close()
    stand.backend.close()
