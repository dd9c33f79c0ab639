"""`manage.py doctor`: a line for everything, and what to do about what is wrong."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from compute.config import AuthConfig, WorkerConfig
from compute.models import Worker
from compute.services.workers import workers_sync
from luna_site.doctor.findings import Check, Level, ok, run_checks
from tests.fakes.automatic1111 import FakeAutomatic1111
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.openai import FakeOpenAI

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
XL = "sd_xl_base_1.0.safetensors"


@pytest.fixture(autouse=True)
def well(settings, tmp_path) -> Iterator[None]:
    """An installation in good order: clusters have just run a task, storage is there, nobody paints."""
    settings.STORAGE_DIR = tmp_path
    settings.MIN_FREE_GB = 0
    for name in ("runners", "tasks"):
        cache.set(f"luna:ping:{name}", time.time())
    configure(settings)
    Worker.objects.create(
        name="kept", source="builtin", api_type="painter", next_probe_at=timezone.now() + timedelta(minutes=1)
    )
    yield
    cache.delete_many(["luna:ping:runners", "luna:ping:tasks"])


def configure(settings: Any, *workers: WorkerConfig, **sections: Any) -> None:
    config = replace(settings.IMAGE_GENERATION, workers=workers)
    for name, changes in sections.items():
        plain = not isinstance(changes, dict)
        config = replace(config, **{name: changes if plain else replace(getattr(config, name), **changes)})
    settings.IMAGE_GENERATION = config


def comfyui(url: str, name: str = "pc1", **more: Any) -> WorkerConfig:
    return WorkerConfig(name=name, api_type="comfyui", api_url=url, **more)


def doctor() -> tuple[int, list[str]]:
    """(exit status, lines)."""
    out, status = io.StringIO(), 0
    try:
        call_command("doctor", stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    return status, out.getvalue().splitlines()


def wrong(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("FAIL")]


def line_about(what: str, lines: list[str]) -> str:
    return next(line for line in lines if what in line)


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_installation_in_good_order_has_nothing_wrong_and_says_what_there_is(settings):
    with FakeComfyUI(checkpoints=[XL]) as comfy, FakeAutomatic1111(checkpoints=[XL]) as web_ui:
        a1111 = WorkerConfig(name="pc2", api_type="automatic1111", api_url=web_ui.url)
        configure(settings, comfyui(comfy.url), a1111)
        workers_sync()
        status, lines = doctor()
    assert (status, wrong(lines)) == (0, [])
    for what in ("database", "migrations", "valkey", "channel layer", "task cluster runners", "task cluster tasks"):
        assert line_about(f" {what}: ", lines).startswith("ok"), what
    for what in ("ticker", "storage", "disk space", "continuous generation", "thresholds", "LLM"):
        assert line_about(f" {what}: ", lines).startswith("ok"), what
    offer = line_about("image_generation.workers[0] pc1", lines)
    assert "ComfyUI 0.27.1" in offer
    assert XL in offer
    assert line_about("image_generation.workers[1] pc2", lines).startswith("ok")
    assert '"sdxl_base_1.0" is painted by pc1, pc2' in line_about(".model", lines)


def test_every_line_says_ok_warn_or_fail_and_a_failure_says_what_to_do(settings):
    settings.MIN_FREE_GB = 10**9
    configure(settings, comfyui("http://127.0.0.1:9"), mode="on_demand")
    _, lines = doctor()
    for line in lines[:-1]:
        assert line.startswith(("ok    ", "warn  ", "FAIL  ")), line
        assert line.startswith("ok") or " — " in line


def test_a_server_that_does_not_answer_is_named_by_the_path_of_its_address(settings):
    with FakeComfyUI(checkpoints=[XL]) as fake:
        configure(settings, comfyui(fake.url), comfyui(f"http://127.0.0.1:{closed_port()}", "pc2"))
        workers_sync()
        status, lines = doctor()
    assert status == 1
    (line,) = wrong(lines)
    assert line.startswith("FAIL  image_generation.workers[1].api_url: pc2: ")
    assert "start ComfyUI" in line


def test_a_server_that_hangs_does_not_hold_up_the_report(settings):
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        configure(settings, comfyui(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        status, lines = doctor()
    assert status == 1
    assert line_about("image_generation.workers[0].api_url", lines).startswith("FAIL")
    assert line_about("thresholds", lines)


def test_a_refused_password_is_named_by_its_own_path(settings):
    with FakeComfyUI(checkpoints=[XL], user="luna", password="right") as fake:
        configure(settings, comfyui(fake.url, auth=AuthConfig(user="luna", password="wrong")))
        _, lines = doctor()
    assert line_about("image_generation.workers[0].auth", lines).startswith("FAIL")
    assert "wrong" not in " ".join(wrong(lines)).replace("is wrong", "")


def test_a_missing_checkpoint_is_reported_by_name_with_the_nearest_one(settings):
    with FakeComfyUI(checkpoints=["sdxl_base_0.9.safetensors", "anything.ckpt"]) as fake:
        configure(settings, comfyui(fake.url))
        status, lines = doctor()
    assert status == 1
    line = line_about('no "sdxl_base_1.0"', lines)
    assert line.startswith("FAIL  image_generation.background_images.model")
    assert 'the nearest name there is "sdxl_base_0.9.safetensors"' in line
    assert '"models": {"sdxl_base_1.0": "sdxl_base_0.9.safetensors"}' in line


def test_a_checkpoint_that_another_server_has_is_only_worth_a_look(settings):
    with FakeComfyUI(checkpoints=["v1-5.safetensors"]) as small, FakeComfyUI(checkpoints=[XL]) as large:
        configure(settings, comfyui(small.url), comfyui(large.url, "pc2"))
        workers_sync()
        status, lines = doctor()
    assert (status, wrong(lines)) == (0, [])
    assert line_about('pc1 has no "sdxl_base_1.0"', lines).startswith("warn")


def test_a_mapped_model_is_no_missing_one(settings):
    with FakeComfyUI(checkpoints=["house.safetensors"]) as fake:
        configure(settings, comfyui(fake.url, models={"sdxl_base_1.0": "house.safetensors"}))
        _, lines = doctor()
    assert wrong(lines) == []


def test_the_chat_server_is_asked_and_a_missing_model_is_named(settings):
    with FakeOpenAI(models=["llama3:8b", "mistral"]) as fake:
        settings.LLM_URL, settings.LLM_MODEL = f"{fake.url}", "llama3"
        status, lines = doctor()
    assert status == 1
    assert line_about("LUNA_LLM_URL", lines).startswith("ok")
    line = line_about("LUNA_LLM_MODEL", lines)
    assert 'has no "llama3"' in line
    assert "llama3:8b" in line


def test_a_chat_server_that_does_not_answer_is_wrong(settings):
    settings.LLM_URL = f"http://127.0.0.1:{closed_port()}/v1"
    status, lines = doctor()
    assert status == 1
    assert line_about("LUNA_LLM_URL", lines).startswith("FAIL")


@pytest.mark.parametrize("name", ["runners", "tasks"])
@pytest.mark.parametrize("age_s", [None, 3600.0])
def test_a_cluster_that_ran_no_task_lately_is_wrong(name: str, age_s: float | None):
    cache.delete(f"luna:ping:{name}") if age_s is None else cache.set(f"luna:ping:{name}", time.time() - age_s)
    status, lines = doctor()
    assert status == 1
    assert [line.split(":")[0] for line in wrong(lines)] == [f"FAIL  task cluster {name}"]


def test_a_ticker_that_lets_probes_wait_is_wrong():
    Worker.objects.update(next_probe_at=timezone.now() - timedelta(minutes=5))
    status, lines = doctor()
    assert status == 1
    assert "kept should have been looked at 5 min ago" in line_about(" ticker:", lines)


def test_a_disk_that_is_full_is_wrong(settings):
    settings.MIN_FREE_GB = 10**9
    status, lines = doctor()
    assert status == 1
    assert "LUNA_MIN_FREE_GB" in line_about("disk space", lines)


def test_a_storage_folder_that_cannot_be_made_is_wrong(settings, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    settings.STORAGE_DIR = tmp_path / "file" / "pictures"
    status, lines = doctor()
    assert status == 1
    assert "image_generation.storage.base_path" in line_about(" storage:", lines)


def test_looking_leaves_nothing_in_storage(tmp_path):
    doctor()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"mode": "on_demand"}, "image_generation.mode"),
        ({"enabled": False}, "image_generation.enabled"),
        ({"dreamer": {"enabled": False}}, "image_generation.dreamer.enabled"),
        ({"dreamer": {"continuous_generation": False}}, "image_generation.dreamer.continuous_generation"),
    ],
)
def test_what_switches_continuous_generation_off_is_named(settings, changes: Any, key: str):
    configure(settings, **changes)
    _, lines = doctor()
    assert line_about("continuous generation:", lines).startswith(f"warn  continuous generation: off by {key}")


def test_thresholds_that_let_nothing_through_are_worth_a_look(settings):
    configure(settings, dreamer={"confidence_threshold": 0.97, "speculative_pool_size": 0})
    _, lines = doctor()
    assert line_about("dreamer.confidence_threshold", lines).startswith("warn")
    assert line_about("dreamer.speculative_pool_size", lines).startswith("warn")


def test_a_configuration_that_is_not_taken_over_yet_is_worth_a_look(settings):
    with FakeComfyUI(checkpoints=[XL]) as fake:
        configure(settings, comfyui(fake.url))
        _, before = doctor()
        workers_sync()
        _, after = doctor()
    assert "sync_workers" in line_about("not taken over", before)
    assert not any("not taken over" in line for line in after)


def test_a_missing_table_is_wrong(monkeypatch):
    done = MigrationExecutor.migration_plan

    def plan(self: Any, targets: Any) -> Any:
        last = max(node for node in self.loader.graph.leaf_nodes() if node[0] == "images")
        return [(self.loader.graph.nodes[last], False), *done(self, targets)]

    monkeypatch.setattr(MigrationExecutor, "migration_plan", plan)
    status, lines = doctor()
    assert status == 1
    assert "python manage.py migrate" in line_about("migrations", lines)


def test_a_check_that_fails_by_surprise_or_hangs_is_a_finding_and_the_rest_goes_on():
    release = threading.Event()

    def broken() -> list[Any]:
        raise KeyError("surprise")

    def hanging() -> list[Any]:
        release.wait(20)
        return []

    checks = [Check("broken", broken), Check("hanging", hanging), Check("well", lambda: [ok("well", "yes")])]
    found = list(run_checks(checks, limit_s=0.3))
    release.set()
    assert [(finding.level, finding.what) for finding in found] == [
        (Level.FAIL, "broken"), (Level.FAIL, "hanging"), (Level.OK, "well"),
    ]  # fmt: skip


# --- as a program, where settings and services are what the environment says ----------------------------------------
@pytest.fixture
def manage(tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str, config: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        if config:
            (tmp_path / "luna.json").write_text(config)
            environment["LUNA_CONFIG"] = str(tmp_path / "luna.json")
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "luna_site.settings.base", **environment}
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return run


def test_it_reports_with_database_and_valkey_down(manage, tmp_path):
    port = closed_port()
    nowhere = {"DATABASE_URL": f"postgresql://luna@127.0.0.1:{port}/luna", "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    done = manage("doctor", config='{"image_generation": {"workers": []}}', LUNA_DATA=str(tmp_path / "data"), **nowhere)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    down = ["database", "valkey", "channel layer", "task cluster runners", "task cluster tasks", "ticker"]
    names = [line.split(":")[0] for line in wrong(done.stdout.splitlines())]
    assert names == [f"FAIL  {what}" for what in down]
    assert "ok    thresholds" in done.stdout


BROKEN = '{"image_generation": {"dreamer": {"pool_size": 3}, "turn_images": {"steps": "many"}}}'


def test_a_wrong_configuration_is_shown_by_the_doctor_with_the_keys_path(manage):
    done = manage("doctor", config=BROKEN)
    assert (done.returncode, done.stderr) == (1, "")
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("FAIL  image_generation.dreamer.pool_size: unknown key")
    assert second.startswith("FAIL  image_generation.turn_images.steps: ")


@pytest.mark.parametrize("command", ["up", "migrate"])
def test_a_wrong_configuration_stops_every_other_command_plainly(manage, command: str):
    done = manage(command, config=BROKEN)
    assert (done.returncode, done.stdout) == (1, "")
    assert "image_generation.dreamer.pool_size: unknown key" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_variable_stops_start_up_plainly(manage):
    done = manage("doctor", PORT="many")
    assert done.returncode == 1
    assert done.stdout.startswith("FAIL  configuration: PORT must be a whole number")
