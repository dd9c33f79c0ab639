"""How long work takes, from what was measured."""

from __future__ import annotations

from django.db.models import Avg

from compute.models import Job, Worker, WorkerSpeed

# Weight of the newest sample: after a change of card or load the mean follows within a few pictures.
NEWEST_WEIGHT = 0.3


def job_estimate_ms(job: Job, worker: Worker) -> float | None:
    """Expected time at this worker in ms, or None before the first measurement. job.needs must be loaded."""
    speeds = WorkerSpeed.objects.filter(worker=worker, kind=job.kind)
    exact = speeds.filter(model=job.needs.model).values_list("ms_per_unit", flat=True).first()
    rate = exact if exact is not None else speeds.aggregate(mean=Avg("ms_per_unit"))["mean"]
    return None if rate is None else rate * job.cost


def speed_record(*, job: Job, worker_id: int, generation_time_ms: int) -> None:
    """Fold one delivery into the worker's measured speed."""
    sample = max(generation_time_ms, 1) / job.cost
    speed, made = WorkerSpeed.objects.get_or_create(
        worker_id=worker_id, kind=job.kind, model=job.needs.model, defaults={"ms_per_unit": sample}
    )
    if not made:
        mean = (1 - NEWEST_WEIGHT) * speed.ms_per_unit + NEWEST_WEIGHT * sample
        WorkerSpeed.objects.filter(pk=speed.pk).update(ms_per_unit=mean, samples=speed.samples + 1)
