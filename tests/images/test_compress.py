"""Old pictures stored smaller: the same pictures, and every card as before."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from community.cards import extract_card
from compute.audits import storage_findings
from compute.models import StoredFile
from compute.services.files import StorageFull, storage_path
from images.audits import picture_file_findings
from images.models import GeneratedImage, Story
from images.services import compress
from images.services.files import image_card_bytes, image_file_bytes
from images.services.turns import turn_submit
from tests.support.play import run_queue
from tests.support.told import told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(story, player, painter, settings) -> Story:
    """Two turns in one place: three pictures, and one that shares its file with an earlier one. All are old."""
    config = settings.IMAGE_GENERATION
    for name in ("background_images", "turn_images", "character_portraits"):
        config = replace(config, **{name: replace(getattr(config, name), default_size=(128, 128), steps=2)})
    settings.IMAGE_GENERATION = config
    turn_submit(story=story, actor=player, data=told())
    run_queue()
    turn_submit(story=story, actor=player, data=told(image_types=["background"]))
    StoredFile.objects.update(created_at=timezone.now() - timedelta(days=40))
    return story


def smaller(*options: str, to: str = "webp", days: int = 30) -> tuple[str, str, int]:
    """What the command said, what it reported, and its exit status."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("compress_images", f"--older-than={days}", f"--format={to}", *options, stdout=out, stderr=err)
    except SystemExit as end:
        status = int(str(end.code))
    return out.getvalue(), err.getvalue(), status


def pictures() -> list[GeneratedImage]:
    return list(GeneratedImage.objects.filter(status="complete").order_by("pk"))


def findings() -> list[str]:
    return [*storage_findings(), *picture_file_findings()]


@pytest.mark.parametrize(("to", "mime", "kind"), [("webp", "image/webp", "WEBP"), ("jpeg", "image/jpeg", "JPEG")])
def test_old_pictures_become_smaller_and_reuses_follow(played, settings, to, mime, kind):
    before = sum(row.file.size_bytes for row in pictures() if not row.is_cached)
    out, err, status = smaller(to=to)
    assert (err, status) == ("", 0)
    assert out.startswith(f"3 pictures stored as {to}")
    after = sum(row.file.size_bytes for row in pictures() if not row.is_cached)
    assert after < before
    for image in pictures():
        data, stored_as = image_file_bytes(image)
        assert stored_as == mime
        assert (len(data), hashlib.sha256(data).hexdigest()) == (image.file.size_bytes, image.file.checksum)
        shown = Image.open(io.BytesIO(data))
        assert (shown.format, shown.size) == (kind, (image.width, image.height))
    assert not list(settings.STORAGE_DIR.rglob("*.png"))
    assert findings() == []


def test_a_card_is_still_a_png_with_the_same_data(played):
    before = {image.pk: extract_card(image_card_bytes(image)) for image in pictures()}
    source = {image.pk: b"algorithmicMedia" in image_card_bytes(image) for image in pictures()}
    smaller()
    for image in pictures():
        data = image_card_bytes(image)
        card = extract_card(data)
        assert Image.open(io.BytesIO(data)).format == "PNG"
        assert card["card_id"] == str(image.card_id) == before[image.pk]["card_id"]
        # A reuse's card is made from its own row now; it had its source's before.
        if not image.is_cached:
            assert card == before[image.pk]
        assert (b"algorithmicMedia" in data) == source[image.pk]


def test_pictures_look_the_same(played):
    before = {image.pk: Image.open(storage_path(image.file.path)).convert("RGB").resize((4, 4)) for image in pictures()}
    smaller("--quality=95")
    for image in pictures():
        after = Image.open(storage_path(image.file.path)).convert("RGB").resize((4, 4))
        pairs = zip(before[image.pk].tobytes(), after.tobytes(), strict=True)
        assert max(abs(one - other) for one, other in pairs) < 16


def test_young_pictures_stay(played):
    assert smaller(days=60)[0].startswith("0 pictures")
    assert {image.file.mime for image in pictures()} == {"image/png"}


def test_a_dry_run_says_the_same_and_changes_nothing(played):
    before = [image.file_id for image in pictures()]
    said = smaller("--dry-run")[0]
    assert [image.file_id for image in pictures()] == before
    assert StoredFile.objects.count() == 6
    assert smaller()[0] == said.replace("would be stored", "stored")


def test_again_finds_nothing_to_do(played):
    smaller()
    before = [image.file_id for image in pictures()]
    assert smaller()[0].startswith("0 pictures")
    assert [image.file_id for image in pictures()] == before


def test_missing_and_broken_files_are_reported_and_the_others_done(played):
    lost, changed = (image.file for image in pictures() if image.image_type in ("action", "character"))
    storage_path(lost.path).unlink()
    storage_path(changed.path).write_bytes(b"\x89PNG but no more")
    out, err, status = smaller()
    assert status == 1
    assert f"{lost.path}: is missing" in err
    assert f"{changed.path}: does not have the stored checksum" in err
    assert out.startswith("1 pictures")
    assert "2 skipped" in out
    assert StoredFile.objects.filter(pk__in=[lost.pk, changed.pk], state="ready").count() == 2


def test_a_file_that_is_no_picture_is_reported(played):
    row = next(image.file for image in pictures() if image.image_type == "action")
    data = b"\x89PNG\r\n\x1a\n" + b"nothing" * 10
    storage_path(row.path).write_bytes(data)
    StoredFile.objects.filter(pk=row.pk).update(checksum=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    out, err, status = smaller()
    assert status == 1
    assert "is not a whole picture" in err
    assert out.startswith("2 pictures")


@pytest.mark.parametrize("step", ["files_ready", "files_delete"])
def test_an_interruption_half_way_loses_nothing(played, monkeypatch, step):
    before = [(image.file_id, image_file_bytes(image)) for image in pictures()]
    real, calls = getattr(compress, step), []

    def once(**kwargs):
        calls.append(kwargs)
        if len(calls) == 1:
            raise RuntimeError("pulled the plug")
        return real(**kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(compress, step, once)
        with pytest.raises(RuntimeError, match="pulled the plug"):
            smaller()
    assert [(image.file_id, image_file_bytes(image)) for image in pictures()] == before
    assert findings() == []
    assert smaller()[0].startswith("3 pictures")
    assert findings() == []


def test_a_full_disk_ends_it_with_the_reason(played, monkeypatch):
    def full(**kwargs):
        raise StorageFull("less than 1 GB are free where pictures are stored")

    monkeypatch.setattr(compress, "file_write", full)
    with pytest.raises(CommandError, match="less than 1 GB"):
        smaller()
    assert findings() == []


def test_a_picture_deleted_meanwhile_leaves_no_file(played, monkeypatch):
    write = compress.file_write

    def and_somebody_deletes(**kwargs):
        GeneratedImage.objects.all().delete()
        StoredFile.objects.filter(mime="image/png").delete()
        return write(**kwargs)

    monkeypatch.setattr(compress, "file_write", and_somebody_deletes)
    assert smaller()[0].startswith("0 pictures")
    assert not StoredFile.objects.filter(mime="image/webp").exclude(path__endswith="_thumb.webp").exists()


@pytest.mark.parametrize("options", [["--quality=0"], ["--older-than=-1"]])
def test_numbers_that_make_no_sense_are_refused(db, options):
    with pytest.raises(CommandError, match="must lie between"):
        call_command("compress_images", "--older-than=1", "--format=webp", *options)
