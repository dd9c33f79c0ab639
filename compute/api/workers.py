"""The operator's workers, for staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.common.errors import NotFound
from compute.models import Worker
from compute.selectors import queue_by_lane, worker_status
from compute.services.workers import worker_drain, worker_pause, worker_probe_now, worker_resume

TAGS = ["workers"]
ACTIONS: dict[str, Callable[..., None]] = {
    "probe": worker_probe_now,
    "pause": worker_pause,
    "resume": worker_resume,
    "drain": worker_drain,
}


class WorkerOut(serializers.Serializer[Any]):
    worker_id = serializers.IntegerField()
    worker_name = serializers.CharField()
    api_type = serializers.CharField()
    api_url = serializers.CharField()
    max_concurrent = serializers.IntegerField()
    supports_sdxl = serializers.BooleanField()
    supports_controlnet = serializers.BooleanField()
    vram_gb = serializers.IntegerField(allow_null=True)
    is_online = serializers.BooleanField()
    current_load = serializers.IntegerField()
    last_heartbeat = serializers.DateTimeField(allow_null=True)
    total_generated = serializers.IntegerField()
    avg_generation_time_ms = serializers.IntegerField(allow_null=True)
    error_count = serializers.IntegerField()
    priority = serializers.IntegerField()
    enabled = serializers.BooleanField()
    source = serializers.CharField()  # type: ignore[assignment]  # the base has an attribute of this name
    server = serializers.CharField()
    models = serializers.ListField(child=serializers.CharField())
    loaded_model = serializers.CharField()
    gpu_model = serializers.CharField()
    warnings = serializers.ListField(child=serializers.JSONField())
    last_error = serializers.CharField()
    paused_until = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=("online", "busy", "paused", "draining", "offline", "off"))
    reason = serializers.CharField()
    jobs = serializers.ListField(child=serializers.JSONField())


class WorkerListOut(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = WorkerOut(many=True)


class LaneOut(serializers.Serializer[Any]):
    lane = serializers.CharField()
    waiting = serializers.IntegerField()
    running = serializers.IntegerField()
    oldest_queued_at = serializers.DateTimeField(allow_null=True)


class WorkersView(APIView):
    permission_classes = (IsAdminUser,)

    @extend_schema(responses={200: WorkerListOut}, tags=TAGS)
    def get(self, request: Request) -> Response:
        """Every worker on one page: what it can do, what it does, how it fares."""
        return Response({"next": None, "previous": None, "results": worker_status()})


class QueueView(APIView):
    permission_classes = (IsAdminUser,)

    @extend_schema(responses={200: LaneOut(many=True)}, tags=TAGS)
    def get(self, request: Request) -> Response:
        """What waits and runs, lane by lane."""
        return Response(queue_by_lane())


class WorkerActionView(APIView):
    permission_classes = (IsAdminUser,)

    @extend_schema(
        request=None,
        parameters=[OpenApiParameter("action", OpenApiTypes.STR, OpenApiParameter.PATH, enum=list(ACTIONS))],
        responses={200: WorkerOut},
        tags=TAGS,
    )
    def post(self, request: Request, worker_id: int, action: str) -> Response:
        """probe: look at it now. pause: switch it off. resume: on again. drain: finish what runs, take nothing new."""
        worker = Worker.objects.filter(pk=worker_id, kind=Worker.Kind.MANAGED).first()
        if worker is None or action not in ACTIONS:
            raise NotFound("There is no such worker or action.")
        ACTIONS[action](worker=worker, actor=cast(AbstractBaseUser, request.user))
        return Response(next(row for row in worker_status() if row["worker_id"] == worker_id))
