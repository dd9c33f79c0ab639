"""Why a job waits, and how long it will: the same filters as the queue's, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Avg, Count, Q, Sum
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
    """Why each of these jobs waits, in a number of queries that does not grow with theirs (it does with the number
    of different needs, at most a handful for one story)."""
    jobs = list(jobs)
    open_jobs = [job for job in jobs if job.status not in Job.TERMINAL]
    if not open_jobs:
        return {job.pk: Waiting("", None, 0) for job in jobs}
    board = _Board()
    return {job.pk: board.report(job) for job in jobs}


class _Board:
    """Workers, their speed and what is in their queue, read once."""

    def __init__(self) -> None:
        self.workers = list(Worker.objects.filter(kind=Worker.Kind.MANAGED))
        busy = Slot.objects.filter(state=Slot.State.RUNNING).values("worker_id").annotate(n=Count("pk"))
        self.busy = {row["worker_id"]: row["n"] for row in busy.order_by()}
        speeds = WorkerSpeed.objects.values("worker_id", "kind").annotate(rate=Avg("ms_per_unit"))
        self.rates = {(row["worker_id"], row["kind"]): row["rate"] for row in speeds}
        self._ahead: dict[tuple[int, int, int], tuple[int, int]] = {}
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
        count, units = self._before(job)
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

    def _before(self, job: Job) -> tuple[int, int]:
        """Jobs of the same needs that go first, and the sum of their costs."""
        key = (job.needs_id, job.lane, job.start_tag)
        if key not in self._ahead:
            earlier = Job.objects.filter(needs_id=job.needs_id, status=Job.Status.QUEUED).filter(
                Q(lane__lt=job.lane)
                | Q(lane=job.lane, start_tag__lt=job.start_tag)
                | Q(lane=job.lane, start_tag=job.start_tag, pk__lt=job.pk)
            )
            sums = earlier.aggregate(n=Count("pk"), units=Sum("cost"))
            self._ahead[key] = (sums["n"], sums["units"] or 0)
        return self._ahead[key]

    def _running_eta_s(self, job: Job) -> float | None:
        if job.started_at is None:
            return None
        passed = (self.now - job.started_at).total_seconds()
        rates = [rate for (_, kind), rate in self.rates.items() if kind == job.kind]
        return round(max(0.0, min(rates) * job.cost / 1000 - passed), 1) if rates else None
