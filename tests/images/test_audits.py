"""The audit commands: silent about a history that held, a line for each thing that does not."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from compute import audits
from compute.models import Attempt, Job, StoredFile, Worker
from compute.services.files import storage_path
from compute.services.take import job_take
from images.models import GeneratedImage, Turn
from images.services.pictures import image_cancel, image_regenerate
from images.services.turns import turn_submit
from tests.fakes.comfyui import FakeComfyUI
from tests.support.play import run_queue
from tests.support.queue import make_worker
from tests.support.told import told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings) -> Iterator[Worker]:
    """A server that paints 64×64 in two steps."""
    config = settings.IMAGE_GENERATION
    for name in ("background_images", "turn_images", "character_portraits"):
        config = replace(config, **{name: replace(getattr(config, name), default_size=(64, 64), steps=2)})
    settings.IMAGE_GENERATION = config
    with FakeComfyUI(checkpoints=["sd_xl_base_1.0.safetensors"]) as fake:
        yield make_worker(
            "pc2",
            api_url=fake.url,
            models_offered=list(fake.options.checkpoints),
            model_map={"sdxl_base_1.0": "sd_xl_base_1.0"},
        )


@pytest.fixture
def played(story, player, server) -> Turn:
    """Two turns in one place with every picture painted, one of them again, and one picture cancelled."""
    first = turn_submit(story=story, actor=player, data=told())
    run_queue()
    action = first.images.get(image_type="action")
    image_regenerate(image=action, actor=player)
    run_queue()
    second = turn_submit(story=story, actor=player, data=told(player_input="I go on."))
    image_cancel(image=second.images.get(image_type="action"), actor=player)
    return second


def audit(command: str, *options: str) -> list[str]:
    """The findings; the exit status must fit them."""
    out, status = io.StringIO(), 0
    try:
        call_command(command, *options, stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    lines = out.getvalue().splitlines()[:-1]
    assert status == (1 if lines else 0)
    return lines


def test_a_played_story_has_no_findings(played):
    assert GeneratedImage.objects.filter(status="complete").count() == 5
    assert audit("queue_audit") == []
    assert audit("storage_audit") == []


def test_work_in_progress_has_no_findings(story, player, server):
    turn_submit(story=story, actor=player, data=told())
    assert job_take(worker=server, slot=None, holder="test") is not None
    assert audit("queue_audit") == []
    assert audit("storage_audit") == []


def test_a_second_accepted_result_would_be_found(played):
    job = Job.objects.filter(status="succeeded").first()
    Attempt.objects.filter(job=job).update(status="failed")
    assert audit("queue_audit") == [f"job {job.public_id} is succeeded and has 0 accepted results"]


def test_a_running_job_without_anybody_at_work_is_found(played, story, player):
    turn_submit(story=story, actor=player, data=told(image_types=["action"]))
    job = Job.objects.get(status="queued")
    Job.objects.filter(pk=job.pk).update(status="running")
    GeneratedImage.objects.filter(job=job).update(status="generating")
    assert audit("queue_audit") == [f"job {job.public_id} is running and nobody works on it"]


def test_a_lease_that_ended_long_ago_is_found(played, story, player, server):
    turn_submit(story=story, actor=player, data=told(image_types=["action"]))
    attempt = job_take(worker=server, slot=None, holder="test")
    assert attempt is not None
    Attempt.objects.filter(pk=attempt.pk).update(lease_until=timezone.now() - timedelta(minutes=2))
    (line,) = audit("queue_audit")
    assert line.startswith(f"job {attempt.job.public_id} is held by pc2 under a lease that ended")


def test_a_job_that_waits_too_long_is_found(story, player, server):
    turn_submit(story=story, actor=player, data=told(image_types=["action"]))
    Job.objects.update(wait_until=timezone.now() - timedelta(minutes=2))
    (line,) = audit("queue_audit")
    assert line.endswith("longer than it may")


def test_a_picture_that_disagrees_with_its_job_is_found(played):
    image = GeneratedImage.objects.filter(status="complete", is_cached=False).first()
    GeneratedImage.objects.filter(pk=image.pk).update(status="generating")
    lines = audit("queue_audit")
    assert f"picture {image.pk} is generating, its job {image.job.public_id} is succeeded" in lines


def test_a_picture_that_nobody_makes_is_found(played):
    image = GeneratedImage.objects.filter(status="complete", is_cached=False).first()
    GeneratedImage.objects.filter(pk=image.pk).update(status="pending", job=None)
    assert f"picture {image.pk} is pending and has no job" in audit("queue_audit")


def test_a_reuse_that_waits_for_a_finished_picture_is_found(played):
    reuse = GeneratedImage.objects.get(is_cached=True)
    GeneratedImage.objects.filter(pk=reuse.pk).update(status="pending")
    assert audit("queue_audit") == [
        f"picture {reuse.pk} waits for picture {reuse.cache_source_id}, which is not being made"
    ]


@pytest.fixture
def stored(played) -> StoredFile:
    file = GeneratedImage.objects.filter(image_type="character").get().file
    assert file is not None
    return file


def test_a_missing_file_is_found(stored):
    storage_path(stored.path).unlink()
    assert audit("storage_audit") == [f"file {stored.path} is missing"]


def test_changed_bytes_are_found(stored):
    path = storage_path(stored.path)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    assert audit("storage_audit") == [f"file {stored.path} does not have the stored checksum"]
    assert audit("storage_audit", "--sizes-only") == []


def test_a_file_of_another_size_is_found_without_reading_it(stored):
    storage_path(stored.path).write_bytes(b"short")
    (line,) = audit("storage_audit", "--sizes-only")
    assert line.startswith(f"file {stored.path} has 5 bytes")


def test_a_file_without_a_row_is_found(played, settings):
    stray = settings.STORAGE_DIR / "story_x" / "stray.png"
    stray.parent.mkdir()
    stray.write_bytes(b"?")
    assert audit("storage_audit") == ["file story_x/stray.png has no row"]


def test_a_file_being_written_is_left_alone_and_an_old_half_is_found(played, settings):
    half = settings.STORAGE_DIR / ".x.png.9.part"
    half.write_bytes(b"?")
    assert audit("storage_audit") == []
    os.utime(half, (0, 0))
    assert audit("storage_audit") == ["file .x.png.9.part has no row"]


def test_a_file_that_nothing_uses_is_found(stored):
    image = GeneratedImage.objects.get(file=stored)
    other = StoredFile.objects.exclude(pk__in=[stored.pk, image.thumb_id]).filter(mime="image/png").first()
    GeneratedImage.objects.filter(pk=image.pk).update(file=other)
    assert audit("storage_audit") == [f"file {stored.path} is used by nothing"]


def test_a_complete_picture_whose_thumbnail_is_not_settled_is_found(played):
    image = GeneratedImage.objects.get(image_type="character")
    StoredFile.objects.filter(pk=image.thumb_id).update(state="writing")
    assert audit("storage_audit") == [
        f"picture {image.pk} is complete, its thumb is {image.thumb.path}, which is writing"
    ]


def test_rows_that_nobody_settles_are_found(db):
    StoredFile.objects.create(path="a.png", state_changed_at=timezone.now())
    assert audit("storage_audit") == []
    StoredFile.objects.update(state_changed_at=timezone.now() - timedelta(hours=1))
    (line,) = audit("storage_audit")
    assert line.startswith("file a.png is writing since")


def test_rows_are_read_in_pages(db, django_assert_num_queries):
    StoredFile.objects.bulk_create([StoredFile(path=f"{n}.png") for n in range(7)])
    with django_assert_num_queries(3):
        paths = [row.path for row in audits.paged(StoredFile.objects.all(), size=3)]
    assert len(set(paths)) == 7
