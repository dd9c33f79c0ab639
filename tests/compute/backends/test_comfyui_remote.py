"""Stopping, finding and adopting prompts at a ComfyUI that other people use too."""

from __future__ import annotations

import socket
import uuid

import pytest

from compute.backends.base import BackendError, Cancelled, RemoteState
from compute.backends.comfyui import attempt, remote
from tests.compute.backends.comfyui_help import MIDDLE, NEW, OLD, Background, Watcher, backend, request, somebody_elses
from tests.fakes.comfyui import FakeComfyUI

BEFORE_57 = "0.3.56"


@pytest.fixture(autouse=True)
def _quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "POLL_S", 0.05)
    monkeypatch.setattr(attempt, "POLL_SLOWLY_S", 0.3)


@pytest.mark.parametrize("version", [NEW, MIDDLE, BEFORE_57, OLD])
def test_running_work_is_interrupted_when_the_watcher_asks(version: str) -> None:
    with FakeComfyUI(version=version, step_ms=10) as fake:
        comfy = backend(fake)
        watch = Watcher()
        job = Background(lambda: comfy.generate_image(request(steps=5000), watch))
        fake.wait_until(lambda: any(update.step for update in watch.updates))
        watch.stop.set()
        with pytest.raises(Cancelled):
            job.join()
        assert fake.engine.running is None
        assert [status for _, status in fake.engine.finished] == ["interrupted"]


@pytest.mark.parametrize("version", [NEW, MIDDLE, BEFORE_57])
def test_waiting_work_is_taken_out_and_the_running_one_left_alone(version: str) -> None:
    with FakeComfyUI(version=version, step_ms=10) as fake:
        theirs = somebody_elses(fake, steps=60, client_id="their-page")
        comfy, watch = backend(fake), Watcher()
        job = Background(lambda: comfy.generate_image(request(), watch))
        fake.wait_until(lambda: fake.engine.running and fake.engine.pending)
        watch.stop.set()
        with pytest.raises(Cancelled):
            job.join()
        assert fake.engine.pending == []
        fake.wait_until(lambda: fake.engine.finished)
        assert fake.engine.finished == [(theirs, "success")]
        assert fake.engine.interrupted == []


@pytest.mark.parametrize("version", [NEW, MIDDLE])
def test_an_interrupt_lost_between_dequeue_and_start_is_sent_again(version: str) -> None:
    with FakeComfyUI(version=version, step_ms=10, start_gap_ms=250) as fake:
        comfy, watch = backend(fake), Watcher()
        job = Background(lambda: comfy.generate_image(request(steps=5000), watch))
        fake.wait_until(lambda: fake.engine.running)
        watch.stop.set()
        with pytest.raises(Cancelled):
            job.join()
        cancels = fake.seen("POST", "/interrupt") + fake.seen("POST", "/api/jobs/")
        assert len(cancels) >= 2
        assert fake.engine.running is None


def test_an_old_server_is_never_interrupted_while_others_wait_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 0.3.57 an interrupt stops whatever runs when it arrives, perhaps already the next one's."""
    monkeypatch.setattr(remote, "STOP_EVERY_S", 0.02)
    with FakeComfyUI(version=BEFORE_57, step_ms=10) as fake:
        comfy, watch = backend(fake), Watcher()
        asked = request(steps=40)
        job = Background(lambda: comfy.generate_image(asked, watch))
        fake.wait_until(lambda: fake.engine.running)
        theirs = somebody_elses(fake, steps=2)
        watch.stop.set()
        with pytest.raises(Cancelled):
            job.join()
        assert fake.seen("POST", "/interrupt") == []
        fake.wait_until(lambda: len(fake.engine.finished) == 2)
        assert fake.engine.finished == [(asked.request_id, "success"), (theirs, "success")]


def test_stopping_that_cannot_be_confirmed_is_not_called_cancelled() -> None:
    with FakeComfyUI(step_ms=10) as fake:
        comfy, watch = backend(fake), Watcher()
        job = Background(lambda: comfy.generate_image(request(steps=5000), watch))
        fake.wait_until(lambda: any(update.step for update in watch.updates))
        fake.kill()
        watch.stop.set()
        with pytest.raises(BackendError) as raised:
            job.join()
    assert raised.value.code == "unreachable"


