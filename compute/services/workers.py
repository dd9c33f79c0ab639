"""Workers: what people set, what probes find, what failures do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from compute.backends.base import BackendError, BackendSettings, Capabilities
from compute.backends.registry import build_backend
from compute.config import WorkerConfig
from compute.models import Slot, Worker
from compute.services import slots

log = logging.getLogger("luna.workers")

PROBE_EVERY_S = 30.0
PROBE_OFFLINE_EVERY_S = 3.0
PROBE_OFFLINE_MOST_S = 15.0
# A pause after so many failures in a row, growing with each further one, then a probe.
FAILURES_BEFORE_PAUSE = 3
PAUSES_S = (10.0, 30.0, 60.0, 300.0)
# Errors that say the server is not there at all: no use in sending the next job to find out.
GONE_CODES = frozenset({"unreachable", "unauthorized", "lost"})

PAINTER_NAME = "painter"
LLM_NAME = "llm"


def backend_settings(worker: Worker) -> BackendSettings:
    """How to reach a worker's server."""
    credentials: Mapping[str, str] = worker.credentials
    return BackendSettings(
        api_type=worker.api_type,
        url=worker.api_url.rstrip("/"),
        user=credentials.get("user", ""),
        password=credentials.get("password", ""),
        bearer=credentials.get("bearer", ""),
        models={str(key): str(value) for key, value in worker.model_map.items()},
        timeout_s=float(worker.timeout_s),
    )


@transaction.atomic
def workers_sync() -> list[str]:
    """Make the rows of configured workers equal to the configuration; admin's own workers stay.

    Returns a line for each worker that was added, changed or removed.
    """
    wanted = _wanted_workers()
    lines = []
    for name, fields in wanted.items():
        worker = Worker.objects.select_for_update().filter(name=name).first()
        if worker is None:
            worker = Worker.objects.create(name=name, next_probe_at=timezone.now(), **fields)
            lines.append(f"added {name} ({worker.api_type} {worker.api_url})".replace(" )", ")"))
        elif any(getattr(worker, key) != value for key, value in fields.items()):
            reprobe = worker.api_url != fields["api_url"] or worker.api_type != fields["api_type"]
            if reprobe:
                fields = {**fields, **_UNPROBED}
            Worker.objects.filter(pk=worker.pk).update(**fields, next_probe_at=timezone.now())
            worker.refresh_from_db()
            lines.append(f"changed {name}")
        slots.slots_resize(worker)
    gone = Worker.objects.exclude(name__in=wanted).exclude(source=Worker.Source.ADMIN)
    for worker in gone.filter(kind=Worker.Kind.MANAGED):
        lines.append(f"removed {worker.name}")
        worker.delete()
    return lines


_UNPROBED: dict[str, Any] = {
    "is_online": False,
    "models_offered": [],
    "loaded_model": "",
    "samplers": [],
    "features": [],
    "server": "",
    "last_error": "",
    "warnings": [],
}


def _wanted_workers() -> dict[str, dict[str, Any]]:
    configured = settings.IMAGE_GENERATION.workers
    wanted: dict[str, dict[str, Any]] = {}
    if configured is None:
        painter = WorkerConfig(name=PAINTER_NAME, api_type="painter", api_url="", max_concurrent=2, priority=100)
        wanted[PAINTER_NAME] = _fields(painter, Worker.Source.BUILTIN)
    for config in configured or ():
        wanted[config.name] = _fields(config, Worker.Source.CONFIGURATION)
    if settings.LLM_URL and LLM_NAME not in wanted:
        llm = WorkerConfig(name=LLM_NAME, api_type="openai", api_url=settings.LLM_URL, max_concurrent=2)
        wanted[LLM_NAME] = _fields(llm, Worker.Source.BUILTIN)
        wanted[LLM_NAME]["credentials"] = {"bearer": settings.LLM_API_KEY} if settings.LLM_API_KEY else {}
    return wanted


def _fields(config: WorkerConfig, source: Worker.Source) -> dict[str, Any]:
    return {
        "source": source,
        "kind": Worker.Kind.MANAGED,
        "api_type": config.api_type,
        "api_url": config.api_url,
        "credentials": {key: value for key, value in asdict(config)["auth"].items() if value} if config.auth else {},
        "enabled": config.enabled,
        "priority": config.priority,
        "max_concurrent": config.max_concurrent,
        "supports_sdxl": config.supports_sdxl,
        "supports_controlnet": config.supports_controlnet,
        "vram_gb": None if config.vram_gb is None else round(config.vram_gb),
        "job_kinds": list(config.job_kinds),
        "model_map": dict(config.models),
        "timeout_s": int(config.timeout_s),
    }


def worker_probe(*, worker_id: int) -> str:
    """Ask a worker's server what it is, outside any transaction, and store the answer. Returns a line about it."""
    worker = Worker.objects.get(pk=worker_id)
    backend = build_backend(backend_settings(worker))
    try:
        found = backend.probe()
    except BackendError as error:
        return worker_unreachable(worker=worker, error=error)
    finally:
        backend.close()
    return _worker_heard(worker, found)


