"""A story put away into a zip, and brought back.

The zip: `manifest.json` (format, and name, SHA-256 and size of everything else), `story.json` (every row, see
archive_rows) and `files/ID.ext`, the stored files as they are. Nothing is removed from LUNA before the zip is on the
disk under its name and has been read back; nothing is restored before every hash was found right.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils import timezone

from community.models import User
from compute.audits import BLOCK_BYTES
from compute.common.errors import Conflict, InvalidParameters, NotFound
from compute.models import Job, StoredFile
from compute.services.files import file_write, files_delete, files_ready, storage_path
from compute.services.jobs import jobs_cancel
from images.models import GeneratedImage, Story
from images.services import announce
from images.services.archive_rows import TABLES, Document, file_ids, rows_of, rows_restore, story_document
from images.services.files import MIMES
from images.services.stories import open_jobs

FORMAT = "luna-archive-1"
STORY_MOST_BYTES = 512 * 1024 * 1024
FILE_MOST_BYTES = 256 * 1024 * 1024
# Files are renewed so often while others are written: the ticker takes old `writing` rows for those of a dead process.
RENEW_EVERY_FILES = 20
_RESTORED = re.compile(r"(_r[0-9a-f]{6})?(\.[a-z]{3,4})$")


# What zipfile, json and a document of another form raise.
_DAMAGE = (zipfile.BadZipFile, zlib.error, RuntimeError, KeyError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True)
class Archived:
    """What was put away or brought back."""

    title: str
    path: Path
    rows: int
    files: int


def archive_path(folder: Path, story_id: str) -> Path:
    """Where a story's archive lies. Raises InvalidParameters for what cannot be a story's id."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", story_id):
        raise InvalidParameters(f"{story_id!r} is not the id of a story.")
    return folder / f"{story_id}.zip"


def _count(document: Document) -> int:
    return 1 + sum(len(document[table]) for table in TABLES)


# --- put away --------------------------------------------------------------------------------------------------------
def story_archive(*, story_id: str, folder: Path) -> Archived:
    """Write FOLDER/STORY_ID.zip, check it, then remove the story. Raises NotFound, OSError, and Conflict if a file
    is damaged or the story changes meanwhile; the story is then as before."""
    target = archive_path(folder, story_id)
    story = Story.objects.select_related("owner").filter(pk=story_id, deleted_at__isnull=True).first()
    if story is None:
        raise NotFound(f"There is no story {story_id}.")
    folder.mkdir(parents=True, exist_ok=True)
    document = story_document(story)
    text = _text(document)
    files = list(StoredFile.objects.filter(pk__in=file_ids(document)).order_by("pk"))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(3)}.part")
    try:
        manifest = _write(temporary, story_id, text, files)
        with zipfile.ZipFile(temporary) as archive:
            _check(archive, manifest)
        os.replace(temporary, target)
        _sync(folder)
    finally:
        temporary.unlink(missing_ok=True)
    try:
        _remove(story_id, text)
    except OperationalError as error:  # a deadlock with somebody who plays it, or the database went away
        raise Conflict(f"The story was not removed ({str(error).strip().splitlines()[0]}): try again.") from error
    return Archived(story.title, target, _count(document), len(files))


def _text(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _write(path: Path, story_id: str, text: bytes, files: Iterable[StoredFile]) -> Document:
    """The zip with one stored file at a time in memory. Returns its manifest."""
    entries = []
    with open(path, "xb") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
            for row in files:
                data = _stored_bytes(row)
                name = f"files/{row.pk}{Path(row.path).suffix}"
                archive.writestr(name, data)
                entries.append(
                    {"id": row.pk, "path": row.path, "mime": row.mime, "created_at": row.created_at.isoformat()}
                    | _entry(name, data)
                )
            archive.writestr("story.json", text, compress_type=zipfile.ZIP_DEFLATED)
            manifest = {"format": FORMAT, "story_id": story_id, "story": _entry("story.json", text), "files": entries}
            archive.writestr("manifest.json", _text(manifest), compress_type=zipfile.ZIP_DEFLATED)
        raw.flush()
        os.fsync(raw.fileno())
    return manifest


def _stored_bytes(row: StoredFile) -> bytes:
    try:
        data = storage_path(row.path).read_bytes()
    except FileNotFoundError:
        raise Conflict(f"{row.path} is missing; see manage.py storage_audit. Nothing was removed.") from None
    if hashlib.sha256(data).hexdigest() != row.checksum:
        raise Conflict(f"{row.path} does not have the stored checksum. Nothing was removed.")
    return data


def _entry(name: str, data: bytes) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@transaction.atomic
def _remove(story_id: str, text: bytes) -> None:
    """Rows and files go if they are still those of the archive. Jobs are locked before pictures, as everywhere."""
    story = Story.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=story_id).first()
    if story is None:
        raise Conflict("The story was deleted meanwhile.")
    jobs = open_jobs(story_id)
    list(Job.objects.select_for_update().filter(pk__in=jobs).order_by("pk").values_list("pk"))
    for table in TABLES:
        list(rows_of(story_id, table).select_for_update(of=("self",)).values_list("pk"))
    if _text(story_document(story)) != text:
        raise Conflict("The story changed while it was archived: try again. Nothing was removed.")
    jobs_cancel(job_ids=jobs, reason="the story was archived")
    images = GeneratedImage.objects.filter(story_id=story_id)
    files = {pk for pair in images.values_list("file_id", "thumb_id") for pk in pair if pk is not None}
    images.delete()
    story.delete()
    files_delete(file_ids=files)
    announce.story_deleted(story_id)


