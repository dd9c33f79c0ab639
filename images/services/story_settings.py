"""Per-story settings: what a player may change for one story. What is unset follows the configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from compute.common.errors import InvalidParameters
from images.models import Story


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: type
    least: float | None = None
    most: float | None = None

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, as the end of a sentence, or None."""
        kinds = (int, float) if self.kind is float else (self.kind,)
        if type(value) not in kinds:
            names = {bool: "true or false", int: "a whole number", float: "a number"}
            return f"must be {names[self.kind]}"
        if self.least is not None and self.most is not None and not self.least <= float(value) <= self.most:
            return f"must lie between {self.least:g} and {self.most:g}"
        return None


STORY_SETTINGS: Mapping[str, _Rule] = {
    "variants": _Rule(int, 1, 4),
    "generate_every_n_turns": _Rule(int, 1, 1000),
    "backgrounds": _Rule(bool),
    "portraits": _Rule(bool),
    "dreamer": _Rule(bool),
    "confidence_threshold": _Rule(float, 0, 1),
    "share_text_with_pool": _Rule(bool),
}


def story_settings_defaults() -> dict[str, Any]:
    """What a story without settings of its own does."""
    config = settings.IMAGE_GENERATION
    return {
        "variants": config.turn_images.variants,
        "generate_every_n_turns": config.turn_images.generate_every_n_turns,
        "backgrounds": config.background_images.enabled,
        "portraits": config.character_portraits.enabled,
        "dreamer": config.dreamer.enabled,
        "confidence_threshold": config.dreamer.confidence_threshold,
        "share_text_with_pool": False,
    }


def story_setting(story: Story, key: str) -> Any:
    """One setting: the story's own, else the configuration's. Raises KeyError for an unknown key."""
    return story.settings[key] if key in story.settings else story_settings_defaults()[key]


def story_settings_all(story: Story) -> dict[str, Any]:
    """Every setting with the value that is in force."""
    return {**story_settings_defaults(), **story.settings}


def validate_story_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings, checked; a null removes the story's own value. Raises InvalidParameters."""
    fields: dict[str, list[str]] = {}
    for key, value in given.items():
        rule = STORY_SETTINGS.get(key)
        if rule is None:
            fields[f"settings.{key}"] = [f"There is no such setting; known are {', '.join(STORY_SETTINGS)}."]
        elif value is not None and (problem := rule.problem(value)):
            fields[f"settings.{key}"] = [f"{key} {problem}."]
    if fields:
        raise InvalidParameters("Some settings do not fit.", fields=fields)
    return dict(given)
