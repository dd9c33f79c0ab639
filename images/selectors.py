"""Reads over several models: what a socket must send, and the customer's reports about one story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Avg, Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast, Extract
from django.utils import timezone

from compute.models import StoredFile
from images.models import DreamerContent, GeneratedImage, Story, Turn
from images.representation import (
    dreams_loaded,
    images_loaded,
    represent_dreams,
    represent_images,
    represent_turns,
    turns_loaded,
)

# One message of a snapshot stays below a megabyte, which is what common clients accept.
TURNS_PER_PAGE, IMAGES_PER_PAGE, DREAMS_PER_PAGE = 8, 150, 100
# A browser that missed more than this reloads the page instead.
CHANGES_MOST = 5000
PRESENT_TURNS, PRESENT_IMAGES = 500, 1000
MEGABYTE = 1024 * 1024
EXPIRED_SHOWN = 200
POOL_SHOWN = 5


@dataclass(slots=True)
class SnapshotPlan:
    """Which rows a snapshot holds, by id, so that they can be sent page by page.

    cursor: give it as `since` another time. complete is False when more than CHANGES_MOST rows changed.
    present: with `since`, the newest ids there are, so that a client can drop what was deleted meanwhile.
    """

    cursor: str
    turns: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    dreams: list[int] = field(default_factory=list)
    complete: bool = True
    present: dict[str, list[int]] | None = None


def parse_cursor(text: str) -> int | None:
    """The number in a cursor, or None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def snapshot_plan(*, story: Story, since: int | None = None, changes_only: bool = False) -> SnapshotPlan:
    """The last turn and all unfinished pictures, and with `since` everything changed at or after that cursor.

    changes_only leaves out what did not change, for a look at a socket that is already fed. A `since` from the
    future (another database) counts as absent.
    """
    oldest_running, next_id = _transaction_ids()
    plan = SnapshotPlan(cursor=str(oldest_running))
    if since is not None and since > next_id:
        since = None
    if not changes_only:
        last = Turn.objects.filter(story=story).order_by("-number").values_list("pk", flat=True)[:1]
        plan.turns = list(last)
        unfinished = GeneratedImage.objects.filter(story=story, status__in=GeneratedImage.UNFINISHED)
        plan.images = list(unfinished.order_by("pk").values_list("pk", flat=True)[:CHANGES_MOST])
        if since is None:
            pool = DreamerContent.objects.filter(story=story, is_realized=False)
            plan.dreams = list(pool.order_by("-confidence_score", "pk").values_list("pk", flat=True)[:DREAMS_PER_PAGE])
    if since is not None:
        for name, model in (("turns", Turn), ("images", GeneratedImage), ("dreams", DreamerContent)):
            _add_changed(plan, name, model.objects.filter(story=story, changed_xid__gte=since))
        if not changes_only:
            plan.present = {
                "turns": _newest(Turn.objects.filter(story=story), PRESENT_TURNS),
                "images": _newest(GeneratedImage.objects.filter(story=story), PRESENT_IMAGES),
            }
    return plan


def _transaction_ids() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s"
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _add_changed(plan: SnapshotPlan, name: str, changed: QuerySet[Any]) -> None:
    have: list[int] = getattr(plan, name)
    ids = list(changed.order_by("-changed_xid", "-pk").values_list("pk", flat=True)[: CHANGES_MOST + 1])
    plan.complete = plan.complete and len(ids) <= CHANGES_MOST
    setattr(plan, name, sorted({*have, *ids[:CHANGES_MOST]}))


def _newest(rows: QuerySet[Any], most: int) -> list[int]:
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:most])


def snapshot_pages(plan: SnapshotPlan) -> Iterator[dict[str, Any]]:
    """The messages of a snapshot, at least one; `more` is true on all but the last.

    Where plan.complete is False the last one has `more` true as well: the client has to load the story anew.
    """
    parts: list[tuple[str, list[int]]] = []
    for name, ids, size in (
        ("turns", plan.turns, TURNS_PER_PAGE),
        ("images", plan.images, IMAGES_PER_PAGE),
        ("dreams", plan.dreams, DREAMS_PER_PAGE),
    ):
        parts += [(name, ids[start : start + size]) for start in range(0, len(ids), size)]
    pages = _merged(parts)
    for number, page in enumerate(pages):
        last = number == len(pages) - 1
        message: dict[str, Any] = {"type": "snapshot", "cursor": plan.cursor}
        message["turns"] = _turns(page.get("turns", []))
        message["images"] = _images(page.get("images", []))
        message["dreams"] = _dreams(page.get("dreams", []))
        message["more"] = not (last and plan.complete)
        if number == 0 and plan.present is not None:
            message["present"] = plan.present
        yield message


def _merged(parts: list[tuple[str, list[int]]]) -> list[dict[str, list[int]]]:
    """The parts on as few pages as one part of each kind to a page allows."""
    pages: list[dict[str, list[int]]] = [{}]
    for name, ids in parts:
        page = next((page for page in pages if name not in page), None)
        if page is None:
            pages.append({name: ids})
        else:
            page[name] = ids
    return pages


def _turns(ids: list[int]) -> list[dict[str, Any]]:
    turns = list(turns_loaded(Turn.objects.filter(pk__in=ids).order_by("number"))) if ids else []
    return represent_turns(turns, texts_so_far=texts_so_far(turns))


def _images(ids: list[int]) -> list[dict[str, Any]]:
    return represent_images(images_loaded(GeneratedImage.objects.filter(pk__in=ids).order_by("pk"))) if ids else []


