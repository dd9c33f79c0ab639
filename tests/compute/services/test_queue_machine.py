"""Whatever happens to jobs, in whatever order: each ends once, with at most one accepted result."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compute.backends.base import BackendError, Fault
from compute.models import Attempt, Job, Lane, NeedsClass, RequesterClock, Slot, Worker
from compute.services.attempts import attempt_fail, attempt_finish, attempt_hand_back, attempt_lapse
from compute.services.jobs import job_cancel, jobs_end_overdue, jobs_release_delayed
from compute.services.take import job_take
from tests.support.queue import RememberingHandler, make_worker, submit

pytestmark = pytest.mark.django_db

STEP = st.tuples(
    st.sampled_from(
        ["submit", "take", "finish", "fail", "lapse", "hand_back", "cancel", "release", "revive", "overdue"]
    ),
    st.integers(0, 7),
    st.integers(0, 2),
)


@dataclass
class World:
    """Two workers, some jobs, and every attempt ever made, so that late deliveries can come from any of them."""

    workers: list[Worker] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def step(self, what: str, which: int, how: int) -> None:
        job = self.jobs[which % len(self.jobs)] if self.jobs else None
        attempt = self.attempts[which % len(self.attempts)] if self.attempts else None
        if what == "submit" and len(self.jobs) < 6:
            self.jobs.append(submit(f"user:{how}", lane=Lane(which % 4)))
        elif what == "take":
            taken = job_take(worker=self.workers[which % 2], slot=None, holder="test")
            self.attempts += [taken] if taken else []
        elif what == "cancel" and job:
            job_cancel(job_id=job.pk)
        elif what == "release":
            Job.objects.filter(status="delayed").update(not_before=timezone.now())
            jobs_release_delayed()
        elif what == "revive":
            Worker.objects.update(is_online=True, paused_until=None, consecutive_failures=0)
        elif what == "overdue" and job:
            Job.objects.filter(pk=job.pk).update(wait_until=timezone.now() - timedelta(seconds=1))
            jobs_end_overdue()
        elif attempt is not None:
            self.deliver(what, attempt, how)

    def deliver(self, what: str, attempt: Attempt, how: int) -> None:
        if what == "finish":
            attempt_finish(attempt=attempt, prepared="picture", generation_time_ms=10)
        elif what == "fail":
            fault = list(Fault)[how]
            attempt_fail(attempt=attempt, error=BackendError("broken", "it broke", fault=fault))
        elif what == "lapse":
            attempt_lapse(attempt_id=attempt.pk, reason="silence", holder_died=bool(how))
        elif what == "hand_back":
            attempt_hand_back(attempt=attempt, reason="stopping")


def check_invariants(calls: list[tuple[str, int]]) -> None:
    ends = Counter(call for call in calls if call[0] in ("commit", "failed", "cancelled"))
    for job in Job.objects.all():
        by_status = Counter(Attempt.objects.filter(job=job).values_list("status", flat=True))
        assert by_status["running"] == (1 if job.status == "running" else 0), (job, by_status)
        assert by_status["succeeded"] == (1 if job.status == "succeeded" else 0), (job, by_status)
        expected = {"succeeded": "commit", "failed": "failed", "cancelled": "cancelled"}.get(job.status)
        told = {name: n for (name, pk), n in ends.items() if pk == job.pk}
        assert told == ({expected: 1} if expected else {}), (job, told)
        assert (job.status == "delayed") == (job.not_before is not None), job
        if job.status == "failed":
            assert job.error_code
            assert job.error_detail


@given(steps=st.lists(STEP, min_size=5, max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_job_ends_once_whatever_happens(steps):
    for model in (Attempt, Job, Slot, Worker, NeedsClass, RequesterClock):
        model.objects.all().delete()
    from compute.services import needs

    needs._by_spec.clear()
    needs._newest_class = -1
    RememberingHandler.calls = []
    world = World(workers=[make_worker("pc1", max_concurrent=3), make_worker("pc2", max_concurrent=3)])
    world.step("submit", 0, 0)
    for step in steps:
        world.step(*step)
        check_invariants(RememberingHandler.calls)
