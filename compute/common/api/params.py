"""Strict reading of query parameters: a value that does not fit is refused, never quietly replaced."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.request import Request

from compute.common.errors import InvalidParameters


def _refuse(name: str, problem: str) -> InvalidParameters:
    return InvalidParameters(f"{name}: {problem}", fields={name: [problem]})


def int_param(request: Request, name: str, *, least: int, most: int) -> int | None:
    """A whole number within [least, most]; None when absent. Raises InvalidParameters."""
    raw = request.query_params.get(name)
    if raw is None:
        return None
    if not raw.isascii() or not raw.isdigit() or len(raw) > 19 or not least <= int(raw) <= most:
        raise _refuse(name, f"must be a whole number from {least} to {most}")
    return int(raw)


def bool_param(request: Request, name: str) -> bool | None:
    """`true` or `false` (also 1, 0); None when absent. Raises InvalidParameters."""
    raw = request.query_params.get(name)
    if raw is None:
        return None
    if raw.lower() not in ("true", "false", "1", "0"):
        raise _refuse(name, "must be true or false")
    return raw.lower() in ("true", "1")


def choice_param(request: Request, name: str, choices: Sequence[str]) -> str | None:
    """One of the choices; None when absent. Raises InvalidParameters."""
    raw = request.query_params.get(name)
    if raw is not None and raw not in choices:
        raise _refuse(name, f"must be one of {', '.join(choices)}")
    return raw


def text_param(request: Request, name: str, *, most: int) -> str | None:
    """A text of at most so many characters; None when absent. Raises InvalidParameters."""
    raw = request.query_params.get(name)
    if raw is not None and (len(raw) > most or "\x00" in raw):
        raise _refuse(name, f"must be a text of at most {most} characters")
    return raw
