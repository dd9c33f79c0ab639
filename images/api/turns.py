"""Turns: told, read, corrected, taken back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.common.api.idempotency import idempotent
from compute.common.api.pagination import page_response
from compute.common.api.params import choice_param, int_param, text_param
from compute.common.api.waiting import WAIT_MOST_S, still_going
from compute.common.errors import InvalidParameters
from images.api.access import actor_of, loaded_turn, story_of, turn_of
from images.api.inputs import IllustrateIn, TurnChangesIn, TurnIn
from images.api.outputs import ImageOut, TurnOut, TurnPageOut
from images.api.paging import PAGE_PARAMETERS
from images.events import story_group
from images.models import GeneratedImage, Turn
from images.representation import images_loaded, represent_images, represent_turn, represent_turns, turns_loaded
from images.selectors import texts_so_far
from images.services.pictures import turn_illustrate
from images.services.turns import turn_delete, turn_retry, turn_submit, turn_update

TAGS = ["stories and turns"]


def _shown(request: Request, turn_id: int) -> dict[str, Any]:
    turn = loaded_turn(turn_id)
    return represent_turn(turn, staff=actor_of(request).is_staff, text_so_far=texts_so_far([turn]).get(turn.pk, ""))


class TurnsView(APIView):
    @extend_schema(
        operation_id="stories_turns_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("order", OpenApiTypes.STR, enum=["oldest", "newest"]),
            OpenApiParameter("external_id", OpenApiTypes.STR),
        ],
        responses={200: TurnPageOut},
        tags=TAGS,
    )
    def get(self, request: Request, story_id: str) -> Response:
        """The story's turns with their pictures, from the first one on (`?order=newest`: from the last one back)."""
        turns = turns_loaded(Turn.objects.filter(story=story_of(request, story_id)))
        external_id = text_param(request, "external_id", most=200)
        if external_id is not None:
            turns = turns.filter(external_id=external_id)
        newest = choice_param(request, "order", ("oldest", "newest")) == "newest"
        staff = actor_of(request).is_staff

        def represent(rows: list[Turn]) -> list[dict[str, Any]]:
            return represent_turns(rows, staff=staff, texts_so_far=texts_so_far(rows))

        return page_response(request, turns, ordering=("-number" if newest else "number",), represent=represent)

    @extend_schema(request=TurnIn, responses={202: TurnOut}, tags=TAGS)
    @idempotent
    def post(self, request: Request, story_id: str) -> Response:
        """Tell a turn. What is given is used as it is; what is missing LUNA works out."""
        story = story_of(request, story_id)
        body = TurnIn(data=request.data)
        body.is_valid(raise_exception=True)
        turn = turn_submit(story=story, actor=actor_of(request), data=body.validated_data)
        return Response(_shown(request, turn.pk), status=202, headers={"Location": f"/api/v1/turns/{turn.pk}/"})


class TurnView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter(
                "wait_s",
                OpenApiTypes.INT,
                description=f"0 to {WAIT_MOST_S}: answer when the turn is told or failed, at the latest after so long.",
            )
        ],
        responses={200: TurnOut},
        tags=TAGS,
    )
    def get(self, request: Request, turn_id: int) -> Response:
        """One turn with its pictures."""
        int_param(request, "wait_s", least=0, most=WAIT_MOST_S)
        turn = turn_of(request, turn_id)
        response = Response(_shown(request, turn.pk))
        if response.data["status"] == "processing":
            still_going(response, group=story_group(turn.story_id), about=f"turn:{turn.pk}")
        return response

    @extend_schema(request=TurnChangesIn, responses={200: TurnOut}, tags=TAGS)
    def patch(self, request: Request, turn_id: int) -> Response:
        """Correct what a turn says. A new place gets its background, changed looks their portrait."""
        turn = turn_of(request, turn_id)
        body = TurnChangesIn(data=request.data)
        body.is_valid(raise_exception=True)
        if not body.validated_data:
            known = ", ".join(body.fields)
            raise InvalidParameters(f"Nothing to change was given; these can be changed: {known}.")
        turn_update(turn=turn, actor=actor_of(request), changes=body.validated_data)
        return Response(_shown(request, turn.pk))

    @extend_schema(responses={204: None}, tags=TAGS)
    def delete(self, request: Request, turn_id: int) -> Response:
        """Take the last turn back: its pictures go, what it realised is free again."""
        turn_delete(turn=turn_of(request, turn_id), actor=actor_of(request))
        return Response(status=204)


class TurnRetryView(APIView):
    @extend_schema(request=None, responses={202: TurnOut}, tags=TAGS)
    @idempotent
    def post(self, request: Request, turn_id: int) -> Response:
        """Take up a failed turn once more, from where it failed."""
        turn = turn_retry(turn=turn_of(request, turn_id), actor=actor_of(request))
        return Response(_shown(request, turn.pk), status=202)


class TurnImagesView(APIView):
    @extend_schema(request=IllustrateIn, responses={202: ImageOut(many=True)}, tags=TAGS)
    @idempotent
    def post(self, request: Request, turn_id: int) -> Response:
        """Ask for a turn's pictures; what it already has is left alone unless `force_regenerate`."""
        turn = turn_of(request, turn_id)
        body = IllustrateIn(data=request.data)
        body.is_valid(raise_exception=True)
        made = turn_illustrate(
            turn=turn,
            actor=actor_of(request),
            image_types=body.validated_data.get("image_types"),
            force_regenerate=body.validated_data.get("force_regenerate", False),
        )
        rows = images_loaded(GeneratedImage.objects.filter(pk__in=[image.pk for image in made]).order_by("pk"))
        return Response(represent_images(rows, staff=actor_of(request).is_staff), status=202)
