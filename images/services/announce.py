"""Telling the browser, after commit, what a service changed.

Reading a row back and sending it takes longer than the change itself, and neither the player's request nor a GPU
should wait for it: a thread of the process does it, in order. Events are hints, so a full queue may drop some.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from images import events

log = logging.getLogger("luna.announce")

WAITING_MOST = 2000
# Without anything to tell for so long, the thread gives its database connection back.
IDLE_S = 5.0
# What only says that something began may wait until what began is on its way: on a small machine, reading a row back
# would take the processor from the very job it tells of. What a player waits for is told at once.
LATER_S = 0.04
# That a picture is being made is told only of one that takes longer than this; a quicker one is simply there.
MADE_S = 0.2
_AT_ONCE = ("image.ready", "image.failed", "turn.changed", "deleted")


@dataclass(frozen=True, slots=True)
class _Event:
    """about: what it tells of; a newer event about the same thing makes one that still waits needless."""

    about: str
    tell: Callable[[], None]
    due_at: float


class _Teller:
    """The thread that tells; one a process, started with its first event (also after a fork)."""

    def __init__(self) -> None:
        self._pid = 0
        self._arrived: queue.Queue[_Event] = queue.Queue(WAITING_MOST)
        self._lock = threading.Lock()

    def tell(self, event: _Event) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._arrived = queue.Queue(WAITING_MOST)
                threading.Thread(target=self._run, args=(self._arrived,), name="announce", daemon=True).start()
        try:
            self._arrived.put_nowait(event)
        except queue.Full:
            log.warning("an event was dropped: %s are waiting", WAITING_MOST)

    def _run(self, arrived: queue.Queue[_Event]) -> None:
        waiting: dict[str, _Event] = {}
        while True:
            now = time.monotonic()
            due = [event for event in waiting.values() if event.due_at <= now]
            for event in due:
                del waiting[event.about]
                self._tell(event)
            if due:
                continue
            soonest = min((event.due_at for event in waiting.values()), default=now + IDLE_S)
            try:
                event = arrived.get(timeout=max(0.0, soonest - now))
            except queue.Empty:
                if waiting:
                    continue
                connection.close()
                event = arrived.get()
            waiting[event.about] = event

    def _tell(self, event: _Event) -> None:
        try:
            close_old_connections()
            event.tell()
        except Exception:
            log.exception("an event was lost")
            connection.close()


_teller = _Teller()


def _after_commit(about: str, kind: str, tell: Callable[[], None]) -> None:
    def later() -> None:
        wait_s = 0.0 if kind in _AT_ONCE else MADE_S if kind == "image.changed" else LATER_S
        _teller.tell(_Event(about, tell, time.monotonic() + wait_s))

    transaction.on_commit(later if settings.ANNOUNCE_IN_BACKGROUND else tell, robust=True)


def image_changed(image_id: int, event: str) -> None:
    """Tell about a picture once the transaction is through."""
    _after_commit(f"image:{image_id}", event, partial(events.publish_image, image_id, event))


def image_deleted(*, story_id: str, image_id: int) -> None:
    """Tell that a picture is gone."""
    tell = partial(events.publish_image_deleted, story_id=story_id, image_id=image_id)
    _after_commit(f"image:{image_id}", "deleted", tell)


def turn_changed(turn_id: int, event: str = "turn.changed") -> None:
    """Tell about a turn: `turn.changed` while it is worked on, `turn.complete` at its end."""
    _after_commit(f"turn:{turn_id}", event, partial(events.publish_turn, turn_id, event))


def turn_deleted(*, story_id: str, turn_id: int) -> None:
    """Tell that a turn is gone."""
    tell = partial(events.publish_turn_deleted, story_id=story_id, turn_id=turn_id)
    _after_commit(f"turn:{turn_id}", "deleted", tell)


def story_deleted(story_id: str) -> None:
    """Send everybody who watches a deleted story away."""
    _after_commit(f"story:{story_id}", "deleted", partial(events.publish_story_deleted, story_id))
