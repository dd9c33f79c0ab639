"""Files under the storage folder: written once, never without a row, never left behind.

The order is what makes that true after any kill: the row (`writing`) is committed first, then the bytes go to a
temporary file, fsync, rename, fsync of the folder; `ready` is set in the transaction that uses the file. Deleting is
the same backwards: `deleting` in the transaction, unlink after commit, the row last.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compute.models import StoredFile

log = logging.getLogger("luna.files")

# A file still being written after so long was left by a process that died.
WRITING_LIMIT = timedelta(minutes=10)


class StorageFull(OSError):
    """Less space is left than LUNA_MIN_FREE_GB asks."""


def storage_path(path: str) -> Path:
    """Where a stored file lies. Raises ValueError for a path that would leave the storage folder."""
    root = Path(settings.STORAGE_DIR)
    full = (root / path).resolve()
    if not full.is_relative_to(root.resolve()):
        raise ValueError(f"{path!r} leaves the storage folder")
    return full


def free_bytes() -> int:
    """Space left where pictures go."""
    folder = Path(settings.STORAGE_DIR)
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def file_write(*, path: str, data: bytes, mime: str) -> StoredFile:
    """Store bytes under a new path, outside any transaction. The row comes back still `writing`.

    Raises StorageFull, OSError. Whatever was written is then swept away by the ticker.
    """
    if free_bytes() < settings.MIN_FREE_GB * 2**30 + len(data):
        raise StorageFull(f"less than {settings.MIN_FREE_GB:g} GB are free where pictures are stored")
    row = StoredFile.objects.create(
        path=path, mime=mime, checksum=hashlib.sha256(data).hexdigest(), size_bytes=len(data)
    )
    target = storage_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{row.pk}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
        _sync_folder(target.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return row


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_ready(*, file_ids: Iterable[int]) -> None:
    """Inside the transaction that uses them: from now on they count."""
    StoredFile.objects.filter(pk__in=list(file_ids), state=StoredFile.State.WRITING).update(
        state=StoredFile.State.READY, state_changed_at=timezone.now()
    )


def files_delete(*, file_ids: Iterable[int]) -> None:
    """Inside a transaction: these files go after its commit. Nothing may refer to them any more."""
    ids = list(file_ids)
    StoredFile.objects.filter(pk__in=ids).update(state=StoredFile.State.DELETING, state_changed_at=timezone.now())
    transaction.on_commit(lambda: _remove_now(ids), robust=True)


def _remove_now(ids: list[int]) -> None:
    for row in StoredFile.objects.filter(pk__in=ids, state=StoredFile.State.DELETING):
        _remove(row)


def _remove(row: StoredFile) -> None:
    try:
        target = storage_path(row.path)
        target.unlink(missing_ok=True)
        for left in target.parent.glob(f".{target.name}.*.part"):
            left.unlink(missing_ok=True)
        _remove_empty_folders(target.parent)
    except OSError:
        log.exception("could not remove %s; it is tried again", row.path)
        return
    row.delete()


def _remove_empty_folders(folder: Path) -> None:
    root = Path(settings.STORAGE_DIR).resolve()
    for _ in range(6):
        if folder == root or not folder.is_relative_to(root):
            return
        try:
            folder.rmdir()
        except OSError:
            return  # not empty
        folder = folder.parent


def files_sweep(*, limit: int = 200) -> int:
    """End what was left half-way: `deleting`, and `writing` by processes that died. Run by the ticker."""
    StoredFile.objects.filter(
        state=StoredFile.State.WRITING, state_changed_at__lt=timezone.now() - WRITING_LIMIT
    ).update(state=StoredFile.State.DELETING, state_changed_at=timezone.now())
    swept = 0
    settled = timezone.now() - timedelta(seconds=5)
    for row in StoredFile.objects.filter(state=StoredFile.State.DELETING, state_changed_at__lt=settled)[:limit]:
        _remove(row)
        swept += 1
    return swept
