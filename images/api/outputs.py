"""What the *stories and turns* addresses give, for the OpenAPI document; images.representation makes it.

A test compares both, so neither can gain a field without the other.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from images.models import CharacterAppearance, GeneratedImage


def _maybe(kind: type[serializers.Field[Any, Any, Any, Any]], **options: Any) -> Any:
    return kind(allow_null=True, **options)


class ErrorOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()


class AttemptOut(serializers.Serializer[Any]):
    gpu_worker = serializers.CharField()
    status = serializers.CharField()
    error = ErrorOut(allow_null=True)


class ImageOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    story = serializers.CharField()
    turn = _maybe(serializers.IntegerField)
    image_type = serializers.ChoiceField(choices=GeneratedImage.Type.choices)
    subject_key = serializers.CharField()
    prompt = serializers.CharField()
    negative_prompt = serializers.CharField()
    model_name = serializers.CharField()
    sampler = serializers.CharField()
    steps = serializers.IntegerField()
    cfg_scale = serializers.FloatField()
    seed = serializers.IntegerField()
    width = serializers.IntegerField(help_text="Pixels.")
    height = serializers.IntegerField(help_text="Pixels.")
    variant = serializers.IntegerField()
    is_selected = serializers.BooleanField()
    status = serializers.ChoiceField(choices=GeneratedImage.Status.choices)
    progress = serializers.FloatField(help_text="0 to 1.")
    eta_s = _maybe(serializers.FloatField, help_text="Seconds until it is ready, where that can be told.")
    waiting_reason = _maybe(serializers.CharField)
    error = ErrorOut(allow_null=True)
    attempts = AttemptOut(many=True)
    warnings = serializers.ListField(child=serializers.JSONField())
    dreamer_content_id = _maybe(serializers.IntegerField)
    is_speculative = serializers.BooleanField()
    realized_at = _maybe(serializers.DateTimeField)
    realized_by = _maybe(serializers.CharField)
    regenerated_from = _maybe(serializers.IntegerField)
    cache_key = _maybe(serializers.CharField)
    is_cached = serializers.BooleanField()
    cache_source = _maybe(serializers.IntegerField)
    gpu_worker = _maybe(serializers.CharField)
    generation_time_ms = _maybe(serializers.IntegerField)
    checksum = _maybe(serializers.CharField, help_text="SHA-256 of the file, hex.")
    file_size = _maybe(serializers.IntegerField, help_text="Bytes.")
    mime = _maybe(serializers.CharField)
    created_at = serializers.DateTimeField()
    generated_at = _maybe(serializers.DateTimeField)
    version = serializers.IntegerField(help_text="Grows with each change; drop older copies.")
    url = _maybe(serializers.CharField)
    thumb_url = _maybe(serializers.CharField, help_text="WebP, 384 px.")
    signed_url = _maybe(serializers.CharField, help_text="Works for an hour without signing in.")
    card_url = _maybe(serializers.CharField)
    local_path = _maybe(serializers.CharField, required=False, help_text="Staff only.")


class DreamOut(serializers.Serializer[Any]):
    content_id = serializers.IntegerField()
    story = serializers.CharField()
    content_type = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    metadata = serializers.JSONField()
    confidence_score = serializers.FloatField()
    dreamed_at = serializers.DateTimeField()
    dream_session_id = _maybe(serializers.CharField)
    expires_at = _maybe(serializers.DateTimeField)
    is_realized = serializers.BooleanField()
    realized_at = _maybe(serializers.DateTimeField)
    realized_by = _maybe(serializers.CharField)
    realized_in_turn = _maybe(serializers.IntegerField)
    image_id = _maybe(serializers.IntegerField)
    variant_image_ids = serializers.ListField(child=serializers.IntegerField())
    image_status = serializers.ChoiceField(choices=("skipped", "queued", "generating", "ready", "failed"))
    image_url = _maybe(serializers.CharField)
    width = _maybe(serializers.IntegerField)
    height = _maybe(serializers.IntegerField)
    source = serializers.CharField()  # type: ignore[assignment]  # the base has an attribute of this name
    version = serializers.IntegerField()


class CastMemberOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    outfit = serializers.CharField()
    physical_features = serializers.CharField()
    expression = serializers.CharField()
    appearance_id = _maybe(serializers.IntegerField)
    portrait_image_id = _maybe(serializers.IntegerField)
    changed = serializers.BooleanField()
    change_reason = _maybe(serializers.CharField)


class SuggestedActionOut(serializers.Serializer[Any]):
    text = serializers.CharField()
    image = ImageOut(allow_null=True)


class TurnOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    story = serializers.CharField()
    number = serializers.IntegerField()
    external_id = serializers.CharField()
    status = serializers.ChoiceField(choices=("processing", "complete", "failed"))
    state = serializers.CharField(help_text="The step it is at.")
    player_input = serializers.CharField()
    narration = serializers.CharField()
    narrated_by = _maybe(serializers.CharField)
    summary = serializers.CharField()
    location = serializers.CharField()
    location_description = serializers.CharField()
    time_of_day = serializers.CharField()
    weather = serializers.CharField()
    characters = CastMemberOut(many=True)
    images = ImageOut(many=True)
    dreamer_content = DreamOut(allow_null=True)
    suggested_actions = SuggestedActionOut(many=True)
    error = ErrorOut(allow_null=True)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = _maybe(serializers.DateTimeField)


class StoryOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    premise = serializers.CharField()
    genre = serializers.CharField()
    style = serializers.CharField()  # type: ignore[assignment]
    external_id = serializers.CharField()
    settings = serializers.JSONField(help_text="What is in force.")
    audience = serializers.CharField()
    credit_budget_per_hour = serializers.FloatField()
    dream_credit_budget_per_hour = serializers.FloatField()
    created_at = serializers.DateTimeField()
    active_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class CharacterOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    outfit = serializers.CharField()
    physical_features = serializers.CharField()
    appearance_id = _maybe(serializers.IntegerField)
    portrait_image_id = _maybe(serializers.IntegerField)


class AppearanceOut(serializers.Serializer[Any]):
    appearance_id = serializers.IntegerField()
    character_name = serializers.CharField()
    turn_id = _maybe(serializers.IntegerField)
    dreamer_content_id = _maybe(serializers.IntegerField)
    description = serializers.CharField()
    outfit = serializers.CharField()
    physical_features = serializers.CharField()
    is_significant_change = serializers.BooleanField()
    change_reason = serializers.ChoiceField(choices=CharacterAppearance.Reason.choices)
    previous_appearance_id = _maybe(serializers.IntegerField)
    portrait_image_id = _maybe(serializers.IntegerField)
    created_at = serializers.DateTimeField()


class _PageOut(serializers.Serializer[Any]):
    next = _maybe(serializers.CharField)
    previous = _maybe(serializers.CharField)


class StoryPageOut(_PageOut):
    results = StoryOut(many=True)


class TurnPageOut(_PageOut):
    results = TurnOut(many=True)


class ImagePageOut(_PageOut):
    results = ImageOut(many=True)


class CharacterPageOut(_PageOut):
    results = CharacterOut(many=True)


class AppearancePageOut(_PageOut):
    results = AppearanceOut(many=True)


class StatsOut(serializers.Serializer[Any]):
    realization = serializers.ListField(child=serializers.JSONField())
    workers = serializers.ListField(child=serializers.JSONField())
    storage = serializers.JSONField()
    expired = serializers.ListField(child=serializers.JSONField())
    pool = serializers.JSONField()
