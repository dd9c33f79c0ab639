"""`make run` as a whole: what the operator sees, what survives, what is left behind."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from luna_site.embedded import paths
from luna_site.supervisor import records
from tests.supervision.helpers import (
    Running,
    is_alive,
    plain_environment,
    running,
    wait_for,
    wait_until_gone,
    written_pid,
)

pytestmark = pytest.mark.slow

PROGRAMS = {"postgres", "valkey", "web", "runners", "tasks", "ticker"}
UP = [sys.executable, "manage.py", "up"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Luna:
    """One data folder and the LUNA that runs on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.run = data / "run"
        self.port = free_port()
        self.env = plain_environment(LUNA_DATA=str(data), PORT=str(self.port))
        self._stack = ExitStack()
        self.command: Running | None = None

    def start(self) -> Running:
        """Starts LUNA as the Makefile does, unless it runs already, and waits for the line that says so."""
        if self.command is None or self.command.process.poll() is not None:
            command = ["make", "-o", "environment", "run", f"BIN={Path(sys.executable).parent}"]
            self.command = self._stack.enter_context(running(command, env=self.env))
            self.command.wait_for_line("LUNA is ready at")
        return self.command

    def records(self) -> dict[str, records.Record]:
        return {record.name: record for record in records.read_all(self.run)}

    def everything(self) -> list[int]:
        """Every living process of this LUNA: children, their children, `up` and its guard."""
        found = [pid for record in self.records().values() for pid in record.members()]
        return [*found, self.up_pid, written_pid(self.run / "guard.lock")]

    @property
    def up_pid(self) -> int:
        return written_pid(self.run / "up.lock")

    @property
    def database_url(self) -> str:
        return paths.embedded_database_url(self.data)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def installation() -> Iterator[Luna]:
    # In /tmp and open for passing through, so that PostgreSQL's account reaches it; pytest's own folders are closed.
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="luna-up-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        luna = Luna(Path(os.path.realpath(name)) / "data")
        yield luna
        luna.end()


@pytest.fixture
def luna(installation: Luna) -> Luna:
    """A running LUNA, whatever the test before did to it."""
    installation.start()
    return installation


def test_it_says_where_it_is_ready_and_answers_there(luna: Luna) -> None:
    assert luna.command is not None
    assert luna.command.lines[-1] == f"LUNA is ready at http://127.0.0.1:{luna.port}"
    assert any(line.startswith("Setting up the database") for line in luna.command.lines)
    assert luna.is_healthy()
    assert set(luna.records()) == PROGRAMS


def test_each_child_leads_a_process_group_of_its_own(luna: Luna) -> None:
    groups = {os.getpgid(record.pid) for record in luna.records().values()}
    assert groups == {record.pid for record in luna.records().values()}
    assert os.getpgid(luna.up_pid) not in groups


def test_a_second_up_on_the_same_data_is_refused(luna: Luna) -> None:
    with running(UP, env={**luna.env, "PORT": str(free_port())}) as second:
        assert second.process.wait(60) == 1
        assert f"LUNA already runs on {luna.data} (process {luna.up_pid})" in second.wait_for_line("LUNA already runs")
    assert luna.is_healthy()


def test_a_port_in_use_is_reported_before_anything_starts(luna: Luna, tmp_path: Path) -> None:
    with running(UP, env={**luna.env, "LUNA_DATA": str(tmp_path / "other")}) as second:
        assert second.process.wait(60) == 1
        assert f"Cannot listen on 127.0.0.1 port {luna.port}" in second.wait_for_line("Cannot listen")
    assert not (tmp_path / "other" / "postgres").exists()


def test_killed_servers_are_started_again_and_the_others_recover(luna: Luna) -> None:
    before = luna.records()
    with psycopg.connect(luna.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept_after_kill AS SELECT 7 AS number")
    for name in ("postgres", "valkey"):
        os.kill(before[name].pid, signal.SIGKILL)

    def recovered() -> bool:
        try:
            with psycopg.connect(luna.database_url, connect_timeout=2) as connection:
                assert connection.execute("SELECT number FROM kept_after_kill").fetchone() == (7,)
            client = redis.Redis.from_url(paths.embedded_redis_url(luna.data), socket_timeout=2)
            return bool(client.ping())
        except (psycopg.OperationalError, redis.RedisError):
            return False

    wait_for(recovered, what="both servers")
    wait_for(luna.is_healthy, what="the web server's health")
    after = luna.records()
    assert all(after[name].pid != before[name].pid for name in ("postgres", "valkey"))


def test_a_killed_cluster_is_started_again_without_orphans_of_the_old(luna: Luna) -> None:
    old = luna.records()["tasks"]
    members = old.members()
    assert len(members) >= 4
    os.kill(old.pid, signal.SIGKILL)
    wait_until_gone(*members)
    wait_for(lambda: luna.records()["tasks"].pid != old.pid, what="the new cluster")
    new = luna.records()["tasks"]
    wait_for(lambda: len(new.members()) >= len(members), what="the new cluster's processes")


def test_sigkill_leaves_no_process_and_the_next_start_works(luna: Luna) -> None:
    everything = luna.everything()
    os.kill(luna.up_pid, signal.SIGKILL)
    wait_until_gone(*everything)
    luna.start()
    assert luna.is_healthy()


def test_sigterm_to_make_ends_everything_and_the_data_are_kept(luna: Luna) -> None:
    with psycopg.connect(luna.database_url) as connection:
        connection.execute("CREATE TABLE kept_after_stop AS SELECT 7 AS number")
    everything, command = luna.everything(), luna.command
    assert command is not None
    command.end(signal.SIGTERM, limit_s=15)
    wait_until_gone(*everything)
    luna.start()
    with psycopg.connect(luna.database_url) as connection:
        assert connection.execute("SELECT number FROM kept_after_stop").fetchone() == (7,)


def test_ctrl_c_ends_everything_and_exits_with_0(luna: Luna) -> None:
    everything, command = luna.everything(), luna.command
    assert command is not None
    os.kill(luna.up_pid, signal.SIGINT)
    assert command.process.wait(15) == 0
    assert command.wait_for_line("LUNA has stopped.")
    assert not any(is_alive(pid) for pid in everything)
    assert not luna.records()
