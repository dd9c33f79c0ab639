"""What is due, whoever's fault it is that nobody did it. Any number of hosts may run a ticker.

Each chore runs under an advisory transaction lock of its own, so that it is done once; chores that reach outside
only enqueue tasks here.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from compute.models import Attempt, Job, Slot
from compute.services.attempts import attempt_lapse, attempts_lapse_due
from compute.services.broker import task_enqueue
from compute.services.files import files_sweep
from compute.services.holders import is_dead
from compute.services.jobs import jobs_end_overdue, jobs_release_delayed
from compute.services.slots import slots_mend
from compute.services.workers import workers_due_for_probe

log = logging.getLogger("luna.ticker")

LOOP_S = 0.5
JOBS_KEPT = timedelta(days=90)


def release_dead_holders() -> int:
    """Send back at once what processes of this host held when they died, instead of waiting for the lease."""
    released = 0
    running = Attempt.objects.filter(status=Attempt.Status.RUNNING).exclude(holder="")
    for attempt_id, holder in running.values_list("pk", "holder")[:1000]:
        if is_dead(holder):
            released += attempt_lapse(
                attempt_id=attempt_id, reason="the process that watched it died", holder_died=True
            )
    for slot in Slot.objects.filter(state=Slot.State.RUNNING).exclude(holder="")[:1000]:
        if is_dead(slot.holder):
            Slot.objects.filter(pk=slot.pk, holder=slot.holder).update(
                state=Slot.State.IDLE, holder="", changed_at=timezone.now()
            )
    return released


def probe_due_workers() -> int:
    """Hand due probes to the task cluster, which may wait for slow servers."""
    due = workers_due_for_probe()
    for worker_id in due:
        task_enqueue("compute.tasks.probe_worker", worker_id, cluster="tasks")
    return len(due)


def stop_abandoned_work() -> int:
    """Stop at its backend what a dead runner left there, once another worker has the job."""
    stopped = 0
    recent = timezone.now() - timedelta(minutes=2)
    lapsed = Attempt.objects.filter(
        status=Attempt.Status.LAPSED, error_code="lease_lapsed", finished_at__gt=recent, sent_at__isnull=False
    ).select_related("job")[:100]
    for attempt in lapsed:
        newer = Attempt.objects.filter(job=attempt.job, number__gt=attempt.number).order_by("number").first()
        if newer is None or newer.worker_id == attempt.worker_id:
            continue
        marked = Attempt.objects.filter(pk=attempt.pk, error_code="lease_lapsed").update(error_code="abandoned")
        if marked:
            task_enqueue("compute.tasks.cancel_remote", attempt.pk, cluster="tasks")
            stopped += 1
    return stopped


def ping_clusters() -> int:
    """A task for each cluster whose only work is to say that it ran."""
    for cluster in ("runners", "tasks"):
        task_enqueue("compute.tasks.cluster_ping", cluster, cluster=cluster)
    return 2


def forget_old_jobs() -> int:
    """Delete jobs and attempts that ended long ago."""
    old = Job.objects.filter(finished_at__lt=timezone.now() - JOBS_KEPT).values_list("pk", flat=True)[:1000]
    gone, _ = Job.objects.filter(pk__in=list(old)).delete()
    return gone


@dataclass
class Chore:
    """Something to do every so often. `locked` says that it must not run twice at once across hosts."""

    act: Callable[[], int]
    every_s: float
    locked: bool = True
    due_at: float = field(default=0.0)

    @property
    def name(self) -> str:
        return self.act.__name__


def all_chores() -> list[Chore]:
    """Compute's own chores, then those that settings name for the apps above."""
    own = [
        Chore(release_dead_holders, 0.5, locked=False),
        Chore(attempts_lapse_due, 1.0),
        Chore(jobs_release_delayed, 0.5),
        Chore(slots_mend, 1.0, locked=False),
        Chore(probe_due_workers, 0.5, locked=False),
        Chore(stop_abandoned_work, 1.0),
        Chore(jobs_end_overdue, 2.0),
        Chore(files_sweep, 5.0, locked=False),
        Chore(ping_clusters, 5.0, locked=False),
        Chore(forget_old_jobs, 600.0),
    ]
    return own + [Chore(import_string(name), every_s) for name, every_s in settings.TICKER_CHORES]


def chore_run(chore: Chore) -> int:
    """Do one chore; 0 if another ticker is at it. Errors are logged: the next round tries again."""
    try:
        if not chore.locked:
            return chore.act()
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [zlib.crc32(f"luna:{chore.name}".encode())])
                row = cursor.fetchone()
            return chore.act() if row and row[0] else 0
    except OperationalError as error:
        log.warning("%s: the database does not answer (%s)", chore.name, str(error).splitlines()[0])
        connection.close()
        return 0
    except Exception:
        log.exception("chore %s failed", chore.name)
        connection.close()
        return 0


def tick(chores: list[Chore], *, now: float | None = None) -> None:
    """One round: every chore that is due."""
    now = time.monotonic() if now is None else now
    for chore in chores:
        if chore.due_at <= now:
            chore.due_at = now + chore.every_s
            chore_run(chore)
