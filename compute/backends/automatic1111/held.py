"""One POST that may stay unanswered for minutes, and can be broken off from another thread.

`/sdapi/v1/txt2img` sends not even a status line before the picture is done, so the connection is held by hand:
`requests` offers no way to break off a request that waits for its headers.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from compute.backends.base import BackendError
from compute.common.http import JSON_MAX_BYTES, HttpClient, HttpError, Reply, ca_bundle

CHUNK_BYTES = 256 * 1024
# A machine that vanished (power, cable) sends no reset: the kernel notices it after 15 + 3 × 5 s.
KEEPALIVE = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))


class HeldPost:
    """POST `body` (JSON) to `path`, on a connection of its own."""

    def __init__(self, client: HttpClient, path: str, body: bytes, *, connect_timeout_s: float, timeout_s: float):
        parts = urlsplit(client.base_url)
        self.url = f"{client.base_url}{path}"
        self._target = f"{parts.path}{path}"
        self._body = body
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "LUNA",
            "Connection": "close",
            **client.auth_headers,
        }
        self._deadline_s = time.monotonic() + timeout_s
        self._connect_timeout_s = min(connect_timeout_s, timeout_s)
        host = parts.hostname or ""
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca_bundle())
            self._connection = http.client.HTTPSConnection(
                host, parts.port, timeout=self._connect_timeout_s, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, parts.port, timeout=self._connect_timeout_s)
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._aborted = False

    def run(self, on_sent: Callable[[], None]) -> Reply:
        """Send, call on_sent when the request is on the wire, wait for the whole answer; any status is one.

        Raises HttpError: `unreachable` (nobody there; surely not sent), `lost` (the connection broke later),
        `timed_out`, `bad_answer` (not HTTP, too large).
        """
        self._connect()
        try:
            self._connection.request("POST", self._target, body=self._body, headers=self._headers)
            on_sent()
            response = self._connection.getresponse()
            content = self._read(response)
        except TimeoutError:
            raise HttpError("timed_out", f"{self.url} did not answer in time") from None
        except (http.client.RemoteDisconnected, http.client.IncompleteRead, OSError) as error:
            raise HttpError(
                "lost",
                f"{self.url} broke the connection while it worked ({type(error).__name__}): "
                "it crashed, was restarted, or ran out of memory",
            ) from None
        except (http.client.HTTPException, zlib.error, ValueError) as error:
            raise HttpError("bad_answer", f"{self.url} does not answer in HTTP ({type(error).__name__})") from None
        finally:
            self._close()
        return Reply(self.url, response.status, CaseInsensitiveDict(response.getheaders()), content)

    def abort(self) -> None:
        """Break the connection off; `run` then fails at once. The server may go on working."""
        with self._lock:
            self._aborted = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> None:
        try:
            self._connection.connect()
        except TimeoutError:
            raise HttpError(
                "unreachable", f"nothing answers at {self.url} (no connection in time)", maybe_sent=False
            ) from None
        except ssl.SSLError as error:
            raise HttpError(
                "unreachable", f"{self.url}: the certificate or TLS is not accepted ({error})", maybe_sent=False
            ) from None
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise HttpError("unreachable", f"nothing answers at {self.url} ({reason})", maybe_sent=False) from None
        with self._lock:
            connected = self._connection.sock
            if self._aborted:
                self._connection.close()
                raise HttpError("lost", f"broke off before sending to {self.url}", maybe_sent=False)
            self._socket = connected
        connected.settimeout(max(0.1, self._deadline_s - time.monotonic()))
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
            raise HttpError("bad_answer", f"{self.url} answered in an encoding nobody asked for: {encoding}")
        unpack = None if encoding == "identity" else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        parts: list[bytes] = []
        size_bytes = 0
        while chunk := response.read1(CHUNK_BYTES):
            if time.monotonic() > self._deadline_s:
                raise TimeoutError
            if unpack is not None:
                chunk = unpack.decompress(chunk, JSON_MAX_BYTES + 1)
            size_bytes += len(chunk)
            if size_bytes > JSON_MAX_BYTES:
                raise HttpError("bad_answer", f"{self.url} sent more than {JSON_MAX_BYTES} bytes")
            parts.append(chunk)
        if response.length:  # read1 ends quietly when the connection closes early
            raise http.client.IncompleteRead(b"", response.length)
        return b"".join(parts)

    def _close(self) -> None:
        with self._lock:
            self._socket = None
        with contextlib.suppress(OSError):
            self._connection.close()


def held_post(client: HttpClient, path: str, body: bytes, *, connect_timeout_s: float, timeout_s: float) -> HeldPost:
    """A HeldPost. Raises BackendError `unreachable` for an address or certificate bundle that cannot be used."""
    try:
        return HeldPost(client, path, body, connect_timeout_s=connect_timeout_s, timeout_s=timeout_s)
    except (OSError, ValueError) as error:
        raise BackendError("unreachable", f"{client.base_url} cannot be used: {error}") from None