def test_a_stop_while_the_post_is_unanswered_leaves_nothing_behind() -> None:
    with FakeComfyUI(step_ms=10) as fake:
        comfy, watch = backend(fake), Watcher()
        comfy.probe()
        fake.fail_next("answered_late")
        job = Background(lambda: comfy.generate_image(request(steps=5000), watch))
        fake.wait_until(lambda: fake.engine.running)
        watch.stop.set()
        fake.wait_until(lambda: fake.seen("POST", "/prompt"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(attempt, "STOP_POST_S", 0.2)
            with pytest.raises(BackendError) as raised:
                job.join()
        assert raised.value.code in ("cancelled", "timed_out")
        assert fake.engine.remaining == 0


def test_a_stop_before_the_start_sends_nothing() -> None:
    with FakeComfyUI() as fake:
        with pytest.raises(Cancelled):
            backend(fake).generate_image(request(), Watcher(stop_when=lambda: True))
        assert fake.seen("POST", "/") == []


def test_a_stop_is_heard_while_a_silent_server_is_asked_what_it_is() -> None:
    looks: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        watch = Watcher(stop_when=lambda: looks.append(True) or len(looks) > 3)  # type: ignore[func-returns-value]
        with pytest.raises(Cancelled):
            backend(f"http://127.0.0.1:{silent.getsockname()[1]}").generate_image(request(), watch)
    assert watch.heard == []


def test_should_stop_is_looked_at_again_and_again_while_the_post_is_unanswered() -> None:
    with FakeComfyUI(step_ms=10) as fake:
        comfy = backend(fake)
        comfy.probe()
        fake.fail_next("never_answered")
        looks: list[bool] = []
        watch = Watcher(stop_when=lambda: looks.append(True) or len(looks) > 8)  # type: ignore[func-returns-value]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(attempt, "STOP_POST_S", 0.1)
            with pytest.raises(BackendError):
                comfy.generate_image(request(), watch)
    assert len(looks) == 9
    assert len(fake.seen("POST", "/prompt")) == 1


@pytest.mark.parametrize("version", [NEW, MIDDLE])
def test_cancel_stops_one_prompt_by_its_id(version: str) -> None:
    with FakeComfyUI(version=version, step_ms=10) as fake:
        running = somebody_elses(fake, steps=3000)
        waiting = somebody_elses(fake, steps=2)
        fake.wait_until(lambda: fake.engine.running)
        comfy = backend(fake)
        assert comfy.cancel(str(uuid.uuid4())) is True  # not there: surely not running
        assert fake.engine.remaining == 2
        assert comfy.cancel(running) is True
        fake.wait_until(lambda: len(fake.engine.finished) == 2)
        assert fake.engine.finished == [(running, "interrupted"), (waiting, "success")]


@pytest.mark.parametrize("version", [NEW, MIDDLE, OLD])
def test_look_up_follows_a_prompt_through_its_life(version: str) -> None:
    with FakeComfyUI(version=version, step_ms=10) as fake:
        somebody_elses(fake, steps=30)
        asked, watch = request(steps=30), Watcher()
        asker, other = backend(fake), backend(fake)
        assert other.look_up(asked.request_id) is RemoteState.UNKNOWN
        job = Background(lambda: asker.generate_image(asked, watch))
        fake.wait_until(lambda: fake.engine.running and fake.engine.pending)
        assert other.look_up(asked.request_id) is RemoteState.PENDING
        fake.wait_until(lambda: fake.engine.running and len(fake.engine.finished) == 1)
        assert other.look_up(asked.request_id) is RemoteState.RUNNING
        job.join()
        assert other.look_up(asked.request_id) is RemoteState.DONE
        assert other.look_up(watch.ids[-1]) is RemoteState.DONE


def test_look_up_tells_failed_work() -> None:
    with FakeComfyUI(step_ms=1) as fake:
        for kind in ("oom", "interrupted"):
            fake.fail_next(kind)
            asked = request()
            with pytest.raises(BackendError):
                backend(fake).generate_image(asked, Watcher())
            assert backend(fake).look_up(asked.request_id) is RemoteState.FAILED


@pytest.mark.parametrize("version", [NEW, MIDDLE, OLD])
@pytest.mark.parametrize("when", ["pending", "running", "done"])
def test_work_sent_by_a_process_that_died_is_adopted(version: str, when: str) -> None:
    with FakeComfyUI(version=version, step_ms=10) as fake:
        if when == "pending":
            somebody_elses(fake, steps=20)
        asked = request(steps=25, seed=7)
        dead = Background(lambda: backend(fake).generate_image(asked, Watcher()))
        fake.wait_until(lambda: fake.engine.running and (fake.engine.pending or when != "pending"))
        if when == "done":
            dead.join()
        watch = Watcher()
        result = backend(fake).adopt(asked, asked.request_id, watch)
        assert len([one for one in fake.seen("POST", "/prompt") if "client_id" in one.body]) == 1
    assert result.mime == "image/png"
    assert (result.used["seed"], result.used["model"]) == (7, "v1-5-pruned-emaonly.safetensors")


def test_adopted_work_tells_its_progress() -> None:
    with FakeComfyUI(step_ms=20) as fake:
        asked = request(steps=60)
        comfy = backend(fake)
        job = Background(lambda: comfy.generate_image(asked, Watcher()))
        fake.wait_until(lambda: fake.engine.running)
        watch = Watcher()
        backend(fake).adopt(asked, asked.request_id, watch)  # its socket takes over the sender's
        job.join()
    assert any(update.step for update in watch.updates)


def test_adopting_what_the_server_does_not_know_is_lost() -> None:
    with FakeComfyUI() as fake:
        asked = request()
        with pytest.raises(BackendError) as raised:
            backend(fake).adopt(asked, asked.request_id, Watcher())
    assert raised.value.code == "lost"


def test_adopted_work_can_be_stopped() -> None:
    with FakeComfyUI(step_ms=10) as fake:
        asked = request(steps=5000)
        first = Background(lambda: backend(fake).generate_image(asked, Watcher()))
        fake.wait_until(lambda: fake.engine.running)
        watch = Watcher()
        watch.stop.set()
        with pytest.raises(Cancelled):
            backend(fake).adopt(asked, asked.request_id, watch)
        assert fake.engine.remaining == 0
        with pytest.raises(BackendError) as raised:
            first.join()
    assert raised.value.code == "interrupted"


def test_work_deleted_by_somebody_else_is_lost() -> None:
    """A deleted prompt shows up nowhere and its client gets no event."""
    with FakeComfyUI(step_ms=10) as fake:
        somebody_elses(fake, steps=300)
        job = Background(lambda: backend(fake).generate_image(request(), Watcher()))
        fake.wait_until(lambda: fake.engine.running and fake.engine.pending)
        fake.engine.pending = []
        with pytest.raises(BackendError) as raised:
            job.join()
    assert raised.value.code == "lost"
