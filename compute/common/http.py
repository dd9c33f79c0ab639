"""HTTP to the servers LUNA uses: bounded in time and size, and every failure a `BackendError`.

A thin layer over `requests`. One `HttpClient` serves one base address and may be used by many threads; each thread
has its own session. No `Origin` header is sent, redirects never leave the host, and the environment's proxies and
`.netrc` are not used (the servers are the operator's own). Certificate bundles named by REQUESTS_CA_BUNDLE or
SSL_CERT_FILE are.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from compute.backends.base import BackendError, BackendSettings
from compute.common.http_reply import HttpError, Reply, network_error, status_error

__all__ = ["HttpClient", "HttpError", "HttpStream", "Reply", "ca_bundle", "network_error", "status_error"]

JSON_MAX_BYTES = 64 * 2**20  # ComfyUI's /object_info is 1–10 MB, A1111's reply holds the pictures
FILE_MAX_BYTES = 64 * 2**20
REDIRECTS_MAX = 3
CHUNK_BYTES = 64 * 1024
# A pooled connection unused for longer is dropped: uvicorn closes idle ones after 5 s, and a POST that meets the
# closing one fails without our knowing whether it was read.
IDLE_REUSE_S = 3.0
_REDIRECTS = (301, 302, 303, 307, 308)


class HttpStream:
    """An answer whose body is read as it comes. `abort` may be called from another thread."""

    def __init__(self, response: requests.Response, url: str, deadline_s: float):
        self.url = url
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._deadline_s = deadline_s  # monotonic

    def chunks(self) -> Iterator[bytes]:
        """The decoded body, piece by piece as it arrives (never empty, at most 64 KiB or so).

        Raises HttpError `timed_out` past the total or the read time-out, `unreachable` when the connection breaks.
        """
        raw = self._response.raw
        read = getattr(raw, "read1", None) or raw.read
        while True:
            if time.monotonic() > self._deadline_s:
                raise HttpError("timed_out", f"{self.url} did not finish its answer in time", status=self.status)
            try:
                chunk = read(CHUNK_BYTES, decode_content=True)
            except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
                raise network_error(self.url, error, status=self.status) from None
            if not chunk:
                return
            yield chunk

    def read(self, max_bytes: int) -> bytes:
        """The whole body. Raises HttpError `bad_answer` if it is larger than max_bytes."""
        parts: list[bytes] = []
        size_bytes = 0
        for chunk in self.chunks():
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                self.abort()
                raise HttpError("bad_answer", f"{self.url} sent more than {max_bytes} bytes", status=self.status)
            parts.append(chunk)
        return b"".join(parts)

    def abort(self) -> None:
        """Break the connection; a read in progress then fails."""
        shutdown = getattr(self._response.raw, "shutdown", None)
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if shutdown is not None:
                shutdown()
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._response.close()


class HttpClient:
    """Requests to one server. Paths are joined to base_url, whose own path (a proxy's prefix) is kept.

    A user and password inside base_url are used when the settings carry none, and never shown in messages.
    Raises BackendError `unreachable` for an address that is not http or https.
    """

    def __init__(self, base_url: str, settings: BackendSettings):
        parts = urlsplit(base_url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BackendError("unreachable", f"{base_url!r} is not an http:// or https:// address")
        host = parts.netloc.rpartition("@")[2]
        self.base_url = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._connect_timeout_s = settings.connect_timeout_s
        self.auth_headers = _auth_headers(settings, parts)
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._sessions_lock = threading.Lock()

    def get_json(
        self, path: str, params: Mapping[str, Any] | None = None, timeout_s: float = 10, max_bytes: int = JSON_MAX_BYTES
    ) -> Any:
        """GET and parse. Raises HttpError for any status other than 2xx and for a body that is not JSON."""
        reply = self.get_raw(path, params=params, timeout_s=timeout_s, max_bytes=max_bytes)
        reply.raise_for_status()
        return reply.json()

    def post_json(self, path: str, body: Any, timeout_s: float = 10, max_bytes: int = JSON_MAX_BYTES) -> Any:
        """POST JSON and parse the answer (None if empty). Raises HttpError as get_json does."""
        reply = self.post_raw(path, body, timeout_s=timeout_s, max_bytes=max_bytes)
        reply.raise_for_status()
        return reply.json()

    def get_bytes(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        max_bytes: int = FILE_MAX_BYTES,
        timeout_s: float = 60,
    ) -> bytes:
        """GET a file. Raises HttpError for any status other than 2xx and for more than max_bytes."""
        reply = self.get_raw(path, params=params, timeout_s=timeout_s, max_bytes=max_bytes)
        reply.raise_for_status()
        return reply.body

    def get_raw(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 10,
        max_bytes: int = JSON_MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """GET; any status is an answer. A GET that meets a dying kept-alive connection is sent once more."""
        try:
            return self._whole("GET", path, None, params, timeout_s, max_bytes, headers)
        except HttpError as error:
            if error.code != "unreachable" or not error.maybe_sent:
                raise
        return self._whole("GET", path, None, params, timeout_s, max_bytes, headers)

    def post_raw(
        self,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        timeout_s: float = 10,
        max_bytes: int = JSON_MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """POST; any status is an answer. body: JSON value, or bytes sent as they are, or None for no body."""
        return self._whole("POST", path, body, params, timeout_s, max_bytes, headers)

    @contextlib.contextmanager
    def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        timeout_s: float = 60,
        read_timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[HttpStream]:
        """Send, and hand over the answer when its headers are there; any status is an answer.

        timeout_s bounds the whole exchange, read_timeout_s each silence (first byte included; timeout_s if None).
        """
        deadline_s = time.monotonic() + timeout_s
        read_s = min(timeout_s, read_timeout_s or timeout_s)
        sent = {**(headers or {}), **self.auth_headers}
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body, allow_nan=False).encode()
            sent.setdefault("Content-Type", "application/json")
        session = self._session()
        url = self.base_url + "/" + path.lstrip("/")
        for _ in range(REDIRECTS_MAX + 1):
            shown = url.partition("?")[0]
            connect_s = min(self._connect_timeout_s, timeout_s)
            try:
                response = session.request(
                    method, url, params=dict(params) if params else None, data=data, headers=sent,
                    timeout=(connect_s, read_s), stream=True, allow_redirects=False,
                )  # fmt: skip
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise network_error(shown, error) from None
            answer = HttpStream(response, shown, deadline_s)
            if response.status_code in _REDIRECTS and "Location" in response.headers:
                answer.close()
                url, params = _redirected(method, response), None
                continue
            try:
                yield answer
            finally:
                answer.close()
                self._local.used_at_s = time.monotonic()
            return
        raise HttpError("bad_answer", f"{self.base_url} redirects more than {REDIRECTS_MAX} times")

    def close(self) -> None:
        """Drop the pooled connections of all threads. The client can still be used."""
        with self._sessions_lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def _whole(
        self,
        method: str,
        path: str,
        body: Any,
        params: Mapping[str, Any] | None,
        timeout_s: float,
        max_bytes: int,
        headers: Mapping[str, str] | None,
    ) -> Reply:
        with self.stream(method, path, body, params=params, timeout_s=timeout_s, headers=headers) as answer:
            content = answer.read(max_bytes)
            return Reply(answer.url, answer.status, CaseInsensitiveDict(answer.headers), content)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.verify = ca_bundle() or True
            session.headers["User-Agent"] = "LUNA"
            session.mount("http://", _KeepAliveAdapter())
            session.mount("https://", _KeepAliveAdapter())
            self._local.session = session
            with self._sessions_lock:
                self._sessions.add(session)
        elif time.monotonic() - self._local.used_at_s > IDLE_REUSE_S:
            session.close()
        self._local.used_at_s = time.monotonic()
        return session


def ca_bundle() -> str | None:
    """The file of trusted certificates that the environment names, if any."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or None


class _KeepAliveAdapter(HTTPAdapter):
    """Lets the kernel notice, within about 30 s, that the machine at the other end is gone."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = list(urllib3.connection.HTTPConnection.default_socket_options)
        options.append((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
        for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
        super().init_poolmanager(*args, **kwargs, socket_options=options)


def _auth_headers(settings: BackendSettings, parts: SplitResult) -> dict[str, str]:
    """The Authorization header, UTF-8 on the wire (http.client writes headers as Latin-1 and fails on the rest)."""
    if settings.bearer:
        return {"Authorization": "Bearer " + settings.bearer.encode().decode("latin-1")}
    user, password = settings.user, settings.password
    if not (user or password) and parts.username:
        user, password = unquote(parts.username), unquote(parts.password or "")
    if not (user or password):
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _redirected(method: str, response: requests.Response) -> str:
    """Where a redirect leads; only to the same server, and only where the request stays the same."""
    there = urljoin(response.url, quote(response.headers["Location"], safe="%/:=&?~#+!$,;'@()*[]"))
    old, new = urlsplit(response.url), urlsplit(there)
    same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
    safer = (old.scheme, new.scheme) == ("http", "https") and old.hostname == new.hostname
    shown = there.partition("?")[0]
    if not (same or safer):
        raise HttpError(
            "bad_answer",
            f"{response.url.partition('?')[0]} redirects to another server, {shown}; set that address if it is right",
            status=response.status_code,
        )
    if method != "GET" and response.status_code not in (307, 308):
        raise HttpError(
            "bad_answer",
            f"{response.url.partition('?')[0]} redirects a {method} to {shown}; set the address it leads to",
            status=response.status_code,
        )
    return there
