"""Stories: made, changed, visited, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from community.models import User
from compute.common.errors import Conflict, InvalidParameters, NotFound
from compute.models import Job
from compute.services.files import files_delete
from compute.services.jobs import jobs_cancel
from images.models import GeneratedImage, Story
from images.services import announce
from images.services.story_settings import validate_story_settings

STORIES_MOST = 1000
_TEXTS = {"title": 200, "premise": 4000, "genre": 60, "style": 200, "external_id": 200}
_CHANGEABLE = (*_TEXTS, "audience", "credit_budget_per_hour", "dream_credit_budget_per_hour")


def story_create(
    *,
    owner: User,
    title: str,
    premise: str = "",
    genre: str = "",
    style: str = "",
    external_id: str = "",
    settings: Mapping[str, Any] | None = None,
    audience: str = "managed",
    credit_budget_per_hour: float = 0,
    dream_credit_budget_per_hour: float = 0,
) -> Story:
    """Begin a story. Raises InvalidParameters, and Conflict if the owner has one of that external_id."""
    if Story.objects.visible_to(owner).count() >= STORIES_MOST:
        raise InvalidParameters(f"You have {STORIES_MOST} stories, which is the most; delete one first.")
    story = Story(
        owner=owner,
        settings=validate_story_settings(settings or {}),
        **_checked(
            {
                "title": title,
                "premise": premise,
                "genre": genre,
                "style": style,
                "external_id": external_id,
                "audience": audience,
                "credit_budget_per_hour": credit_budget_per_hour,
                "dream_credit_budget_per_hour": dream_credit_budget_per_hour,
            }
        ),
    )
    try:
        with transaction.atomic():
            story.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"You already have a story with external_id {external_id!r}.") from error
    story.refresh_from_db()
    return story


def story_update(*, story: Story, actor: User, changes: Mapping[str, Any]) -> Story:
    """Change what was given; `settings` are merged key by key. Raises InvalidParameters, Conflict, NotFound."""
    _owned(story, actor)
    values: dict[str, Any] = _checked({key: changes[key] for key in _CHANGEABLE if key in changes})
    if "settings" in changes:
        merged = {**story.settings, **validate_story_settings(changes["settings"] or {})}
        values["settings"] = {key: value for key, value in merged.items() if value is not None}
    try:
        with transaction.atomic():
            if values:
                Story.objects.filter(pk=story.pk).update(**values)
    except IntegrityError as error:
        raise Conflict(f"You already have a story with external_id {changes.get('external_id')!r}.") from error
    story.refresh_from_db()
    return story


def story_touch(*, story: Story) -> None:
    """A visit: the story is active, so the Dreamer may work for it. At most one write a minute."""
    now = timezone.now()
    if (now - story.active_at).total_seconds() > 60:
        Story.objects.filter(pk=story.pk).update(active_at=now)


@transaction.atomic
def story_delete(*, story: Story, actor: User) -> None:
    """Hide it at once and cancel its work; the ticker removes rows and files within a minute."""
    _owned(story, actor)
    hidden = Story.objects.filter(pk=story.pk, deleted_at__isnull=True).update(deleted_at=timezone.now())
    if not hidden:
        raise NotFound("There is no such story.")
    jobs_cancel(job_ids=open_jobs(story.pk), reason="the story was deleted")
    announce.story_deleted(story.pk)


def open_jobs(story_id: str) -> list[int]:
    """Ids of a story's jobs that are not over."""
    of_pictures = Job.objects.filter(picture__story_id=story_id).exclude(status__in=Job.TERMINAL)
    of_texts = Job.objects.filter(subject__startswith=f"{story_id}:").exclude(status__in=Job.TERMINAL)
    return list(of_pictures.values_list("pk", flat=True)) + list(of_texts.values_list("pk", flat=True))


def stories_sweep(*, limit: int = 20) -> int:
    """Remove rows and files of deleted stories. Run by the ticker. Returns how many stories went."""
    gone = 0
    for story_id in Story.objects.filter(deleted_at__isnull=False).values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            jobs_cancel(job_ids=open_jobs(story_id), reason="the story was deleted")
            images = GeneratedImage.objects.filter(story_id=story_id)
            files = {pk for pair in images.values_list("file_id", "thumb_id") for pk in pair if pk is not None}
            images.delete()
            Story.objects.filter(pk=story_id).delete()
            files_delete(file_ids=files)
        gone += 1
    return gone


def _owned(story: Story, actor: User) -> None:
    if story.owner_id != actor.pk or story.deleted_at is not None:
        raise NotFound("There is no such story.")


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    for key, most in _TEXTS.items():
        if key not in values:
            continue
        values[key] = str(values[key] or "").strip()
        if len(values[key]) > most:
            fields[key] = [f"At most {most} characters."]
        if "\x00" in values[key]:
            fields[key] = ["Must not contain a NUL character."]
    if "title" in values and not values["title"]:
        fields["title"] = ["A story needs a title."]
    if values.get("audience", "managed") not in ("managed", "pool", "auto"):
        fields["audience"] = ["Must be managed, pool or auto."]
    for key in ("credit_budget_per_hour", "dream_credit_budget_per_hour"):
        if not 0 <= float(values.get(key, 0)) <= 1_000_000:
            fields[key] = ["Must lie between 0 and 1,000,000."]
    if fields:
        raise InvalidParameters("Some fields do not fit.", fields=fields)
    return values
