"""How the fake's answers go wrong, and the words each program has for it."""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from tests.fakes.automatic1111_dialects import DRAWTHINGS_KEYS, Manner, sampler_entries
from tests.fakes.automatic1111_engine import blank, painted


def refusal(manner: Manner, body: dict[str, Any], failure: str, *, is_busy: bool) -> web.Response | None:
    """The answer to a request that is not even begun, or None."""
    name = manner.name
    if failure == "busy" or (name == "koboldcpp" and is_busy):
        said = {"msg": "Server is busy; please try again later.", "type": "service_unavailable"}
        return web.json_response({"detail": said}, status=503)
    if failure == "rate_limit":
        return web.json_response(
            {"error": "HTTPException", "code": 429, "detail": "Rate limit exceeded"}, status=429,
            headers={"Retry-After": "7"},
        )  # fmt: skip
    if failure == "rejected":
        said_422 = [{"type": "int_parsing", "loc": ["body", "steps"], "msg": "Input should be a valid integer"}]
        return web.json_response({"detail": said_422}, status=422)
    if failure == "oom":
        return error(manner, 500, "CUDA out of memory. Tried to allocate 2.00 GiB", "OutOfMemoryError")
    if failure == "nan":
        return error(manner, 500, "A tensor with all NaNs was produced in Unet.", "NansException")
    if failure == "error":
        return error(manner, 500, "mat1 and mat2 shapes cannot be multiplied", "RuntimeError")
    if failure == "html":
        return web.Response(text="<html><body>Sign in</body></html>", content_type="text/html")
    if name == "sdcpp":
        if any(value is None for value in body.values()):
            return error(manner, 500, "[json.exception.type_error.302] type must be number, but is null")
        if not body.get("prompt"):
            return error(manner, 400, "prompt required")
    if name == "drawthings" and set(body) - DRAWTHINGS_KEYS:
        extra = sorted(set(body) - DRAWTHINGS_KEYS)
        return web.json_response({"error": "HTTPException", "detail": f"Unrecognized keys: {extra}"}, status=400)
    sampler = body.get("sampler_name")
    strict = name in ("a1111-1.8", "sdnext")
    if strict and sampler and sampler not in [entry["name"] for entry in sampler_entries(manner)]:
        return error(manner, 404, "Sampler not found", "HTTPException")
    return None


def error(manner: Manner, status: int, message: str, kind: str = "RuntimeError") -> web.Response:
    """The same failure in the words of each program."""
    style = manner.error_style
    shapes: dict[str, dict[str, Any]] = {
        "a1111": {"error": kind, "detail": message if kind == "HTTPException" else "", "body": "",
                  "errors": "" if kind == "HTTPException" else message},
        "forge": {"error": kind, "detail": "", "body": "", "message": message},
        "sdcpp": {"error": "server_error", "message": message} if status == 500 else {"error": message},
        "kobold": {"detail": {"msg": message, "type": kind}},
    }  # fmt: skip
    return web.json_response(shapes[style], status=status)


def spoiled(
    images: list[str], info: dict[str, Any], failure: str, width: int, height: int
) -> tuple[list[str], dict[str, Any]]:
    """The pictures as a failure or an odd habit leaves them."""
    first = images[0]
    changed: dict[str, list[str]] = {
        "no_images": [],
        "stopped_before_first": [],
        "empty_image": [""],
        "not_base64": ["%%% no picture %%%"],
        "not_a_picture": [base64.b64encode(b"just some bytes, no picture").decode()],
        "cut_picture": [base64.b64encode(base64.b64decode(first)[:-60]).decode()],
        "blank": [base64.b64encode(blank(width, height)).decode()],
        "data_prefix": ["data:image/png;base64," + first],
        "grid": [base64.b64encode(painted("grid", width * 2, height)).decode(), first],
    }
    if failure == "grid":
        info = {**info, "index_of_first_image": 1}
    if failure == "no_images":
        info = {**info, "all_seeds": []}
    return changed.get(failure, images), info


def not_found() -> web.Response:
    return web.json_response({"detail": "Not Found"}, status=404)
