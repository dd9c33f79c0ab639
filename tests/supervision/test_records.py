"""Records of processes: whom they allow to end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from luna_site.supervisor import process, records
from luna_site.supervisor.child import ChildSpec, launch
from luna_site.supervisor.records import Record
from tests.supervision.helpers import is_alive, wait_until_gone, written_pid

Started = tuple[subprocess.Popen[bytes], Record]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """A leader with one child in its group."""
    script = "sleep 600 & echo $! >inner.pid; wait"
    spec = ChildSpec(name="one", argv=("/bin/sh", "-c", script), cwd=tmp_path)
    child, record = launch(spec, run=tmp_path, output=subprocess.DEVNULL)
    written_pid(tmp_path / "inner.pid")
    yield child, record
    record.kill()
    child.wait(10)


def test_a_record_survives_writing_and_reading(started: Started, tmp_path: Path) -> None:
    assert records.read_all(tmp_path) == [started[1]]


def test_another_start_time_means_another_process(started: Started, tmp_path: Path) -> None:
    child, record = started
    for other in (replace(record, start=record.start - 1), replace(record, start=record.start + 1)):
        assert other.members() == []
        assert records.end([other], tmp_path) == []
    assert child.poll() is None


def test_another_boot_means_another_process(started: Started, tmp_path: Path) -> None:
    child, record = started
    assert records.end([replace(record, boot="earlier")], tmp_path) == []
    assert child.poll() is None


def test_a_group_whose_leader_died_is_still_ended(started: Started, tmp_path: Path) -> None:
    child, record = started
    inner = written_pid(tmp_path / "inner.pid")
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    assert is_alive(inner)
    assert records.end([record], tmp_path) == [record]
    wait_until_gone(inner)
    assert records.read_all(tmp_path) == []


def test_a_damaged_record_is_dropped(tmp_path: Path) -> None:
    for number, text in enumerate(("", "{", "[]", '{"name": "one"}', '{"nobody": 1}')):
        (tmp_path / f"{number}{records.SUFFIX}").write_text(text)
    assert records.read_all(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_forgetting_an_old_record_keeps_a_newer_one_of_the_same_name(started: Started, tmp_path: Path) -> None:
    record = started[1]
    replace(record, pid=record.pid + 1).forget(tmp_path)
    assert records.read_all(tmp_path) == [record]


def test_a_zombie_counts_as_gone() -> None:
    child = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process.start_mark(child.pid) is None
    child.wait()
