"""Pictures: listed, looked at, made again, chosen, cancelled, deleted."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compute.common.api.idempotency import idempotent
from compute.common.api.pagination import page_response
from compute.common.api.params import bool_param, choice_param, int_param, text_param
from images.api.access import actor_of, image_of, story_of
from images.api.inputs import RegenerateIn
from images.api.outputs import ImageOut, ImagePageOut
from images.api.paging import PAGE_PARAMETERS
from images.models import GeneratedImage
from images.representation import images_loaded, represent_image, represent_images
from images.services.pictures import image_cancel, image_delete, image_regenerate, image_select

TAGS = ["stories and turns"]
_ID_MOST = 2**63 - 1


def _shown(request: Request, image_id: int) -> dict[str, Any]:
    return represent_image(image_of(request, image_id), staff=actor_of(request).is_staff)


class ImagesView(APIView):
    @extend_schema(
        operation_id="stories_images_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("image_type", OpenApiTypes.STR, enum=GeneratedImage.Type.values),
            OpenApiParameter("status", OpenApiTypes.STR, enum=GeneratedImage.Status.values),
            OpenApiParameter("turn", OpenApiTypes.INT, description="A turn's id."),
            OpenApiParameter("subject_key", OpenApiTypes.STR),
            OpenApiParameter("is_speculative", OpenApiTypes.BOOL),
        ],
        responses={200: ImagePageOut},
        tags=TAGS,
    )
    def get(self, request: Request, story_id: str) -> Response:
        """The story's pictures, newest first."""
        wanted = {
            "image_type": choice_param(request, "image_type", GeneratedImage.Type.values),
            "status": choice_param(request, "status", GeneratedImage.Status.values),
            "turn_id": int_param(request, "turn", least=1, most=_ID_MOST),
            "subject_key": text_param(request, "subject_key", most=255),
            "is_speculative": bool_param(request, "is_speculative"),
        }
        images = GeneratedImage.objects.filter(
            story=story_of(request, story_id), **{key: value for key, value in wanted.items() if value is not None}
        )
        staff = actor_of(request).is_staff

        def represent(rows: list[GeneratedImage]) -> list[dict[str, Any]]:
            return represent_images(rows, staff=staff)

        return page_response(request, images_loaded(images), ordering=("-id",), represent=represent)


class ImageView(APIView):
    @extend_schema(responses={200: ImageOut}, tags=TAGS)
    def get(self, request: Request, image_id: int) -> Response:
        """One picture: what it shows, how it is or was made, where its files are."""
        return Response(_shown(request, image_id))

    @extend_schema(responses={204: None}, tags=TAGS)
    def delete(self, request: Request, image_id: int) -> Response:
        """Delete a picture and its file."""
        image_delete(image=image_of(request, image_id), actor=actor_of(request))
        return Response(status=204)


class RegenerateView(APIView):
    @extend_schema(request=RegenerateIn, responses={202: ImageOut}, tags=TAGS)
    @idempotent
    def post(self, request: Request, image_id: int) -> Response:
        """The same picture once more, with another seed and, if given, another prompt; the old one stays."""
        image = image_of(request, image_id)
        body = RegenerateIn(data=request.data)
        body.is_valid(raise_exception=True)
        new_prompt = body.validated_data.get("new_prompt")
        again = image_regenerate(image=image, actor=actor_of(request), new_prompt=new_prompt)
        return Response(_shown(request, again.pk), status=202, headers={"Location": f"/api/v1/images/{again.pk}/"})


class SelectView(APIView):
    @extend_schema(request=None, responses={200: ImageOut}, tags=TAGS)
    def post(self, request: Request, image_id: int) -> Response:
        """Choose this one among its variants."""
        image_select(image=image_of(request, image_id), actor=actor_of(request))
        return Response(_shown(request, image_id))


class CancelView(APIView):
    @extend_schema(request=None, responses={200: ImageOut}, tags=TAGS)
    def post(self, request: Request, image_id: int) -> Response:
        """Stop a picture that is not finished; a finished one stays as it is."""
        image_cancel(image=image_of(request, image_id), actor=actor_of(request))
        return Response(_shown(request, image_id))
