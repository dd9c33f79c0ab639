"""The queue: who gets which job, and what becomes of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from compute.backends.base import BackendError, Fault
from compute.models import Attempt, Job, Lane, Slot, Worker
from compute.services.attempts import (
    attempt_fail,
    attempt_finish,
    attempt_hand_back,
    attempt_lapse,
    attempt_renew,
    attempts_lapse_due,
)
from compute.services.jobs import job_cancel, job_promote, jobs_end_overdue, jobs_release_delayed
from compute.services.slots import slot_claim, slot_wake, slots_mend
from compute.services.take import job_take
from compute.services.waiting import waiting_report
from tests.support.queue import make_worker, submit

pytestmark = pytest.mark.django_db(transaction=True)


def take(worker: Worker) -> Attempt | None:
    return job_take(worker=worker, slot=None, holder="test")


def taken(worker: Worker) -> Attempt:
    attempt = take(worker)
    assert attempt is not None
    return attempt


def error(fault: Fault, code: str = "broken", **more) -> BackendError:
    return BackendError(code, "it broke", fault=fault, **more)


def finish(attempt: Attempt) -> bool:
    return attempt_finish(attempt=attempt, prepared="picture", generation_time_ms=100)


def test_a_lower_lane_waits_for_every_higher_one():
    worker = make_worker()
    dream, turn, batch = submit(lane=Lane.SPECULATIVE), submit(lane=Lane.INTERACTIVE), submit(lane=Lane.BATCH)
    assert [taken(worker).job_id for _ in range(3)] == [turn.pk, dream.pk, batch.pk]


def test_a_second_player_does_not_wait_for_all_of_the_first_ones_jobs():
    worker = make_worker()
    greedy = [submit("user:1") for _ in range(20)]
    assert taken(worker).job_id == greedy[0].pk
    modest = submit("user:2")
    served = [taken(worker).job_id for _ in range(3)]
    assert modest.pk in served


def test_equal_players_get_equal_shares():
    worker = make_worker()
    for _ in range(30):
        for player in range(3):
            submit(f"user:{player}", cost=1 + player % 2)
    first = [taken(worker).job for _ in range(45)]
    units = {p: sum(job.cost for job in first if job.requester == f"user:{p}") for p in range(3)}
    assert max(units.values()) - min(units.values()) <= 4, units


def test_a_promoted_dream_goes_before_turns_that_wait():
    worker = make_worker()
    submit("user:1")
    taken(worker)
    waiting = [submit("user:1") for _ in range(3)]
    dream = submit("user:1", lane=Lane.SPECULATIVE)
    assert job_promote(job_id=dream.pk)
    assert taken(worker).job_id == dream.pk
    assert taken(worker).job_id == waiting[0].pk


def test_a_worker_gets_only_what_it_can_do():
    small = make_worker("small", models_offered=["sd15.safetensors"], vram_gb=6)
    big = make_worker("big", models_offered=["SDXL-Base_1.0.safetensors [abc123def0]"])
    job = submit(model="sdxl_base_1.0")
    assert take(small) is None
    assert taken(big).job_id == job.pk


@pytest.mark.parametrize(
    "fields",
    [{"enabled": False}, {"is_online": False}, {"is_draining": True}, {"paused_until": "soon"}],
    ids=["off", "offline", "draining", "paused"],
)
def test_a_worker_that_is_unavailable_gets_nothing(fields):
    if "paused_until" in fields:
        fields = {"paused_until": timezone.now() + timedelta(minutes=1)}
    worker = make_worker(**fields)
    submit()
    assert take(worker) is None


def test_eight_takers_at_once_never_get_the_same_job():
    worker = make_worker(max_concurrent=8)
    jobs = {submit().pk for _ in range(40)}
    start = threading.Barrier(8)

    def work(_: int) -> list[int]:
        start.wait(10)
        got = []
        try:
            while (attempt := job_take(worker=Worker.objects.get(pk=worker.pk), slot=None, holder="t")) is not None:
                got.append(attempt.job_id)
        finally:
            connection.close()
        return got

    with ThreadPoolExecutor(8) as pool:
        results = [one for part in pool.map(work, range(8)) for one in part]
    assert sorted(results) == sorted(jobs)


def test_one_wake_up_wakes_one_slot_of_the_worker_that_comes_first():
    later = make_worker("later", priority=2)
    first = make_worker("first", priority=1)
    job = submit()
    assert not Slot.objects.filter(worker=later).exclude(state="idle").exists()
    slot = Slot.objects.get(worker=first)
    assert slot.state == Slot.State.WAKING
    assert slot_wake(needs_id=job.needs_id) == Slot.objects.get(worker=later).pk
    assert slot_wake(needs_id=job.needs_id) is None


def test_only_one_of_two_runners_gets_a_slot():
    make_worker()
    submit()
    slot = Slot.objects.get()
    assert slot_claim(slot_id=slot.pk, holder="a") is not None
    assert slot_claim(slot_id=slot.pk, holder="b") is None


def test_a_lost_wake_up_is_mended():
    make_worker()
    submit()
    Slot.objects.update(changed_at=timezone.now() - timedelta(minutes=1))
    assert slots_mend() >= 1
    assert Slot.objects.get().state == Slot.State.WAKING


def test_the_first_delivery_wins_and_the_second_is_discarded(remembered):
    worker = make_worker()
    job = submit()
    late = taken(worker)
    attempt_lapse(attempt_id=late.pk, reason="silence", holder_died=True)
    prompt = taken(make_worker("pc2"))
    assert finish(late)
    assert not finish(prompt)
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED
    assert [name for name, _ in remembered if name in ("commit", "discard")] == ["commit", "discard"]
    assert Attempt.objects.get(pk=late.pk).status == "succeeded"
    assert Attempt.objects.get(pk=prompt.pk).status == "superseded"


def test_of_many_simultaneous_deliveries_one_is_accepted(remembered):
    workers = [make_worker(f"pc{n}") for n in range(4)]
    job = submit()
    attempts = []
    for worker in workers:
        attempt = taken(worker)
        attempts.append(attempt)
        attempt_lapse(attempt_id=attempt.pk, reason="silence", holder_died=True)
    start = threading.Barrier(4)

    def deliver(attempt: Attempt) -> bool:
        start.wait(10)
        try:
            return finish(attempt)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        accepted = list(pool.map(deliver, attempts))
    assert accepted.count(True) == 1
    assert [name for name, _ in remembered].count("commit") == 1
    assert Attempt.objects.filter(job=job, status="succeeded").count() == 1


def test_the_database_refuses_two_running_attempts_at_one_job():
    attempt = taken(make_worker_with_job())
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(
            job=attempt.job,
            worker_name="x",
            number=9,
            lease_until=timezone.now(),
            deadline_at=timezone.now() + timedelta(seconds=1),
        )


def make_worker_with_job() -> Worker:
    worker = make_worker()
    submit()
    return worker


def test_a_worker_fault_sends_the_job_to_another_worker(remembered):
    first, second = make_worker("pc1"), make_worker("pc2")
    job = submit()
    attempt_fail(attempt=taken(first), error=error(Fault.WORKER))
    assert take(first) is None
    assert taken(second).job_id == job.pk
    assert ("requeued", job.pk) in remembered


def test_three_worker_faults_end_the_job_with_the_reason(remembered):
    workers = [make_worker(f"pc{n}") for n in range(4)]
    job = submit()
    for worker in workers[:3]:
        attempt_fail(attempt=taken(worker), error=error(Fault.WORKER, "out_of_memory"))
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Job.Status.FAILED, "out_of_memory")
    assert "pc0, pc1, pc2" in job.error_detail
    assert ("failed", job.pk) in remembered
    assert take(workers[3]) is None


def test_a_payload_fault_gets_a_second_opinion_and_then_ends():
    first, second, third = (make_worker(f"pc{n}") for n in range(3))
    job = submit()
    attempt_fail(attempt=taken(first), error=error(Fault.PAYLOAD, "rejected"))
    attempt_fail(attempt=taken(second), error=error(Fault.PAYLOAD, "rejected"))
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Job.Status.FAILED, "rejected")
    assert take(third) is None
    assert Worker.objects.get(pk=first.pk).error_count == 0


def test_a_payload_fault_ends_at_once_where_nobody_else_could_try():
    job = submit()
    attempt_fail(attempt=taken(make_worker()), error=error(Fault.PAYLOAD, "rejected"))
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED


def test_server_faults_do_not_count_against_the_worker_and_retry_after_a_pause():
    worker = make_worker()
    job = submit()
    attempt_fail(attempt=taken(worker), error=error(Fault.SERVER, "busy", retry_after_s=7))
    job.refresh_from_db()
    assert job.status == Job.Status.DELAYED
    assert job.not_before > timezone.now() + timedelta(seconds=5)
    assert Worker.objects.get(pk=worker.pk).error_count == 0
    Job.objects.update(not_before=timezone.now())
    assert jobs_release_delayed() == 1
    assert taken(worker).job_id == job.pk


def test_the_only_worker_gets_its_failed_job_again_after_a_pause():
    worker = make_worker()
    job = submit()
    attempt_fail(attempt=taken(worker), error=error(Fault.WORKER))
    job.refresh_from_db()
    assert (job.status, job.avoid_workers) == (Job.Status.DELAYED, [])


def test_a_worker_that_keeps_failing_is_paused_and_one_that_is_gone_is_offline():
    worker = make_worker(max_concurrent=5)
    make_worker("other")
    for _ in range(3):
        submit()
        attempt_fail(attempt=taken(worker), error=error(Fault.WORKER))
    worker.refresh_from_db()
    assert worker.paused_until > timezone.now()
    gone = make_worker("gone")
    submit()
    attempt_fail(attempt=taken(gone), error=error(Fault.WORKER, "unreachable"))
    gone.refresh_from_db()
    assert not gone.is_online


def test_a_lapsed_lease_goes_back_and_counts_against_nobody():
    worker = make_worker()
    job = submit()
    attempt = taken(worker)
    Attempt.objects.filter(pk=attempt.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert attempts_lapse_due() == 1
    job.refresh_from_db()
    worker.refresh_from_db()
    assert (job.status, worker.error_count) == (Job.Status.QUEUED, 0)
    assert not attempt_renew(attempt_id=attempt.pk)


def test_a_renewal_never_passes_the_deadline():
    attempt = taken(make_worker_with_job())
    soon = timezone.now() + timedelta(seconds=3)
    Attempt.objects.filter(pk=attempt.pk).update(deadline_at=soon, lease_until=soon)
    assert attempt_renew(attempt_id=attempt.pk)
    attempt.refresh_from_db()
    assert attempt.lease_until == attempt.deadline_at == soon


def test_handing_back_is_nobodys_fault():
    worker = make_worker()
    job = submit()
    attempt_hand_back(attempt=taken(worker), reason="stopping")
    job.refresh_from_db()
    assert (job.status, job.worker_faults, job.server_faults) == (Job.Status.QUEUED, 0, 0)


def test_a_cancelled_job_is_over_also_for_the_one_at_work(remembered):
    worker = make_worker()
    job = submit()
    attempt = taken(worker)
    assert job_cancel(job_id=job.pk)
    assert not job_cancel(job_id=job.pk)
    assert not finish(attempt)
    attempt_fail(attempt=attempt, error=error(Fault.WORKER))
    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert remembered.count(("cancelled", job.pk)) == 1


def test_waiting_too_long_ends_with_the_reason_nobody_took_it():
    make_worker("pc2", models_offered=["dreamshaper_8.safetensors"])
    job = submit(model="sdxl_base_1.0")
    Job.objects.update(wait_until=timezone.now() - timedelta(seconds=1))
    assert jobs_end_overdue() == 1
    job.refresh_from_db()
    assert job.error_code == "waited_too_long"
    assert "pc2 offers no checkpoint sdxl_base_1.0" in job.error_detail


def test_the_waiting_reason_names_each_obstacle():
    make_worker("pc2", models_offered=["sd_xl_base_0.9.safetensors"])
    make_worker("pc1", is_online=False, last_error="connection refused")
    reason = waiting_report(submit(model="sdxl_base_1.0")).reason
    assert "pc1 is offline (connection refused)" in reason
    assert "pc2 offers no checkpoint sdxl_base_1.0 (nearest: sd_xl_base_0.9.safetensors)" in reason


def test_the_waiting_reason_tells_how_many_go_first_and_how_long_it_takes():
    worker = make_worker()
    first = submit(cost=10)
    slot = Slot.objects.get()
    slot_claim(slot_id=slot.pk, holder="x")
    attempt = taken(worker)
    finish(attempt)
    submit(), submit()
    last = submit()
    report = waiting_report(last)
    assert first.pk == attempt.job_id
    assert report.ahead == 2
    assert report.eta_s is not None
    assert "pc1 is busy with 2 before this, about" in report.reason


def test_no_worker_at_all_is_said():
    assert waiting_report(submit()).reason == "No worker is configured."
