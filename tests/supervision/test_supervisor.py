"""The supervisor and its guard, with shell programs for children."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from luna_site.supervisor import supervise
from tests.supervision.helpers import Running, is_alive, other_pid, toys, wait_for, wait_until_gone, written_pid


def lives(name: str) -> str:
    return f"echo $$ >{name}.pid; exec sleep 600"


def guard_pid(folder: Path, up: Running) -> int:
    """The supervisor holds the guard's lock first, for a moment."""
    return other_pid(folder / "run" / "guard.lock", up.process.pid)


def test_a_dead_child_is_started_again_and_the_operator_is_told(tmp_path: Path) -> None:
    with toys(tmp_path, one=lives("one")) as up:
        up.wait_for_line("ready")
        first = written_pid(tmp_path / "one.pid")
        os.kill(first, signal.SIGKILL)
        second = other_pid(tmp_path / "one.pid", first)
        assert is_alive(second)
        assert "was ended by signal 9" in up.wait_for_line("starting it again")


def test_the_delay_grows_while_a_child_keeps_dying(tmp_path: Path) -> None:
    with toys(tmp_path, one="test -e ok || { touch ok; exec sleep 0.5; }; exit 3") as up:
        up.wait_for_line("ready")
        for delay in ("0.2 s", "0.4 s", "0.8 s"):
            assert "one ended with status" in up.wait_for_line(f"starting it again in {delay}")


def test_what_a_dead_child_left_in_its_group_ends_before_the_next_start(tmp_path: Path) -> None:
    script = "sleep 600 & echo $! >inner.pid; echo $$ >one.pid; wait"
    with toys(tmp_path, one=script) as up:
        up.wait_for_line("ready")
        outer, inner = written_pid(tmp_path / "one.pid"), written_pid(tmp_path / "inner.pid")
        os.kill(outer, signal.SIGKILL)
        other_pid(tmp_path / "one.pid", outer)
        wait_until_gone(inner)


def test_sigterm_ends_all_children_and_exits_with_0(tmp_path: Path) -> None:
    with toys(tmp_path, one=lives("one"), two=lives("two")) as up:
        up.wait_for_line("ready")
        pids = [written_pid(tmp_path / name) for name in ("one.pid", "two.pid")]
        guard = guard_pid(tmp_path, up)
        assert up.end(signal.SIGTERM) == 0
        wait_until_gone(*pids, guard)
        assert up.lines[-1] == "clean"
        assert not list((tmp_path / "run").glob("*.json"))


def test_a_child_that_ignores_the_signal_is_killed_with_its_own_children(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 600 & echo $! >inner.pid; echo $$ >one.pid; wait; sleep 600"
    with toys(tmp_path, one=script) as up:
        up.wait_for_line("ready")
        pids = [written_pid(tmp_path / name) for name in ("one.pid", "inner.pid")]
        assert up.end(signal.SIGINT) == 0
        wait_until_gone(*pids)


def test_the_limits_of_an_orderly_stop_keep_it_within_ten_seconds() -> None:
    assert supervise.PROGRAM_STOP_LIMIT_S + supervise.SERVICE_STOP_LIMIT_S <= 9.0


def test_a_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    inner = "sleep 600 & echo $! >inner.pid; echo $$ >two.pid; wait"
    with toys(tmp_path, one=lives("one"), two=inner) as up:
        up.wait_for_line("ready")
        pids = [written_pid(tmp_path / name) for name in ("one.pid", "two.pid", "inner.pid")]
        guard = guard_pid(tmp_path, up)
        up.end(signal.SIGKILL)
        wait_until_gone(*pids, guard)


def test_a_dead_guard_is_replaced(tmp_path: Path) -> None:
    with toys(tmp_path, one=lives("one")) as up:
        up.wait_for_line("ready")
        child, first = written_pid(tmp_path / "one.pid"), guard_pid(tmp_path, up)
        os.kill(first, signal.SIGKILL)
        second = other_pid(tmp_path / "run" / "guard.lock", first)
        up.end(signal.SIGKILL)
        wait_until_gone(child, second)


def test_the_next_start_ends_what_a_killed_supervisor_and_guard_left(tmp_path: Path) -> None:
    with toys(tmp_path, one=lives("one")) as up:
        up.wait_for_line("ready")
        left, guard = written_pid(tmp_path / "one.pid"), guard_pid(tmp_path, up)
        # The supervisor stands still while its guard dies, so that it cannot start another.
        os.kill(up.process.pid, signal.SIGSTOP)
        os.kill(guard, signal.SIGKILL)
        up.end(signal.SIGKILL)
        assert is_alive(left)
    with toys(tmp_path, one=lives("one")) as up:
        up.wait_for_line("ready")
        assert not is_alive(left)
        assert is_alive(other_pid(tmp_path / "one.pid", left))
        assert "one" in up.wait_for_line("an earlier run had left")


def test_a_record_whose_number_went_to_another_process_ends_nobody(tmp_path: Path) -> None:
    with toys(tmp_path, one=lives("one")) as up:
        up.wait_for_line("ready")
        bystander = written_pid(tmp_path / "one.pid")
        record = json.loads((tmp_path / "run" / "one.process.json").read_text())
        assert record["pid"] == bystander
        other = tmp_path / "other"
        (other / "run").mkdir(parents=True)
        stale = {**record, "start": record["start"] - 1}
        (other / "run" / "one.process.json").write_text(json.dumps(stale))
        with toys(other, two=lives("two")) as second:
            second.wait_for_line("ready")
            assert second.end() == 0
        assert is_alive(bystander)


def test_a_child_whose_health_check_complains_is_started_again(tmp_path: Path) -> None:
    with toys(tmp_path, one=lives("one")) as up:
        up.wait_for_line("ready")
        first = written_pid(tmp_path / "one.pid")
        (tmp_path / "one.ill").touch()
        up.wait_for_line("one is not well (ill)")
        (tmp_path / "one.ill").unlink()
        assert is_alive(other_pid(tmp_path / "one.pid", first))


def test_a_child_that_cannot_start_ends_everything_and_shows_its_log(tmp_path: Path) -> None:
    folder = tmp_path
    with toys(folder, one=lives("one"), two="echo no such thing >&2; exit 7") as up:
        line = up.wait_for_line("failed:")
        assert up.process.wait(30) == 1
        assert "two ended with status 7" in line
        assert "no such thing" in up.text
        wait_until_gone(written_pid(folder / "one.pid"))


def test_a_program_whose_starter_died_before_recording_it_never_runs(tmp_path: Path) -> None:
    from luna_site.supervisor.child import _LAUNCHER

    reading, writing = os.pipe()
    os.close(writing)
    pid = os.posix_spawn(
        "/bin/sh",
        [*_LAUNCHER, "/bin/sh", "-c", f"touch {tmp_path / 'ran'}"],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_DUP2, reading, 0)],
    )
    os.close(reading)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
    assert not (tmp_path / "ran").exists()


def test_output_goes_to_the_childs_log(tmp_path: Path) -> None:
    with toys(tmp_path, one="echo to standard output; echo to standard error >&2; exec sleep 600") as up:
        up.wait_for_line("ready")
        log = tmp_path / "logs" / "one.log"
        wait_for(lambda: log.read_text().splitlines() == ["to standard output", "to standard error"])


def test_a_stopped_child_does_not_delay_the_end(tmp_path: Path) -> None:
    with toys(tmp_path, one=lives("one")) as up:
        up.wait_for_line("ready")
        pid = written_pid(tmp_path / "one.pid")
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        assert up.end() == 0
        wait_until_gone(pid)
        assert time.monotonic() - started < 10
