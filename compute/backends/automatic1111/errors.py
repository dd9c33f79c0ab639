"""What a failed `/sdapi/v1` answer says, and whose fault it is.

Each program words its errors differently: A1111 `{"error", "detail", "body", "errors"}`, Forge `{"detail"}` or
`{"error", "detail": "", "message"}`, FastAPI's 422 `{"detail": [{"loc", "msg"}]}`, stable-diffusion.cpp `{"error",
"message"?}`, KoboldCpp `{"detail": {"msg", "type"}}`.
"""

from __future__ import annotations

import json
from typing import Any

from compute.backends.base import BackendError, Fault
from compute.common.http import HttpError, Reply, status_error

SAID_MAX_CHARS = 400
_OUT_OF_MEMORY = (
    "outofmemory",
    "out of memory",
    "not enough memory",
    "failed to allocate",
    "can't allocate memory",
    "allocation on device",
    "memoryerror",
)
_NAN = ("nansexception", "tensor with all nans", "tensor with nans")


def error_text(body: bytes) -> str:
    """The server's own words: the first non-empty of errors, message, detail and error; "" if it gave none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return " ".join(body[: SAID_MAX_CHARS * 4].decode("utf-8", "replace").split())[:SAID_MAX_CHARS]
    if not isinstance(answer, dict):
        return _words(answer)
    for key in ("errors", "message", "detail", "error"):
        words = _words(answer.get(key))
        if words:
            kind = answer.get("error")
            named = isinstance(kind, str) and kind and kind not in words and key != "error" and kind != "HTTPException"
            return f"{kind}: {words}"[:SAID_MAX_CHARS] if named else words
    return ""


def _words(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())[:SAID_MAX_CHARS]
    if isinstance(value, dict):
        return _words(value.get("msg") or value.get("message"))
    if isinstance(value, list):
        parts = []
        for item in value[:5]:
            place = ".".join(str(part) for part in item["loc"]) if _has_place(item) else ""
            words = _words(item)
            parts.append(f"{place}: {words}" if place and words else words)
        return "; ".join(part for part in parts if part)[:SAID_MAX_CHARS]
    return ""


def _has_place(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("loc"), list)


def is_api_off(reply: Reply) -> bool:
    """Whether this is FastAPI's answer for a route that does not exist: the web UI runs without `--api`."""
    return reply.status == 404 and error_text(reply.body) == "Not Found"


def api_off_error(url: str) -> HttpError:
    return HttpError(
        "not_found",
        f"{url} answers, but without its API: start the web UI with --api (or --nowebui), "
        "and check that the address has no path that does not belong there",
        status=404,
    )


def failure(reply: Reply, label: str) -> HttpError:
    """The error that a txt2img answer other than 2xx means."""
    said = error_text(reply.body)
    folded = said.lower()
    words = f"{label} at {reply.url} answered {reply.status}" + (f": {said}" if said else "")
    if any(sign in folded for sign in _OUT_OF_MEMORY):
        return HttpError("out_of_memory", f"{words} (ask for a smaller picture, or free memory)", status=reply.status)
    if any(sign in folded for sign in _NAN):
        return HttpError("nan", f"{words} (start it with --no-half-vae or --no-half)", status=reply.status)
    general = status_error(reply)
    if reply.status in (401, 403, 407):
        return HttpError(
            "unauthorized",
            f"{words} (set the worker's user and password to those of --api-auth or --auth, or its bearer token)",
            status=reply.status,
        )
    if is_api_off(reply):
        return api_off_error(reply.url)
    if reply.status in (400, 404) and "sampler not found" in folded:
        return HttpError("unsupported", words, status=reply.status)
    if reply.status in (429, 503):
        return HttpError(
            "busy", words, fault=Fault.SERVER, status=reply.status, retry_after_s=general.retry_after_s or 2.0
        )
    if reply.status in (502, 504):
        return HttpError("unreachable", f"{words} (a proxy stands before it)", status=reply.status)
    if "unrecognized keys" in folded:
        return HttpError("unsupported", f"{words} (this version knows fewer fields)", status=reply.status)
    if 400 <= reply.status < 500:
        return HttpError("rejected", words, fault=Fault.PAYLOAD, status=reply.status)
    if reply.status >= 500:
        return HttpError("failed", words, status=reply.status)
    return HttpError("bad_answer", words, status=reply.status)


def unsupported(detail: str) -> BackendError:
    """This server cannot; another one may."""
    return BackendError("unsupported", detail)
