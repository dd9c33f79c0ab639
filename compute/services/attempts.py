"""What becomes of an attempt: delivered, failed, lapsed, handed back. The first valid delivery wins."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from compute.backends.base import BackendError, Fault
from compute.handlers import get_handler
from compute.models import Attempt, Job, Worker
from compute.services import jobs, workers
from compute.services.estimates import speed_record
from compute.services.needs import misfit
from compute.services.take import LEASE_S

log = logging.getLogger("luna.attempts")

# Pause before a job returns to the only worker that could take it, by how often it failed there.
RETRY_DELAYS_S = (1.0, 4.0, 10.0)


def attempt_sent(*, attempt: Attempt, remote_id: str) -> None:
    """The backend is about to get the request under this id: from now on it may run there."""
    Attempt.objects.filter(pk=attempt.pk, status=Attempt.Status.RUNNING).update(
        sent_at=timezone.now(), remote_id=remote_id[:100]
    )


def attempt_renew(*, attempt_id: int) -> bool:
    """Extend the lease, never past the deadline. False if the attempt is over (lapsed, cancelled, superseded)."""
    attempt = Attempt.objects.filter(pk=attempt_id, status=Attempt.Status.RUNNING).first()
    if attempt is None:
        return False
    until = min(timezone.now() + timedelta(seconds=LEASE_S), attempt.deadline_at)
    return bool(Attempt.objects.filter(pk=attempt_id, status=Attempt.Status.RUNNING).update(lease_until=until))


def attempt_finish(
    *, attempt: Attempt, prepared: Any, generation_time_ms: int, warnings: tuple[str, ...] = (), result: Any = None
) -> bool:
    """Accept a prepared delivery, also when the lease had lapsed. False if another was first or the job is over;
    then what was prepared is discarded."""
    accepted = False
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=attempt.job_id)
        now = timezone.now()
        if job.status not in Job.TERMINAL:
            # Whoever else is at it now works for nothing; its runner sees that at the next renewal.
            Attempt.objects.filter(job=job, status=Attempt.Status.RUNNING).exclude(pk=attempt.pk).update(
                status=Attempt.Status.SUPERSEDED, finished_at=now
            )
            Attempt.objects.filter(pk=attempt.pk).update(
                status=Attempt.Status.SUCCEEDED,
                finished_at=now,
                generation_time_ms=generation_time_ms,
                warnings=list(warnings),
            )
            Job.objects.filter(pk=job.pk).update(
                status=Job.Status.SUCCEEDED, finished_at=now, progress=1.0, result=result, not_before=None
            )
            job.refresh_from_db()
            _credit_worker(attempt, job, generation_time_ms)
            get_handler(job.purpose).commit(job, attempt, prepared)
            accepted = True
        else:
            Attempt.objects.filter(pk=attempt.pk, status=Attempt.Status.RUNNING).update(
                status=Attempt.Status.SUPERSEDED, finished_at=now
            )
    if not accepted:
        get_handler(job.purpose).discard(prepared)
    return accepted


def _credit_worker(attempt: Attempt, job: Job, generation_time_ms: int) -> None:
    if attempt.worker_id is None:
        return
    Worker.objects.filter(pk=attempt.worker_id).update(
        total_generated=F("total_generated") + 1,
        total_generation_time_ms=F("total_generation_time_ms") + generation_time_ms,
        consecutive_failures=0,
        last_heartbeat=timezone.now(),
    )
    speed_record(job=job, worker_id=attempt.worker_id, generation_time_ms=generation_time_ms)


@transaction.atomic
def attempt_fail(*, attempt: Attempt, error: BackendError) -> None:
    """A try went wrong: attribute it, then send the job elsewhere, or end it with the reason."""
    job = Job.objects.select_for_update(of=("self",)).select_related("needs").get(pk=attempt.job_id)
    now = timezone.now()
    over = Attempt.objects.filter(pk=attempt.pk, status=Attempt.Status.RUNNING).update(
        status=Attempt.Status.FAILED,
        finished_at=now,
        fault=error.fault,
        error_code=error.code[:40],
        error_detail=error.detail[:1000],
    )
    if not over or job.status in Job.TERMINAL:
        return
    if attempt.worker_id is not None and error.fault == Fault.WORKER:
        workers.worker_failed(worker_id=attempt.worker_id, error=error)
    _after_failure(job, attempt, error, now)


def _after_failure(job: Job, attempt: Attempt, error: BackendError, now: datetime) -> None:
    counts = {Fault.WORKER: "worker_faults", Fault.PAYLOAD: "payload_faults", Fault.SERVER: "server_faults"}
    field = counts[error.fault]
    setattr(job, field, getattr(job, field) + 1)
    avoid = list(job.avoid_workers)
    if error.fault != Fault.SERVER and attempt.worker_id is not None and attempt.worker_id not in avoid:
        avoid.append(attempt.worker_id)
    elsewhere = _others_fit(job, avoid)
    if error.fault == Fault.PAYLOAD and not elsewhere:
        # Nobody else could give a second opinion, and the same request to the same server gives the same answer.
        job.payload_faults = jobs.PAYLOAD_FAULTS_MOST
    Job.objects.filter(pk=job.pk).update(
        worker_faults=job.worker_faults,
        payload_faults=job.payload_faults,
        server_faults=job.server_faults,
        avoid_workers=avoid if elsewhere else [],
    )
    if (
        job.worker_faults >= jobs.WORKER_FAULTS_MOST
        or job.payload_faults >= jobs.PAYLOAD_FAULTS_MOST
        or job.server_faults >= jobs.SERVER_FAULTS_MOST
    ):
        jobs.job_end(job, code=error.code, detail=f"{error.detail} (tried on {_names_tried(job)})", now=now)
        return
    delay_s = 0.0
    if not elsewhere or error.fault == Fault.SERVER:
        tries = job.worker_faults + job.payload_faults + job.server_faults
        delay_s = RETRY_DELAYS_S[min(tries, len(RETRY_DELAYS_S)) - 1]
    if error.retry_after_s:
        delay_s = max(delay_s, min(error.retry_after_s, 60.0))
    jobs.job_requeue(job, now=now, delay_s=delay_s)


def _others_fit(job: Job, avoid: list[int]) -> bool:
    """Whether another worker that is switched on and heard from could do it."""
    others = Worker.objects.filter(enabled=True, is_online=True, is_draining=False).exclude(pk__in=avoid)
    return any(misfit(worker, job.needs) is None for worker in others)


def _names_tried(job: Job) -> str:
    names = Attempt.objects.filter(job=job).order_by("number").values_list("worker_name", flat=True)
    return ", ".join(dict.fromkeys(names)) or "no worker"


@transaction.atomic
def attempt_hand_back(*, attempt: Attempt, reason: str) -> None:
    """Give a job back without anybody's fault: LUNA is stopping, or the worker is wanted elsewhere."""
    job = Job.objects.select_for_update().get(pk=attempt.job_id)
    now = timezone.now()
    over = Attempt.objects.filter(pk=attempt.pk, status=Attempt.Status.RUNNING).update(
        status=Attempt.Status.HANDED_BACK, finished_at=now, error_code="handed_back", error_detail=reason[:1000]
    )
    if over and job.status not in Job.TERMINAL:
        jobs.job_requeue(job, now=now)


