"""Entry points of the task clusters: ids in, one service call, safe to run twice."""

from __future__ import annotations

import os
import time

from django.core.cache import cache

from compute.services.runner import remote_cancel, slot_run
from compute.services.workers import worker_probe


def run_slot(slot_id: int) -> int:
    """Serve a slot that was woken. Twice: the second finds it taken and returns 0."""
    return slot_run(slot_id=slot_id)


def probe_worker(worker_id: int) -> str:
    """Ask a worker's server what it offers."""
    return worker_probe(worker_id=worker_id)


def cancel_remote(attempt_id: int) -> bool:
    """Stop what a dead runner left at a backend."""
    return remote_cancel(attempt_id=attempt_id)


def cluster_ping(cluster: str) -> str:
    """Say that a process of this cluster works; the supervisor restarts a cluster that stops saying so."""
    cache.set(f"luna:ping:{cluster}", time.time(), timeout=3600)
    return f"{cluster} {os.getpid()}"
