"""Starting one child and waiting until it answers, with a limit and the end of its log in the error."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from luna_site.supervisor.child import ChildSpec, launch
from luna_site.supervisor.records import Record


class StartError(RuntimeError):
    """A child ended or did not answer in time; the text holds the end of its output."""


def tail(log: Path, size_bytes: int = 2000) -> str:
    """The end of a log, for an error message; empty when it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - size_bytes))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""


def wait_until_ready(spec: ChildSpec, process: subprocess.Popen[bytes], log: Path, *, limit_s: float) -> None:
    """Polls `spec.is_ready`. Raises StartError."""
    until = time.monotonic() + limit_s
    while not spec.is_ready(process.pid):
        if process.poll() is not None:
            raise StartError(f"{spec.name} ended with status {process.returncode} while starting:\n{tail(log)}")
        if time.monotonic() > until:
            raise StartError(f"{spec.name} did not answer within {limit_s:.0f} s:\n{tail(log)}")
        time.sleep(0.01)


def start_and_wait(
    spec: ChildSpec, *, run: Path, log: Path, limit_s: float = 60.0
) -> tuple[subprocess.Popen[bytes], Record]:
    """Starts the child, its output appended to `log`, and waits until it answers. Raises StartError, OSError."""
    with log.open("ab") as output:
        process, record = launch(spec, run=run, output=output)
    wait_until_ready(spec, process, log, limit_s=limit_s)
    return process, record
