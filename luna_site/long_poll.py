"""Hold `?wait_s=` requests outside Django (compute.common.api.waiting).

Each look is a whole request through Django, so rights are checked each time. Between looks nothing is held but this
coroutine and, if it can be had, a place in the channel-layer group that the view named: no thread, no connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from channels.layers import get_channel_layer

from compute.common.api.waiting import ABOUT_HEADER, GROUP_HEADER, WAIT_MOST_S
from luna_site.body_guard import App, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

WAITERS_MOST = 500  # in this process; who comes after gets the present state at once
LOOK_EVERY_S = 3.0  # events are hints: look again now and then, and more often when there are none
LOOK_EVERY_WITHOUT_EVENTS_S = 0.5
_INTERNAL = {GROUP_HEADER.lower().encode(), ABOUT_HEADER.lower().encode()}
_waiting = 0


@dataclass(slots=True)
class _Kept:
    """An answer, held back until it is known to be the last."""

    start: Message = field(default_factory=dict)
    body: list[Message] = field(default_factory=list)

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body.append(message)

    def header(self, name: str) -> str:
        wanted = name.lower().encode()
        return next((v.decode("latin1") for k, v in self.start.get("headers", []) if k.lower() == wanted), "")

    async def release(self, send: Send) -> None:
        await send(_without_internal(self.start))
        for message in self.body:
            await send(message)


def _without_internal(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    return {**message, "headers": [(k, v) for k, v in message.get("headers", []) if k.lower() not in _INTERNAL]}


def wait_seconds(scope: Scope) -> float:
    """The whole seconds asked for, or 0 for none and for what the view will refuse."""
    if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/api/"):
        return 0
    raw = parse_qs(scope.get("query_string", b"").decode("latin1")).get("wait_s", [""])[0]
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 3 and int(raw) <= WAIT_MOST_S else 0


def hold_long_polls(app: App) -> App:
    """Repeat a marked answer's request until it is unmarked, the time is up, or the client left."""

    async def held(scope: Scope, receive: Receive, send: Send) -> None:
        global _waiting
        wait_s = wait_seconds(scope)

        async def plain(message: Message) -> None:
            await send(_without_internal(message))

        if not wait_s or _waiting >= WAITERS_MOST:
            await app(scope, receive, plain)
            return
        _waiting += 1
        try:
            await _hold(app, scope, receive, send, wait_s)
        finally:
            _waiting -= 1

    return held


async def _hold(app: App, scope: Scope, receive: Receive, send: Send, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    if not await _take_body(receive):
        return
    gone = asyncio.ensure_future(_client_gone(receive))
    try:
        answer = await _look(app, scope)
        group, about = answer.header(GROUP_HEADER), answer.header(ABOUT_HEADER)
        if group:
            async with _events(group) as events:
                while True:
                    # Once more after joining: it may have ended in between.
                    answer = await _look(app, scope)
                    if not answer.header(GROUP_HEADER) or time.monotonic() >= deadline or gone.done():
                        break
                    await _next_event(events, about, deadline, gone)
        if not gone.done():
            await answer.release(send)
    finally:
        gone.cancel()


async def _take_body(receive: Receive) -> bool:
    """A GET has no body worth reading; False when the client left already."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        if not message.get("more_body"):
            return True


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _look(app: App, scope: Scope) -> _Kept:
    kept = _Kept()
    is_given = False

    async def receive() -> Message:
        nonlocal is_given
        if is_given:
            await asyncio.Event().wait()  # Django listens for a disconnect until it has answered
        is_given = True
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(dict(scope), receive, kept.take)
    return kept


@contextlib.asynccontextmanager
async def _events(group: str) -> AsyncIterator[asyncio.Queue[dict[str, object]] | None]:
    """The group's messages as they come, or None when the channel layer does not answer."""
    layer = get_channel_layer()
    queue: asyncio.Queue[dict[str, object]] = asyncio.Queue(maxsize=100)
    reader: asyncio.Task[None] | None = None
    channel = ""
    if layer is not None:
        try:
            channel = await layer.new_channel()
            await asyncio.wait_for(layer.group_add(group, channel), 2)
            reader = asyncio.create_task(_read(layer, channel, queue))
        except (OSError, TimeoutError):
            logger.warning("long poll without events: the channel layer does not answer", exc_info=True)
    try:
        yield queue if reader is not None else None
    finally:
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(layer.group_discard(group, channel), 2)


async def _read(layer: Any, channel: str, queue: asyncio.Queue[dict[str, object]]) -> None:
    while True:
        message = await layer.receive(channel)
        if not queue.full():
            queue.put_nowait(message)


async def _next_event(
    events: asyncio.Queue[dict[str, object]] | None, about: str, deadline: float, gone: asyncio.Future[None]
) -> None:
    """Return at an event about the thing, when it is time for another look, or when the client leaves."""
    pause_s = LOOK_EVERY_S if events is not None else LOOK_EVERY_WITHOUT_EVENTS_S
    until = min(deadline, time.monotonic() + pause_s)
    while (left_s := until - time.monotonic()) > 0 and not gone.done():
        if events is None:
            await asyncio.wait({gone}, timeout=left_s)
            continue
        getter = asyncio.ensure_future(events.get())
        either: set[asyncio.Future[Any]] = {getter, gone}
        done, _ = await asyncio.wait(either, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        if getter not in done:
            getter.cancel()
            continue
        message = getter.result()
        if message.get("about") == about or message.get("type") == "story.leave":
            return
