"""What the pages share: who asks, what they may see, and where they go afterwards."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme

from community.models import User
from compute.common.errors import DomainError, NotFound
from compute.models import Worker
from images.models import GeneratedImage, Story, Turn


def person(request: HttpRequest) -> User:
    """Who asks, behind login_required."""
    return cast(User, request.user)


def story_of(request: HttpRequest, story_id: str) -> Story:
    """A story the person may see, else 404."""
    return get_object_or_404(Story.objects.visible_to(request.user), pk=story_id)


def turn_of(request: HttpRequest, turn_id: int) -> Turn:
    """A turn of such a story, else 404."""
    return get_object_or_404(Turn.objects.visible_to(request.user).select_related("story"), pk=turn_id)


def image_of(request: HttpRequest, image_id: int) -> GeneratedImage:
    """A picture of such a story, else 404."""
    return get_object_or_404(GeneratedImage.objects.visible_to(request.user).select_related("story"), pk=image_id)


def sketchers_known() -> list[str]:
    """Names of the workers whose pictures are sketches: the built-in painter under whatever name."""
    return list(Worker.objects.filter(api_type=Worker.ApiType.PAINTER).values_list("name", flat=True))


def say(request: HttpRequest, error: DomainError) -> None:
    """Show why something could not be done on the next page. Raises Http404 for what is not there."""
    if isinstance(error, NotFound):
        raise Http404(error.detail)
    messages.error(request, sentences(error))


def sentences(error: DomainError) -> str:
    """The error and what is said about each field, once."""
    more = [text for texts in error.fields.values() for text in texts if text not in error.detail]
    return " ".join([error.detail, *more])


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page in `next` if it is one of ours, else to the given address."""
    wanted = request.POST.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return redirect(wanted)
    return redirect(otherwise)
