"""Stories put away and brought back: nothing is lost, whatever happens half-way."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from community.cards import extract_card
from community.models import ApiToken, User
from compute.audits import storage_findings
from compute.models import Job, StoredFile
from compute.services.files import storage_path
from images.audits import picture_file_findings, picture_job_findings
from images.models import CharacterAppearance, DreamerContent, GeneratedImage, Story, Turn
from images.services import archive
from images.services.archive_rows import TABLES, story_document
from images.services.files import image_card_bytes, image_file_bytes
from images.services.pictures import image_regenerate
from images.services.turns import turn_submit
from tests.support.play import run_queue
from tests.support.told import told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(story, player, painter, settings) -> Story:
    """Two turns in one place, a picture made again, a changed look and an idea with a picture."""
    config = settings.IMAGE_GENERATION
    for name in ("background_images", "turn_images", "character_portraits"):
        config = replace(config, **{name: replace(getattr(config, name), default_size=(64, 64), steps=2)})
    settings.IMAGE_GENERATION = config
    first = turn_submit(story=story, actor=player, data=told(external_id="a-1"))
    run_queue()
    image_regenerate(image=first.images.get(image_type="action"), actor=player)
    other = {"name": "Mira", "description": "a young woman with copper curls", "outfit": "a red ball gown"}
    second = turn_submit(story=story, actor=player, data=told(player_input="I go on.", characters=[other]))
    run_queue()
    picture = second.images.filter(is_cached=False).first()
    dream = DreamerContent.objects.create(
        story=story,
        content_type="item",
        name="The brass key",
        description="opens the lamp room",
        confidence_score="0.75",
        is_realized=True,
        realized_at=timezone.now(),
        realized_in_turn=second,
        primary_image=picture,
        variant_image_ids=[picture.pk],
    )
    GeneratedImage.objects.filter(pk=picture.pk).update(dreamer_content=dream)
    Turn.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=400))
    story.refresh_from_db()
    return story


def shape(story_id: str) -> dict[str, Any]:
    """Every row of a story with ids replaced by places in the document: equal for equal stories."""
    document = story_document(Story.objects.get(pk=story_id))
    places = {table: {row["id"]: place for place, row in enumerate(document[table])} for table in TABLES}
    tables = {
        "turn_id": "turns",
        "realized_in_turn_id": "turns",
        "character_id": "characters",
        "appearance_id": "appearances",
        "previous_appearance_id": "appearances",
        "dreamer_content_id": "dreams",
        "portrait_image_id": "images",
        "primary_image_id": "images",
        "regenerated_from_id": "images",
        "cache_source_id": "images",
    }
    document["story"].pop("version")
    for table in TABLES:
        for row in document[table]:
            row.pop("version", None)
            del row["id"]
            for name in ("file_id", "thumb_id"):
                if row.get(name):
                    row[name] = StoredFile.objects.get(pk=row[name]).checksum
            for name in tables.keys() & row.keys():
                row[name] = None if row[name] is None else places[tables[name]][row[name]]
            if "variant_image_ids" in row:
                row["variant_image_ids"] = [places["images"][pk] for pk in row["variant_image_ids"]]
    return document


def cards(story_id: str) -> list[tuple[bytes, bytes]]:
    images = GeneratedImage.objects.filter(story_id=story_id, status="complete").order_by("pk")
    return [(image_file_bytes(image)[0], image_card_bytes(image)) for image in images]


def findings() -> list[str]:
    return [*storage_findings(), *picture_file_findings(), *picture_job_findings()]


def put_away(story_id: str, folder: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("archive_story", story_id, "--to", str(folder), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path_factory) -> Path:
    """Archives lie outside the storage folder."""
    return tmp_path_factory.mktemp("archives")


def test_every_table_that_a_story_owns_is_archived():
    owned, look = {Story}, [Story]
    while look:
        for relation in look.pop()._meta.related_objects:
            if not relation.field.null and relation.related_model not in owned:
                owned.add(relation.related_model)
                look.append(relation.related_model)
    assert owned - {Story} == {model for model, _ in TABLES.values()}


def test_a_story_comes_back_with_every_row_picture_and_card(played, folder, settings):
    before, pictures, ids = shape(played.pk), cards(played.pk), set(Turn.objects.values_list("pk", flat=True))
    assert len(pictures) >= 5
    assert "archived in" in put_away(played.pk, folder)
    assert not Story.objects.exists()
    assert not StoredFile.objects.exists()
    assert not [path for path in settings.STORAGE_DIR.rglob("*") if path.is_file()]
    assert findings() == []
    assert "restored from" in put_away(played.pk, folder, "--restore")
    assert shape(played.pk) == before
    assert cards(played.pk) == pictures
    assert ids.isdisjoint(Turn.objects.values_list("pk", flat=True))
    assert findings() == []


def test_a_restored_story_goes_on_and_can_be_archived_again(played, player, folder):
    put_away(played.pk, folder)
    put_away(played.pk, folder, "--restore")
    back = Story.objects.get(pk=played.pk)
    turn = turn_submit(story=back, actor=player, data=told(player_input="And on.", image_types=["background"]))
    assert turn.number == 3
    assert turn.images.get().is_cached
    before = shape(played.pk)
    put_away(played.pk, folder)
    put_away(played.pk, folder, "--restore")
    assert shape(played.pk) == before
    assert max(len(path) for path in StoredFile.objects.values_list("path", flat=True)) < 120


def test_unfinished_work_ends_and_is_restored_as_cancelled(played, player, folder):
    turn_submit(story=played, actor=player, data=told(player_input="Up.", location="The gallery"))
    assert Job.objects.filter(status="queued").exists()
    put_away(played.pk, folder)
    assert not Job.objects.exclude(status__in=Job.TERMINAL).exists()
    put_away(played.pk, folder, "--restore")
    states = set(GeneratedImage.objects.values_list("status", flat=True))
    assert states == {"complete", "cancelled"}
    assert set(Turn.objects.values_list("state", flat=True)) <= {"complete", "failed"}
    assert findings() == []


@pytest.mark.parametrize("step", ["_stored_bytes", "_check", "_sync", "_remove", "files_delete"])
def test_an_interrupted_archive_loses_nothing(played, folder, monkeypatch, step):
    before, pictures = shape(played.pk), cards(played.pk)

    def broken(*args, **kwargs):
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(archive, step, broken)
        with pytest.raises(CommandError, match="the disk is gone"):
            put_away(played.pk, folder)
    assert (shape(played.pk), cards(played.pk)) == (before, pictures)
    assert findings() == []
    assert not list(folder.glob(".*"))
    put_away(played.pk, folder)
    put_away(played.pk, folder, "--restore")
    assert shape(played.pk) == before


def test_a_deadlock_with_somebody_who_plays_is_said_and_loses_nothing(played, folder, monkeypatch):
    def deadlock(*args):
        raise OperationalError("deadlock detected\nDETAIL: Process 1 waits")

    monkeypatch.setattr(archive, "_remove", deadlock)
    with pytest.raises(CommandError, match=r"\(deadlock detected\): try again"):
        put_away(played.pk, folder)
    assert Story.objects.filter(pk=played.pk).exists()
    assert findings() == []


def test_a_story_that_changes_while_it_is_archived_stays(played, folder, monkeypatch):
    sync = archive._sync

    def and_somebody_writes(path):
        Turn.objects.filter(number=2).update(narration="Meanwhile.")
        sync(path)

    monkeypatch.setattr(archive, "_sync", and_somebody_writes)
    with pytest.raises(CommandError, match="changed while"):
        put_away(played.pk, folder)
    assert Turn.objects.get(number=2).narration == "Meanwhile."
    assert findings() == []


def test_a_story_with_a_damaged_picture_is_not_archived(played, folder):
    image = GeneratedImage.objects.filter(status="complete").first()
    storage_path(image.file.path).write_bytes(b"damaged")
    with pytest.raises(CommandError, match="checksum"):
        put_away(played.pk, folder)
    assert Story.objects.filter(pk=played.pk).exists()
    assert not list(folder.iterdir())


def test_an_interrupted_restore_changes_nothing_and_can_be_repeated(played, folder, monkeypatch):
    before = shape(played.pk)
    put_away(played.pk, folder)

    def broken(**kwargs):
        raise OSError("the disk is gone")

    for step in ("files_ready", "file_write"):
        with monkeypatch.context() as patch:
            patch.setattr(archive, step, broken)
            with pytest.raises(CommandError):
                put_away(played.pk, folder, "--restore")
        assert not Story.objects.exists()
        assert not StoredFile.objects.exists()
        assert findings() == []
    put_away(played.pk, folder, "--restore")
    assert shape(played.pk) == before


def test_a_restore_never_replaces_a_story(played, folder):
    put_away(played.pk, folder)
    put_away(played.pk, folder, "--restore")
    before = shape(played.pk)
    with pytest.raises(CommandError, match="exists"):
        put_away(played.pk, folder, "--restore")
    assert shape(played.pk) == before


def rewritten(path: Path, change) -> None:
    """The archive with its entries changed, every CRC of the zip right."""
    with zipfile.ZipFile(path) as archived:
        entries = {name: archived.read(name) for name in archived.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as archived:
        for name, data in entries.items():
            archived.writestr(name, data)


def other_picture(entries):
    name = next(name for name in entries if name.startswith("files/"))
    entries[name] = entries[name][:-1] + b"?"


def other_words(entries):
    entries["story.json"] = entries["story.json"].replace(b"copper", b"golden")


def other_folder(entries):
    manifest = json.loads(entries["manifest.json"])
    manifest["files"][0]["path"] = "../../evil.png"
    entries["manifest.json"] = json.dumps(manifest).encode()


def page_for_picture(entries):
    manifest = json.loads(entries["manifest.json"])
    manifest["files"][0]["mime"] = "text/html"
    entries["manifest.json"] = json.dumps(manifest).encode()


def nothing_else(entries):
    entries["manifest.json"] = b"[]"


@pytest.mark.parametrize("change", [other_picture, other_words, other_folder, page_for_picture, nothing_else])
def test_an_archive_that_was_tampered_with_is_refused(played, folder, change):
    put_away(played.pk, folder)
    rewritten(folder / f"{played.pk}.zip", change)
    with pytest.raises(CommandError):
        put_away(played.pk, folder, "--restore")
    assert not Story.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_cut_off_archive_is_refused(played, folder):
    put_away(played.pk, folder)
    path = folder / f"{played.pk}.zip"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CommandError, match="damaged"):
        put_away(played.pk, folder, "--restore")


def test_unknown_names_are_said(played, folder):
    with pytest.raises(CommandError, match="no story"):
        put_away("st_nobody", folder)
    with pytest.raises(CommandError, match="not the id"):
        put_away("../x", folder)
    with pytest.raises(CommandError, match="There is no"):
        put_away("st_nobody", folder, "--restore")
    put_away(played.pk, folder)
    User.objects.filter(username="rowan").update(username="somebody")
    with pytest.raises(CommandError, match="'rowan'"):
        put_away(played.pk, folder, "--restore")


def test_looks_and_cards_lead_to_the_restored_pictures(played, folder):
    put_away(played.pk, folder)
    put_away(played.pk, folder, "--restore")
    look = CharacterAppearance.objects.filter(portrait_image__isnull=False).first()
    assert look.portrait_image.story_id == played.pk
    card = extract_card(image_card_bytes(look.portrait_image))
    assert card["card_id"] == str(look.portrait_image.card_id)


def test_make_token_prints_a_key_that_works_and_names_the_unknown(player):
    out = io.StringIO()
    call_command("make_token", "Rowan", stdout=out)
    assert ApiToken.objects.get(digest=ApiToken.digest_of(out.getvalue().strip())).user == player
    with pytest.raises(CommandError, match="nobody"):
        call_command("make_token", "stranger")
