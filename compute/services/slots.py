"""Slots of managed workers: who holds one, and waking the right one when work arrives.

A slot goes idle → waking → running by conditional update. Only who wins idle → waking enqueues a runner, so a slot
never has two. A lost wake-up (Valkey gone, cluster restarted) is mended by the ticker.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from compute.models import Job, NeedsClass, Slot, Worker
from compute.services.broker import task_enqueue
from compute.services.needs import fitting_needs, misfit, unavailable

log = logging.getLogger("luna.slots")

RUN_SLOT_TASK = "compute.tasks.run_slot"
# A waking slot whose runner has not started by then is woken again.
WAKING_LIMIT_S = 5.0
# A running slot without a sign of life for so long is free again. Its runner touches it each 5 s.
RUNNING_LIMIT_S = 30.0


def enqueue_runner(slot_id: int) -> None:
    """Ask the runners' cluster to serve a slot. A broker that does not answer is logged; the ticker asks again."""
    try:
        task_enqueue(RUN_SLOT_TASK, slot_id, cluster="runners")
    except Exception:
        log.exception("could not enqueue a runner for slot %s", slot_id)


def wake_after_commit(needs_id: int) -> None:
    """Wake the best free slot for this class of needs once the transaction is through."""
    transaction.on_commit(partial(slot_wake, needs_id=needs_id), robust=True)


def slot_wake(*, needs_id: int) -> int | None:
    """Wake the best free slot that fits: by priority, then share of load, then speed. Returns its id or None."""
    needs = NeedsClass.objects.get(pk=needs_id)
    workers = (
        Worker.objects.filter(enabled=True, is_online=True, is_draining=False, kind=Worker.Kind.MANAGED)
        .annotate(
            idle=Count("slots", filter=Q(slots__state=Slot.State.IDLE)),
            busy=Count("slots", filter=~Q(slots__state=Slot.State.IDLE)),
        )
        .filter(idle__gt=0)
    )
    ranked = sorted(
        (worker for worker in workers if misfit(worker, needs) is None and unavailable(worker) is None),
        key=lambda worker: (worker.priority, worker.busy / worker.max_concurrent, worker.avg_generation_time_ms or 0),
    )
    for worker in ranked:
        for slot_id in worker.slots.filter(state=Slot.State.IDLE).order_by("number").values_list("pk", flat=True):
            if _start_waking(slot_id):
                enqueue_runner(slot_id)
                return slot_id
    return None


def _start_waking(slot_id: int) -> bool:
    now = timezone.now()
    return bool(
        Slot.objects.filter(pk=slot_id, state=Slot.State.IDLE).update(
            state=Slot.State.WAKING, changed_at=now, holder="", seen_at=now
        )
    )


def slot_claim(*, slot_id: int, holder: str) -> Slot | None:
    """A runner takes a woken slot. None if another has it or it is gone."""
    now = timezone.now()
    claimed = Slot.objects.filter(pk=slot_id, state=Slot.State.WAKING).update(
        state=Slot.State.RUNNING, holder=holder, changed_at=now, seen_at=now
    )
    return Slot.objects.select_related("worker").filter(pk=slot_id).first() if claimed else None


def slot_release(*, slot_id: int, holder: str) -> bool:
    """The runner lets go. False if the slot was taken from it meanwhile."""
    now = timezone.now()
    return bool(
        Slot.objects.filter(pk=slot_id, state=Slot.State.RUNNING, holder=holder).update(
            state=Slot.State.IDLE, holder="", changed_at=now
        )
    )


def slot_reclaim(*, slot_id: int, holder: str) -> bool:
    """Straight from idle to running, by the runner that has just released it and found more work."""
    now = timezone.now()
    return bool(
        Slot.objects.filter(pk=slot_id, state=Slot.State.IDLE).update(
            state=Slot.State.RUNNING, holder=holder, changed_at=now, seen_at=now
        )
    )


def slot_rewake(*, slot_id: int, holder: str) -> None:
    """The runner's time is up but there may be more work: let a fresh one carry on."""
    now = timezone.now()
    if Slot.objects.filter(pk=slot_id, state=Slot.State.RUNNING, holder=holder).update(
        state=Slot.State.WAKING, holder="", changed_at=now
    ):
        enqueue_runner(slot_id)


def slots_seen(*, slot_ids: list[int]) -> None:
    """Sign of life of runners."""
    Slot.objects.filter(pk__in=slot_ids, state=Slot.State.RUNNING).update(seen_at=timezone.now())


def slots_mend() -> int:
    """Free slots whose runner never came or died, and wake slots for work that waits. Run by the ticker."""
    now = timezone.now()
    mended = 0
    for slot in Slot.objects.filter(
        Q(state=Slot.State.WAKING, changed_at__lt=now - timedelta(seconds=WAKING_LIMIT_S))
        | Q(state=Slot.State.RUNNING, seen_at__lt=now - timedelta(seconds=RUNNING_LIMIT_S))
    )[:500]:
        mended += Slot.objects.filter(pk=slot.pk, state=slot.state, changed_at=slot.changed_at).update(
            state=Slot.State.IDLE, holder="", changed_at=now
        )
    return mended + _wake_for_queue()


def _wake_for_queue() -> int:
    """One wake-up for each waiting job that an idle slot could take, at most one a slot."""
    waiting = dict(
        Job.objects.filter(status=Job.Status.QUEUED).order_by().values_list("needs").annotate(n=Count("id"))[:1000]
    )
    if not waiting:
        return 0
    classes = list(NeedsClass.objects.filter(pk__in=waiting))
    woken = 0
    idle = Slot.objects.filter(state=Slot.State.IDLE, worker__kind=Worker.Kind.MANAGED).select_related("worker")
    for slot in idle.order_by("worker__priority", "number")[:500]:
        if unavailable(slot.worker) is not None:
            continue
        fitting = next((pk for pk in fitting_needs(slot.worker, classes) if waiting[pk] > 0), None)
        if fitting is not None and _start_waking(slot.pk):
            enqueue_runner(slot.pk)
            waiting[fitting] -= 1
            woken += 1
    return woken


def slots_resize(worker: Worker) -> None:
    """Make as many slots as the worker may run at once; surplus ones go as soon as they are idle."""
    have = set(worker.slots.values_list("number", flat=True))
    Slot.objects.bulk_create(
        [Slot(worker=worker, number=n) for n in range(1, worker.max_concurrent + 1) if n not in have],
        ignore_conflicts=True,
    )
    worker.slots.filter(number__gt=worker.max_concurrent, state=Slot.State.IDLE).delete()
