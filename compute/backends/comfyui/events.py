"""A thread that listens to ComfyUI's websocket for one prompt: progress, previews and the moment of its end.

Only a convenience: the history decides what became of a prompt, so whatever goes wrong here (no `websocket-client`
installed, a proxy that lets no websocket through, silence) costs a little time and no picture.
"""

from __future__ import annotations

import contextlib
import importlib
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from compute.backends.base import Progress
from compute.backends.comfyui.frames import FEATURE_FLAGS, Story
from compute.common.http import ca_bundle

websocket: Any
try:
    websocket = importlib.import_module("websocket")
except ImportError:  # optional: LUNA's worker program runs without it and polls
    websocket = None

__all__ = ["EventFeed", "News", "can_listen", "websocket_url"]

FRAME_MAX_BYTES = 64 * 2**20  # a full-size PNG sent by SaveImageWebsocket fits
CONNECTS_MAX = 8
RECONNECT_S = 1.0
PING_S = 5.0
_RECEIVE_S = 0.5


@dataclass(frozen=True, slots=True)
class News:
    """What was heard since the last look."""

    progress: Progress | None = None
    ours_at_s: float = 0.0  # monotonic, when a frame last spoke of our prompt; 0 if never
    settled: bool = False
    ended: bool = False
    opened: bool = False  # connected just now: what was said before was not heard
    broke: bool = False  # the connection was lost since: the server may be gone


def websocket_url(base_url: str, client_id: str) -> str:
    """`http://host/prefix` → `ws://host/prefix/ws?clientId=…`."""
    parts = urlsplit(base_url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{parts.path}/ws?clientId={quote(client_id, safe='')}"


class EventFeed:
    """The socket of one prompt. `start` returns at once; the connection is made beside the caller's own work."""

    def __init__(self, base_url: str, headers: Mapping[str, str], client_id: str, story: Story, connect_s: float):
        self._url = websocket_url(base_url, client_id)
        self._headers = dict(headers)
        self._story = story
        self._connect_s = connect_s
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._broke = self._opened = False
        self._socket: Any = None
        self.heard_at_s = 0.0  # monotonic; 0 if never
        self.connected = False

    def start(self) -> None:
        """Begin listening. Does nothing without `websocket-client`."""
        if websocket is not None:
            threading.Thread(target=self._run, name="comfyui-events", daemon=True).start()

    def follow(self, prompt_id: str) -> None:
        """The server gave the prompt another id (before 0.3.45)."""
        with self._changed:
            self._story.prompt_id = prompt_id

    def wait(self, timeout_s: float) -> News:
        """What is new, as soon as something is, or nothing after timeout_s."""
        with self._changed:
            if not self._something_new():
                self._changed.wait(timeout_s)
            story = self._story
            news = News(story.progress, story.ours_at_s, story.settled, story.ended, self._opened, self._broke)
            story.progress, story.settled, story.ended = None, False, False
            self._opened = self._broke = False
            return news

    def close(self) -> None:
        """Stop listening; the thread ends soon."""
        self._closed.set()
        with contextlib.suppress(OSError, AttributeError):
            self._socket.sock.shutdown(2)

    def _something_new(self) -> bool:
        story = self._story
        return story.progress is not None or story.settled or story.ended or self._opened or self._broke

    def _run(self) -> None:
        for _ in range(CONNECTS_MAX):
            try:
                self._listen()
            except (OSError, ValueError, websocket.WebSocketException):
                pass  # the wait for another try, or the end of tries, is the handling
            finally:
                self._hang_up()
            if self._closed.wait(RECONNECT_S):
                return

    def _hang_up(self) -> None:
        """Close our side first: two sockets of one clientId leave the newer one deaf."""
        if self._socket is not None:
            with contextlib.suppress(OSError, ValueError, websocket.WebSocketException):
                self._socket.shutdown()
        self._socket = None
        with self._changed:
            self._broke = self._broke or self.connected
            self.connected = self._story.running = False
            self._changed.notify_all()

    def _listen(self) -> None:
        self._socket = connection = websocket.WebSocket(
            enable_multithread=True, skip_utf8_validation=True, sslopt=_tls_options()
        )
        connection.settimeout(self._connect_s)
        connection.connect(
            self._url,
            header=[f"{name}: {value}" for name, value in self._headers.items()],
            suppress_origin=True,  # ComfyUI refuses an Origin that is not its own
            http_no_proxy=["*"],
            redirect_limit=0,
        )
        _bound_frames(connection)
        connection.send(FEATURE_FLAGS)  # must be the first message
        connection.settimeout(_RECEIVE_S)
        self.heard_at_s = pinged_at_s = time.monotonic()
        with self._changed:
            self.connected = self._opened = True
            self._changed.notify_all()
        parts: list[bytes] = []
        opcode = 0
        while not self._closed.is_set():
            try:
                frame = connection.recv_frame()
            except websocket.WebSocketTimeoutException:
                if time.monotonic() - pinged_at_s > PING_S:
                    pinged_at_s = time.monotonic()
                    connection.ping()
                continue
            self.heard_at_s = time.monotonic()
            if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                return
            if frame.opcode == websocket.ABNF.OPCODE_PING:
                connection.pong(frame.data)
            if frame.opcode not in (
                websocket.ABNF.OPCODE_TEXT,
                websocket.ABNF.OPCODE_BINARY,
                websocket.ABNF.OPCODE_CONT,
            ):
                continue
            opcode = frame.opcode or opcode  # a continuation keeps the kind of its first frame
            parts.append(frame.data if isinstance(frame.data, bytes) else frame.data.encode())
            if sum(map(len, parts)) > FRAME_MAX_BYTES:
                raise ValueError("message too large")
            if frame.fin:
                self._take_in(opcode, b"".join(parts))
                parts.clear()

    def _take_in(self, opcode: int, message: bytes) -> None:
        with self._changed:
            if opcode == websocket.ABNF.OPCODE_TEXT:
                self._story.text(message)
            else:
                self._story.binary(message)
            if self._something_new():
                self._changed.notify_all()


def can_listen() -> bool:
    """Whether `websocket-client` is installed."""
    return websocket is not None


def _bound_frames(connection: Any) -> None:
    """Refuse a frame by its announced length; the library would try to read any length up to 2**63."""
    buffer = connection.frame_buffer
    read_length = buffer.recv_length

    def recv_length() -> None:
        read_length()
        if buffer.length > FRAME_MAX_BYTES:
            raise ValueError(f"a frame of {buffer.length} bytes")

    buffer.recv_length = recv_length


def _tls_options() -> dict[str, Any]:
    bundle = ca_bundle()
    return {"cert_reqs": ssl.CERT_REQUIRED, **({"ca_certs": bundle} if bundle else {})}