def _dreams(ids: list[int]) -> list[dict[str, Any]]:
    rows = DreamerContent.objects.filter(pk__in=ids).order_by("-confidence_score", "pk")
    return represent_dreams(dreams_loaded(rows)) if ids else []


def text_so_far_key(turn_id: int) -> str:
    """Where the cache holds what a narrator who is still speaking has said."""
    return f"turn-text:{turn_id}"


def texts_so_far(turns: list[Turn]) -> dict[int, str]:
    """By turn id. Empty where there is none, or the cache does not answer: the finished text is in the row."""
    speaking = [turn.pk for turn in turns if turn.state == Turn.State.NARRATING and not turn.narration]
    if not speaking:
        return {}
    try:
        found = cache.get_many([text_so_far_key(pk) for pk in speaking])
    except Exception:
        return {}
    return {pk: str(found.get(text_so_far_key(pk), "")) for pk in speaking}


# --- reports -------------------------------------------------------------------------------------------------------
def story_stats(*, story: Story) -> dict[str, Any]:
    """The customer's report queries for one story: realisation, workers, storage, expired ideas, the pool."""
    return {
        "realization": _realization(story),
        "workers": _workers(story),
        "storage": _storage(story),
        "expired": _expired(story),
        "pool": _pool(story),
    }


def _realization(story: Story) -> list[dict[str, Any]]:
    rows = (
        DreamerContent.objects.filter(story=story)
        .order_by("content_type")
        .values("content_type")
        .annotate(
            total_dreamed=Count("pk"),
            realized_count=Count("pk", filter=Q(is_realized=True)),
            seconds=Avg(Cast(Extract(F("realized_at") - F("dreamed_at"), "epoch"), FloatField())),
        )
    )
    return [
        {
            "content_type": row["content_type"],
            "total_dreamed": row["total_dreamed"],
            "realized_count": row["realized_count"],
            "realization_rate": round(100 * row["realized_count"] / row["total_dreamed"], 2),
            "avg_hours_to_realize": None if row["seconds"] is None else round(row["seconds"] / 3600, 3),
        }
        for row in rows
    ]


def _workers(story: Story) -> list[dict[str, Any]]:
    """Pictures that were really made (a reuse is nobody's work), by worker."""
    made = GeneratedImage.objects.filter(story=story, is_cached=False).exclude(gpu_worker="")
    rows = (
        made.order_by("gpu_worker")
        .values("gpu_worker")
        .annotate(
            total_generated=Count("pk"),
            avg_time_ms=Avg("generation_time_ms"),
            failures=Count("pk", filter=Q(status=GeneratedImage.Status.FAILED)),
            speculative_count=Count("pk", filter=Q(is_speculative=True)),
            realized_count=Count("pk", filter=Q(is_speculative=False)),
        )
    )
    return [
        {
            "worker_name": row["gpu_worker"],
            "total_generated": row["total_generated"],
            "avg_time_ms": None if row["avg_time_ms"] is None else round(row["avg_time_ms"]),
            "failures": row["failures"],
            "speculative_count": row["speculative_count"],
            "realized_count": row["realized_count"],
        }
        for row in rows
    ]


def _storage(story: Story) -> dict[str, Any]:
    """Counts of rows, and megabytes of files; a file that several rows share counts once."""
    images = GeneratedImage.objects.filter(story=story)
    counts = images.aggregate(all=Count("pk"), speculative=Count("pk", filter=Q(is_speculative=True)))
    # A file with one realised user is no longer speculative.
    realized_files = images.filter(is_speculative=False, file__isnull=False).values("file_id")
    files = StoredFile.objects.filter(pk__in=images.filter(file__isnull=False).values("file_id"))
    total = files.aggregate(n=Sum("size_bytes"))["n"] or 0
    speculative = files.exclude(pk__in=realized_files).aggregate(n=Sum("size_bytes"))["n"] or 0
    return {
        "total_images": counts["all"],
        "speculative_images": counts["speculative"],
        "realized_images": counts["all"] - counts["speculative"],
        "total_mb": round(total / MEGABYTE, 6),
        "speculative_mb": round(speculative / MEGABYTE, 6),
    }


def _expired(story: Story) -> list[dict[str, Any]]:
    """Unrealised ideas older than the present `asset_expiry_days`, oldest first, at most 200."""
    now = timezone.now()
    limit = now - timedelta(days=settings.IMAGE_GENERATION.dreamer.asset_expiry_days)
    rows = (
        DreamerContent.objects.filter(story=story, is_realized=False, dreamed_at__lt=limit)
        .select_related("primary_image__file")
        .order_by("dreamed_at")[:EXPIRED_SHOWN]
    )
    shown = []
    for row in rows:
        file = row.primary_image.file if row.primary_image else None
        shown.append(
            {
                "content_id": row.pk,
                "content_type": row.content_type,
                "name": row.name,
                "dreamed_at": row.dreamed_at,
                "age": str(timedelta(seconds=int((now - row.dreamed_at).total_seconds()))),
                "size_mb": round(file.size_bytes / MEGABYTE, 6) if file else None,
            }
        )
    return shown


def _pool(story: Story) -> dict[str, Any]:
    rows = list(
        DreamerContent.objects.filter(story=story, is_realized=False)
        .order_by("-confidence_score", "-dreamed_at")
        .values("pk", "content_type", "name", "confidence_score")
    )
    return {
        "total": len(rows),
        "by_type": dict(Counter(row["content_type"] for row in rows)),
        "top": [
            {
                "content_id": row["pk"],
                "content_type": row["content_type"],
                "name": row["name"],
                "confidence_score": float(row["confidence_score"]),
            }
            for row in rows[:POOL_SHOWN]
        ],
    }
