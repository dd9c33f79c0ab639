"""Refuse bodies that are too large, before anything reads them: 40 MiB, and 1 MiB where JSON is expected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from luna_site.asgi_answers import send_error

BODY_MOST_BYTES = 40 * 1024 * 1024
JSON_MOST_BYTES = 1024 * 1024

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyTooLarge(Exception):
    """More came than was announced or allowed."""


def body_limit(scope: Scope) -> int:
    """Bytes a request may carry: multipart uploads the large amount, everything else in the API the small one."""
    headers = dict(scope.get("headers", []))
    content_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    is_upload = content_type == b"multipart/form-data"
    return JSON_MOST_BYTES if scope["path"].startswith("/api/") and not is_upload else BODY_MOST_BYTES


def guard_bodies(app: App) -> App:
    """Answer 413 in the API's shape instead of passing on a body that is too large."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        limit = body_limit(scope)
        announced = dict(scope.get("headers", [])).get(b"content-length", b"")
        if announced.isdigit() and int(announced) > limit:
            await _refuse(send, limit)
            return
        seen = 0
        is_started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal is_started
            is_started = is_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await app(scope, counted, noted)
        except BodyTooLarge:
            if is_started:
                raise
            await _refuse(send, limit)

    return guarded


async def _refuse(send: Send, limit: int) -> None:
    await send_error(send, 413, "too_large", f"The body is larger than {limit // (1024 * 1024)} MiB.")
