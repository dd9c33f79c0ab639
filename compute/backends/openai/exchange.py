"""One POST whose answer is read in a thread of its own, so that it can be cut off at any moment.

A server may think for a minute before it sends its headers, and a blocked read hears nothing. So the reading thread
hands over what comes, and the caller looks at the clock and at its watcher every `TICK_S`. Cutting shuts the socket
down: llama.cpp, vLLM and Ollama stop generating when their client is gone.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from compute.backends.base import BackendError, BackendSettings, Cancelled, Watch
from compute.common.http import HttpClient

TICK_S = 0.1
ALIVE_EVERY_S = 1.0
QUEUED_CHUNKS_MAX = 64
JOIN_S = 2.0


class Line:
    """The sockets of one exchange. `cut` may be called from another thread, before or after they open."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._cut = threading.Event()
        self.sent = threading.Event()

    @property
    def is_cut(self) -> bool:
        return self._cut.is_set()

    @property
    def is_open(self) -> bool:
        return bool(self._sockets) and not self.is_cut

    def hold(self, sock: socket.socket) -> None:
        """Remember a socket that has just connected. Raises ConnectionAbortedError if the line is cut already."""
        with self._lock:
            self._sockets.append(sock)
        if self.is_cut:
            self.cut()
            raise ConnectionAbortedError("cut before it was connected")

    def cut(self) -> None:
        """Break the connection: a read that waits fails at once, and the server sees its client leave."""
        self._cut.set()
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            with contextlib.suppress(OSError, ValueError):
                sock.shutdown(socket.SHUT_RDWR)


class _LineClient(HttpClient):
    """An HttpClient whose connections are known to a Line."""

    def __init__(self, base_url: str, settings: BackendSettings, line: Line):
        super().__init__(base_url, settings)
        self._pools = _pools(line)

    def _session(self) -> requests.Session:
        session = super()._session()
        for prefix in ("http://", "https://"):
            adapter: Any = session.get_adapter(prefix)
            adapter.poolmanager.pool_classes_by_scheme = self._pools
        return session


def _pools(line: Line) -> dict[str, Any]:
    """urllib3 pools by scheme whose connections report their socket, and when the request is written, to the line."""

    class PlainConnection(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            if self.sock is not None:
                line.hold(self.sock)

        def getresponse(self) -> Any:
            line.sent.set()
            return super().getresponse()

    class TlsConnection(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            if self.sock is not None:
                line.hold(self.sock)

        def getresponse(self) -> Any:
            line.sent.set()
            return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": PlainPool, "https": TlsPool}


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and headers of the answer."""

    url: str
    status: int
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


_END = object()


class Exchange:
    """One POST of JSON. Iterate `events` once; whatever ends the iteration also ends the exchange."""

    def __init__(self, base_url: str, settings: BackendSettings, *, stop: threading.Event, deadline_s: float):
        """stop: set from any thread, ends the exchange. deadline_s: on the monotonic clock, ends it too."""
        self._line = Line()
        self._client = _LineClient(base_url, settings, self._line)
        self._stop = stop
        self._deadline_s = deadline_s
        self._queue: queue.Queue[Any] = queue.Queue(maxsize=QUEUED_CHUNKS_MAX)

    def events(self, path: str, body: Mapping[str, Any], watch: Watch) -> Generator[Head | bytes | None, None, None]:
        """First the Head, then the body's pieces as they come; None at least every `TICK_S` while nothing comes.

        Raises Cancelled when the watcher says stop, BackendError `timed_out` at the deadline, and what HttpClient
        raises when there is no connection or it breaks.
        """
        reader = threading.Thread(target=self._read, args=(path, body), name="openai-exchange", daemon=True)
        reader.start()
        told_sent, heard_s = False, time.monotonic()
        try:
            while True:
                if watch.should_stop() or self._stop.is_set():
                    raise Cancelled
                now_s = time.monotonic()
                if now_s > self._deadline_s:
                    raise BackendError("timed_out", f"{self._client.base_url} did not finish its answer in time")
                if self._line.sent.is_set() and not told_sent:
                    watch.sent()
                    told_sent = True
                if self._line.is_open and now_s - heard_s >= ALIVE_EVERY_S:
                    watch.alive()
                    heard_s = now_s
                try:
                    item = self._queue.get(timeout=TICK_S)
                except queue.Empty:
                    yield None
                    continue
                if item is _END:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._line.cut()
            reader.join(JOIN_S)

    def _read(self, path: str, body: Mapping[str, Any]) -> None:
        timeout_s = max(self._deadline_s - time.monotonic(), 0.1)
        try:
            with self._client.stream("POST", path, dict(body), timeout_s=timeout_s) as answer:
                self._deliver(Head(answer.url, answer.status, answer.headers))
                for chunk in answer.chunks():
                    self._deliver(chunk)
            self._deliver(_END)
        except Exception as error:  # handed to the calling thread, which raises it
            self._deliver(error if isinstance(error, BackendError) else _unexpected(self._client.base_url, error))
        finally:
            self._client.close()

    def _deliver(self, item: Any) -> None:
        while not self._line.is_cut:
            try:
                self._queue.put(item, timeout=0.5)
            except queue.Full:
                continue
            return


def _unexpected(url: str, error: Exception) -> BackendError:
    return BackendError("bad_answer", f"{url}: the answer could not be read ({type(error).__name__}: {error})")