# --- bring back ------------------------------------------------------------------------------------------------------
def story_restore(*, story_id: str, folder: Path) -> Archived:
    """Bring a story back from FOLDER/STORY_ID.zip, which stays. Raises NotFound, OSError, InvalidParameters for an
    archive that is damaged or does not fit, Conflict if the story exists. Nothing is changed then."""
    path = archive_path(folder, story_id)
    if Story.objects.filter(pk=story_id).exists():
        raise Conflict(f"The story {story_id} exists; an archive never replaces one.")
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(_read(archive, "manifest.json", STORY_MOST_BYTES))
            document = _checked_document(archive, manifest, story_id)
            owner = User.objects.filter(username=document["owner"]).first()
            if owner is None:
                raise InvalidParameters(f"The story belongs to {document['owner']!r}, who is not known here.")
            _put_back(archive, manifest, document, owner)
    except FileNotFoundError:
        raise NotFound(f"There is no {path}.") from None
    except _DAMAGE as error:
        raise InvalidParameters(f"{path} is damaged or no archive of a story ({error}).") from error
    return Archived(document["story"]["title"], path, _count(document), len(manifest["files"]))


def _checked_document(archive: zipfile.ZipFile, manifest: Document, story_id: str) -> Document:
    """story.json once everything in the zip has its hash. Raises InvalidParameters, or what json and zipfile raise."""
    if manifest["format"] != FORMAT or manifest["story_id"] != story_id:
        raise InvalidParameters(f"This is no archive of {story_id} in the form {FORMAT}.")
    _check(archive, manifest)
    for entry in manifest["files"]:
        storage_path(entry["path"])  # refuses to leave the storage folder
        if entry["mime"] not in MIMES.values():
            raise InvalidParameters(f"{entry['name']} is no picture but {entry['mime']!r}.")
    document: Document = json.loads(_read(archive, "story.json", STORY_MOST_BYTES))
    if document["story"]["id"] != story_id:
        raise InvalidParameters("story.json is of another story.")
    return document


def _check(archive: zipfile.ZipFile, manifest: Document) -> None:
    """Every entry of the zip is the size and has the hash that the manifest says. Raises InvalidParameters."""
    for entry in [manifest["story"], *manifest["files"]]:
        most = STORY_MOST_BYTES if entry is manifest["story"] else FILE_MOST_BYTES
        size_bytes, digest = 0, hashlib.sha256()
        with archive.open(entry["name"]) as file:
            while size_bytes <= most and (block := file.read(BLOCK_BYTES)):
                size_bytes += len(block)
                digest.update(block)
        if (size_bytes, digest.hexdigest()) != (entry["size_bytes"], entry["sha256"]):
            raise InvalidParameters(f"{entry['name']} in the archive does not have its hash. Nothing was changed.")


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InvalidParameters(f"{name} in the archive has more than {most:,} bytes.")
    return data


def _put_back(archive: zipfile.ZipFile, manifest: Document, document: Document, owner: User) -> None:
    """Files first, outside any transaction, then all rows in one. If anything fails, the files go again."""
    files: dict[int, StoredFile] = {}
    try:
        for entry in manifest["files"]:
            data = _read(archive, entry["name"], FILE_MOST_BYTES)
            files[entry["id"]] = file_write(path=_new_path(entry["path"]), data=data, mime=entry["mime"])
            if len(files) % RENEW_EVERY_FILES == 0:
                _renew(files)
        _renew(files)
        with transaction.atomic():
            rows_restore(document, owner=owner, files=files)
            ids = [row.pk for row in files.values()]
            files_ready(file_ids=ids)
            for entry in manifest["files"]:
                # As old as it was: compress_images counts from there.
                StoredFile.objects.filter(pk=files[entry["id"]].pk).update(created_at=entry["created_at"])
            if StoredFile.objects.filter(pk__in=ids, state=StoredFile.State.READY).count() != len(ids):
                raise Conflict("Restoring took so long that its files were swept away: try again.")
    except BaseException as error:
        with transaction.atomic():
            files_delete(file_ids=[row.pk for row in files.values()])
        if isinstance(error, IntegrityError | DataError):
            reason = str(error).strip().splitlines()[0]
            raise Conflict(f"The story's rows cannot be put back beside what is there ({reason}).") from error
        raise


def _renew(files: dict[int, StoredFile]) -> None:
    StoredFile.objects.filter(pk__in=[row.pk for row in files.values()], state=StoredFile.State.WRITING).update(
        state_changed_at=timezone.now()
    )


def _new_path(path: str) -> str:
    """A name of its own beside the old one, so that what an interrupted restore left behind is in nobody's way."""
    return _RESTORED.sub(lambda match: f"_r{secrets.token_hex(3)}{match[2]}", path, count=1)
