"""Stories, their turns and people, the pictures made for them, and what was dreamed."""

from images.models.characters import Character, CharacterAppearance, TurnCharacter
from images.models.dreams import DreamerContent
from images.models.pictures import GeneratedImage
from images.models.stories import Story, Turn

__all__ = ["Character", "CharacterAppearance", "DreamerContent", "GeneratedImage", "Story", "Turn", "TurnCharacter"]
