"""One picture: front, back, and what can be done with it without script."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from compute.common.errors import DomainError
from images.models import GeneratedImage
from images.representation import images_loaded, represent_image
from images.services.pictures import image_delete, image_regenerate, image_select
from images.views import words
from images.views.common import back, image_of, person, say, sketchers_known


@require_safe
@never_cache
@login_required
def picture(request: HttpRequest, image_id: int) -> HttpResponse:
    """The picture at full size, its prompt and settings."""
    row = image_of(request, image_id)
    image = represent_image(images_loaded(GeneratedImage.objects.filter(pk=row.pk)).get())
    number = row.turn.number if row.turn else None
    sketchers = sketchers_known()
    page = {
        "story": row.story,
        "section": "stories",
        "image": image,
        "title": words.subject_of(image) or words.TYPE_NAMES.get(image["image_type"], "Picture"),
        "caption": words.caption(image, number, sketchers),
        "sketch": image["status"] == "complete" and image["gpu_worker"] in sketchers,
        "turn": row.turn,
        "alt": words.alt_of(image),
        "wait_line": words.wait_line(image) if words.is_unfinished(image) else "",
        "why": (image["error"] or {}).get("detail", ""),
        "seconds": words.duration(row.generation_time_ms / 1000) if row.generation_time_ms else "",
    }
    return render(request, "images/picture.html", page)


@require_POST
@login_required
def picture_regenerate(request: HttpRequest, image_id: int) -> HttpResponse:
    """Paint it again, with another prompt if the form has one."""
    image = image_of(request, image_id)
    prompt = request.POST.get("new_prompt", "").strip()
    try:
        image = image_regenerate(
            image=image, actor=person(request), new_prompt=prompt if prompt and prompt != image.prompt else None
        )
    except DomainError as error:
        say(request, error)
    else:
        messages.success(request, "It is being painted again. Refresh to see it.")
    return back(request, _turn_address(image))


@require_POST
@login_required
def picture_select(request: HttpRequest, image_id: int) -> HttpResponse:
    """Choose it among its variants."""
    image = image_of(request, image_id)
    try:
        image_select(image=image, actor=person(request))
    except DomainError as error:
        say(request, error)
    return back(request, _turn_address(image))


@login_required
def picture_delete(request: HttpRequest, image_id: int) -> HttpResponse:
    """Ask, then delete."""
    image = image_of(request, image_id)
    if request.method != "POST":
        page = {"story": image.story, "image": image, "section": "stories"}
        return render(request, "images/picture_delete.html", page)
    try:
        with transaction.atomic():
            image_delete(image=image, actor=person(request))
    except DomainError as error:
        say(request, error)
    else:
        messages.success(request, "The picture is deleted.")
    return back(request, reverse("gallery", args=[image.story_id]))


def _turn_address(image: GeneratedImage) -> str:
    address = reverse("play", args=[image.story_id])
    return f"{address}#turn-{image.turn_id}" if image.turn_id else address
