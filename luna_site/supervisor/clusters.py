"""Notices a task cluster that has stopped working although its processes live.

django-q2 can deadlock when one of its idle processes is killed (django-q2 issue 23): a lock of its queue dies with it,
the process is replaced, and no task ever runs again. Only the outside can see that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from django.core.cache import cache
from django_q.brokers import get_broker
from django_q.tasks import async_task
from redis.exceptions import RedisError

from luna_site.supervisor.programs import worker_titles

PING_EVERY_S = 5.0
PING_AGE_MAX_S = 20.0
#: So often in a row must a process be seen idle: one may be between two tasks.
IDLE_SEEN_LEAST = 3
#: Pings wait behind other tasks; a busy cluster needs no more of them.
QUEUE_MAX = 20


class ClusterPing:
    """A health check: unwell when the ping task last ran more than 20 s ago while one of its processes is idle.

    A broker that does not answer says nothing about the cluster; the count starts anew then.
    """

    def __init__(
        self,
        name: str,
        *,
        send: Callable[[str], None] | None = None,
        answered_at: Callable[[str], float | None] | None = None,
        titles: Callable[[int], list[str]] = worker_titles,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`send` queues a ping, `answered_at` is the mark the last one left, `now` in seconds of any origin."""
        self._name = name
        self._send = send or send_ping
        self._answered_at = answered_at or read_answer
        self._titles = titles
        self._now = now
        self._pid = 0
        self._heard_at = self._sent_at = 0.0
        self._last_mark: float | None = None
        self._idle_seen = 0

    def __call__(self, pid: int) -> str | None:
        """See `supervisor.child.HealthCheck`."""
        now = self._now()
        if pid != self._pid:
            self._pid, self._heard_at, self._sent_at, self._idle_seen = pid, now, now - PING_EVERY_S, 0
        try:
            if now - self._sent_at >= PING_EVERY_S:
                self._sent_at = now
                self._send(self._name)
            mark = self._answered_at(self._name)
        except (OSError, RedisError):
            self._heard_at = now
            return None
        # The mark is another process's wall clock: only that it changed is used.
        if mark is not None and mark != self._last_mark:
            self._last_mark, self._heard_at = mark, now
        age_s = now - self._heard_at
        if age_s <= PING_AGE_MAX_S:
            self._idle_seen = 0
            return None
        self._idle_seen = self._idle_seen + 1 if any(t.endswith(" idle") for t in self._titles(pid)) else 0
        if self._idle_seen < IDLE_SEEN_LEAST:
            return None
        return f"no answer for {age_s:.0f} s although a process is idle"


def send_ping(name: str) -> None:
    """Queues `compute.tasks.cluster_ping` for this cluster."""
    if get_broker(name).queue_size() < QUEUE_MAX:
        async_task("compute.tasks.cluster_ping", name, cluster=name, save=False)


def read_answer(name: str) -> float | None:
    """The mark of the last ping that ran, None if there is none."""
    found = cache.get(f"luna:ping:{name}")
    return float(found) if found is not None else None


class DrainFlag:
    """A file that tells runners to hand back their work: LUNA on this host is stopping."""

    def __init__(self, run: Path) -> None:
        """`run` is the run folder of the data folder."""
        self._path = run / "drain"

    def set(self) -> None:
        """From now on runners interrupt or hand back."""
        self._path.touch()

    def clear(self) -> None:
        """LUNA starts anew."""
        self._path.unlink(missing_ok=True)
