"""Jobs enter the queue here and leave it here. Every state change is conditional on the state before."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from compute.handlers import get_handler
from compute.models import Attempt, Job, Lane, NeedsClass
from compute.services import slots
from compute.services.needs import Needs, needs_intern

log = logging.getLogger("luna.jobs")

# How long a job may wait before it ends with `waited_too_long` (architecture, "Attempts").
WAIT_LIMIT_S = {
    Lane.INTERACTIVE: 15 * 60,
    Lane.PREFETCH: 10 * 60,
    Lane.SPECULATIVE: 24 * 3600,
    Lane.BATCH: 7 * 24 * 3600,
}
WORKER_FAULTS_MOST = 3
PAYLOAD_FAULTS_MOST = 2
SERVER_FAULTS_MOST = 10


# One round trip: the requester's clock is moved on and tells where it stood. start = max(v, last finish tag).
_TAGS_SQL = """
INSERT INTO compute_requesterclock AS clock (requester, lane, finish_tag)
SELECT %(requester)s, %(lane)s, class.virtual_time + %(step)s FROM compute_needsclass class WHERE class.id = %(needs)s
ON CONFLICT (requester, lane) DO UPDATE
SET finish_tag = greatest(clock.finish_tag, excluded.finish_tag - %(step)s) + %(step)s
RETURNING clock.finish_tag, (SELECT virtual_time FROM compute_needsclass WHERE id = %(needs)s)
"""


def _tags(*, requester: str, lane: Lane, needs_id: int, step: int) -> tuple[int, int, int]:
    """(start_tag, finish_tag, v) of a new job in the fair queue."""
    with connection.cursor() as cursor:
        cursor.execute(_TAGS_SQL, {"requester": requester, "lane": int(lane), "needs": needs_id, "step": step})
        finish, virtual = cursor.fetchone()
    return finish - step, finish, virtual


@transaction.atomic(savepoint=False)
def job_submit(
    *,
    kind: str,
    purpose: str,
    params: dict[str, Any],
    needs: Needs,
    requester: str,
    requested_by: AbstractBaseUser | None = None,
    subject: str = "",
    lane: Lane = Lane.INTERACTIVE,
    cost: int = 1,
    weight: float = 1.0,
    jump: bool = False,
) -> Job:
    """Put one piece of work into the queue; after commit the best free slot for it is woken.

    cost: size of the work in units, at least 1 (see compute.services.costs). weight: 1–4, a share of the lane.
    jump: goes before everybody of its lane (start_tag = v), still charged to its requester.
    Source of the tags: start-time fair queueing, Goyal, Vin and Cheng 1996.
    """
    needs_id = needs_intern(needs)
    now = timezone.now()
    cost = max(1, cost)
    start, finish, virtual = _tags(requester=requester, lane=lane, needs_id=needs_id, step=max(1, int(cost / weight)))
    job = Job.objects.create(
        kind=kind,
        purpose=purpose,
        subject=subject,
        params=params,
        needs_id=needs_id,
        lane=lane,
        requester=requester,
        requested_by_id=getattr(requested_by, "pk", None),
        cost=cost,
        start_tag=virtual if jump else start,
        finish_tag=finish,
        queued_at=now,
        wait_until=now + timedelta(seconds=WAIT_LIMIT_S[lane]),
    )
    slots.wake_after_commit(needs_id)
    return job


@transaction.atomic
def job_cancel(*, job_id: int, reason: str = "cancelled") -> bool:
    """End a job that nobody wants any more. A running one is interrupted at its backend within about a second.

    Returns False if it was over already.
    """
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None or job.status in Job.TERMINAL:
        return False
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        status=Job.Status.CANCELLED,
        cancel_requested=True,
        finished_at=now,
        not_before=None,
        error_code="cancelled",
        error_detail=reason,
    )
    job.refresh_from_db()
    Attempt.objects.filter(job=job, status=Attempt.Status.RUNNING).update(
        status=Attempt.Status.CANCELLED, finished_at=now, error_code="cancelled", error_detail=reason
    )
    get_handler(job.purpose).cancelled(job)
    return True


def jobs_cancel(*, job_ids: Iterable[int], reason: str = "cancelled") -> int:
    """Cancel many, in id order so that two such calls cannot deadlock."""
    return sum(job_cancel(job_id=job_id, reason=reason) for job_id in sorted(job_ids))


@transaction.atomic
def job_promote(*, job_id: int, lane: Lane = Lane.INTERACTIVE) -> bool:
    """Move a waiting job to the front of a lane. Returns False if it no longer waits."""
    job = Job.objects.select_for_update().filter(pk=job_id, status__in=["queued", "delayed"]).first()
    if job is None:
        return False
    virtual = NeedsClass.objects.values_list("virtual_time", flat=True).get(pk=job.needs_id)
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        lane=min(job.lane, lane),
        start_tag=virtual,
        status=Job.Status.QUEUED,
        not_before=None,
        wait_until=now + timedelta(seconds=WAIT_LIMIT_S[lane]),
    )
    slots.wake_after_commit(job.needs_id)
    return True


def job_end(job: Job, *, code: str, detail: str, now: datetime) -> None:
    """Inside a transaction that holds the job: it is over without a result."""
    Job.objects.filter(pk=job.pk).update(
        status=Job.Status.FAILED, finished_at=now, error_code=code[:40], error_detail=detail[:1000], not_before=None
    )
    job.refresh_from_db()
    get_handler(job.purpose).failed(job)
    log.warning("job %s (%s) failed: %s: %s", job.public_id, job.purpose, code, detail)


def job_requeue(job: Job, *, now: datetime, delay_s: float = 0.0) -> None:
    """Inside a transaction that holds the job: back into the queue at its old place, at once or after a pause."""
    Job.objects.filter(pk=job.pk).update(
        status=Job.Status.DELAYED if delay_s else Job.Status.QUEUED,
        not_before=now + timedelta(seconds=delay_s) if delay_s else None,
        queued_at=now,
        progress=0.0,
        # Waiting starts anew: the time at a worker that failed was not time in the queue.
        wait_until=now + timedelta(seconds=WAIT_LIMIT_S[Lane(job.lane)]),
    )
    job.refresh_from_db()
    get_handler(job.purpose).requeued(job)
    if not delay_s:
        slots.wake_after_commit(job.needs_id)


@transaction.atomic
def jobs_release_delayed(*, limit: int = 500) -> int:
    """Put delayed jobs whose time has come back into the queue. Returns how many."""
    now = timezone.now()
    due = list(
        Job.objects.select_for_update(skip_locked=True)
        .filter(status=Job.Status.DELAYED, not_before__lte=now)
        .order_by("not_before")[:limit]
    )
    Job.objects.filter(pk__in=[job.pk for job in due]).update(
        status=Job.Status.QUEUED, not_before=None, queued_at=F("queued_at")
    )
    for needs_id in {job.needs_id for job in due}:
        slots.wake_after_commit(needs_id)
    return len(due)


@transaction.atomic
def jobs_end_overdue(*, limit: int = 200) -> int:
    """End jobs that waited longer than their lane allows, with the reason why nobody took them."""
    from compute.services.waiting import waiting_report

    now = timezone.now()
    overdue = list(
        Job.objects.select_for_update(skip_locked=True)
        .filter(status__in=[Job.Status.QUEUED, Job.Status.DELAYED], wait_until__lt=now)
        .order_by("wait_until")[:limit]
    )
    for job in overdue:
        minutes = WAIT_LIMIT_S[Lane(job.lane)] // 60
        reason = waiting_report(job).reason
        job_end(job, code="waited_too_long", detail=f"No worker took it within {minutes} minutes: {reason}", now=now)
    return len(overdue)
