"""Answers and errors of the HTTP client: what a status, a body or a broken connection means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3

from compute.backends.base import BackendError, Fault


class HttpError(BackendError):
    """A `BackendError` that also knows the HTTP side of it.

    status: the server's status, or None when no answer came. maybe_sent: the request may have reached the server
    (False: it surely did not, so that sending it again is safe).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        fault: Fault = Fault.WORKER,
        status: int | None = None,
        maybe_sent: bool = True,
        retry_after_s: float | None = None,
    ):
        super().__init__(code, detail, fault=fault, retry_after_s=retry_after_s)
        self.status = status
        self.maybe_sent = maybe_sent


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, whatever its status. Header names are compared without regard to case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """The media type alone, lower case: `text/html`."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON; None for an empty one. Raises HttpError `bad_answer` for anything else."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            kind = self.content_type or "no content type"
            raise HttpError(
                "bad_answer",
                f"{self.url} answered {self.status} with {kind} instead of JSON: {self.excerpt()!r}. "
                "Is another program, or a sign-in page, at this address?",
                status=self.status,
            ) from None

    def excerpt(self, length: int = 200) -> str:
        """The beginning of the body as one line of text, for messages."""
        return " ".join(self.body[: length * 4].decode("utf-8", "replace").split())[:length]

    def raise_for_status(self) -> None:
        """Raise the HttpError that a status other than 2xx means, if it is one."""
        if not self.ok:
            raise status_error(self)


def status_error(reply: Reply) -> HttpError:
    """The error a status means: who may not, what is missing, who is busy, what broke."""
    status, said = reply.status, reply.excerpt()
    words = f"{reply.url} answered {status}" + (f": {said}" if said else "")
    retry_after_s = _retry_after_s(reply.headers.get("Retry-After"))
    if status in (401, 403, 407):
        hint = "set or correct the worker's user and password, or its bearer token"
        if status == 403:
            hint += "; a 403 without text can also come from a proxy that does not let this address in"
        return HttpError("unauthorized", f"{words} ({hint})", status=status)
    if status == 404:
        return HttpError("not_found", f"{words} (is the address right, path prefix included?)", status=status)
    if status == 413:
        return HttpError("rejected", f"{words} (the request is too large)", fault=Fault.PAYLOAD, status=status)
    if status in (429, 502, 503, 504):
        code = "busy" if status in (429, 503) else "unreachable"
        return HttpError(code, words, status=status, retry_after_s=retry_after_s)
    if 400 <= status < 500:
        return HttpError("rejected", words, fault=Fault.PAYLOAD, status=status)
    return HttpError("bad_answer", words, status=status)


def network_error(url: str, error: Exception, *, status: int | None = None) -> HttpError:
    """What a broken exchange means: nobody there, too slow, or cut off."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return HttpError("unreachable", f"nothing answers at {url} (no connection in time)", maybe_sent=False)
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return HttpError("timed_out", f"{url} did not answer in time", status=status)
    if isinstance(error, requests.exceptions.SSLError):
        return HttpError("unreachable", f"{url}: the certificate or TLS is not accepted ({error})", maybe_sent=False)
    if _caused_by(error, urllib3.exceptions.NewConnectionError):
        return HttpError("unreachable", f"nothing answers at {url} (refused, or unknown host)", maybe_sent=False)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | UnicodeError):
        return HttpError("unreachable", f"{url} is not a usable address ({error})", maybe_sent=False)
    if isinstance(error, requests.exceptions.InvalidHeader):
        return HttpError("unauthorized", "the user, password or token holds a character that cannot be sent")
    return HttpError("unreachable", f"{url} broke the connection ({type(error).__name__})", status=status)


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Whether an error of that kind is among the causes; requests wraps urllib3's in its arguments."""
    for _ in range(6):
        if error is None or isinstance(error, kind):
            return error is not None
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None) or error.__context__
        error = inner if isinstance(inner, BaseException) else None
    return False


def _retry_after_s(value: str | None) -> float | None:
    """Retry-After in seconds, at most an hour; dates are not used by these servers."""
    try:
        return min(max(float(value or ""), 0.0), 3600.0)
    except ValueError:
        return None
