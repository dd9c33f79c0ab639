"""Stories, turns, pictures and ideas as the API, the socket and the pages show them: the contract's shapes.

Every `represent_*` has a plural form; use it for lists, it costs the same number of queries however many rows there
are. The loaders below say which relations a row needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Prefetch, QuerySet

from compute.models import Attempt, Job
from compute.services.waiting import Waiting, waiting_reports
from images.models import Character, CharacterAppearance, DreamerContent, GeneratedImage, Story, Turn, TurnCharacter
from images.progress import progress_kept
from images.services.story_settings import story_settings_all

# Spelled out because runners, which have no need of the URL configuration, make these too.
IMAGES_PATH = "/api/v1/images"
SIGNATURE_SALT = "images.file"
SIGNED_URL_S = 3600
FAILED_OR_GONE = (GeneratedImage.Status.FAILED, GeneratedImage.Status.CANCELLED)
_DREAM_IMAGE_STATUS = {
    GeneratedImage.Status.PENDING: "queued",
    GeneratedImage.Status.GENERATING: "generating",
    GeneratedImage.Status.COMPLETE: "ready",
    GeneratedImage.Status.FAILED: "failed",
    GeneratedImage.Status.CANCELLED: "failed",
}


def images_loaded(queryset: QuerySet[GeneratedImage]) -> QuerySet[GeneratedImage]:
    """With what represent_image reads."""
    attempts = Prefetch("job__attempts", queryset=Attempt.objects.order_by("number"))
    return queryset.select_related("file", "thumb", "job__needs").prefetch_related(attempts)


def turns_loaded(queryset: QuerySet[Turn]) -> QuerySet[Turn]:
    """With what represent_turn reads."""
    return queryset.prefetch_related(
        Prefetch("images", queryset=images_loaded(GeneratedImage.objects.order_by("id"))),
        Prefetch("cast", queryset=TurnCharacter.objects.select_related("character", "appearance")),
        Prefetch("realized_dreams", queryset=dreams_loaded(DreamerContent.objects.order_by("realized_at", "id"))),
    )


def dreams_loaded(queryset: QuerySet[DreamerContent]) -> QuerySet[DreamerContent]:
    """With what represent_dream reads."""
    return queryset.select_related("primary_image")


# --- pictures ------------------------------------------------------------------------------------------------------
def signed_image_path(image_id: int) -> str:
    """A path that shows the picture for an hour without signing in."""
    signature = TimestampSigner(salt=SIGNATURE_SALT).sign(str(image_id)).split(":", 1)[1]
    return f"{IMAGES_PATH}/{image_id}/file/?sig={signature}"


def signature_fits(image_id: int, signature: str) -> bool:
    """Whether a signed path's `sig` is for this picture and not older than an hour. Raises nothing."""
    try:
        TimestampSigner(salt=SIGNATURE_SALT).unsign(f"{image_id}:{signature}", max_age=SIGNED_URL_S)
    except BadSignature:
        return False
    return True


def represent_image(image: GeneratedImage, *, staff: bool = False) -> dict[str, Any]:
    """One picture. staff adds `local_path` (relative to the storage folder)."""
    return represent_images([image], staff=staff)[0]


def represent_images(images: Iterable[GeneratedImage], *, staff: bool = False) -> list[dict[str, Any]]:
    """Pictures, in the given order."""
    images = list(images)
    waiting = _waiting(images)
    made = progress_kept(image.pk for image in images if image.status == GeneratedImage.Status.GENERATING)
    return [_image(image, waiting.get(image.job_id or 0), made.get(image.pk, 0.0), staff) for image in images]


def _waiting(images: Iterable[GeneratedImage]) -> dict[int, Waiting]:
    jobs: list[Job] = [image.job for image in images if image.status in GeneratedImage.UNFINISHED and image.job]
    return waiting_reports(jobs) if jobs else {}


