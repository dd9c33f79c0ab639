"""Lists by cursor: `{"next", "previous", "results"}`.

A cursor names the last row seen by its sort values (keyset), so a page costs the same at any depth and no row is
shown twice or missed when others come or go. It is plain, not secret: it only ever narrows a list that is already
restricted to what the caller may see.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from compute.common.api.params import int_param
from compute.common.errors import InvalidParameters

PAGE_SIZE = 20
PAGE_SIZE_MOST = 100
_CURSOR_MOST = 1000

M = TypeVar("M", bound=Model)


def page_response(
    request: Request,
    queryset: QuerySet[M],
    *,
    ordering: Sequence[str],
    represent: Callable[[list[M]], list[dict[str, Any]]],
) -> Response:
    """One page of a list; `?limit=` 1–100 (20), `?cursor=` from an earlier answer.

    ordering: field names, `-` for descending; together unique and never NULL. represent: rows to dictionaries, all at
    once so that it can prefetch. Raises InvalidParameters for a limit or cursor that does not fit.
    """
    limit = int_param(request, "limit", least=1, most=PAGE_SIZE_MOST) or PAGE_SIZE
    position, backwards = _read_cursor(request.query_params.get("cursor"), len(ordering))
    order = [_flip(name) for name in ordering] if backwards else list(ordering)
    rows_query = queryset.order_by(*order)
    try:
        if position is not None:
            rows_query = rows_query.filter(_after(order, position))
        rows = list(rows_query[: limit + 1])
    except (FieldError, ValidationError, ValueError, TypeError):
        raise _bad_cursor() from None
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (backwards or more)
    has_previous = bool(rows) and (more if backwards else position is not None)
    return Response(
        {
            "next": _link(request, rows[-1], ordering, backwards=False) if has_next else None,
            "previous": _link(request, rows[0], ordering, backwards=True) if has_previous else None,
            "results": represent(rows),
        }
    )


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(order: Sequence[str], position: Sequence[Any]) -> Q:
    """Rows that come after the position: (a > x) or (a = x and b > y) …"""
    condition = Q()
    equal = Q()
    for name, value in zip(order, position, strict=True):
        field, beyond = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= equal & Q(**{f"{field}__{beyond}": value})
        equal &= Q(**{field: value})
    return condition


def _link(request: Request, row: Model, ordering: Sequence[str], *, backwards: bool) -> str:
    values = [_plain(getattr(row, name.lstrip("-"))) for name in ordering]
    raw = json.dumps([int(backwards), *values], separators=(",", ":")).encode()
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return request.build_absolute_uri(f"{request.path}?{urlencode(list(query.items()))}")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _read_cursor(raw: str | None, length: int) -> tuple[list[Any] | None, bool]:
    if not raw:
        return None, False
    if len(raw) > _CURSOR_MOST:
        raise _bad_cursor()
    try:
        values = json.loads(base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise _bad_cursor() from None
    fits = (
        isinstance(values, list)
        and len(values) == length + 1
        and values[0] in (0, 1)
        and all(isinstance(value, (str, int, float)) for value in values[1:])
        and not any(isinstance(value, str) and "\x00" in value for value in values[1:])
    )
    if not fits:
        raise _bad_cursor()
    return values[1:], bool(values[0])


def _bad_cursor() -> InvalidParameters:
    problem = "is not a cursor of this list; take it from `next` or `previous`"
    return InvalidParameters(f"cursor: {problem}", fields={"cursor": [problem]})
