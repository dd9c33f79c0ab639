"""Is LUNA alive, is it ready, how is it doing: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from compute.common.api.errors import error_response
from compute.selectors import queue_by_lane, worker_status

logger = logging.getLogger(__name__)

CHECK_TIMEOUT_S = 2.0


def check_database() -> None:
    """Raises what the database raises."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # this thread may not be asked again for long


def check_channel_layer() -> None:
    """A message to a group without members. Raises what the layer raises."""

    async def send() -> None:
        layer = get_channel_layer()
        if layer is None:
            raise RuntimeError("no channel layer is configured")
        await asyncio.wait_for(layer.group_send("readyz", {"type": "readyz"}), CHECK_TIMEOUT_S)

    async_to_sync(send)()


def check_storage() -> None:
    """Write, read and remove a small file. Raises OSError."""
    folder = Path(settings.STORAGE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".readyz-") as file:
        file.write(b"luna")
        file.flush()
        if Path(file.name).read_bytes() != b"luna":
            raise OSError("what was written could not be read back")


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "channel_layer": check_channel_layer,
    "storage": check_storage,
}
# One thread a check: one that hangs must neither pile up nor hold the others.
_threads = {name: ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"readyz-{name}") for name in CHECKS}
_hanging: dict[str, Future[None]] = {}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all; touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if LUNA can work, else 503; either names each part and what is wrong with it."""
    deadline = time.monotonic() + CHECK_TIMEOUT_S
    started = {name: _start(name, check) for name, check in CHECKS.items()}
    parts = {name: _outcome(name, future, deadline) for name, future in started.items()}
    ready = all(part == "ok" for part in parts.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", "checks": parts}, status=200 if ready else 503)


def _start(name: str, check: Callable[[], None]) -> Future[None]:
    earlier = _hanging.get(name)
    if earlier is not None and not earlier.done():
        return earlier
    future = _hanging[name] = _threads[name].submit(check)
    return future


def _outcome(name: str, future: Future[None], deadline: float) -> str:
    try:
        future.result(timeout=max(0.0, deadline - time.monotonic()))
    except FutureTimeoutError:
        return f"no answer within {CHECK_TIMEOUT_S:g} s"
    except Exception as error:
        # The reason may name hosts and paths: it is for the log, the kind is enough for a stranger.
        logger.warning("readiness: %s failed", name, exc_info=True)
        return f"failed ({type(error).__name__})"
    return "ok"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' text format, for the machine itself or with LUNA_METRICS_TOKEN; else 404."""
    if not _may_read_metrics(request):
        return error_response(404, "not_found", "There is nothing here that you may see.")
    lines: list[str] = []
    _family(lines, "luna_jobs", "Jobs by lane and state.")
    for lane in queue_by_lane():
        for state in ("waiting", "running"):
            lines.append(f'luna_jobs{{lane="{lane["lane"]}",state="{state}"}} {lane[state]}')
    workers = worker_status()
    for name, key, text in (
        ("luna_worker_online", "is_online", "1 if the worker's server answers."),
        ("luna_worker_load", "current_load", "Jobs that run on the worker."),
        ("luna_worker_generated_total", "total_generated", "Results delivered."),
        ("luna_worker_errors_total", "error_count", "Failures."),
    ):
        _family(lines, name, text, "counter" if name.endswith("_total") else "gauge")
        lines += [f'{name}{{worker="{_label(row["worker_name"])}"}} {int(row[key])}' for row in workers]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _family(lines: list[str], name: str, text: str, kind: str = "gauge") -> None:
    lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _may_read_metrics(request: HttpRequest) -> bool:
    words = request.headers.get("Authorization", "").split()
    if settings.METRICS_TOKEN:
        return len(words) == 2 and constant_time_compare(words[1], settings.METRICS_TOKEN)
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")):
        return False  # through a proxy on this machine everybody seems to come from here
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
