"""Notes in the run folder on which processes LUNA started, so that whoever comes later ends those and no others.

A pid alone is no identity: numbers are reused. A record is believed only if the boot is the same and the process of
that number began at the recorded moment; a group whose leader died is still ours as long as members remain, because
the system does not give a number away while a group bears it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from luna_site.supervisor import process

SUFFIX = ".process.json"
POLL_S = 0.03
#: Once the leader has ended, nobody is left to end the rest of its group in order.
ORPHANS_LIMIT_S = 0.5


@dataclass(frozen=True)
class Record:
    """One started child. `pid` leads a session and a process group of its own. Signals by number."""

    name: str
    pid: int
    start: int
    boot: str
    stop_signal: int = signal.SIGTERM
    #: Ended after everything else: the others may still be writing to it.
    is_service: bool = False
    stop_limit_s: float = 7.0
    #: PostgreSQL's immediate shutdown also takes its server processes along, which lead groups of their own.
    last_signal: int = signal.SIGKILL

    def write(self, run: Path) -> None:
        """Stores the record; a crash leaves the old one or the new one, never half of one."""
        temporary = run / f".{self.name}.{os.getpid()}.tmp"
        temporary.write_text(json.dumps(asdict(self)))
        os.replace(temporary, run / f"{self.name}{SUFFIX}")

    def forget(self, run: Path) -> None:
        """Drops the record, nothing of the child remains; a later record of the same name stays."""
        path = run / f"{self.name}{SUFFIX}"
        if _read(path) == self:
            path.unlink(missing_ok=True)

    def is_leader_alive(self) -> bool:
        """Whether the recorded process itself still runs."""
        return self.boot == process.boot_id() and process.start_mark(self.pid) == self.start

    def members(self) -> list[int]:
        """Living processes of the child's group; empty when the number has passed to somebody else."""
        if self.boot != process.boot_id() or self.pid <= 1 or self.start <= 0:
            return []
        leader = process.start_mark(self.pid)
        if leader is not None and leader != self.start:
            return []
        return [pid for pid, mark in process.session_members(self.pid).items() if mark >= self.start]

    def ask_to_stop(self) -> bool:
        """Sends the stop signal to the leader, which ends its own children in order; without a leader, to the rest.

        Says whether anything was there to ask.
        """
        members = self.members()
        if self.pid in members:
            self._signal(os.kill, self.stop_signal)
            self._signal(os.kill, signal.SIGCONT)  # a stopped process would never act on the signal
        elif members:
            self._signal(os.killpg, self.stop_signal)
        return bool(members)

    def kill(self) -> None:
        """The last signal to the whole group, if anything of it lives."""
        if self.members():
            self._signal(os.killpg, self.last_signal)

    def _signal(self, send: Callable[[int, int], None], number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            send(self.pid, number)


def read_all(run: Path) -> list[Record]:
    """Every readable record; an unreadable one is removed, it can identify nobody."""
    found = []
    for path in sorted(run.glob(f"*{SUFFIX}")):
        record = _read(path)
        if record is None:
            path.unlink(missing_ok=True)
        else:
            found.append(record)
    return found


def _read(path: Path) -> Record | None:
    try:
        return Record(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def end(
    records: Iterable[Record],
    run: Path,
    *,
    program_limit_s: float | None = None,
    service_limit_s: float | None = None,
) -> list[Record]:
    """Ends the recorded groups: first the programs, then the services they use. Returns those that were alive.

    Each gets its stop signal, after the limit (the record's own unless given) its last signal, and 1 s more.
    """
    everything = list(records)
    alive = []
    for is_service, limit_s in ((False, program_limit_s), (True, service_limit_s)):
        alive += _end_together([record for record in everything if record.is_service is is_service], run, limit_s)
    return alive


def _end_together(group: list[Record], run: Path, limit_s: float | None) -> list[Record]:
    alive = [record for record in group if record.ask_to_stop()]
    waiting = alive
    started = time.monotonic()
    forced: set[int] = set()
    while waiting:
        waited_s = time.monotonic() - started
        for record in waiting:
            record_limit_s = record.stop_limit_s if limit_s is None else limit_s
            if not record.is_leader_alive():
                record_limit_s = ORPHANS_LIMIT_S
            if waited_s > record_limit_s and record.pid not in forced:
                forced.add(record.pid)
                record.kill()
        still = [record for record in waiting if record.members()]
        waiting = [r for r in still if waited_s < (r.stop_limit_s if limit_s is None else limit_s) + 1.0]
        if waiting:
            time.sleep(POLL_S)
    for record in group:
        if not record.members():
            record.forget(run)
    return alive
