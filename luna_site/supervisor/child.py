"""One supervised program: how to start it, where its output goes, how to see that it is well."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from luna_site.supervisor import process
from luna_site.supervisor.process import SystemUser
from luna_site.supervisor.records import Record

#: Waits for a line before it becomes the program; a closed pipe (the starter died) makes it exit instead. So a
#: program runs only after its record is written.
_LAUNCHER = ("/bin/sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh")

#: Answers None while all is well, else the reason for a restart. Called each second; must answer within 1 s.
HealthCheck = Callable[[int], str | None]


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `env` is added to the starter's environment. Signals by number."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: SystemUser | None = None
    stop_signal: int = signal.SIGTERM
    stop_limit_s: float = 7.0
    #: For the whole group, when the limit has passed.
    last_signal: int = signal.SIGKILL
    is_service: bool = False
    #: Whether the program with this pid answers by now. Must itself answer within 1 s.
    is_ready: Callable[[int], bool] = lambda pid: True
    health: HealthCheck | None = None
    #: Clears what an earlier run left in the way; called before each start.
    prepare: Callable[[], None] = lambda: None


def launch(spec: ChildSpec, *, run: Path, output: BinaryIO | int | None) -> tuple[subprocess.Popen[bytes], Record]:
    """Starts the program in a session of its own, with its record written first. Raises OSError."""
    spec.prepare()
    started = subprocess.Popen(  # noqa: S603 - LUNA's own programs, no shell between
        [*_LAUNCHER, *spec.argv],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=spec.cwd or "/",
        env={**os.environ, **spec.env},
        start_new_session=True,
        user=None if spec.user is None else spec.user.uid,
        group=None if spec.user is None else spec.user.gid,
        extra_groups=None if spec.user is None else [],
    )
    record = Record(
        name=spec.name,
        pid=started.pid,
        start=process.start_mark(started.pid) or 0,
        boot=process.boot_id(),
        stop_signal=int(spec.stop_signal),
        last_signal=int(spec.last_signal),
        stop_limit_s=spec.stop_limit_s,
        is_service=spec.is_service,
    )
    record.write(run)
    pipe = started.stdin
    if pipe is not None:
        try:
            pipe.write(b"\n")
            pipe.close()
        except BrokenPipeError:
            pass  # it died at once; the caller sees that from its exit status
    return started, record
