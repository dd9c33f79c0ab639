"""What this app holds about a person (community.services.people.PersonData)."""

from __future__ import annotations

from typing import Any

from community.models import User
from images.models import Story
from images.representation import represent_story
from images.services.stories import story_delete

_TURN_FIELDS = (
    "number",
    "external_id",
    "player_input",
    "narration",
    "narrated_by",
    "summary",
    "location",
    "time_of_day",
    "weather",
    "created_at",
)
_IMAGE_FIELDS = ("id", "turn__number", "image_type", "subject_key", "prompt", "status", "seed", "created_at")


class StoryData:
    """A person's stories. Their pictures are in each story's own export."""

    def export(self, user: User) -> dict[str, Any]:
        """`stories`: each with its turns, its people and what was painted."""
        shown = []
        for story in Story.objects.visible_to(user).order_by("created_at", "pk"):
            entry = represent_story(story)
            entry["turns"] = list(story.turns.order_by("number").values(*_TURN_FIELDS))
            entry["characters"] = list(
                story.characters.values(
                    "name", "appearance__description", "appearance__outfit", "appearance__physical_features"
                )
            )
            entry["images"] = list(story.images.order_by("pk").values(*_IMAGE_FIELDS))
            shown.append(entry)
        return {"stories": shown}

    def erase(self, user: User) -> None:
        """Hide every story now; rows and files go with the ticker's next sweep."""
        for story in Story.objects.visible_to(user):
            story_delete(story=story, actor=user)
