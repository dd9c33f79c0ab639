"""Asks each child's health check once a second, away from the loop that must never wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)

#: Name of the child, its pid, its check.
Target = tuple[str, int, Callable[[int], str | None]]


class HealthWatch:
    """A thread that keeps the latest complaint about each process. A check that hangs or fails complains of nothing:
    only a check that says so causes a restart.
    """

    def __init__(self, targets: Callable[[], list[Target]], *, every_s: float = 1.0) -> None:
        """`targets` lists who is to be asked now; it is called in the thread."""
        self._targets = targets
        self._every_s = every_s
        self._complaints: dict[tuple[str, int], str] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="health", daemon=True)

    def start(self) -> None:
        """Begins to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the check in progress; does not wait for it."""
        self._ending.set()

    def complaint(self, name: str, pid: int) -> str | None:
        """The reason to restart this very process, handed out once."""
        with self._lock:
            return self._complaints.pop((name, pid), None)

    def _work(self) -> None:
        while not self._ending.wait(self._every_s):
            for name, pid, check in self._targets():
                try:
                    reason = check(pid)
                except Exception:
                    _log.exception("the health check of %s failed", name)
                    continue
                if reason is not None:
                    with self._lock:
                        self._complaints[name, pid] = reason
