"""What the *stories and turns* addresses take. Services check meaning; here form, sizes and spellings are checked."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from images.models import GeneratedImage
from images.services.story_settings import STORY_SETTINGS
from images.services.turns import LIMITS, NUMBER_MOST

CHARACTERS_MOST = 30
LOOKS_MOST = 600
PROMPT_MOST = 2000
BUDGET_MOST = 1_000_000
# Spellings of other story engines.
ALIASES = {"ai_response": "narration", "plot_summary": "summary", "tracked_items": "characters"}


def _text(most: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_blank=True, allow_null=True, **options)


class StorySettingsField(serializers.JSONField):
    """A story's settings; unknown keys are refused, so that a misspelt one is noticed."""

    def to_internal_value(self, data: Any) -> Any:
        """Raises ValidationError with the key at fault."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be an object.")
        unknown = sorted(str(key) for key in data if key not in STORY_SETTINGS)
        if unknown:
            known = ", ".join(STORY_SETTINGS)
            raise serializers.ValidationError(
                {key[:100]: [f"There is no such setting; known are {known}."] for key in unknown}
            )
        return super().to_internal_value(data)


class StoryIn(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    premise = _text(4000)
    genre = _text(60)
    style = _text(200)  # type: ignore[assignment]  # the base has an attribute of this name
    external_id = _text(200)
    settings = StorySettingsField(required=False, help_text="Unset keys follow the configuration; null unsets one.")
    audience = serializers.ChoiceField(choices=("managed", "pool", "auto"), required=False)
    credit_budget_per_hour = serializers.FloatField(min_value=0, max_value=BUDGET_MOST, required=False)
    dream_credit_budget_per_hour = serializers.FloatField(min_value=0, max_value=BUDGET_MOST, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A null text is an empty one."""
        return {key: "" if value is None else value for key, value in attrs.items()}


class CharacterIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255)
    description = _text(LOOKS_MOST)
    outfit = _text(LOOKS_MOST)
    physical_features = _text(LOOKS_MOST)
    expression = _text(200)

    def to_internal_value(self, data: Any) -> Any:
        """A bare text counts as a name."""
        return super().to_internal_value({"name": data} if isinstance(data, str) else data)


@extend_schema_field({"type": "array", "maxItems": 7, "items": {"type": "string", "enum": GeneratedImage.Type.values}})
class ImageTypesField(serializers.ListField):
    """Kinds of picture; an empty list means none."""

    child = serializers.ChoiceField(choices=GeneratedImage.Type.choices)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=7, **options)


class TurnIn(serializers.Serializer[Any]):
    player_input = _text(LIMITS["player_input"])
    number = serializers.IntegerField(min_value=1, max_value=NUMBER_MOST, required=False, allow_null=True)
    external_id = _text(LIMITS["external_id"])
    narration = _text(LIMITS["narration"], help_text="Also as ai_response.")
    summary = _text(LIMITS["summary"], help_text="Also as plot_summary.")
    location = _text(LIMITS["location"])
    location_description = _text(LIMITS["location_description"])
    time_of_day = _text(LIMITS["time_of_day"])
    weather = _text(LIMITS["weather"])
    characters = serializers.ListField(
        child=CharacterIn(),
        max_length=CHARACTERS_MOST,
        required=False,
        allow_null=True,
        help_text="Also as tracked_items.",
    )
    image_types = ImageTypesField(required=False, allow_null=True)
    force_regenerate = serializers.BooleanField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        """With the aliases folded in. Raises ValidationError when a field and its alias differ."""
        return super().to_internal_value(fold_aliases(data))

    def validate_characters(self, value: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        """Each person once."""
        names = [" ".join(one["name"].lower().split()) for one in value or []]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise serializers.ValidationError(f"Named more than once: {', '.join(twice)}.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What is null was not given."""
        return {key: value for key, value in attrs.items() if value is not None}


class TurnChangesIn(TurnIn):
    """PATCH: what was told. Number and external_id stay as they are; pictures are asked for at turns/{id}/images/."""

    number = None  # type: ignore[assignment]
    external_id = None  # type: ignore[assignment]
    image_types = None  # type: ignore[assignment]
    force_regenerate = None  # type: ignore[assignment]


def fold_aliases(data: Any) -> Any:
    """The body with aliases under the contract's names. Raises ValidationError when both are given and differ."""
    if not isinstance(data, dict):
        return data
    folded = dict(data)
    for alias, name in ALIASES.items():
        if alias not in folded:
            continue
        value = folded.pop(alias)
        if name in folded and folded[name] != value:
            raise serializers.ValidationError({alias: [f"Differs from {name}; give one of the two."]})
        folded[name] = value
    return folded


class IllustrateIn(serializers.Serializer[Any]):
    image_types = ImageTypesField(required=False, allow_null=True)
    force_regenerate = serializers.BooleanField(required=False)


class RegenerateIn(serializers.Serializer[Any]):
    new_prompt = _text(PROMPT_MOST)


class CharacterChangesIn(serializers.Serializer[Any]):
    description = _text(LOOKS_MOST)
    outfit = _text(LOOKS_MOST)
    physical_features = _text(LOOKS_MOST)
