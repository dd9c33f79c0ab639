"""Why a job waits, and how long it will: the same filters as the queue's, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Avg, Count
from django.utils import timezone

from compute.models import Job, Slot, Worker, WorkerSpeed
from compute.services.needs import misfit, unavailable


@dataclass(frozen=True, slots=True)
class Waiting:
    """reason: a sentence, empty for a job that does not wait. eta_s: None where nothing was measured yet.

    ahead: jobs that go first and compete for the same workers.
    """

    reason: str
    eta_s: float | None
    ahead: int


def waiting_report(job: Job) -> Waiting:
    """Why one job waits."""
    return waiting_reports([job])[job.pk]


def waiting_reports(jobs: Iterable[Job]) -> dict[int, Waiting]:
    """Why each of these jobs waits, in a number of queries that does not grow with theirs."""
    jobs = list(jobs)
    open_jobs = [job for job in jobs if job.status not in Job.TERMINAL]
    if not open_jobs:
        return {job.pk: Waiting("", None, 0) for job in jobs}
    board = _Board(open_jobs)
    return {job.pk: board.report(job) for job in jobs}


# Who goes first, by the index the queue is read by; beyond so many the exact number tells a person nothing.
AHEAD_MOST = 1000
_AHEAD_SQL = """
SELECT job.id, ahead.jobs, ahead.units
FROM compute_job job CROSS JOIN LATERAL (
    SELECT count(*) AS jobs, coalesce(sum(earlier.cost), 0)::bigint AS units FROM (
        SELECT other.cost FROM compute_job other
        WHERE other.needs_id = job.needs_id AND other.status = 'queued'
          AND (other.lane, other.start_tag, other.id) < (job.lane, job.start_tag, job.id)
        LIMIT %s
    ) earlier
) ahead
WHERE job.id = ANY(%s)
"""


def _ahead_of(jobs: list[Job]) -> dict[int, tuple[int, int]]:
    """For each waiting job: jobs of the same needs that go first, and the sum of their costs."""
    waiting = [job.pk for job in jobs if job.status in (Job.Status.QUEUED, Job.Status.DELAYED)]
    if not waiting:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD_SQL, [AHEAD_MOST, waiting])
        return {pk: (count, units) for pk, count, units in cursor.fetchall()}


class _Board:
    """Workers, their speed and what is in their queue, read once."""

    def __init__(self, jobs: list[Job]) -> None:
        self.workers = list(Worker.objects.filter(kind=Worker.Kind.MANAGED))
        busy = Slot.objects.filter(state=Slot.State.RUNNING).values("worker_id").annotate(n=Count("pk"))
        self.busy = {row["worker_id"]: row["n"] for row in busy.order_by()}
        speeds = WorkerSpeed.objects.values("worker_id", "kind").annotate(rate=Avg("ms_per_unit"))
        self.rates = {(row["worker_id"], row["kind"]): row["rate"] for row in speeds}
        self.ahead = _ahead_of(jobs)
        self.now = timezone.now()

    def report(self, job: Job) -> Waiting:
        if job.status == Job.Status.RUNNING:
            return Waiting("", self._running_eta_s(job), 0)
        if job.status not in (Job.Status.QUEUED, Job.Status.DELAYED):
            return Waiting("", None, 0)
        misfits = {worker.pk: misfit(worker, job.needs) for worker in self.workers}
        fitting = [worker for worker in self.workers if misfits[worker.pk] is None]
        available = [worker for worker in fitting if unavailable(worker) is None]
        if not self.workers:
            return Waiting("No worker is configured.", None, 0)
        if not available:
            reasons = [unavailable(worker) or "" for worker in fitting]
            reasons += [reason for reason in misfits.values() if reason]
            return Waiting("; ".join(reasons[:6]), None, 0)
        return self._queued(job, available, [reason for reason in misfits.values() if reason])

    def _queued(self, job: Job, available: list[Worker], misfits: list[str]) -> Waiting:
        count, units = self.ahead.get(job.pk, (0, 0))
        rates = [rate for worker in available if (rate := self.rates.get((worker.pk, job.kind)))]
        slots = sum(worker.max_concurrent for worker in available)
        busy = sum(self.busy.get(worker.pk, 0) for worker in available)
        eta_s = None
        if rates:
            rate = sum(rates) / len(rates)
            # Running jobs are on the average half done.
            eta_s = round(rate * (units / slots + (0.5 * job.cost if busy >= slots else 0) + job.cost) / 1000, 1)
        if job.status == Job.Status.DELAYED:
            return Waiting("Failed before; it is tried again in a moment.", eta_s, count)
        names = ", ".join(worker.name for worker in available[:3])
        if busy < slots and not count:
            words = f"{names} starts it now"
        else:
            words = f"{names} {'is' if len(available) == 1 else 'are'} busy"
            words += f" with {count} before this" if count else ""
        if eta_s is not None:
            words += f", about {max(1, round(eta_s))} s"
        return Waiting("; ".join([words, *misfits[:3]]), eta_s, count)

    def _running_eta_s(self, job: Job) -> float | None:
        if job.started_at is None:
            return None
        passed = (self.now - job.started_at).total_seconds()
        rates = [rate for (_, kind), rate in self.rates.items() if kind == job.kind]
        return round(max(0.0, min(rates) * job.cost / 1000 - passed), 1) if rates else None
