"""The operator's page: what the workers do and what waits. Staff only; to others it does not exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from compute.models import Worker
from compute.selectors import queue_by_lane, worker_status
from compute.services import workers

P = ParamSpec("P")

STATE_WORDS = {
    "online": "Ready",
    "busy": "At work",
    "paused": "Paused",
    "draining": "Draining",
    "offline": "Offline",
    "off": "Switched off",
}
ACTIONS: dict[str, tuple[str, Callable[..., None], str]] = {
    "probe": ("Probe", workers.worker_probe_now, "{} is looked at now."),
    "pause": ("Switch off", workers.worker_pause, "{} takes nothing new until it is resumed."),
    "drain": ("Drain", workers.worker_drain, "{} finishes what runs and takes nothing new."),
    "resume": ("Resume", workers.worker_resume, "{} works again."),
}


def staff_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """404 for everybody else: that there is such a page is nobody's business."""

    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not (request.user.is_active and request.user.is_staff):
            raise Http404
        return view(request, *args, **kwargs)

    return wrapper


@require_safe
@never_cache
@staff_only
def operate(request: HttpRequest) -> HttpResponse:
    """Workers as instruments, the queue by lane."""
    return render(request, "compute/operate.html", {**_panel(), "section": "operate"})


@require_safe
@never_cache
@staff_only
def operate_panel(request: HttpRequest) -> HttpResponse:
    """The part of it that changes."""
    return render(request, "compute/_panel.html", _panel())


@require_POST
@staff_only
def operate_worker(request: HttpRequest, worker_id: int, action: str) -> HttpResponse:
    """Probe, switch off, drain or resume one worker."""
    if action not in ACTIONS:
        raise Http404
    worker = get_object_or_404(Worker, pk=worker_id, kind=Worker.Kind.MANAGED)
    _, service, said = ACTIONS[action]
    service(worker=worker, actor=cast(AbstractBaseUser, request.user))
    messages.success(request, said.format(worker.name))
    return redirect("operate")


def _panel() -> dict[str, Any]:
    lanes = queue_by_lane()
    most = max((lane["waiting"] for lane in lanes), default=0) or 1
    return {
        "workers": [_instrument(worker) for worker in worker_status()],
        "lanes": [{**lane, "share": round(100 * lane["waiting"] / most)} for lane in lanes],
    }


def _instrument(worker: dict[str, Any]) -> dict[str, Any]:
    average = worker["avg_generation_time_ms"]
    jobs = [
        {**job, "percent": round(100 * job["progress"]), "since": _since(job["started_at"])} for job in worker["jobs"]
    ]
    return {
        **worker,
        "jobs": jobs,
        "state_words": STATE_WORDS.get(worker["state"], worker["state"]),
        "speed": "–" if average is None else f"{average / 1000:.1f} s",
        "slot_marks": [number < worker["current_load"] for number in range(worker["max_concurrent"])],
        "actions": [(name, ACTIONS[name][0]) for name in _possible(worker)],
    }


def _possible(worker: dict[str, Any]) -> tuple[str, ...]:
    if worker["state"] in ("off", "draining", "paused"):
        return ("resume", "probe")
    return ("probe", "drain", "pause")


def _since(started_at: Any) -> str:
    seconds = max(0, round((timezone.now() - started_at).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
