"""The report queries of one story."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from images.models import DreamerContent
from tests.factories import DreamFactory, ImageFactory, TurnFactory, complete_image

STORIES = "/api/v1/stories/"


def test_the_reports_of_a_story(client, story, settings) -> None:
    turn = TurnFactory.create(story=story)
    made = complete_image(story, turn=turn, gpu_worker="pc1", generation_time_ms=1000)
    complete_image(story, gpu_worker="pc1", generation_time_ms=2000, is_speculative=True)
    ImageFactory.create(story=story, status="failed", gpu_worker="pc2")
    reuse = ImageFactory.create(story=story, status="complete", file=made.file, thumb=made.thumb, is_cached=True)
    old = DreamFactory.create(story=story, name="Old", confidence_score=Decimal("0.7"))
    long_ago = timezone.now() - timedelta(days=settings.IMAGE_GENERATION.dreamer.asset_expiry_days + 1)
    DreamerContent.objects.filter(pk=old.pk).update(dreamed_at=long_ago)
    used = DreamFactory.create(story=story, name="Used", is_realized=True, realized_at=timezone.now())
    DreamerContent.objects.filter(pk=used.pk).update(dreamed_at=used.realized_at - timedelta(hours=2))
    other = DreamFactory.create()
    complete_image(other.story)

    stats = client.get(f"{STORIES}{story.pk}/stats/").json()
    assert stats["realization"] == [
        {
            "content_type": "item",
            "total_dreamed": 2,
            "realized_count": 1,
            "realization_rate": 50.0,
            "avg_hours_to_realize": 2.0,
        }
    ]
    assert stats["workers"] == [
        {
            "worker_name": "pc1",
            "total_generated": 2,
            "avg_time_ms": 1500,
            "failures": 0,
            "speculative_count": 1,
            "realized_count": 1,
        },
        {
            "worker_name": "pc2",
            "total_generated": 1,
            "avg_time_ms": None,
            "failures": 1,
            "speculative_count": 0,
            "realized_count": 1,
        },
    ]
    storage = stats["storage"]
    assert (storage["total_images"], storage["speculative_images"], storage["realized_images"]) == (4, 1, 3)
    assert reuse.file_id == made.file_id
    assert 0 < storage["speculative_mb"] < storage["total_mb"]
    assert [(one["name"], one["age"][:7]) for one in stats["expired"]] == [("Old", "31 days")]
    assert (stats["pool"]["total"], stats["pool"]["by_type"]) == (1, {"item": 1})
    assert stats["pool"]["top"][0]["name"] == "Old"


def test_the_reports_of_an_empty_story(client, story) -> None:
    stats = client.get(f"{STORIES}{story.pk}/stats/").json()
    assert (stats["realization"], stats["workers"], stats["expired"]) == ([], [], [])
    assert stats["storage"]["total_mb"] == 0
    assert stats["pool"] == {"total": 0, "by_type": {}, "top": []}