def _image(image: GeneratedImage, waiting: Waiting | None, progress: float, staff: bool) -> dict[str, Any]:
    file = image.file if image.status == GeneratedImage.Status.COMPLETE else None
    shown = {
        "id": image.pk,
        "story": image.story_id,
        "turn": image.turn_id,
        "image_type": image.image_type,
        "subject_key": image.subject_key,
        "prompt": image.prompt,
        "negative_prompt": image.negative_prompt,
        "model_name": image.model_name,
        "sampler": image.sampler,
        "steps": image.steps,
        "cfg_scale": _number(image.cfg_scale),
        "seed": image.seed,
        "width": image.width,
        "height": image.height,
        "variant": image.variant,
        "is_selected": image.is_selected,
        "status": image.status,
        "progress": 1.0 if image.status == GeneratedImage.Status.COMPLETE else round(progress, 3),
        "eta_s": waiting.eta_s if waiting else None,
        "waiting_reason": (waiting.reason if waiting else "") or None,
        "error": _error(image.error_code, image.error_detail),
        "attempts": _attempts(image),
        "warnings": image.warnings,
        "dreamer_content_id": image.dreamer_content_id,
        "is_speculative": image.is_speculative,
        "realized_at": image.realized_at,
        "realized_by": image.realized_by or None,
        "regenerated_from": image.regenerated_from_id,
        "cache_key": image.cache_key or None,
        "is_cached": image.is_cached,
        "cache_source": image.cache_source_id,
        "gpu_worker": image.gpu_worker or None,
        "generation_time_ms": image.generation_time_ms,
        "checksum": file.checksum if file else None,
        "file_size": file.size_bytes if file else None,
        "mime": file.mime if file else None,
        "created_at": image.created_at,
        "generated_at": image.generated_at,
        "version": image.version,
        "url": f"{IMAGES_PATH}/{image.pk}/file/" if file else None,
        "thumb_url": f"{IMAGES_PATH}/{image.pk}/thumb/" if file else None,
        "signed_url": signed_image_path(image.pk) if file else None,
        "card_url": f"{IMAGES_PATH}/{image.pk}/card/" if file else None,
    }
    if staff:
        shown["local_path"] = file.path if file else None
    return shown


def _attempts(image: GeneratedImage) -> list[dict[str, Any]]:
    if image.job is None:
        return []
    return [
        {
            "gpu_worker": attempt.worker_name,
            "status": attempt.status,
            "error": _error(attempt.error_code, attempt.error_detail),
        }
        for attempt in image.job.attempts.all()
    ]


def _error(code: str, detail: str) -> dict[str, str] | None:
    return {"code": code, "detail": detail} if code or detail else None


def _number(value: Decimal | float | None) -> float | None:
    return None if value is None else float(value)


# --- ideas ---------------------------------------------------------------------------------------------------------
def represent_dream(dream: DreamerContent) -> dict[str, Any]:
    """One idea of the Dreamer."""
    image = dream.primary_image
    ready = image is not None and image.status == GeneratedImage.Status.COMPLETE
    return {
        "content_id": dream.pk,
        "story": dream.story_id,
        "content_type": dream.content_type,
        "name": dream.name,
        "description": dream.description,
        "metadata": dream.metadata,
        "confidence_score": _number(dream.confidence_score),
        "dreamed_at": dream.dreamed_at,
        "dream_session_id": dream.dream_session_id or None,
        "expires_at": dream.expires_at,
        "is_realized": dream.is_realized,
        "realized_at": dream.realized_at,
        "realized_by": dream.realized_by or None,
        "realized_in_turn": dream.realized_in_turn_id,
        "image_id": dream.primary_image_id,
        "variant_image_ids": dream.variant_image_ids,
        "image_status": _DREAM_IMAGE_STATUS[GeneratedImage.Status(image.status)] if image else "skipped",
        "image_url": f"{IMAGES_PATH}/{image.pk}/file/" if image and ready else None,
        "width": image.width if image else None,
        "height": image.height if image else None,
        "source": dream.source,
        "version": dream.version,
    }


def represent_dreams(dreams: Iterable[DreamerContent]) -> list[dict[str, Any]]:
    """Ideas, in the given order."""
    return [represent_dream(dream) for dream in dreams]


# --- turns ---------------------------------------------------------------------------------------------------------
def represent_turn(turn: Turn, *, staff: bool = False, text_so_far: str = "") -> dict[str, Any]:
    """One turn with its pictures. text_so_far: what a narrator who is still speaking has said."""
    return represent_turns([turn], staff=staff, texts_so_far={turn.pk: text_so_far})[0]


def represent_turns(
    turns: Iterable[Turn], *, staff: bool = False, texts_so_far: dict[int, str] | None = None
) -> list[dict[str, Any]]:
    """Turns, in the given order."""
    turns = list(turns)
    images = [image for turn in turns for image in turn.images.all()]
    shown = represent_images([*images, *_suggested_images(turns, {image.pk for image in images})], staff=staff)
    by_id = {image["id"]: image for image in shown}
    return [_turn(turn, by_id, (texts_so_far or {}).get(turn.pk, "")) for turn in turns]


