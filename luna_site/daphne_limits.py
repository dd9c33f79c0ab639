"""Limits that Daphne lacks: it reads a body whole before any application sees it, and buffers without end.

Three places of Daphne's protocol classes are replaced, each by name and with the original called:
- a request body over 40 MiB is thrown away while it arrives and answered with 413 (over 512 MiB: disconnected);
- a websocket frame from a client may hold 64 KiB, a message 4 MiB;
- a watcher who does not read: progress is dropped above 1 MiB of unsent data, and the socket closed above 16 MiB
  (it reconnects and asks for what it missed).
"""

from __future__ import annotations

import json
import logging
from typing import Any

from compute.common.api.errors import error_body
from luna_site.body_guard import BODY_MOST_BYTES

logger = logging.getLogger(__name__)

DRAIN_MOST_BYTES = 512 * 1024 * 1024
FRAME_MOST_BYTES = 64 * 1024
MESSAGE_MOST_BYTES = 4 * 1024 * 1024
UNSENT_DROPS_BYTES = 1024 * 1024
UNSENT_CLOSES_BYTES = 16 * 1024 * 1024
_PROGRESS = '{"type":"image.progress"'
_installed = False


def limit_daphne() -> None:
    """Put the limits in place, once a process."""
    global _installed
    if _installed:
        return
    _installed = True
    from daphne.http_protocol import WebRequest
    from daphne.ws_protocol import WebSocketProtocol

    _limit_bodies(WebRequest)
    _limit_frames(WebSocketProtocol)
    _limit_unsent(WebSocketProtocol)


def _limit_bodies(request_class: Any) -> None:
    take_chunk, process = request_class.handleContentChunk, request_class.process

    def handle_chunk(self: Any, data: bytes) -> None:
        self.luna_seen = getattr(self, "luna_seen", 0) + len(data)
        if self.luna_seen <= BODY_MOST_BYTES:
            take_chunk(self, data)
            return
        if self.luna_seen - len(data) <= BODY_MOST_BYTES:
            self.content.seek(0)
            self.content.truncate()
        if self.luna_seen > DRAIN_MOST_BYTES and self.channel is not None:
            self.channel.loseConnection()

    def process_request(self: Any) -> Any:
        if getattr(self, "luna_seen", 0) <= BODY_MOST_BYTES:
            return process(self)
        self.request_start = 0.0
        body = json.dumps(error_body("too_large", f"The body is larger than {BODY_MOST_BYTES // 2**20} MiB.")).encode()
        self.setResponseCode(413)
        self.setHeader(b"content-type", b"application/json")
        self.setHeader(b"content-length", str(len(body)).encode())
        self.write(body)
        self.finish()
        return None

    request_class.handleContentChunk = handle_chunk
    request_class.process = process_request


def _limit_frames(socket_class: Any) -> None:
    on_connect = socket_class.onConnect

    def connect(self: Any, request: Any) -> Any:
        self.maxFramePayloadSize = FRAME_MOST_BYTES
        self.maxMessagePayloadSize = MESSAGE_MOST_BYTES
        return on_connect(self, request)

    socket_class.onConnect = connect


def unsent_bytes(transport: Any) -> int:
    """What Twisted holds because the peer does not read."""
    buffered = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
    return int(buffered + getattr(transport, "_tempDataLen", 0))


def _limit_unsent(socket_class: Any) -> None:
    send_text = socket_class.serverSend

    def server_send(self: Any, content: Any, binary: bool = False) -> None:
        unsent = unsent_bytes(self.transport)
        if unsent > UNSENT_CLOSES_BYTES:
            if not getattr(self, "luna_dropped", False):
                self.luna_dropped = True
                logger.warning("a websocket is closed: %d bytes wait for a client that does not read", unsent)
                self.dropConnection(abort=True)
            return
        if unsent > UNSENT_DROPS_BYTES and isinstance(content, str) and content.startswith(_PROGRESS):
            return
        send_text(self, content, binary)

    socket_class.serverSend = server_send
