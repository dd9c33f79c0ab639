"""Workers: the configuration's, the admin's, and what probes make of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compute.backends.base import BackendError
from compute.config import WorkerConfig
from compute.models import Slot, Worker
from compute.services.take import job_take
from compute.services.workers import worker_probe, worker_unreachable, workers_due_for_probe, workers_sync
from tests.fakes.comfyui import FakeComfyUI
from tests.support.queue import make_worker, submit

pytestmark = pytest.mark.django_db(transaction=True)


def config(name: str, url: str = "http://127.0.0.1:9", **more: object) -> WorkerConfig:
    return WorkerConfig(name=name, api_type="comfyui", api_url=url, **more)


@pytest.fixture
def configured(settings):
    def change(*workers: WorkerConfig) -> list[str]:
        settings.IMAGE_GENERATION = replace(settings.IMAGE_GENERATION, workers=workers)
        return workers_sync()

    return change


def test_the_configuration_is_followed_and_the_admins_own_workers_stay(configured):
    make_worker("mine", source="admin")
    assert len(configured(config("pc1", max_concurrent=2), config("pc2"))) == 2
    assert Slot.objects.filter(worker__name="pc1").count() == 2
    assert configured(config("pc1", max_concurrent=2), config("pc2")) == []
    assert configured(config("pc1", max_concurrent=1)) == ["changed pc1", "removed pc2"]
    assert Slot.objects.filter(worker__name="pc1").count() == 1
    assert set(Worker.objects.values_list("name", flat=True)) == {"pc1", "mine"}


def test_without_workers_in_the_file_the_painter_works_and_an_empty_list_means_none(settings, configured):
    settings.IMAGE_GENERATION = replace(settings.IMAGE_GENERATION, workers=None)
    workers_sync()
    assert Worker.objects.get().api_type == "painter"
    configured()
    assert not Worker.objects.exists()


def test_a_changed_address_is_looked_at_anew(configured):
    configured(config("pc1"))
    Worker.objects.update(is_online=True, models_offered=["a"], next_probe_at=None)
    configured(config("pc1", "http://127.0.0.1:10"))
    worker = Worker.objects.get()
    assert (worker.is_online, worker.models_offered) == (False, [])
    assert workers_due_for_probe() == [worker.pk]
    assert workers_due_for_probe() == []


def test_a_probe_stores_what_the_server_offers_and_wakes_its_slot_for_what_waits(configured):
    with FakeComfyUI(checkpoints=["sd_v15.safetensors"], version="0.27.1") as fake:
        configured(config("pc1", fake.url))
        submit(model="sd_v15")
        worker_probe(worker_id=Worker.objects.get().pk)
    worker = Worker.objects.get()
    assert worker.is_online
    assert "0.27.1" in worker.server
    assert worker.models_offered == ["sd_v15.safetensors"]
    assert Slot.objects.get().state == Slot.State.WAKING


def test_a_server_that_is_not_there_is_offline_with_the_reason_and_asked_again_soon():
    worker = make_worker(api_url="http://127.0.0.1:9")
    worker_probe(worker_id=worker.pk)
    worker.refresh_from_db()
    assert not worker.is_online
    assert "127.0.0.1:9" in worker.last_error
    assert worker.next_probe_at is not None


def test_a_server_too_busy_to_answer_is_not_given_up_while_its_work_is_heard():
    worker = make_worker()
    submit()
    assert job_take(worker=worker, slot=None, holder="test") is not None
    worker_unreachable(worker=worker, error=BackendError("timed_out", "no answer in 10 s"))
    assert Worker.objects.get().is_online
    worker_unreachable(worker=worker, error=BackendError("unreachable", "connection refused"))
    assert not Worker.objects.get().is_online