def _worker_heard(worker: Worker, found: Capabilities) -> str:
    now = timezone.now()
    came_back = not worker.is_online
    changes: dict[str, Any] = {
        "is_online": True,
        "last_heartbeat": now,
        "next_probe_at": now + timedelta(seconds=PROBE_EVERY_S),
        "probe_failures": 0,
        "last_error": "",
        "server": found.server[:200],
        "models_offered": list(found.models)[:2000],
        "loaded_model": (found.loaded_model or "")[:300],
        "samplers": list(found.samplers)[:500],
        "features": sorted(found.features),
        "gpu_model": (found.gpu_model or "")[:200],
        "warnings": list(found.warnings)[:20],
        "max_side_px": found.max_side_px,
    }
    if found.vram_bytes and worker.source != Worker.Source.CONFIGURATION:
        changes["vram_gb"] = round(found.vram_bytes / 2**30)
    Worker.objects.filter(pk=worker.pk).update(**changes)
    worker.refresh_from_db()
    slots.slots_resize(worker)
    if came_back:
        log.info("%s is online: %s", worker.name, found.server)
    slots.slots_mend()
    return f"{worker.name}: {found.server}, {len(found.models)} models"


def worker_unreachable(*, worker: Worker, error: BackendError) -> str:
    """Note that a worker's server did not answer; it is asked again soon, with growing pauses."""
    now = timezone.now()
    if error.code == "timed_out" and _is_heard_at_work(worker):
        # Several servers answer no questions while they paint. Their work says that they live.
        Worker.objects.filter(pk=worker.pk).update(next_probe_at=now + timedelta(seconds=PROBE_EVERY_S))
        return f"{worker.name}: too busy to answer, but at work"
    failures = worker.probe_failures + 1
    pause_s = min(PROBE_OFFLINE_EVERY_S * failures, PROBE_OFFLINE_MOST_S)
    Worker.objects.filter(pk=worker.pk).update(
        is_online=False,
        probe_failures=failures,
        last_error=error.detail[:500],
        next_probe_at=now + timedelta(seconds=pause_s),
    )
    if worker.is_online:
        log.warning("%s is offline: %s", worker.name, error)
    return f"{worker.name}: {error.detail}"


def _is_heard_at_work(worker: Worker) -> bool:
    """Whether it works on something under a lease, which only a server that is heard keeps alive."""
    return worker.is_online and worker.attempts.filter(status="running", lease_until__gt=timezone.now()).exists()


def worker_failed(*, worker_id: int, error: BackendError) -> None:
    """Inside the failing transaction: count it; a server that is gone is offline, one that keeps failing pauses."""
    worker = Worker.objects.select_for_update().filter(pk=worker_id).first()
    if worker is None:
        return
    now = timezone.now()
    failures = worker.consecutive_failures + 1
    changes: dict[str, Any] = {
        "error_count": F("error_count") + 1,
        "consecutive_failures": failures,
        "last_error": error.detail[:500],
    }
    if error.code in GONE_CODES:
        changes |= {"is_online": False, "next_probe_at": now + timedelta(seconds=1)}
    elif failures >= FAILURES_BEFORE_PAUSE:
        pause_s = PAUSES_S[min(failures - FAILURES_BEFORE_PAUSE, len(PAUSES_S) - 1)]
        changes |= {
            "paused_until": now + timedelta(seconds=pause_s),
            "pause_reason": f"{failures} failures in a row: {error.detail}"[:300],
            "next_probe_at": now + timedelta(seconds=pause_s),
        }
    Worker.objects.filter(pk=worker_id).update(**changes)


def workers_due_for_probe(*, limit: int = 50) -> list[int]:
    """Ids of workers to probe now; their next probe is moved on, so that another ticker does not ask too."""
    now = timezone.now()
    due = []
    for pk in Worker.objects.filter(kind=Worker.Kind.MANAGED, enabled=True, next_probe_at__lte=now).values_list(
        "pk", flat=True
    )[:limit]:
        moved = Worker.objects.filter(pk=pk, next_probe_at__lte=now).update(
            next_probe_at=now + timedelta(seconds=PROBE_EVERY_S)
        )
        if moved:
            due.append(pk)
    return due


def worker_pause(*, worker: Worker, actor: AbstractBaseUser) -> None:
    """Switch a worker off until somebody resumes it; what runs there finishes."""
    Worker.objects.filter(pk=worker.pk).update(enabled=False)
    log.info("%s switched %s off", actor, worker.name)


def worker_resume(*, worker: Worker, actor: AbstractBaseUser) -> None:
    """Switch a worker on again, forget its pause, and look at it at once."""
    Worker.objects.filter(pk=worker.pk).update(
        enabled=True,
        is_draining=False,
        paused_until=None,
        pause_reason="",
        consecutive_failures=0,
        next_probe_at=timezone.now(),
    )
    slots.slots_mend()
    log.info("%s resumed %s", actor, worker.name)


def worker_drain(*, worker: Worker, actor: AbstractBaseUser) -> None:
    """Let what runs finish and take nothing new."""
    Worker.objects.filter(pk=worker.pk).update(is_draining=True)
    log.info("%s drains %s", actor, worker.name)


def worker_probe_now(*, worker: Worker, actor: AbstractBaseUser) -> None:
    """Have the ticker probe it within half a second, also during a pause."""
    Worker.objects.filter(pk=worker.pk).update(next_probe_at=timezone.now(), paused_until=None, pause_reason="")
    log.info("%s asked for a probe of %s", actor, worker.name)


def worker_busy_slots(worker: Worker) -> int:
    """How many of its slots hold work."""
    return worker.slots.filter(state=Slot.State.RUNNING).count()
