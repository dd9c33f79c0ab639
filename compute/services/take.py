"""Giving work out: the best waiting job for a worker, to exactly one taker."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from compute.handlers import get_handler
from compute.models import Attempt, Job, NeedsClass, Slot, Worker
from compute.services.estimates import job_estimate_ms
from compute.services.needs import fitting_needs, unavailable

# Renewed every 5 s while the runner and its backend connection live (architecture, "Two limits on an attempt").
LEASE_S = 15.0
LOADING_ALLOWANCE_S = 180.0
SHORTEST_DEADLINE_S = 60.0
# A lost race means that somebody else got work, so the queue moved on; more tries than takers are never needed.
TRIES_MOST = 16

# Reads one row of each class by the partial index, without locking: its cost does not grow with the queue.
_HEADS_SQL = """
SELECT class.id, head.lane, head.start_tag, head.id
FROM unnest(%s::bigint[]) AS class(id)
CROSS JOIN LATERAL (
    SELECT job.id, job.lane, job.start_tag FROM compute_job job
    WHERE job.needs_id = class.id AND job.status = 'queued' AND NOT (%s = ANY(job.avoid_workers))
    ORDER BY job.needs_id, job.lane, job.start_tag, job.id LIMIT 1
) head
ORDER BY head.lane, head.start_tag, head.id LIMIT 1
"""
_LOCK_SQL = """
SELECT job.id, (SELECT count(*) FROM compute_attempt tried WHERE tried.job_id = job.id) FROM compute_job job
WHERE job.needs_id = %s AND job.status = 'queued' AND NOT (%s = ANY(job.avoid_workers))
ORDER BY job.needs_id, job.lane, job.start_tag, job.id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


def job_take(*, worker: Worker, slot: Slot | None, holder: str) -> Attempt | None:
    """Start an attempt at the best job this worker fits, or None if nothing fits.

    The job row comes along as `attempt.job`. Two takers never get the same job.
    """
    worker.refresh_from_db()
    if unavailable(worker) is not None:
        return None
    classes = fitting_needs(worker)
    if not classes:
        return None
    for _ in range(TRIES_MOST):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_HEADS_SQL, [classes, worker.pk])
                head = cursor.fetchone()
                if head is None:
                    return None
                cursor.execute(_LOCK_SQL, [head[0], worker.pk])
                locked = cursor.fetchone()
            if locked is not None:
                return _attempt_start(locked[0], number=locked[1] + 1, worker=worker, slot=slot, holder=holder)
    return None


def _attempt_start(job_id: int, *, number: int, worker: Worker, slot: Slot | None, holder: str) -> Attempt:
    """Inside the taking transaction, with the job locked."""
    now = timezone.now()
    job = Job.objects.select_related("needs").get(pk=job_id)
    estimate_ms = job_estimate_ms(job, worker)
    limit_s = float(worker.timeout_s)
    if estimate_ms is not None:
        limit_s = min(limit_s, max(SHORTEST_DEADLINE_S, 4 * estimate_ms / 1000 + LOADING_ALLOWANCE_S))
    deadline = now + timedelta(seconds=limit_s)
    attempt = Attempt.objects.create(
        job=job,
        worker=worker,
        worker_name=worker.name,
        slot=slot,
        number=number,
        holder=holder,
        lease_until=min(now + timedelta(seconds=LEASE_S), deadline),
        deadline_at=deadline,
    )
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING, started_at=now, progress=0.0)
    if job.needs.virtual_time < job.start_tag:
        NeedsClass.objects.filter(pk=job.needs_id, virtual_time__lt=job.start_tag).update(virtual_time=job.start_tag)
    job.status, job.started_at, job.progress = Job.Status.RUNNING, now, 0.0
    get_handler(job.purpose).started(job, attempt)
    return attempt
