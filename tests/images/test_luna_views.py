"""Schema `luna`: the customer's queries run as the document writes them (`worker_name` mended to `gpu_worker`)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from compute.models import StoredFile, Worker
from images.models import Character, CharacterAppearance, DreamerContent, GeneratedImage, Story, Turn

pytestmark = pytest.mark.django_db

MB = 1024 * 1024
COLUMNS = {
    "generated_images": (
        "image_id turn_id image_type subject_key prompt negative_prompt model_name sampler steps cfg_scale seed width"
        " height dreamer_content_id is_speculative realized_at realized_by cache_key is_cached cache_source gpu_worker"
        " generation_time_ms local_path checksum file_size generated_at status"
    ),
    "image_workers": (
        "worker_id worker_name api_type api_url max_concurrent supports_sdxl supports_controlnet vram_gb is_online"
        " current_load last_heartbeat total_generated avg_generation_time_ms error_count"
    ),
    "dreamer_content": (
        "content_id story_id content_type name description metadata is_realized realized_at realized_in_turn"
        " realized_by primary_image_id variant_image_ids dreamed_at dream_session_id confidence_score expires_at"
    ),
    "character_appearances": (
        "appearance_id character_name turn_id dreamer_content_id description outfit physical_features"
        " is_significant_change change_reason previous_appearance_id portrait_image_id created_at"
    ),
    "turn_history": "turn_id",
}

SPECULATIVE = """
SELECT
    dc.content_id,
    dc.content_type,
    dc.name,
    dc.description,
    dc.confidence_score,
    dc.dreamed_at,
    gi.local_path as image_path,
    gi.width,
    gi.height
FROM luna.dreamer_content dc
LEFT JOIN luna.generated_images gi ON dc.primary_image_id = gi.image_id
WHERE dc.story_id = 'story_123'
  AND dc.is_realized = FALSE
ORDER BY dc.confidence_score DESC;
"""
REALIZED = """
SELECT
    dc.content_type,
    COUNT(*) as total_dreamed,
    SUM(CASE WHEN dc.is_realized THEN 1 ELSE 0 END) as realized_count,
    ROUND(100.0 * SUM(CASE WHEN dc.is_realized THEN 1 ELSE 0 END) / COUNT(*), 2) as realization_rate,
    AVG(EXTRACT(EPOCH FROM (dc.realized_at - dc.dreamed_at)) / 3600) as avg_hours_to_realize
FROM luna.dreamer_content dc
WHERE dc.story_id = 'story_123'
GROUP BY dc.content_type;
"""
OF_TURN = """
SELECT
    gi.image_id,
    gi.image_type,
    gi.subject_key,
    gi.is_speculative,
    gi.realized_by,
    gi.local_path,
    dc.name as dreamer_content_name,
    dc.confidence_score
FROM luna.generated_images gi
LEFT JOIN luna.dreamer_content dc ON gi.dreamer_content_id = dc.content_id
WHERE gi.turn_id = 42
ORDER BY gi.image_type, gi.generated_at;
"""
WORKERS = """
SELECT
    gpu_worker,
    COUNT(*) as total_generated,
    AVG(generation_time_ms) as avg_time_ms,
    SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) as failures,
    SUM(CASE WHEN is_speculative THEN 1 ELSE 0 END) as speculative_count,
    SUM(CASE WHEN NOT is_speculative THEN 1 ELSE 0 END) as realized_count
FROM luna.generated_images
GROUP BY gpu_worker;
"""
STORAGE = """
SELECT
    dc.story_id,
    COUNT(DISTINCT gi.image_id) as total_images,
    SUM(CASE WHEN gi.is_speculative THEN 1 ELSE 0 END) as speculative_images,
    SUM(CASE WHEN NOT gi.is_speculative THEN 1 ELSE 0 END) as realized_images,
    SUM(gi.file_size) / 1024 / 1024 as total_mb,
    SUM(CASE WHEN gi.is_speculative THEN gi.file_size ELSE 0 END) / 1024 / 1024 as speculative_mb
