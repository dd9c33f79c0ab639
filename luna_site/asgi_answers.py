"""Answers given before Django: the API's error shape over plain ASGI."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from compute.common.api.errors import error_body


async def send_error(send: Callable[[Any], Awaitable[None]], status: int, code: str, detail: str) -> None:
    """One whole JSON error answer."""
    body = json.dumps(error_body(code, detail)).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
