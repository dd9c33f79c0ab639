"""Waiting for processes and reading what they say, each with a limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from luna_site.supervisor import process

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0


T = TypeVar("T")


def wait_for(condition: Callable[[], T], *, limit_s: float = LIMIT_S, what: str = "the condition") -> T:
    """The first true answer of `condition`; fails the test after the limit."""
    until = time.monotonic() + limit_s
    while not (answer := condition()):
        assert time.monotonic() < until, f"{what} did not come about within {limit_s:.0f} s"
        time.sleep(0.02)
    return answer


def is_alive(pid: int) -> bool:
    return process.start_mark(pid) is not None


def wait_until_gone(*pids: int, limit_s: float = LIMIT_S) -> None:
    wait_for(lambda: not any(is_alive(pid) for pid in pids), limit_s=limit_s, what=f"the end of {pids}")


class Running:
    """A started program whose output is collected while it runs."""

    def __init__(self, started: subprocess.Popen[str]) -> None:
        self.process = started
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_for_line(self, text: str, *, limit_s: float = LIMIT_S) -> str:
        def found() -> str | None:
            for line in list(self.lines):
                if text in line:
                    return line
            assert self.process.poll() is None or self._reader.is_alive(), f"it ended without {text!r}:\n{self.text}"
            return None

        return wait_for(found, limit_s=limit_s, what=f"{text!r}") or ""

    def end(self, number: int = signal.SIGTERM, *, limit_s: float = 30.0) -> int:
        """Sends the signal and returns the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(limit_s)
        self._reader.join(5)
        return status


@contextmanager
def running(command: list[str], *, env: dict[str, str] | None = None) -> Iterator[Running]:
    """Runs a program from the repository's root; ends it, by force if need be, when the test is over."""
    started = subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield Running(started)
    finally:
        if started.poll() is None:
            started.terminate()
            with suppress(subprocess.TimeoutExpired):
                started.wait(15)
        if started.poll() is None:
            started.kill()
            started.wait(5)


@contextmanager
def toys(folder: Path, **scripts: str) -> Iterator[Running]:
    """A supervisor with these shell programs as children; see `toys`. One that ends with `exit` never gets ready."""
    arguments = [
        f"{name}={script}" if script.endswith("exit 7") else f"{name}=touch {name}.started; {script}"
        for name, script in scripts.items()
    ]
    with running([sys.executable, "-m", "tests.supervision.toys", str(folder), *arguments]) as started:
        yield started


def written_pid(path: Path) -> int:
    """The number a toy wrote into a file."""
    return int(wait_for(lambda: path.read_text().strip() if path.exists() else "", what=f"a number in {path.name}"))


def other_pid(path: Path, old: int) -> int:
    """The number a restarted toy wrote, once it differs."""

    def read() -> int:
        text = path.read_text().strip() if path.exists() else ""
        return int(text) if text and int(text) != old else 0

    return wait_for(read, what=f"another number in {path.name}")


def plain_environment(**more: str) -> dict[str, str]:
    """The environment of a person who starts LUNA: nothing of the test run's services and settings."""
    dropped = ("DATABASE_URL", "REDIS_URL", "LUNA_", "PYTEST_", "DJANGO_", "XDG_RUNTIME_DIR", "PORT", "HOST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, **more}
