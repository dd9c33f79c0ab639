"""The runner: holds one slot of one managed worker, and works the queue until nothing fits or its time is up."""

from __future__ import annotations

import logging
import time
from typing import Any, assert_never

from django.db import close_old_connections, connection

from compute.backends.base import (
    Backend,
    BackendError,
    Cancelled,
    ChatRequest,
    ChatResult,
    Fault,
    ImageRequest,
    ImageResult,
    Preview,
    Progress,
    RemoteState,
)
from compute.backends.names import match_name
from compute.backends.registry import build_backend
from compute.handlers import JobHandler, Rejected, get_handler
from compute.models import Attempt, Slot, Worker
from compute.services import slots
from compute.services.attempts import attempt_fail, attempt_finish, attempt_hand_back, attempt_sent
from compute.services.estimates import job_estimate_ms
from compute.services.holders import this_holder
from compute.services.keeper import Kept, draining, keeper
from compute.services.take import job_take
from compute.services.workers import backend_settings

log = logging.getLogger("luna.runner")

# A runner lives so long at most, so that a cluster can recycle its processes.
RUN_S = 60.0
# At most four progress events a second and job.
PROGRESS_EVERY_S = 0.25


def slot_run(*, slot_id: int) -> int:
    """Serve a woken slot. Returns how many jobs it worked on; 0 if somebody else has the slot."""
    holder = this_holder()
    slot = slots.slot_claim(slot_id=slot_id, holder=holder)
    if slot is None:
        return 0
    done = 0
    until = time.monotonic() + RUN_S
    try:
        while not draining() and slot.number <= slot.worker.max_concurrent:
            if time.monotonic() > until:
                slots.slot_rewake(slot_id=slot.pk, holder=holder)
                return done
            attempt = job_take(worker=slot.worker, slot=slot, holder=holder)
            if attempt is None and not _look_once_more(slot, holder):
                return done
            if attempt is not None:
                attempt_run(attempt=attempt)
                done += 1
    finally:
        slots.slot_release(slot_id=slot.pk, holder=holder)
    return done


def _look_once_more(slot: Slot, holder: str) -> bool:
    """Let go, and look again: a job submitted between the look and the letting go found no idle slot to wake."""
    slots.slot_release(slot_id=slot.pk, holder=holder)
    attempt = None
    if slots.slot_reclaim(slot_id=slot.pk, holder=holder):
        attempt = job_take(worker=slot.worker, slot=slot, holder=holder)
        if attempt is not None:
            attempt_run(attempt=attempt)
    return attempt is not None


class RunnerWatch:
    """What a backend tells while it works, passed on to the lease and to the handler."""

    def __init__(self, attempt: Attempt, kept: Kept, handler: JobHandler, estimate_ms: float | None):
        self.attempt = attempt
        self.kept = kept
        self.handler = handler
        self.estimate_ms = estimate_ms
        self.started = time.monotonic()
        self.told_at = 0.0
        self.offset = 0
        self._preview: Preview | None = None

    def sending(self, remote_id: str) -> None:
        attempt_sent(attempt=self.attempt, remote_id=remote_id)

    def sent(self) -> None:
        self.alive()

    def alive(self) -> None:
        self.kept.heard_at = time.monotonic()

    def should_stop(self) -> bool:
        return bool(self.kept.stop)

    def progress(self, progress: Progress) -> None:
        self.alive()
        now = time.monotonic()
        # The latest preview waits for its turn: dropping it would show an older one until the next step.
        self._preview = progress.preview or self._preview
        if now - self.told_at < PROGRESS_EVERY_S or progress.fraction is None:
            return
        self.told_at = now
        preview, self._preview = self._preview, None
        self.handler.progress(self.attempt.job, progress.fraction, self._eta_s(progress.fraction, now), preview)

    def _eta_s(self, fraction: float, now: float) -> float | None:
        passed = now - self.started
        if fraction > 0.05:
            return passed / fraction * (1 - fraction)
        return None if self.estimate_ms is None else max(0.0, self.estimate_ms / 1000 - passed)

    def delta(self, text: str) -> None:
        self.alive()
        self.handler.delta(self.attempt.job, self.offset, text)
        self.offset += len(text)


def attempt_run(*, attempt: Attempt) -> None:
    """Work on one attempt to its end, whatever the end is. Raises nothing a backend or a handler can cause."""
    job = attempt.job
    handler = get_handler(job.purpose)
    kept = keeper.keep(attempt)
    started = time.monotonic()
    try:
        worker = attempt.worker
        if worker is None:
            raise BackendError("lost", "the worker was removed", fault=Fault.SERVER)
        watch = RunnerWatch(attempt, kept, handler, job_estimate_ms(job, worker))
        result = _ask_backend(attempt, worker, watch)
        prepared = handler.prepare(job, attempt, result)
    except Cancelled:
        _stopped(attempt, kept.stop)
    except BackendError as error:
        _failed(attempt, error)
    except Rejected as error:
        _failed(attempt, error.error)
    except Exception as error:
        log.exception("job %s: LUNA itself failed", job.public_id)
        _failed(attempt, BackendError("internal_error", f"LUNA failed: {error}", fault=Fault.SERVER))
    else:
        time_ms = result.generation_time_ms or int((time.monotonic() - started) * 1000)
        _finish(attempt, prepared, result, time_ms)
    finally:
        keeper.release(kept)


