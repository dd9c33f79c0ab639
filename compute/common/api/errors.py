"""One shape for every error of the API: `{"code", "detail", "fields"}` (docs at /api/v1/errors/)."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from compute.common.errors import DomainError, RateLimited

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code a caller may meet, the status it comes with, and what to do about it."""

    code: str
    status: int
    meaning: str


ERROR_CODES = (
    ErrorCode("invalid_parameters", 400, "Something sent does not fit; `fields` names each wrong field."),
    ErrorCode("invalid_json", 400, "The body is not JSON."),
    ErrorCode("invalid_card", 400, "The file holds no readable asset card; `detail` says what is wrong and where."),
    ErrorCode("not_authenticated", 401, "No token or session came with the request, or it is no longer valid."),
    ErrorCode("invalid_credentials", 401, "The user name and the password do not belong together."),
    ErrorCode("insufficient_credits", 402, "The balance does not cover the price."),
    ErrorCode("forbidden", 403, "You are signed in, but may not do this."),
    ErrorCode("csrf_failed", 403, "The web session was used without its CSRF token."),
    ErrorCode("registration_closed", 403, "This LUNA takes no new people, or only invited ones."),
    ErrorCode("not_found", 404, "There is no such thing, or it is somebody else's."),
    ErrorCode("method_not_allowed", 405, "The address exists, but not with this HTTP method; see the Allow header."),
    ErrorCode("not_acceptable", 406, "The Accept header excludes everything this address can send."),
    ErrorCode("conflict", 409, "It does not fit the present state, for instance a number that is already taken."),
    ErrorCode("idempotency_conflict", 409, "This Idempotency-Key was used before, for another request."),
    ErrorCode("in_progress", 409, "The request with this Idempotency-Key is still running; ask again in a moment."),
    ErrorCode("lease_lost", 409, "The worker no longer holds this job."),
    ErrorCode("pool_full", 409, "The story's pool of ideas is full."),
    ErrorCode("too_large", 413, "The body or the file is larger than allowed: 1 MiB of JSON, 40 MiB of anything."),
    ErrorCode("unsupported_media_type", 415, "The body's Content-Type is not one this address reads."),
    ErrorCode("prompt_refused", 422, "The content rules forbid this prompt; `detail` says which."),
    ErrorCode("result_rejected", 422, "What a worker delivered is not what was asked for."),
    ErrorCode("rate_limited", 429, "Too many requests; the Retry-After header says when to come back, in seconds."),
    ErrorCode("internal_error", 500, "LUNA failed; the operator's log says why. Repeating it is safe with a key."),
    ErrorCode("unavailable", 503, "Something LUNA needs is down just now; try again."),
)

_CODE_OF_STATUS = {
    400: "invalid_parameters",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}


def error_body(code: str, detail: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of an error answer."""
    return {"code": code, "detail": detail, "fields": dict(fields or {})}


def error_response(status: int, code: str, detail: str) -> JsonResponse:
    """An error answer for code that runs outside the REST framework."""
    return JsonResponse(error_body(code, detail), status=status)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """settings.REST_FRAMEWORK["EXCEPTION_HANDLER"]. None (an unknown failure) becomes a logged 500."""
    response = _response_for(exc)
    if response is not None:
        set_rollback()
    return response


def _response_for(exc: Exception) -> Response | None:
    if isinstance(exc, DomainError):
        headers = {"Retry-After": str(exc.retry_after_s)} if isinstance(exc, RateLimited) else None
        return Response(error_body(exc.code, exc.detail, exc.fields), status=exc.status, headers=headers)
    if isinstance(exc, Http404):
        return Response(error_body("not_found", "There is nothing here that you may see."), status=404)
    if isinstance(exc, PermissionDenied):
        return Response(error_body("forbidden", "You may not do this."), status=403)
    if isinstance(exc, RequestDataTooBig):
        return Response(error_body("too_large", "The body is larger than 1 MiB."), status=413)
    if isinstance(exc, RecursionError):
        return Response(error_body("invalid_json", "The JSON is nested too deeply."), status=400)
    if isinstance(exc, (OperationalError, InterfaceError)):
        logger.exception("the database did not answer")
        return Response(error_body("unavailable", "The database does not answer just now."), status=503)
    if isinstance(exc, exceptions.APIException):
        return _framework_response(exc)
    return None


def _framework_response(exc: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait_s := getattr(exc, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait_s))
    if isinstance(exc, exceptions.ValidationError):
        fields = field_errors(exc.detail)
        return Response(error_body("invalid_parameters", _summary(fields), fields), status=400)
    code = _CODE_OF_STATUS.get(exc.status_code, "invalid_parameters" if exc.status_code < 500 else "internal_error")
    if isinstance(exc, exceptions.ParseError):
        return Response(error_body("invalid_json", f"The body is not JSON ({exc.detail})."), status=400)
    own = exc.get_codes()
    if isinstance(own, str) and any(own == known.code for known in ERROR_CODES):
        code = own
    return Response(error_body(code, str(exc.detail)), status=exc.status_code, headers=headers)


def field_errors(detail: Any, path: str = "") -> dict[str, list[str]]:
    """A serializer's nested errors as `{"characters.0.name": ["…"]}`; what belongs to no field is under `""`."""
    if isinstance(detail, Mapping):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            inner = path if key == "non_field_errors" else f"{path}.{key}" if path else str(key)
            found.update(field_errors(value, inner))
        return found
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        texts = [str(item) for item in detail if not isinstance(item, (Mapping, list, tuple))]
        found = {path: texts} if texts else {}
        for number, item in enumerate(detail):
            if isinstance(item, (Mapping, list, tuple)) and item:
                found.update(field_errors(item, f"{path}.{number}" if path else str(number)))
        return found
    return {path: [str(detail)]}


def _summary(fields: Mapping[str, list[str]]) -> str:
    for name, texts in fields.items():
        return f"{name}: {texts[0]}" if name else texts[0]
    return "Something sent does not fit."
