"""Log files of children."""

from __future__ import annotations

import os
from pathlib import Path

from luna_site.supervisor.output import LogFile


def test_a_log_over_its_limit_is_moved_aside_and_the_writer_goes_on(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", size_bytes_max=100)
    with log.open() as writer:
        for number in range(4):
            writer.write(b"%d" % number * 150)
            writer.flush()
            assert log.rotate_if_large()
        writer.write(b"after\n")
    assert (tmp_path / "web.log").read_bytes() == b"after\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"3" * 150
    assert (tmp_path / "web.log.2").read_bytes() == b"2" * 150
    assert len(list(tmp_path.iterdir())) == 3


def test_a_small_log_stays(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", size_bytes_max=100)
    with log.open() as writer:
        writer.write(b"x" * 100)
    assert not log.rotate_if_large()


def test_only_whole_new_lines_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("of an earlier run\n")
    log = LogFile(path)
    with log.open() as writer:
        writer.write(b"one\ntw")
        writer.flush()
        assert log.new_lines() == ["one"]
        writer.write(b"o\n")
        writer.flush()
        assert log.new_lines() == ["two"]
    assert log.new_lines() == []


def test_a_log_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        LogFile(tmp_path / "web.log").open().close()
    finally:
        os.umask(before)
    assert (tmp_path / "web.log").stat().st_mode & 0o777 == 0o600
