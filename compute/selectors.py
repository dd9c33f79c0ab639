"""Reads over several models, for the operator's page, the API and the player's queue line."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, Q

from compute.models import Attempt, Job, Lane, Slot, Worker
from compute.services.needs import unavailable


def worker_status() -> list[dict[str, Any]]:
    """The customer's `image_workers` columns of every managed worker, and `state`, `reason`, `jobs`.

    state: online, busy, paused, draining, offline or off. jobs: what runs there now.
    """
    workers = Worker.objects.filter(kind=Worker.Kind.MANAGED).annotate(
        running=Count("slots", filter=Q(slots__state=Slot.State.RUNNING))
    )
    running: dict[int, list[dict[str, Any]]] = {}
    attempts = Attempt.objects.filter(status=Attempt.Status.RUNNING).select_related("job")[:500]
    for attempt in attempts:
        job = attempt.job
        running.setdefault(attempt.worker_id or 0, []).append(
            {
                "job_id": str(job.public_id),
                "purpose": job.purpose,
                "lane": Lane(job.lane).name.lower(),
                "progress": job.progress,
                "started_at": attempt.started_at,
            }
        )
    return [_status_of(worker, running.get(worker.pk, [])) for worker in workers[:500]]


def _status_of(worker: Worker, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "worker_id": worker.pk,
        "worker_name": worker.name,
        "api_type": worker.api_type,
        "api_url": worker.api_url,
        "max_concurrent": worker.max_concurrent,
        "supports_sdxl": worker.supports_sdxl,
        "supports_controlnet": worker.supports_controlnet,
        "vram_gb": worker.vram_gb,
        "is_online": worker.is_online,
        "current_load": len(jobs),
        "last_heartbeat": worker.last_heartbeat,
        "total_generated": worker.total_generated,
        "avg_generation_time_ms": worker.avg_generation_time_ms,
        "error_count": worker.error_count,
        "priority": worker.priority,
        "enabled": worker.enabled,
        "source": worker.source,
        "server": worker.server,
        "models": worker.models_offered,
        "loaded_model": worker.loaded_model,
        "gpu_model": worker.gpu_model,
        "warnings": worker.warnings,
        "last_error": worker.last_error,
        "paused_until": worker.paused_until,
        "state": _state_of(worker, jobs),
        "reason": unavailable(worker) or "",
        "jobs": jobs,
    }


def _state_of(worker: Worker, jobs: list[dict[str, Any]]) -> str:
    if not worker.enabled:
        return "off"
    if worker.is_draining:
        return "draining"
    if not worker.is_online:
        return "offline"
    if unavailable(worker) is not None:
        return "paused"
    return "busy" if jobs else "online"


def queue_by_lane() -> list[dict[str, Any]]:
    """For each lane: how many wait and run, and since when the oldest waits."""
    rows: dict[int, Any] = {
        row["lane"]: row
        for row in Job.objects.exclude(status__in=Job.TERMINAL)
        .values("lane")
        .annotate(
            waiting=Count("pk", filter=Q(status__in=["queued", "delayed"])),
            running=Count("pk", filter=Q(status="running")),
            oldest=Min("queued_at", filter=Q(status__in=["queued", "delayed"])),
        )
        .order_by()
    }
    return [
        {
            "lane": lane.name.lower(),
            "waiting": rows.get(lane.value, {}).get("waiting", 0),
            "running": rows.get(lane.value, {}).get("running", 0),
            "oldest_queued_at": rows.get(lane.value, {}).get("oldest"),
        }
        for lane in Lane
    ]
