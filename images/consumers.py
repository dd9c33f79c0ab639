"""The live view of one story: `/ws/stories/{id}/?since=CURSOR`.

Order matters: join the group, then read the snapshot. Whatever changes in between is told twice rather than never;
objects carry versions, so the second telling is harmless. Every CHECK_EVERY_S the socket looks whether the person may
still watch, and sends what changed in the database since its last look but never came as an event: events are hints.

Close codes: 4401 the session ended, 4404 no such story for this person, 4429 too many sockets.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest

from community.api.socket_auth import Watcher, watcher_of_scope, watcher_still_valid
from images.events import encode, publish_session_ended, session_group, story_group
from images.models import Story
from images.selectors import parse_cursor, snapshot_pages, snapshot_plan
from images.services.stories import story_touch

logger = logging.getLogger(__name__)

CHECK_EVERY_S: float = getattr(settings, "SOCKET_CHECK_EVERY_S", 15.0)
SOCKETS_PER_PERSON = 40
DROPPABLE_AFTER_S = 3.0
VERSIONS_KEPT = 5000
ENDED, NOT_FOUND, TOO_MANY = 4401, 4404, 4429

# Snapshots of many sockets must not take all the database connections of the web process.
_DATABASE_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sockets")
_open: Counter[int] = Counter()

P = ParamSpec("P")
R = TypeVar("R")


async def _in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    call = database_sync_to_async(function, thread_sensitive=False, executor=_DATABASE_THREADS)
    return cast(R, await call(*args, **kwargs))


@receiver(user_logged_out, dispatch_uid="images.consumers.session_ended")
def session_ended(request: HttpRequest | None = None, **_: Any) -> None:
    """Close the sockets of a session when its person signs out; the signal comes before the key changes."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        publish_session_ended(key)


def _snapshot(story_id: str, since: int | None, *, changes_only: bool = False) -> tuple[str, list[dict[str, Any]]]:
    plan = snapshot_plan(story=Story(pk=story_id), since=since, changes_only=changes_only)
    return plan.cursor, list(snapshot_pages(plan))


def _may_watch(watcher: Watcher, story_id: str) -> bool:
    return Story.objects.visible_to(watcher.user).filter(pk=story_id).exists()


def _visit(watcher: Watcher, story_id: str) -> bool:
    """Whether the person may watch; if so, it counts as a visit."""
    story = Story.objects.visible_to(watcher.user).filter(pk=story_id).first()
    if story is not None:
        story_touch(story=story)
    return story is not None


class StoryConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One browser (or program) that watches one story. What it sends is ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.watcher: Watcher | None = None
        self.counted: int | None = None
        self.story_id = ""
        self.cursor: int | None = None
        self.joined: list[str] = []
        self.sent: OrderedDict[str, int] = OrderedDict()
        self.checking: asyncio.Task[None] | None = None

    # --- opening -----------------------------------------------------------------------------------------------
    async def connect(self) -> None:
        """Accept first: a browser sees a close code only on an open socket."""
        await self.accept()
        self.story_id = self.scope["url_route"]["kwargs"]["story_id"]
        watcher = await _in_database(watcher_of_scope, self.scope)
        if watcher is None or not await _in_database(_visit, watcher, self.story_id):
            await self.close(NOT_FOUND)
            return
        person = watcher.user.pk
        if _open[person] >= SOCKETS_PER_PERSON:
            await self.close(TOO_MANY)
            return
        _open[person] += 1
        self.counted = person
        self.watcher = watcher
        self.joined = [story_group(self.story_id)]
        if watcher.session_key:
            self.joined.append(session_group(watcher.session_key))
        await self._join()
        query = parse_qs(self.scope["query_string"].decode("latin1"), max_num_fields=10)
        await self._send_snapshot(parse_cursor(query.get("since", [""])[0]))
        self.checking = asyncio.create_task(self._check_for_ever())

    async def _join(self) -> None:
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)

    async def _send_snapshot(self, since: int | None) -> None:
        cursor, pages = await _in_database(_snapshot, self.story_id, since)
        self.cursor = int(cursor)
        for page in pages:
            self._note(page)
            await self.send(text_data=encode(page))

    # --- events ------------------------------------------------------------------------------------------------
    async def story_event(self, event: dict[str, Any]) -> None:
        """Forward. Late progress is dropped: the socket or the process is behind, and newer progress follows."""
        if self.watcher is None or (event["droppable"] and time.time() - event["at"] > DROPPABLE_AFTER_S):
            return
        about, version = event["about"], event["version"]
        if version and self.sent.get(about, 0) > version:
            return
        if version:
            self._remember(about, version)
        await self.send(text_data=event["text"])

    async def story_leave(self, event: dict[str, Any]) -> None:
        """The story was deleted, or the session ended."""
        await self.close(event["code"])

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Clients have nothing to say; pings are the server's business."""

    # --- looking after ------------------------------------------------------------------------------------------
    async def _check_for_ever(self) -> None:
        """Ends with the socket."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                if not await self._check():
                    return
            except (DatabaseError, OSError):
                logger.warning("a socket of story %s could not be checked", self.story_id, exc_info=True)

    async def _check(self) -> bool:
        """Whether the person may still watch; if so, send what was missed."""
        assert self.watcher is not None
        if not await _in_database(watcher_still_valid, self.watcher):
            await self.close(ENDED)
            return False
        if not await _in_database(_may_watch, self.watcher, self.story_id):
            await self.close(NOT_FOUND)
            return False
        await self._join()  # groups forget their members after a day
        cursor, pages = await _in_database(_snapshot, self.story_id, self.cursor, changes_only=True)
        for page in pages:
            missed = self._missed(page)
            if missed is not None:
                self._note(missed)
                await self.send(text_data=encode(missed))
        self.cursor = int(cursor)
        return True

    def _missed(self, page: dict[str, Any]) -> dict[str, Any] | None:
        """The part of a page that this socket has not sent yet, or None."""
        missed = dict(page)
        for name, kind, key in _KINDS:
            missed[name] = [row for row in page[name] if self.sent.get(f"{kind}:{row[key]}", 0) < row["version"]]
        return missed if any(missed[name] for name, _, _ in _KINDS) else None

    def _note(self, page: dict[str, Any]) -> None:
        for name, kind, key in _KINDS:
            for row in page[name]:
                self._remember(f"{kind}:{row[key]}", row["version"])

    def _remember(self, about: str, version: int) -> None:
        self.sent[about] = max(version, self.sent.get(about, 0))
        self.sent.move_to_end(about)
        if len(self.sent) > VERSIONS_KEPT:
            self.sent.popitem(last=False)

    # --- closing -----------------------------------------------------------------------------------------------
    async def disconnect(self, code: int) -> None:
        """Leave the groups; a broken channel layer forgets the members by itself."""
        if self.checking is not None:
            self.checking.cancel()
        if self.counted is not None:
            _open[self.counted] -= 1
            if _open[self.counted] <= 0:
                del _open[self.counted]
        self.watcher = None
        for group in self.joined:
            try:
                await self.channel_layer.group_discard(group, self.channel_name)
            except OSError:
                logger.info("the channel layer did not answer while a socket closed")


_KINDS = (("turns", "turn", "id"), ("images", "image", "id"), ("dreams", "dream", "content_id"))