FROM luna.generated_images gi
LEFT JOIN luna.dreamer_content dc ON gi.dreamer_content_id = dc.content_id
WHERE dc.story_id = 'story_123'
GROUP BY dc.story_id;
"""
EXPIRED = """
SELECT
    dc.content_id,
    dc.content_type,
    dc.name,
    dc.dreamed_at,
    AGE(NOW(), dc.dreamed_at) as age,
    gi.local_path,
    gi.file_size / 1024 / 1024 as size_mb
FROM luna.dreamer_content dc
LEFT JOIN luna.generated_images gi ON dc.primary_image_id = gi.image_id
WHERE dc.is_realized = FALSE
  AND dc.dreamed_at < NOW() - INTERVAL '30 days'
ORDER BY dc.dreamed_at;
"""


def query(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def picture(story: Story, **fields: Any) -> GeneratedImage:
    """A complete picture of 3 MB, painted in 4 s by pc1-comfyui unless told otherwise."""
    number = GeneratedImage.objects.count() + 1
    file = StoredFile.objects.create(
        path=f"{story.pk}/{number}.png", state="ready", checksum=f"{number:064x}", size_bytes=3 * MB
    )
    given = {
        "prompt": "a tower", "steps": 30, "cfg_scale": Decimal("7.5"), "seed": 7, "width": 1024, "height": 768,
        "status": "complete", "file": file, "gpu_worker": "pc1-comfyui", "generation_time_ms": 4000,
    }  # fmt: skip
    return GeneratedImage.objects.create(story=story, **{**given, **fields})


def dream(story: Story, name: str, confidence: str, **fields: Any) -> DreamerContent:
    content = DreamerContent.objects.create(
        story=story, name=name, description=f"about {name}", confidence_score=Decimal(confidence),
        **{"content_type": "character", **fields},
    )  # fmt: skip
    image = picture(
        story, image_type="character", subject_key=name, dreamer_content=content, is_speculative=not content.is_realized
    )
    DreamerContent.objects.filter(pk=content.pk).update(primary_image=image)
    return content


@pytest.fixture
def played(django_user_model) -> Story:
    """Story story_123 with turn 42: three dreams, one of them realised, one 40 days old; two pictures of the turn."""
    owner = django_user_model.objects.create_user("rowan")
    story = Story.objects.create(id="story_123", owner=owner, title="Vell")
    turn = Turn.objects.create(id=42, story=story, number=42, player_input="I wait.", narration="The sea does not.")
    now = timezone.now()
    dream(story, "Shadow Assassin", "0.85")
    realised = dream(
        story, "Ancient Tome", "0.81", is_realized=True, realized_at=now, realized_by="main_llm", realized_in_turn=turn
    )
    old = dream(story, "Crystal Caverns", "0.92", content_type="location")
    DreamerContent.objects.filter(pk=realised.pk).update(dreamed_at=now - timedelta(hours=6))
    DreamerContent.objects.filter(pk=old.pk).update(dreamed_at=now - timedelta(days=40))
    GeneratedImage.objects.filter(dreamer_content=realised).update(turn=turn, realized_by="main_llm", realized_at=now)
    picture(story, turn=turn, image_type="action", subject_key="turn_42")
    picture(story, turn=turn, image_type="background", status="failed", file=None, gpu_worker="pc2-automatic1111")
    return story


@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_has_the_documents_columns(view: str):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM luna.{view}")
        assert cursor.description is not None
        names = {column.name for column in cursor.description}
    assert set(COLUMNS[view].split()) <= names


def test_the_unused_ideas_of_a_story_best_first(played):
    rows = query(SPECULATIVE)
    assert [row["name"] for row in rows] == ["Crystal Caverns", "Shadow Assassin"]
    assert rows[0]["image_path"].endswith(".png")
    assert (rows[0]["width"], rows[0]["height"]) == (1024, 768)


def test_how_many_ideas_were_used_and_after_how_long(played):
    rows = {row["content_type"]: row for row in query(REALIZED)}
    character = rows["character"]
    assert (character["total_dreamed"], character["realized_count"]) == (2, 1)
    assert character["realization_rate"] == Decimal("50.00")
    assert float(character["avg_hours_to_realize"]) == pytest.approx(6, abs=0.1)
    assert rows["location"]["realized_count"] == 0


def test_every_picture_of_a_turn_dreamed_ones_included(played):
    rows = query(OF_TURN)
    assert [row["image_type"] for row in rows] == ["action", "background", "character"]
    assert rows[2]["dreamer_content_name"] == "Ancient Tome"
    assert (rows[2]["realized_by"], rows[2]["is_speculative"]) == ("main_llm", False)
    assert rows[1]["local_path"] is None


def test_how_the_workers_did(played):
    rows = {row["gpu_worker"]: row for row in query(WORKERS)}
    first, second = rows["pc1-comfyui"], rows["pc2-automatic1111"]
    assert (first["total_generated"], first["avg_time_ms"], first["failures"]) == (4, Decimal(4000), 0)
    assert (first["speculative_count"], first["realized_count"]) == (2, 2)
    assert (second["total_generated"], second["failures"]) == (1, 1)


def test_how_much_room_a_story_takes(played):
    (row,) = query(STORAGE)
    assert (row["total_images"], row["speculative_images"], row["realized_images"]) == (3, 2, 1)
    assert (row["total_mb"], row["speculative_mb"]) == (9, 6)


def test_ideas_older_than_thirty_days(played):
    (row,) = query(EXPIRED)
    assert row["name"] == "Crystal Caverns"
    assert row["age"] >= timedelta(days=38)
    assert row["size_mb"] == 3


def test_a_reuse_shows_the_path_of_its_source(played):
    source = GeneratedImage.objects.get(image_type="action")
    reuse = GeneratedImage.objects.create(
        story=played, image_type="background", prompt="a tower", steps=30, cfg_scale=7, seed=7, width=8, height=8,
        status="complete", is_cached=True, cache_source=source, file=source.file,
    )  # fmt: skip
    rows = {
        row["image_id"]: row for row in query("SELECT image_id, local_path, cache_source FROM luna.generated_images")
    }
    assert rows[reuse.pk]["local_path"] == rows[source.pk]["local_path"]
    assert rows[reuse.pk]["cache_source"] == source.pk


def test_the_heartbeat_of_a_worker_can_be_looked_up_and_credentials_cannot(played):
    heard = timezone.now()
    Worker.objects.create(
        name="pc1-comfyui", api_type="comfyui", api_url="http://192.168.1.100:8188", last_heartbeat=heard,
        is_online=True, total_generated=4, total_generation_time_ms=10_000, credentials={"bearer": "secret"},
    )  # fmt: skip
    (row,) = query("SELECT * FROM luna.image_workers")
    assert (row["last_heartbeat"], row["is_online"], row["avg_generation_time_ms"]) == (heard, True, 2500)
    assert "secret" not in str(row)


def test_the_looks_of_a_character_can_be_followed(played):
    mira = Character.objects.create(story=played, name="Mira", folded_name="mira")
    first = CharacterAppearance.objects.create(character=mira, turn_id=42, description="a clockmaker")
    CharacterAppearance.objects.create(
        character=mira, outfit="a red coat", change_reason="new_outfit", previous_appearance=first
    )
    rows = query("SELECT * FROM luna.character_appearances WHERE character_name = 'Mira' ORDER BY appearance_id")
    assert [row["change_reason"] for row in rows] == ["initial_appearance", "new_outfit"]
    assert rows[1]["previous_appearance_id"] == rows[0]["appearance_id"]


@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_changes_nothing(played, view: str):
    before = GeneratedImage.objects.count(), Turn.objects.count(), DreamerContent.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM luna.{view}")
        assert cursor.rowcount == 0
        cursor.execute(f"UPDATE luna.{view} SET {COLUMNS[view].split()[0]} = 1")
        assert cursor.rowcount == 0
    assert before == (GeneratedImage.objects.count(), Turn.objects.count(), DreamerContent.objects.count())
