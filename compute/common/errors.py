"""Errors that services raise and every surface (API, page, socket, command) shows in its own way."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """Something asked for cannot be done. code is one of the contract's; detail a sentence for a person."""

    status = 400
    code = "invalid_parameters"

    def __init__(self, detail: str, *, code: str | None = None, fields: Mapping[str, list[str]] | None = None):
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.fields = dict(fields or {})


class InvalidParameters(DomainError):
    """What was sent does not fit. fields names each wrong field."""


class NotFound(DomainError):
    """There is no such thing, or it is somebody else's."""

    status = 404
    code = "not_found"


class Conflict(DomainError):
    """It was possible a moment ago, or for another body: `idempotency_conflict`, `in_progress`, `conflict`, …"""

    status = 409
    code = "conflict"


class Forbidden(DomainError):
    """This person may not do this."""

    status = 403
    code = "forbidden"


class TooLarge(DomainError):
    status = 413
    code = "too_large"


class RateLimited(DomainError):
    """Too many in a short time. retry_after_s says when to come back."""

    status = 429
    code = "rate_limited"

    def __init__(self, detail: str, *, retry_after_s: int):
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Unavailable(DomainError):
    """Something LUNA needs is down just now."""

    status = 503
    code = "unavailable"