def _ask_backend(attempt: Attempt, worker: Worker, watch: RunnerWatch) -> ImageResult | ChatResult:
    backend = backend_for(worker)
    job = attempt.job
    remaining_s = (attempt.deadline_at - attempt.started_at).total_seconds()
    match job.kind:
        case "image_generation":
            request = image_request(job.params, attempt, worker, timeout_s=remaining_s)
            before = _left_behind(attempt)
            if before is not None:
                adopted = _adopt(backend, request, before, watch)
                if adopted is not None:
                    return adopted
            return backend.generate_image(request, watch)
        case "llm_inference" | "turn_summarization":
            return backend.chat(chat_request(job.params, attempt, timeout_s=remaining_s), watch)
        case kind:
            raise BackendError("unsupported", f"no backend does {kind}", fault=Fault.PAYLOAD)


def image_request(params: dict[str, Any], attempt: Attempt, worker: Worker, *, timeout_s: float) -> ImageRequest:
    """The backend's request for a job's parameters; the model's name becomes the one this worker knows it by."""
    model = str(params.get("model") or "auto")
    offered = [str(name) for name in worker.models_offered]
    if model != "auto" and offered:
        model = match_name(model, offered, worker.model_map) or model
    return ImageRequest(
        request_id=str(attempt.request_id),
        prompt=params["prompt"],
        negative_prompt=params.get("negative_prompt", ""),
        model=model,
        sampler=params.get("sampler", ""),
        steps=params["steps"],
        cfg_scale=float(params["cfg_scale"]),
        seed=params["seed"],
        width_px=params["width"],
        height_px=params["height"],
        timeout_s=timeout_s,
    )


def chat_request(params: dict[str, Any], attempt: Attempt, *, timeout_s: float) -> ChatRequest:
    """The backend's request for a text job's parameters."""
    return ChatRequest(
        request_id=str(attempt.request_id),
        messages=params["messages"],
        model=params.get("model") or "auto",
        max_tokens=params["max_tokens"],
        temperature=params.get("temperature"),
        json_schema=params.get("json_schema"),
        stream=params.get("stream", True),
        timeout_s=min(timeout_s, 180.0),
    )


def _left_behind(attempt: Attempt) -> Attempt | None:
    """The try before this one, if our own process died over it at this very worker: its work may still be there."""
    if attempt.number == 1:
        return None
    before = Attempt.objects.filter(job_id=attempt.job_id, number=attempt.number - 1).first()
    if before is None or before.status != Attempt.Status.LAPSED or before.sent_at is None:
        return None
    return before if before.worker_id == attempt.worker_id and before.error_code == "lease_lapsed" else None


def _adopt(backend: Backend, request: ImageRequest, before: Attempt, watch: RunnerWatch) -> ImageResult | None:
    """Wait for what a dead process had sent, instead of painting it a second time. None if it is not there."""
    remote_id = before.remote_id
    state = backend.look_up(remote_id)
    if state not in (RemoteState.PENDING, RemoteState.RUNNING, RemoteState.DONE):
        return None
    log.info("job %s: adopting %s, which is %s at %s", watch.attempt.job_id, remote_id, state, before.worker_name)
    watch.sending(remote_id)
    try:
        return backend.adopt(request, remote_id, watch)
    except Cancelled:
        raise
    except BackendError as error:
        log.warning("job %s: could not adopt %s: %s", watch.attempt.job_id, remote_id, error)
        watch.sending(request.request_id)
        return None


def _finish(attempt: Attempt, prepared: Any, result: ImageResult | ChatResult, time_ms: int) -> None:
    stored: dict[str, Any]
    match result:
        case ImageResult():
            stored, warnings = {"used": dict(result.used)}, result.warnings
        case ChatResult():
            stored, warnings = {"text": result.text, "model": result.model}, ()
        case _:
            assert_never(result)
    _through_outages(
        lambda: attempt_finish(
            attempt=attempt, prepared=prepared, generation_time_ms=time_ms, warnings=warnings, result=stored
        )
    )


def _failed(attempt: Attempt, error: BackendError) -> None:
    log.info("job %s on %s: %s", attempt.job.public_id, attempt.worker_name, error)
    _through_outages(lambda: attempt_fail(attempt=attempt, error=error))


def _stopped(attempt: Attempt, why: str) -> None:
    if why == "draining":
        _through_outages(lambda: attempt_hand_back(attempt=attempt, reason="LUNA is stopping"))
    elif why != "over":
        _failed(attempt, BackendError("interrupted", "the backend stopped without being asked", fault=Fault.WORKER))


def _through_outages(act: Any) -> None:
    """Do it, also if PostgreSQL is being restarted: a finished picture is not thrown away for that.

    Bounded: 12 tries over about 20 s; then the lease lapses and the job is done again.
    """
    from django.db import InterfaceError, OperationalError

    for tries in range(12):
        try:
            act()
            return
        except (OperationalError, InterfaceError):
            if tries == 11:
                raise
            log.warning("the database does not answer; trying again")
            connection.close()
            time.sleep(min(0.2 * 2**tries, 2.0))
            close_old_connections()


_backends: dict[int, tuple[object, Backend]] = {}


def backend_for(worker: Worker) -> Backend:
    """This process's client of a worker, kept between jobs for its connections and what it learnt by probing."""
    wanted = backend_settings(worker)
    kept = _backends.get(worker.pk)
    if kept is not None and kept[0] == wanted:
        return kept[1]
    if kept is not None:
        kept[1].close()
    backend = build_backend(wanted)
    _backends[worker.pk] = (wanted, backend)
    return backend


def remote_cancel(*, attempt_id: int) -> bool:
    """Stop at the backend what a dead runner left there, once the job went elsewhere."""
    attempt = Attempt.objects.select_related("worker").filter(pk=attempt_id).first()
    if attempt is None or attempt.worker is None or attempt.sent_at is None:
        return False
    try:
        return backend_for(attempt.worker).cancel(attempt.remote_id)
    except BackendError as error:
        log.info("could not stop %s at %s: %s", attempt.remote_id, attempt.worker_name, error)
        return False
