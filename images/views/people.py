"""The people of a story: how they look and looked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from compute.common.errors import DomainError
from images.forms import LooksForm
from images.models import Character, CharacterAppearance, GeneratedImage, Story
from images.representation import images_loaded, represent_images
from images.services.characters import character_update
from images.views.common import person, say, story_of

REASONS = {
    "initial_appearance": "First seen",
    "new_outfit": "New outfit",
    "transformation": "Transformed",
    "description_update": "Described anew",
}
PEOPLE_SHOWN = 200


@never_cache
@login_required
def characters(request: HttpRequest, story_id: str) -> HttpResponse:
    """Everybody in the story with each look, the present one first."""
    story = story_of(request, story_id)
    page = {"story": story, "section": "stories", "people": _people(story)}
    return render(request, "images/characters.html", page)


@never_cache
@login_required
def character_edit(request: HttpRequest, story_id: str, character_id: int) -> HttpResponse:
    """Say how somebody looks from now on; a portrait follows."""
    story = story_of(request, story_id)
    character = get_object_or_404(Character.objects.select_related("appearance"), story=story, pk=character_id)
    look = character.appearance
    names = ("description", "outfit", "physical_features")
    form = LooksForm(request.POST or None, initial={name: getattr(look, name) if look else "" for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            character_update(character=character, actor=person(request), **form.cleaned_data)
        except DomainError as error:
            say(request, error)
        else:
            messages.success(request, f"{character.name} looks like this from now on.")
            return redirect(f"{reverse('characters', args=[story.pk])}#character-{character.pk}")
    page = {"story": story, "character": character, "form": form, "section": "stories"}
    return render(request, "images/character_edit.html", page, status=400 if form.errors else 200)


def _people(story: Story) -> list[dict[str, Any]]:
    looks = CharacterAppearance.objects.select_related("turn").order_by("-created_at", "-pk")
    rows = story.characters.prefetch_related(Prefetch("appearances", queryset=looks))[:PEOPLE_SHOWN]
    wanted = {look.portrait_image_id for row in rows for look in row.appearances.all() if look.portrait_image_id}
    images = represent_images(images_loaded(GeneratedImage.objects.filter(pk__in=wanted)))
    portraits = {image["id"]: image for image in images}
    people = []
    for row in rows:
        shown = [
            {
                "look": look,
                "reason": REASONS.get(look.change_reason, ""),
                "portrait": portraits.get(look.portrait_image_id or 0),
                "is_present": look.pk == row.appearance_id,
            }
            for look in row.appearances.all()
        ]
        people.append({"character": row, "looks": shown})
    return people
