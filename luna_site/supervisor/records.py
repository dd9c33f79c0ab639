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

    def write(self, run: Path) -> None:
        """Stores the record; a crash leaves the old one or the new one, never half of one."""
        temporary = run / f".{self.name}.{os.getpid()}.tmp"
        temporary.write_text(json.dumps(asdict(self)))
        os.replace(temporary, run / f"{self.name}{SUFFIX}")

    def forget(self, run: Path) -> None:
        """Drops the record: nothing of the child remains."""
        (run / f"{self.name}{SUFFIX}").unlink(missing_ok=True)

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
        """SIGKILL to the whole group, if anything of it lives."""
        if self.members():
            self._signal(os.killpg, signal.SIGKILL)

    def _signal(self, send: Callable[[int, int], None], number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            send(self.pid, number)


def record_of(
    name: str, pid: int, *, stop_signal: int = signal.SIGTERM, is_service: bool = False, stop_limit_s: float = 7.0
) -> Record:
    """Describes a process that was just started. One that is already gone gets start 0 and is never signalled."""
    return Record(
        name=name,
        pid=pid,
        start=process.start_mark(pid) or 0,
        boot=process.boot_id(),
        stop_signal=int(stop_signal),
        is_service=is_service,
        stop_limit_s=stop_limit_s,
    )


def read_all(run: Path) -> list[Record]:
    """Every readable record; an unreadable one is removed, it can identify nobody."""
    found = []
    for path in sorted(run.glob(f"*{SUFFIX}")):
        try:
            found.append(Record(**json.loads(path.read_text())))
        except (OSError, ValueError, TypeError):
            path.unlink(missing_ok=True)
    return found


def end(records: Iterable[Record], run: Path, *, poll_s: float = 0.05) -> list[Record]:
    """Ends the recorded groups: first the programs, then the services they use. Returns those that were alive.

    Each gets its own stop signal, after its limit SIGKILL, and at most 2 s more. Bounded by the largest limit of
    each of the two rounds.
    """
    everything = list(records)
    alive = []
    for is_service in (False, True):
        round_ = [record for record in everything if record.is_service is is_service]
        waiting = [record for record in round_ if record.ask_to_stop()]
        alive += waiting
        started = time.monotonic()
        killed = set()
        while waiting:
            waited_s = time.monotonic() - started
            for record in waiting:
                if waited_s > record.stop_limit_s and record.name not in killed:
                    killed.add(record.name)
                    record.kill()
            waiting = [record for record in waiting if record.members() and waited_s < record.stop_limit_s + 2]
            if waiting:
                time.sleep(poll_s)
        for record in round_:
            if not record.members():
                record.forget(run)
    return alive
