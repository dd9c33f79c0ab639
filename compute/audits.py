"""What must hold in the queue and in storage, checked (architecture, "What must hold" 2 and 3).

Each check is a generator of sentences, one for each violation. A check of rows is one SQL statement a page, and every
change of state is one transaction, so nothing that is merely happening at the moment is reported. Rows are read in
pages by primary key: memory does not grow with the database.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from compute.models import Attempt, Job, StoredFile
from compute.services.files import WRITING_LIMIT, storage_path

PAGE_ROWS = 500
BLOCK_BYTES = 1024 * 1024
# The ticker ends these within a second or two; older ones show that nobody does.
LAPSED_LIMIT = timedelta(seconds=30)
OVERDUE_LIMIT = timedelta(seconds=60)
DELETING_LIMIT = timedelta(seconds=120)

Row = TypeVar("Row", bound=Model)


def paged(rows: QuerySet[Row], *, size: int = PAGE_ROWS) -> Iterator[Row]:
    """Every row in order of its key, a page at a time (server-side cursors are off, for PgBouncer)."""
    last: object = None
    while True:
        page = list((rows if last is None else rows.filter(pk__gt=last)).order_by("pk")[:size])
        yield from page
        if len(page) < size:
            return
        last = page[-1].pk


# --- the queue -----------------------------------------------------------------------------------------------------
def queue_findings() -> Iterator[str]:
    """A job has at most one accepted result; a job that is not over is queued, delayed or under a live lease."""
    yield from accepted_findings()
    yield from lease_findings()
    yield from waiting_findings()


def accepted_findings() -> Iterator[str]:
    """Results: one for each job that succeeded, none for any other."""
    accepted = Count("attempts", filter=Q(attempts__status=Attempt.Status.SUCCEEDED))
    counted = Job.objects.annotate(accepted=accepted)
    wrong = Q(status=Job.Status.SUCCEEDED) & ~Q(accepted=1) | ~Q(status=Job.Status.SUCCEEDED) & Q(accepted__gt=0)
    for job in paged(counted.filter(wrong)):
        yield f"job {job.public_id} is {job.status} and has {job.accepted} accepted results"  # type: ignore[attr-defined]


def lease_findings() -> Iterator[str]:
    """Running jobs and running attempts belong together, and the lease is renewed."""
    running = Attempt.objects.filter(job=OuterRef("pk"), status=Attempt.Status.RUNNING)
    for job in paged(Job.objects.filter(~Exists(running), status=Job.Status.RUNNING)):
        yield f"job {job.public_id} is running and nobody works on it"
    attempts = Attempt.objects.select_related("job").filter(status=Attempt.Status.RUNNING)
    for attempt in paged(attempts.exclude(job__status=Job.Status.RUNNING)):
        yield f"{attempt.worker_name} works on job {attempt.job.public_id}, which is {attempt.job.status}"
    for attempt in paged(attempts.filter(lease_until__lt=timezone.now() - LAPSED_LIMIT)):
        yield (
            f"job {attempt.job.public_id} is held by {attempt.worker_name} under a lease that ended "
            f"{attempt.lease_until:%Y-%m-%d %H:%M:%S} UTC: does the ticker run?"
        )


def waiting_findings() -> Iterator[str]:
    """Waiting ends: no job waits longer than its lane allows."""
    waiting = Job.objects.filter(status__in=[Job.Status.QUEUED, Job.Status.DELAYED])
    for job in paged(waiting.filter(wait_until__lt=timezone.now() - OVERDUE_LIMIT)):
        yield f"job {job.public_id} waits since {job.queued_at:%Y-%m-%d %H:%M:%S} UTC, longer than it may"
    for job in paged(Job.objects.filter(status=Job.Status.DELAYED, not_before__isnull=True)):
        yield f"job {job.public_id} is delayed until nobody knows when"


# --- storage -------------------------------------------------------------------------------------------------------
def storage_findings(*, checksums: bool = True) -> Iterator[str]:
    """Every file has its row, every settled row its file with the stored checksum and somebody who uses it."""
    yield from row_findings(checksums=checksums)
    yield from unused_findings()
    yield from file_findings()


def row_findings(*, checksums: bool) -> Iterator[str]:
    """Rows against the disk, and rows that nobody settles."""
    for row in paged(StoredFile.objects.filter(state=StoredFile.State.READY)):
        problem = _file_problem(row, checksums=checksums)
        # Deleted while we looked: the row says so first.
        if problem and StoredFile.objects.filter(pk=row.pk, state=StoredFile.State.READY).exists():
            yield f"file {row.path} {problem}"
    now = timezone.now()
    late = {
        StoredFile.State.WRITING: WRITING_LIMIT + OVERDUE_LIMIT,
        StoredFile.State.DELETING: DELETING_LIMIT,
    }
    for state, limit in late.items():
        for row in paged(StoredFile.objects.filter(state=state, state_changed_at__lt=now - limit)):
            since = f"{row.state_changed_at:%Y-%m-%d %H:%M} UTC"
            yield f"file {row.path} is {row.state} since {since}: does the ticker run?"


def _file_problem(row: StoredFile, *, checksums: bool) -> str | None:
    try:
        path = storage_path(row.path)
        size_bytes = path.stat().st_size
        if size_bytes != row.size_bytes:
            return f"has {size_bytes:,} bytes, {row.size_bytes:,} were stored"
        if checksums and file_sha256(path) != row.checksum:
            return "does not have the stored checksum"
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"
    return None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hex, in blocks of 1 MiB. Raises OSError."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def unused_findings() -> Iterator[str]:
    """A settled file that no row of any app refers to is kept for nobody."""
    rows = StoredFile.objects.filter(state=StoredFile.State.READY)
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            field = relation.field.name  # type: ignore[union-attr]
            users = relation.related_model._default_manager.filter(**{field: OuterRef("pk")})  # type: ignore[union-attr]
            rows = rows.filter(~Exists(users))
    for row in paged(rows):
        yield f"file {row.path} is used by nothing"


def file_findings() -> Iterator[str]:
    """The disk against rows. A file's row is committed before its first byte and removed after its last."""
    root = Path(settings.STORAGE_DIR)
    page: list[str] = []
    for path in _files_below(root):
        page.append(path)
        if len(page) >= PAGE_ROWS:
            yield from _without_row(root, page)
            page = []
    yield from _without_row(root, page)


def _files_below(root: Path) -> Iterator[str]:
    """Paths relative to `root`, with slashes."""
    for folder, _, names in os.walk(root):
        inside = Path(folder).relative_to(root)
        for name in names:
            yield (inside / name).as_posix()


def _without_row(root: Path, paths: list[str]) -> Iterator[str]:
    known = set(StoredFile.objects.filter(path__in=paths).values_list("path", flat=True))
    for path in paths:
        if path in known or _is_being_written(root / path):
            continue
        # It may have been removed, or settled, since the folder was read.
        if (root / path).exists() and not StoredFile.objects.filter(path=path).exists():
            yield f"file {path} has no row"


def _is_being_written(path: Path) -> bool:
    """A temporary file (their names begin with a dot) young enough that somebody may still write it."""
    if not path.name.startswith("."):
        return False
    try:
        changed = path.stat().st_mtime
    except OSError:
        return True  # gone meanwhile
    return timezone.now().timestamp() - changed < WRITING_LIMIT.total_seconds()
