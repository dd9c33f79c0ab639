"""OpenAPI, its page, workers for staff, health."""

from __future__ import annotations

import io
import re
import threading

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from compute.models import Worker
from luna_site import health
from luna_site.context import site
from tests.support.queue import make_worker


def test_the_openapi_document_is_valid_and_without_warnings() -> None:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    paths = set(re.findall(r"^  (/api/v1/\S+):$", out.getvalue(), re.MULTILINE))
    for path in ("stories/", "stories/{story_id}/turns/", "turns/{turn_id}/", "images/{image_id}/card/", "auth/me/"):
        assert f"/api/v1/{path}" in paths


def test_the_document_and_its_page_are_open_and_load_nothing_from_elsewhere(db) -> None:
    assert APIClient().get("/api/v1/schema/").status_code == 200
    page = Client().get("/api/v1/docs/").content.decode()
    assert "/api/v1/stories/{story_id}/turns/" in page
    assert "at most 8,000 characters" in page
    loaded = re.findall(r'(?:src|href)="(?:https?:)?//[^"]+"', page)
    assert loaded == []


def test_workers_are_for_staff(client, player, db) -> None:
    worker = make_worker("pc1")
    assert client.get("/api/v1/workers/").status_code == 403
    assert client.post(f"/api/v1/workers/{worker.pk}/pause/").status_code == 403
    player.is_staff = True
    player.save()
    row = client.get("/api/v1/workers/").json()["results"][0]
    columns = "worker_id worker_name api_type api_url max_concurrent supports_sdxl supports_controlnet vram_gb"
    columns += " is_online current_load last_heartbeat total_generated avg_generation_time_ms error_count"
    assert set(columns.split()) <= set(row)
    assert (row["worker_name"], row["state"]) == ("pc1", "online")
    assert "credentials" not in row


def test_a_worker_is_paused_drained_probed_and_resumed(client, player, db) -> None:
    player.is_staff = True
    player.save()
    worker = make_worker("pc1")
    base = f"/api/v1/workers/{worker.pk}/"
    assert client.post(f"{base}pause/").json()["state"] == "off"
    assert client.post(f"{base}resume/").json()["enabled"] is True
    assert client.post(f"{base}drain/").json()["state"] == "draining"
    Worker.objects.filter(pk=worker.pk).update(next_probe_at=None)
    assert client.post(f"{base}probe/").status_code == 200
    assert Worker.objects.get(pk=worker.pk).next_probe_at is not None
    assert client.post(f"{base}explode/").status_code == 404
    assert client.post("/api/v1/workers/999999/pause/").status_code == 404
    lanes = client.get("/api/v1/workers/queue/").json()
    assert [lane["lane"] for lane in lanes] == ["interactive", "prefetch", "speculative", "batch"]


def test_healthz_asks_no_database() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_readyz_names_each_part() -> None:
    answer = Client().get("/readyz")
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "channel_layer": "ok", "storage": "ok"},
    }


@pytest.mark.django_db(transaction=True)
def test_readyz_says_which_part_failed_without_details(settings, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.STORAGE_DIR = tmp_path / "file"
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "ok"
    assert answer.json()["checks"]["storage"].startswith("failed (")
    assert str(tmp_path) not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_readyz_does_not_wait_for_a_part_that_hangs(monkeypatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.3)
    monkeypatch.setitem(health.CHECKS, "storage", lambda: release.wait(30) and None)
    try:
        for _ in range(3):
            answer = Client().get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["checks"]["storage"] == "no answer within 0.3 s"
    finally:
        release.set()
    health._hanging["storage"].result(10)


def test_metrics_are_for_this_machine_or_with_the_token(db, settings) -> None:
    make_worker('pc"1')
    text = Client().get("/metrics").content.decode()
    assert 'luna_jobs{lane="interactive",state="waiting"} 0' in text
    assert 'luna_worker_online{worker="pc\\"1"} 1' in text
    assert Client().get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert Client().get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    settings.METRICS_TOKEN = "a-metrics-token"
    assert Client().get("/metrics").status_code == 404
    allowed = Client().get("/metrics", headers={"Authorization": "Bearer a-metrics-token"}, REMOTE_ADDR="192.0.2.7")
    assert allowed.status_code == 200


def test_every_page_knows_theme_and_registration(db, player, settings) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["luna_theme"] = "dark"
    assert site(request)["site"]["theme"] == "dark"
    request.COOKIES["luna_theme"] = '"><script>'
    assert site(request)["site"]["theme"] == "system"
    player.theme = "light"
    request.user = player
    settings.REGISTRATION = "closed"
    assert site(request)["site"]["theme"] == "light"
    assert site(request)["site"]["registration_open"] is False


def test_the_error_page_of_an_unknown_api_address_is_json(db) -> None:
    assert django_settings.DEBUG is False
    assert Client().get("/api/v2/").json()["code"] == "not_found"