@transaction.atomic
def attempt_lapse(*, attempt_id: int, reason: str, holder_died: bool) -> bool:
    """Nobody renews it any more: the job goes back. A late delivery is still welcome (attempt_finish).

    holder_died: LUNA's own process is gone, so it is nobody's fault. Otherwise the worker let the deadline pass.
    """
    attempt = Attempt.objects.select_related("job").filter(pk=attempt_id).first()
    if attempt is None:
        return False
    job = Job.objects.select_for_update(of=("self",)).select_related("needs").get(pk=attempt.job_id)
    now = timezone.now()
    fault = Fault.SERVER if holder_died else Fault.WORKER
    code = "lease_lapsed" if holder_died else "timed_out"
    over = Attempt.objects.filter(pk=attempt_id, status=Attempt.Status.RUNNING).update(
        status=Attempt.Status.LAPSED, finished_at=now, fault=fault, error_code=code, error_detail=reason[:1000]
    )
    if not over or job.status in Job.TERMINAL:
        return False
    error = BackendError(code, reason, fault=fault)
    if fault == Fault.WORKER and attempt.worker_id is not None:
        workers.worker_failed(worker_id=attempt.worker_id, error=error)
    if holder_died:
        # Our own death counts, so that a job that kills its runner ends, but it does not wait.
        Job.objects.filter(pk=job.pk).update(server_faults=F("server_faults") + 1)
        job.refresh_from_db()
        if job.server_faults >= jobs.SERVER_FAULTS_MOST:
            jobs.job_end(job, code=code, detail=reason, now=now)
        else:
            jobs.job_requeue(job, now=now)
    else:
        _after_failure(job, attempt, error, now)
    log.warning("attempt %s at job %s lapsed: %s", attempt.number, job.public_id, reason)
    return True


def attempts_lapse_due(*, limit: int = 200) -> int:
    """End attempts whose lease or deadline has passed. Run by the ticker. Returns how many."""
    now = timezone.now()
    due = Attempt.objects.filter(
        Q(lease_until__lt=now) | Q(deadline_at__lt=now), status=Attempt.Status.RUNNING
    ).values_list("pk", "deadline_at", "worker_name")[:limit]
    lapsed = 0
    for attempt_id, deadline_at, name in due:
        late = deadline_at < now
        reason = f"{name} did not finish in time" if late else "the process that watched it was not heard from"
        lapsed += attempt_lapse(attempt_id=attempt_id, reason=reason, holder_died=not late)
    return lapsed
