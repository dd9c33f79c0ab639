"""How long work takes, from what was measured."""

from __future__ import annotations

from compute.models import Job, Worker, WorkerSpeed

# Weight of the newest sample: after a change of card or load the mean follows within a few pictures.
NEWEST_WEIGHT = 0.3


def job_estimate_ms(job: Job, worker: Worker) -> float | None:
    """Expected time at this worker in ms, or None before the first measurement. job.needs must be loaded."""
    speeds = dict(WorkerSpeed.objects.filter(worker=worker, kind=job.kind).values_list("model", "ms_per_unit")[:1000])
    if not speeds:
        return None
    return job.cost * speeds.get(job.needs.model, sum(speeds.values()) / len(speeds))


def speed_record(*, job: Job, worker_id: int, generation_time_ms: int) -> None:
    """Fold one delivery into the worker's measured speed."""
    sample = max(generation_time_ms, 1) / job.cost
    speed, made = WorkerSpeed.objects.get_or_create(
        worker_id=worker_id, kind=job.kind, model=job.needs.model, defaults={"ms_per_unit": sample}
    )
    if not made:
        mean = (1 - NEWEST_WEIGHT) * speed.ms_per_unit + NEWEST_WEIGHT * sample
        WorkerSpeed.objects.filter(pk=speed.pk).update(ms_per_unit=mean, samples=speed.samples + 1)
