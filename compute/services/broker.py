"""Handing tasks to the clusters. django-q2 opens a connection for every task unless it is given a broker to keep."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from django_q.brokers import get_broker
from django_q.tasks import async_task


@lru_cache(maxsize=8)
def _broker(cluster: str, pid: int) -> Any:
    """A cluster's broker, kept by each process for itself: a forked connection must not be shared."""
    return get_broker(cluster)


def task_enqueue(name: str, *args: int | str, cluster: str) -> None:
    """Ask a cluster to run a task; ids only. Raises redis' errors if Valkey does not answer."""
    async_task(name, *args, cluster=cluster, broker=_broker(cluster, os.getpid()))
