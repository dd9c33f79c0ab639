"""The only way from an id in an address to a row: what the asking person may see, else 404."""

from __future__ import annotations

from typing import cast

from rest_framework.request import Request

from community.models import User
from compute.common.errors import NotFound
from images.models import Character, GeneratedImage, Story, Turn
from images.representation import images_loaded, turns_loaded
from images.services.characters import fold_character


def actor_of(request: Request) -> User:
    """The signed-in person; permission classes have let nobody else through."""
    return cast(User, request.user)


def story_of(request: Request, story_id: str) -> Story:
    """Raises NotFound."""
    story = Story.objects.visible_to(request.user).filter(pk=story_id).first()
    if story is None:
        raise NotFound("There is no such story.")
    return story


def turn_of(request: Request, turn_id: int) -> Turn:
    """Raises NotFound."""
    turn = Turn.objects.visible_to(request.user).select_related("story").filter(pk=turn_id).first()
    if turn is None:
        raise NotFound("There is no such turn.")
    return turn


def loaded_turn(turn_id: int) -> Turn:
    """A turn one has access to, with all that representing it needs. Raises NotFound if it went meanwhile."""
    turn = turns_loaded(Turn.objects.filter(pk=turn_id)).first()
    if turn is None:
        raise NotFound("There is no such turn.")
    return turn


def image_of(request: Request, image_id: int) -> GeneratedImage:
    """Raises NotFound."""
    image = images_loaded(GeneratedImage.objects.visible_to(request.user)).filter(pk=image_id).first()
    if image is None:
        raise NotFound("There is no such picture.")
    return image


def character_of(request: Request, story_id: str, name: str) -> Character:
    """By name, however it is capitalised. Raises NotFound."""
    story = story_of(request, story_id)
    character = Character.objects.select_related("appearance", "story").filter(
        story=story, folded_name=fold_character(name)[:255]
    )
    found = character.first()
    if found is None:
        raise NotFound("There is no such character in this story.")
    return found