def _suggested_images(turns: Iterable[Turn], known: Collection[int]) -> list[GeneratedImage]:
    """Pictures made ahead for suggested actions; they belong to no turn yet."""
    wanted = {
        action["image_id"]
        for turn in turns
        for action in turn.suggested_actions
        if isinstance(action, dict) and isinstance(action.get("image_id"), int)
    } - set(known)
    if not wanted:
        return []
    story_ids = {turn.story_id for turn in turns}
    return list(images_loaded(GeneratedImage.objects.filter(pk__in=wanted, story__in=story_ids)))


def _turn(turn: Turn, images: dict[int, dict[str, Any]], text_so_far: str) -> dict[str, Any]:
    dreams = list(turn.realized_dreams.all())
    return {
        "id": turn.pk,
        "story": turn.story_id,
        "number": turn.number,
        "external_id": turn.external_id,
        "status": turn.status,
        "state": turn.state,
        "player_input": turn.player_input,
        "narration": turn.narration or text_so_far,
        "narrated_by": turn.narrated_by or None,
        "summary": turn.summary,
        "location": turn.location,
        "location_description": turn.location_description,
        "time_of_day": turn.time_of_day,
        "weather": turn.weather,
        "characters": [_cast_member(member) for member in turn.cast.all()],
        "images": [images[image.pk] for image in turn.images.all()],
        "dreamer_content": represent_dream(dreams[0]) if dreams else None,
        "suggested_actions": [_suggestion(action, images) for action in turn.suggested_actions],
        "error": _error(turn.error_code, turn.error_detail),
        "version": turn.version,
        "created_at": turn.created_at,
        "finished_at": turn.finished_at,
    }


def _cast_member(member: TurnCharacter) -> dict[str, Any]:
    look = member.appearance
    return {
        "name": member.character.name,
        "description": look.description if look else "",
        "outfit": look.outfit if look else "",
        "physical_features": look.physical_features if look else "",
        "expression": member.expression,
        "appearance_id": member.appearance_id,
        "portrait_image_id": look.portrait_image_id if look else None,
        "changed": member.changed,
        "change_reason": member.change_reason or None,
    }


def _suggestion(action: Any, images: dict[int, dict[str, Any]]) -> dict[str, Any]:
    if not isinstance(action, dict):
        return {"text": str(action), "image": None}
    return {"text": str(action.get("text", "")), "image": images.get(action.get("image_id", 0))}


# --- people of a story ---------------------------------------------------------------------------------------------
def represent_character(character: Character) -> dict[str, Any]:
    """Somebody as they look now. Needs `appearance` loaded."""
    look = character.appearance
    return {
        "name": character.name,
        "description": look.description if look else "",
        "outfit": look.outfit if look else "",
        "physical_features": look.physical_features if look else "",
        "appearance_id": character.appearance_id,
        "portrait_image_id": look.portrait_image_id if look else None,
    }


def represent_appearance(look: CharacterAppearance) -> dict[str, Any]:
    """How somebody looked from a turn on; the document's columns. Needs `character` loaded."""
    return {
        "appearance_id": look.pk,
        "character_name": look.character.name,
        "turn_id": look.turn_id,
        "dreamer_content_id": look.dreamer_content_id,
        "description": look.description,
        "outfit": look.outfit,
        "physical_features": look.physical_features,
        "is_significant_change": look.is_significant_change,
        "change_reason": look.change_reason,
        "previous_appearance_id": look.previous_appearance_id,
        "portrait_image_id": look.portrait_image_id,
        "created_at": look.created_at,
    }


# --- stories -------------------------------------------------------------------------------------------------------
def represent_story(story: Story) -> dict[str, Any]:
    """One story. settings holds what is in force: the story's own values, else the configuration's."""
    return {
        "id": story.pk,
        "title": story.title,
        "premise": story.premise,
        "genre": story.genre,
        "style": story.style,
        "external_id": story.external_id,
        "settings": story_settings_all(story),
        "audience": story.audience,
        "credit_budget_per_hour": story.credit_budget_per_hour,
        "dream_credit_budget_per_hour": story.dream_credit_budget_per_hour,
        "created_at": story.created_at,
        "active_at": story.active_at,
        "version": story.version,
    }


def represent_stories(stories: Iterable[Story]) -> list[dict[str, Any]]:
    """Stories, in the given order."""
    return [represent_story(story) for story in stories]
