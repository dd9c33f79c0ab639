"""Idempotency-Key: a creating request that is repeated gets its first answer and creates nothing more.

The record is inserted in the transaction that creates, so either both exist or neither. Two requests with one key at
the same time: an advisory lock of the transaction lets the first through, and the other is told `in_progress`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from compute.common.errors import Conflict, InvalidParameters
from compute.models import IdempotencyRecord

KEPT = timedelta(hours=48)
KEY_MOST = 200
HEADER = "Idempotency-Key"

P = ParamSpec("P")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. replayed: nothing was created now, an earlier request did it."""

    status: int
    reply: Any
    replayed: bool = False


class _Refused(Exception):
    """Carries an error answer out of the transaction, so that nothing of the request stays."""

    def __init__(self, response: Response):
        super().__init__(response.status_code)
        self.response = response


def idempotent_call(*, actor_id: int, key: str, route: str, body: bytes, run: Callable[[], tuple[int, Any]]) -> Answer:
    """Run once per (actor, key): `run` creates and gives (status, JSON-able reply) inside one transaction.

    Raises Conflict `in_progress` while another request with this key runs, `idempotency_conflict` if the key came with
    another route or body, InvalidParameters for an unusable key, and what `run` raises; then nothing is stored.
    """
    if not 1 <= len(key) <= KEY_MOST or not key.isascii() or not key.isprintable():
        raise InvalidParameters(f"{HEADER} must be 1 to {KEY_MOST} printable ASCII characters.")
    digest = hashlib.sha256(body).hexdigest()
    with transaction.atomic():
        _claim(actor_id, key)
        found = IdempotencyRecord.objects.filter(actor_id=actor_id, key=key).first()
        if found is not None and found.created_at < timezone.now() - KEPT:
            found.delete()
            found = None
        if found is not None:
            if (found.route, found.body_sha256) != (route[:200], digest):
                raise Conflict(f"This {HEADER} was used for another request.", code="idempotency_conflict")
            return Answer(found.status, found.reply, replayed=True)
        status, reply = run()
        IdempotencyRecord.objects.create(
            actor_id=actor_id, key=key, route=route[:200], body_sha256=digest, status=status, reply=reply
        )
        return Answer(status, reply)


def _claim(actor_id: int, key: str) -> None:
    """The lock ends with the transaction. Raises Conflict `in_progress` when somebody else holds it."""
    number = int.from_bytes(hashlib.sha256(f"idempotency:{actor_id}:{key}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise Conflict(f"The request with this {HEADER} is still running.", code="in_progress")


def idempotent(
    view: Callable[Concatenate[V, Request, P], Response],
) -> Callable[Concatenate[V, Request, P], Response]:
    """Honour Idempotency-Key on a creating method of an APIView. Only answers below 400 are kept."""

    @functools.wraps(view)
    def wrapper(self: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get(HEADER)
        if key is None or request.user.pk is None:
            return view(self, request, *args, **kwargs)
        body = request._request.body  # before the parser takes the stream

        def run() -> tuple[int, Any]:
            response = view(self, request, *args, **kwargs)
            if response.status_code >= 400:
                raise _Refused(response)
            return response.status_code, json.loads(JSONRenderer().render(response.data))

        route = f"{request.method} {request.path}"
        try:
            answer = idempotent_call(actor_id=request.user.pk, key=key, route=route, body=body, run=run)
        except _Refused as refused:
            return refused.response
        headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
        return Response(answer.reply, status=answer.status, headers=headers)

    return wrapper


def idempotency_expire() -> int:
    """Delete records older than 48 hours; how many there were."""
    count, _ = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return count
