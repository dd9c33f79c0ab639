"""Telling the browser, after commit, what a service changed.

Reading a row back and sending it takes longer than the change itself, and neither the player's request nor a GPU
should wait for it: a thread of the process does it, in order. Events are hints, so a full queue may drop some.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from images import events

log = logging.getLogger("luna.announce")

WAITING_MOST = 2000
# Without anything to tell for so long, the thread gives its database connection back.
IDLE_S = 5.0


class _Teller:
    """The thread that tells; one a process, started with its first event (also after a fork)."""

    def __init__(self) -> None:
        self._pid = 0
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue(WAITING_MOST)
        self._lock = threading.Lock()

    def tell(self, event: Callable[[], None]) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._waiting = queue.Queue(WAITING_MOST)
                threading.Thread(target=self._run, name="announce", daemon=True).start()
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            log.warning("an event was dropped: %s are waiting", WAITING_MOST)

    def _run(self) -> None:
        while True:
            try:
                event = self._waiting.get(timeout=IDLE_S)
            except queue.Empty:
                connection.close()
                event = self._waiting.get()
            try:
                close_old_connections()
                event()
            except Exception:
                log.exception("an event was lost")
                connection.close()


_teller = _Teller()


def _after_commit(event: Callable[[], None]) -> None:
    told = partial(_teller.tell, event) if settings.ANNOUNCE_IN_BACKGROUND else event
    transaction.on_commit(told, robust=True)


def image_changed(image_id: int, event: str) -> None:
    """Tell about a picture once the transaction is through."""
    _after_commit(partial(events.publish_image, image_id, event))


def images_changed(image_ids: list[int], event: str) -> None:
    """The same for several pictures at once."""
    if image_ids:
        _after_commit(partial(events.publish_images, image_ids, event))


def image_deleted(*, story_id: str, image_id: int) -> None:
    """Tell that a picture is gone."""
    _after_commit(partial(events.publish_image_deleted, story_id=story_id, image_id=image_id))


def turn_changed(turn_id: int, event: str = "turn.changed") -> None:
    """Tell about a turn: `turn.changed` while it is worked on, `turn.complete` at its end."""
    _after_commit(partial(events.publish_turn, turn_id, event))


def turn_deleted(*, story_id: str, turn_id: int) -> None:
    """Tell that a turn is gone."""
    _after_commit(partial(events.publish_turn_deleted, story_id=story_id, turn_id=turn_id))


def story_deleted(story_id: str) -> None:
    """Send everybody who watches a deleted story away."""
    _after_commit(partial(events.publish_story_deleted, story_id))
