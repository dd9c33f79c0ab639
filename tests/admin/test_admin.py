"""The Django admin: workers added, driven and kept; private stories out of sight."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from community.models import User
from compute.models import Job, Slot, Worker
from tests.support.queue import make_worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(monkeypatch) -> Client:
    from compute.services import slots

    monkeypatch.setattr(slots, "enqueue_runner", lambda *_: None)
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="a-long-password-1"))
    return client


def worker_form(**more: object) -> dict[str, object]:
    return {
        "name": "pc9",
        "api_type": "comfyui",
        "api_url": "http://192.168.1.9:8188",
        "enabled": "on",
        "priority": 1,
        "max_concurrent": 2,
        "supports_sdxl": "on",
        "job_kinds": "",
        "model_map": "{}",
        "timeout_s": 600,
        **more,
    }


@pytest.mark.parametrize(
    "path", ["", "compute/worker/", "compute/worker/add/", "compute/job/", "community/user/", "community/user/add/"]
)
def test_each_page_opens(operator, path):
    make_worker()
    assert operator.get(f"/admin/{path}").status_code == 200


def test_a_worker_added_in_the_admin_gets_slots_and_a_probe_and_survives_sync(operator):
    data = worker_form(user="rowan", password="secret-1")
    assert operator.post("/admin/compute/worker/add/", data).status_code == 302
    worker = Worker.objects.get(name="pc9")
    assert (worker.source, worker.job_kinds, worker.credentials["user"]) == ("admin", ["image_generation"], "rowan")
    assert Slot.objects.filter(worker=worker).count() == 2
    assert worker.next_probe_at is not None
    call_command("sync_workers")
    assert Worker.objects.filter(name="pc9").exists()
    page = operator.get(f"/admin/compute/worker/{worker.pk}/change/").content.decode()
    assert "secret-1" not in page


def test_a_wrong_address_is_refused_with_what_to_do(operator):
    page = operator.post("/admin/compute/worker/add/", worker_form(api_url="pc9:8188")).content.decode()
    assert "must begin with http:// or https://" in page
    assert not Worker.objects.exists()


@pytest.mark.parametrize(("action", "field", "value"), [("pause", "enabled", False), ("drain", "is_draining", True)])
def test_actions_go_through_the_services(operator, action, field, value):
    worker = make_worker()
    operator.post("/admin/compute/worker/", {"action": action, "_selected_action": [worker.pk]})
    worker.refresh_from_db()
    assert getattr(worker, field) is value
    operator.post("/admin/compute/worker/", {"action": "resume", "_selected_action": [worker.pk]})
    worker.refresh_from_db()
    assert (worker.enabled, worker.is_draining) == (True, False)


def test_a_jobs_words_stay_private(operator):
    from tests.support.queue import submit

    job = submit()
    Job.objects.filter(pk=job.pk).update(params={"prompt": "a very private tower"})
    page = operator.get(f"/admin/compute/job/{job.pk}/change/")
    assert page.status_code == 200
    assert "private tower" not in page.content.decode()
