"""The lease keeper: one thread a process that keeps the attempts of that process alive, and hears when to stop.

The runner's own thread is inside a blocking backend call, so everything periodic is done here: renewing the lease
each 5 s as long as the backend is heard, noticing a cancelled or superseded attempt, noticing that LUNA stops.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import close_old_connections, connection

from compute.models import Attempt
from compute.services import slots
from compute.services.attempts import attempt_renew

log = logging.getLogger("luna.keeper")

TICK_S = 0.5
RENEW_EVERY_S = 5.0
# A backend not heard for so long no longer keeps its lease; backends call `alive` at least every 2 s.
SILENCE_MOST_S = 20.0
DRAIN_FILE = settings.DATA_DIR / "run" / "drain"


def draining() -> bool:
    """Whether LUNA is stopping: work is handed back, nothing new is taken."""
    return DRAIN_FILE.exists()


@dataclass
class Kept:
    """One attempt under watch. `stop` is set to why its work should end: cancelled, over, draining."""

    attempt_id: int
    slot_id: int | None
    heard_at: float = field(default_factory=time.monotonic)
    renewed_at: float = field(default_factory=time.monotonic)
    stop: str = ""


class LeaseKeeper:
    """Thread-safe; starts its thread with the first attempt and keeps it for the life of the process."""

    def __init__(self) -> None:
        self._kept: dict[int, Kept] = {}
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._rest = threading.Event()
        self._nudge = threading.Event()
        self._rest.set()
        self._thread: threading.Thread | None = None

    def keep(self, attempt: Attempt) -> Kept:
        """Begin to renew an attempt's lease."""
        kept = Kept(attempt_id=attempt.pk, slot_id=attempt.slot_id)
        with self._lock:
            self._kept[attempt.pk] = kept
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
                self._thread.start()
        self._rest.clear()
        self._work.set()
        return kept

    def wait_for_rest(self, timeout_s: float) -> bool:
        """Until nothing is kept and the thread has given its database connection back. False if it took longer."""
        return self._rest.wait(timeout_s)

    def release(self, kept: Kept) -> None:
        """Stop renewing; the attempt is being finished or failed by its runner."""
        with self._lock:
            self._kept.pop(kept.attempt_id, None)
            if not self._kept:
                self._work.clear()
                self._nudge.set()

    def _run(self) -> None:
        while True:
            self._work.wait()
            self._nudge.wait(TICK_S)
            self._nudge.clear()
            with self._lock:
                kept = list(self._kept.values())
                if not kept:
                    # Between jobs the connection is given back: a runner waits for work most of its life.
                    connection.close()
                    self._rest.set()
                    continue
            try:
                self._tick(kept)
            except Exception:
                # PostgreSQL is away: keep working, the lease is long enough for a restart, and try again.
                log.exception("could not renew leases")
                connection.close()

    def _tick(self, kept: list[Kept]) -> None:
        close_old_connections()
        stopping = draining()
        running = set(
            Attempt.objects.filter(pk__in=[one.attempt_id for one in kept], status=Attempt.Status.RUNNING).values_list(
                "pk", flat=True
            )
        )
        now = time.monotonic()
        for one in kept:
            if one.attempt_id not in running:
                one.stop = one.stop or "over"
            elif stopping:
                one.stop = one.stop or "draining"
            elif now - one.renewed_at >= RENEW_EVERY_S and now - one.heard_at < SILENCE_MOST_S:
                attempt_renew(attempt_id=one.attempt_id)
                one.renewed_at = now
                if one.slot_id is not None:
                    slots.slots_seen(slot_ids=[one.slot_id])


keeper = LeaseKeeper()
