"""The AUTOMATIC1111 family: progress, stopping, and never stopping anybody else's picture."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from compute.backends.automatic1111 import Automatic1111Backend
from compute.backends.base import BackendError, Cancelled, Fault, ImageResult, RemoteState
from tests.compute.backends.automatic1111_help import WITH_PROGRESS, WITHOUT_PROGRESS, Start, starting
from tests.compute.backends.watching import RecordingWatch, image_request, settings, wait_until

WITH_TASKS = ("a1111", "a1111-1.8", "forge")
LONG = 3000  # steps; at 5 ms each no test waits for the end


@pytest.fixture
def start() -> Iterator[Start]:
    with starting(step_ms=5) as make:
        yield make


class Painting(threading.Thread):
    """generate_image in a thread; `outcome` is its result or its error."""

    def __init__(self, backend: Automatic1111Backend, watch: RecordingWatch, **changes: Any) -> None:
        super().__init__(daemon=True)
        self.backend, self.watch, self.request = backend, watch, image_request(**changes)
        self.outcome: ImageResult | BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self.backend.generate_image(self.request, self.watch)
        except BaseException as error:
            self.outcome = error

    def end(self) -> ImageResult | BaseException:
        self.join(20)
        assert self.outcome is not None, "generate_image did not come back"
        return self.outcome


@pytest.mark.parametrize("dialect", ["a1111", "a1111-nowebui", "sdnext"])
def test_progress_never_goes_back_and_carries_steps_and_previews(start: Start, dialect: str) -> None:
    _, backend = start(dialect, step_ms=30)
    watch = RecordingWatch()
    backend.generate_image(image_request(steps=45 if dialect == "sdnext" else 24), watch)
    fractions = [seen.fraction for seen in watch.progresses if seen.fraction is not None]
    assert len(fractions) >= 2
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert {seen.steps for seen in watch.progresses} <= {24, 45}
    previews = [seen.preview for seen in watch.progresses if seen.preview is not None]
    assert previews
    assert previews[0].mime == "image/png"


def test_a_silent_server_still_keeps_the_lease(start: Start) -> None:
    _, backend = start("sdcpp", step_ms=40)
    watch = RecordingWatch()
    backend.generate_image(image_request(steps=30), watch)
    assert watch.progresses == []
    assert watch.kinds.count("alive") >= 2
    assert watch.threads == {threading.get_ident()}


def test_another_users_progress_is_not_reported_as_ours(start: Start) -> None:
    fake, backend = start("a1111-nowebui", step_ms=10)
    fake.start_foreign_job(steps=30)
    wait_until(lambda: fake.engine.job is not None)
    watch = RecordingWatch()
    backend.generate_image(image_request(steps=40), watch)
    assert watch.progresses == []


@pytest.mark.parametrize("dialect", WITH_PROGRESS)
def test_stopping_interrupts_the_server_and_the_half_done_picture_is_dropped(start: Start, dialect: str) -> None:
    fake, backend = start(dialect)
    watch = RecordingWatch(stop_when=lambda: fake.engine.steps_total > 5)
    with pytest.raises(Cancelled):
        backend.generate_image(image_request(steps=LONG), watch)
    assert fake.is_idle()
    assert fake.interrupts >= 1
    assert fake.engine.steps_total < LONG
    assert backend.generate_image(image_request(), RecordingWatch()).mime == "image/png"


@pytest.mark.parametrize("dialect", WITHOUT_PROGRESS)
def test_a_server_that_cannot_be_interrupted_is_hung_up_on(start: Start, dialect: str) -> None:
    fake, backend = start(dialect)
    watch = RecordingWatch(stop_when=lambda: fake.engine.steps_total > 5)
    began_s = time.monotonic()
    with pytest.raises(Cancelled, match="may still finish the picture"):
        backend.generate_image(image_request(steps=LONG), watch)
    assert time.monotonic() - began_s < 10
    assert fake.interrupts == 0


@pytest.mark.parametrize("dialect", [*WITH_PROGRESS, *WITHOUT_PROGRESS])
def test_a_stop_before_sending_sends_nothing(start: Start, dialect: str) -> None:
    fake, backend = start(dialect)
    with pytest.raises(Cancelled):
        backend.generate_image(image_request(), RecordingWatch(stop_when=lambda: True))
    assert fake.requests == []


@pytest.mark.parametrize("dialect", WITH_PROGRESS)
def test_a_waiting_request_is_left_without_interrupting_whoever_paints(start: Start, dialect: str) -> None:
    fake, backend = start(dialect)
    other = fake.start_foreign_job(steps=LONG)
    wait_until(lambda: fake.engine.job is other)
    watch = RecordingWatch(stop_when=lambda: bool(fake.requests))
    with pytest.raises(Cancelled, match="may still finish the picture"):
        backend.generate_image(image_request(), watch)
    assert fake.interrupts == 0
    assert fake.engine.job is other
    assert not other.interrupted


def test_with_one_global_progress_a_job_that_came_after_ours_is_not_interrupted(start: Start) -> None:
    fake, backend = start("a1111-nowebui")
    fake.fail_next("hang")  # ours is done, its answer does not come, and another's job runs
    stopping = threading.Event()
    painting = Painting(backend, RecordingWatch(stop_when=stopping.is_set), steps=200)
    wait_until(lambda: painting.watch.progresses)
    other = fake.start_foreign_job(steps=LONG)
    wait_until(lambda: fake.engine.job is other)
    stopping.set()
    assert isinstance(painting.end(), Cancelled)
    assert fake.interrupts == 0


@pytest.mark.parametrize("mode", ["interrupted_by_others", "skipped_by_others"])
@pytest.mark.parametrize("dialect", WITH_PROGRESS)
def test_a_picture_stopped_by_somebody_else_is_not_taken_for_finished(start: Start, dialect: str, mode: str) -> None:
    fake, backend = start(dialect)
    fake.fail_next(mode)
    with pytest.raises(BackendError) as caught:
        backend.generate_image(image_request(steps=10), RecordingWatch())
    assert (caught.value.code, caught.value.fault) == ("interrupted", Fault.WORKER)


def test_an_interrupt_of_an_earlier_job_is_not_held_against_ours(start: Start) -> None:
    fake, backend = start("a1111")
    fake.press_interrupt()
    assert backend.generate_image(image_request(), RecordingWatch()).mime == "image/png"


def test_an_interrupt_that_gets_lost_is_sent_again(start: Start) -> None:
    fake, backend = start("forge")
    lost, taken = [], fake.engine.interrupt

    def deaf_at_first() -> None:
        lost.append(1)
        if len(lost) > 2:
            taken()

    fake.engine.interrupt = deaf_at_first  # type: ignore[method-assign]
    watch = RecordingWatch(stop_when=lambda: fake.engine.steps_total > 5)
    with pytest.raises(Cancelled):
        backend.generate_image(image_request(steps=LONG), watch)
    assert fake.interrupts >= 3
    assert fake.is_idle()


@pytest.mark.parametrize("dialect", ["a1111", "sdcpp"])
def test_a_server_that_never_answers_is_timed_out(start: Start, dialect: str) -> None:
    fake, backend = start(dialect)
    fake.fail_next("hang")
    with pytest.raises(BackendError) as caught:
        backend.generate_image(image_request(timeout_s=0.5), RecordingWatch())
    assert (caught.value.code, caught.value.fault) == ("timed_out", Fault.WORKER)


def test_out_of_time_interrupts_our_own_picture(start: Start) -> None:
    fake, backend = start("a1111")
    with pytest.raises(BackendError) as caught:
        backend.generate_image(image_request(steps=LONG, timeout_s=1.0), RecordingWatch())
    assert caught.value.code == "timed_out"
    wait_until(fake.is_idle)
    assert fake.interrupts >= 1


def test_out_of_time_in_the_servers_queue_blames_nobody(start: Start) -> None:
    fake, backend = start("forge")
    other = fake.start_foreign_job(steps=LONG)
    wait_until(lambda: fake.engine.job is other)
    with pytest.raises(BackendError, match="queue") as caught:
        backend.generate_image(image_request(timeout_s=1.0), RecordingWatch())
    assert (caught.value.code, caught.value.fault) == ("timed_out", Fault.SERVER)
    assert fake.interrupts == 0


def test_a_slow_survey_does_not_hold_up_a_stop(start: Start) -> None:
    fake, backend = start("a1111", slow_s=2.0)
    watch = RecordingWatch(stop_when=lambda: bool(fake.calls))
    began_s = time.monotonic()
    with pytest.raises(Cancelled):
        backend.generate_image(image_request(), watch)
    assert time.monotonic() - began_s < 2.0
    assert fake.requests == []


def test_a_web_ui_too_old_for_task_ids_falls_back_to_global_progress(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compute.backends.automatic1111.progress.UNKNOWN_TASK_S", 0.5)
    fake, backend = start("a1111-1.8")
    fake.engine.task_progress = lambda *_, **__: {"active": False, "queued": False, "completed": False}  # type: ignore[method-assign]
    watch = RecordingWatch()
    stopping = threading.Event()
    watch.stop_when = stopping.is_set
    painting = Painting(backend, watch, steps=LONG)
    wait_until(lambda: watch.progresses)
    stopping.set()
    assert isinstance(painting.end(), Cancelled)
    assert fake.is_idle()


# From outside ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", WITH_TASKS)
def test_look_up_follows_a_task_that_a_dead_process_sent(start: Start, dialect: str) -> None:
    fake, backend = start(dialect)
    other = fake.start_foreign_job(steps=LONG)
    wait_until(lambda: fake.engine.job is other)
    orphan = Automatic1111Backend(settings("automatic1111", fake.url))
    painting = Painting(backend, RecordingWatch(), steps=60)
    wait_until(lambda: fake.engine.pending)
    remote_id = painting.watch.remote_id
    assert orphan.look_up(remote_id) is RemoteState.PENDING
    assert orphan.cancel(remote_id) is False  # nothing can be withdrawn from the queue, and the other goes on
    assert fake.engine.job is other
    fake.press_interrupt()
    wait_until(lambda: orphan.look_up(remote_id) is RemoteState.RUNNING)
    assert isinstance(painting.end(), ImageResult)
    assert orphan.look_up(remote_id) is RemoteState.DONE
    assert orphan.look_up("task(of-nobody)") is RemoteState.UNKNOWN


@pytest.mark.parametrize("dialect", ["a1111-nowebui", "sdnext", *WITHOUT_PROGRESS])
def test_look_up_is_unsupported_where_tasks_have_no_names(start: Start, dialect: str) -> None:
    assert start(dialect)[1].look_up("task(x)") is RemoteState.UNSUPPORTED


def test_cancel_stops_a_running_task_of_a_dead_process(start: Start) -> None:
    fake, backend = start("forge")
    painting = Painting(backend, RecordingWatch(), steps=LONG)
    wait_until(lambda: fake.engine.job is not None)
    orphan = Automatic1111Backend(settings("automatic1111", fake.url))
    assert orphan.cancel(painting.watch.remote_id) is True
    assert fake.is_idle()
    outcome = painting.end()
    assert isinstance(outcome, BackendError)
    assert outcome.code == "interrupted"


def test_cancel_of_our_own_request_ends_it(start: Start) -> None:
    fake, backend = start("a1111-nowebui")
    painting = Painting(backend, RecordingWatch(), steps=LONG)
    wait_until(lambda: painting.watch.progresses)
    assert backend.cancel(painting.watch.remote_id) is True
    assert isinstance(painting.end(), Cancelled)
    assert fake.is_idle()


def test_adopt_is_unsupported(start: Start) -> None:
    with pytest.raises(BackendError) as caught:
        start("forge")[1].adopt(image_request(), "task(x)", RecordingWatch())
    assert caught.value.code == "unsupported"
