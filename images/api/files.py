"""The files of pictures, given out only after a look at who asks; also before a 304.

A browser's <img> sends no Accept header that fits JSON, so these addresses answer whatever it says; errors still have
the API's shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from compute.common.errors import NotFound
from images.models import GeneratedImage
from images.representation import signature_fits
from images.services.files import image_card_bytes, image_file_path, image_thumb_path, slug

TAGS = ["stories and turns"]
# A picture is shown, never run: an SVG or HTML that slipped in could do nothing.
SANDBOX = "default-src 'none'; sandbox"
BINARY = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class AnyAccept(BaseContentNegotiation):
    """Answer whatever the Accept header says: a file has one form only, and errors are JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The first one; these addresses take no body."""
        return next(iter(parsers), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """JSON, used for errors."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class _FileView(APIView):
    content_negotiation_class = AnyAccept
    # The view itself looks who asks, because a signature can stand in for a person.
    permission_classes = (AllowAny,)

    def image(self, request: Request, image_id: int) -> GeneratedImage:
        """The complete picture that the person or the signature may see. Raises NotFound."""
        rows = GeneratedImage.objects.select_related("file", "thumb", "story__owner", "turn")
        signature = request.query_params.get("sig", "")
        if signature and signature_fits(image_id, signature):
            found = rows.filter(pk=image_id, story__deleted_at__isnull=True).first()
        elif request.user.is_authenticated:
            found = rows.visible_to(request.user).filter(pk=image_id).first()
        else:
            found = None
        if found is None or found.status != GeneratedImage.Status.COMPLETE or found.file is None:
            raise NotFound("There is no such picture, or it is not finished.")
        return found


def file_response(
    request: HttpRequest, *, etag: str, mime: str, read: Callable[[], bytes], filename: str = ""
) -> HttpResponseBase:
    """The file, or 304 if the asker has it; `read` is called only when the bytes are needed."""
    quoted = quote_etag(etag)
    response: HttpResponseBase | None = get_conditional_response(request, etag=quoted)
    if response is None:
        response = HttpResponse(read(), content_type=mime)
        if filename:
            response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["ETag"] = quoted
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


class ImageFileView(_FileView):
    @extend_schema(responses=BINARY, tags=TAGS)
    def get(self, request: Request, image_id: int) -> HttpResponseBase:
        """The picture, as it is stored."""
        image = self.image(request, image_id)
        assert image.file is not None
        path = image_file_path(image)
        return file_response(request._request, etag=image.file.checksum, mime=image.file.mime, read=path.read_bytes)


class ImageThumbView(_FileView):
    @extend_schema(responses=BINARY, tags=TAGS)
    def get(self, request: Request, image_id: int) -> HttpResponseBase:
        """The picture in at most 384 px, as WebP."""
        image = self.image(request, image_id)
        path = image_thumb_path(image)
        assert image.thumb is not None
        return file_response(request._request, etag=image.thumb.checksum, mime=image.thumb.mime, read=path.read_bytes)


class ImageCardView(_FileView):
    @extend_schema(responses=BINARY, tags=TAGS)
    def get(self, request: Request, image_id: int) -> HttpResponseBase:
        """The picture as a PNG asset card, to download."""
        image = self.image(request, image_id)
        assert image.file is not None
        return file_response(
            request._request,
            etag=f"card-{image.file.checksum}",
            mime="image/png",
            read=lambda: image_card_bytes(image),
            filename=f"{slug(image.subject_key or image.image_type)}-{image.pk}.png",
        )
