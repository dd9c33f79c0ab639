"""The loop that keeps children running and ends them in order."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from luna_site.supervisor import records
from luna_site.supervisor.child import ChildSpec, launch
from luna_site.supervisor.guard import Guard
from luna_site.supervisor.health import HealthWatch, Target
from luna_site.supervisor.output import LogFile
from luna_site.supervisor.records import Record
from luna_site.supervisor.startup import StartError, tail

ROUND_S = 0.25
READY_POLL_S = 0.15
DELAY_LEAST_S = 0.2
DELAY_MOST_S = 10.0
#: A child that lived this long starts its next restart without delay again.
SETTLED_S = 30.0
#: A child that ends this often before everything is ready will not come up at all.
STARTS_MAX = 3
PROGRAM_STOP_LIMIT_S = 7.0
SERVICE_STOP_LIMIT_S = 2.0


class StopRequested(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived. Like KeyboardInterrupt no failure, and not to be swallowed."""


@dataclass
class _Managed:
    """One child and its present run."""

    spec: ChildSpec
    log: LogFile
    process: subprocess.Popen[bytes] | None = None
    record: Record | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    delay_s: float = DELAY_LEAST_S
    failures: int = 0


class Supervisor:
    """Starts children, restarts the dead and the ill, stops all. To be used from the main thread."""

    def __init__(self, *, run: Path, logs: Path, say: Callable[[str], None], is_verbose: bool = False) -> None:
        """`run` holds the records, `logs` a file for each child; both exist. `say` shows a line to the operator."""
        self._run = run
        self._logs = logs
        self._say = say
        self._is_verbose = is_verbose
        self._children: dict[str, _Managed] = {}
        self._guard: Guard | None = None
        self._is_stopping = False
        self._has_started = False
        self._health = HealthWatch(self._targets)
        self._wake_reading, self._wake_writing = os.pipe()
        os.set_blocking(self._wake_writing, False)
        os.set_blocking(self._wake_reading, False)

    # --- signals ---------------------------------------------------------------------------------------------------
    def watch_signals(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP raise StopRequested, until `stop` begins."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_stop_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to outlive the terminal
            signal.signal(signal.SIGHUP, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # only so that the wake-up pipe is written
        signal.set_wakeup_fd(self._wake_writing, warn_on_full_buffer=False)

    def _on_stop_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            raise StopRequested

    # --- starting --------------------------------------------------------------------------------------------------
    def clear_leftovers(self) -> None:
        """Ends what an earlier run left alive. Only with the lock held, and with no guard at work."""
        ended = records.end(records.read_all(self._run), self._run)
        if ended:
            self._say(f"Ended what an earlier run had left: {', '.join(record.name for record in ended)}.")

    def start_guard(self) -> None:
        """From now on a SIGKILL of this process ends the children too."""
        self._guard = Guard(self._run)

    def start(self, spec: ChildSpec) -> None:
        """Starts a child without waiting for it. Raises OSError."""
        managed = _Managed(spec, LogFile(self._logs / f"{spec.name}.log"))
        self._children[spec.name] = managed
        self._launch(managed)

    def _launch(self, managed: _Managed) -> None:
        with managed.log.open() as output:
            managed.process, managed.record = launch(managed.spec, run=self._run, output=output)
        managed.started_at = time.monotonic()

    def wait_ready(self, names: Iterable[str], *, limit_s: float) -> None:
        """Tends the children until these answer. Raises StartError."""
        waiting = list(names)
        until = time.monotonic() + limit_s
        pause_s = 0.01
        while True:
            waiting = [name for name in waiting if not self._is_ready(name)]
            if not waiting:
                return
            if time.monotonic() > until:
                shown = tail(self._children[waiting[0]].log.path)
                raise StartError(f"{', '.join(waiting)} did not answer within {limit_s:.0f} s.\n{shown}")
            # Servers answer within milliseconds; programs import for seconds and need the processor themselves.
            self._pause(pause_s)
            pause_s = min(1.3 * pause_s, READY_POLL_S)
            self.tend()

    def _is_ready(self, name: str) -> bool:
        managed = self._children[name]
        return managed.process is not None and managed.spec.is_ready(managed.process.pid)

    def settle(self) -> None:
        """Says that start-up is over: from now on a child may die as often as it likes and is started again."""
        self._has_started = True
        self._health.start()

    # --- tending ---------------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Tends the children until a signal raises StopRequested."""
        while True:
            self._pause(ROUND_S)
            self.tend()

    def _pause(self, limit_s: float) -> None:
        if select.select([self._wake_reading], [], [], limit_s)[0]:
            try:
                os.read(self._wake_reading, 4096)
            except BlockingIOError:
                return

    def tend(self) -> None:
        """One round: restart the dead, end the ill, bound the logs. Raises StartError during start-up only."""
        for managed in self._children.values():
            if managed.process is None:
                if time.monotonic() >= managed.start_at:
                    self._relaunch(managed)
            elif managed.process.poll() is not None:
                self._bury(managed, managed.process.returncode)
            else:
                complaint = self._health.complaint(managed.spec.name, managed.process.pid)
                if complaint and managed.record is not None:
                    self._say(f"{managed.spec.name} is not well ({complaint}): it is ended and started again.")
                    managed.record.kill()
            if self._is_verbose:
                for line in managed.log.new_lines():
                    self._say(f"{managed.spec.name}: {line}")
            managed.log.rotate_if_large()
        if self._guard is not None and not self._guard.is_alive():
            self._say("The guard process ended; starting another.")
            self.start_guard()

    def _bury(self, managed: _Managed, status: int) -> None:
        """Notes a child's end, ends what is left of its group, and plans the next start."""
        managed.process = None
        if managed.record is not None:
            managed.record.kill()
        now = time.monotonic()
        if now - managed.started_at >= SETTLED_S:
            managed.delay_s = DELAY_LEAST_S
        self._plan(managed, f"ended with status {status}" if status >= 0 else f"was ended by signal {-status}")

    def _plan(self, managed: _Managed, event: str) -> None:
        managed.failures += 1
        if not self._has_started and managed.failures >= STARTS_MAX:
            raise StartError(f"{managed.spec.name} {event} while starting:\n{tail(managed.log.path)}")
        self._say(
            f"{managed.spec.name} {event}; starting it again in {managed.delay_s:.1f} s. Its log: {managed.log.path}"
        )
        managed.start_at = time.monotonic() + managed.delay_s
        managed.delay_s = min(2 * managed.delay_s, DELAY_MOST_S)

    def _relaunch(self, managed: _Managed) -> None:
        try:
            self._launch(managed)
        except (OSError, RuntimeError) as error:
            self._plan(managed, f"could not be started ({error})")

    def _targets(self) -> list[Target]:
        return [
            (managed.spec.name, process.pid, managed.spec.health)
            for managed in list(self._children.values())
            if managed.spec.health is not None and (process := managed.process) is not None
        ]

    # --- stopping --------------------------------------------------------------------------------------------------
    def stop(self, *, announce: Callable[[], None] = lambda: None) -> bool:
        """Ends programs, then services, within 10 s; says whether nothing is left.

        `announce` tells the programs to hand back their work; it must answer within half a second.
        """
        self._is_stopping = True
        self._health.stop()
        announce()
        # From the folder, not from memory: a signal may have come between writing a record and noting it here.
        everything = records.read_all(self._run)
        records.end(
            everything,
            self._run,
            program_limit_s=PROGRAM_STOP_LIMIT_S,
            service_limit_s=SERVICE_STOP_LIMIT_S,
        )
        for managed in self._children.values():
            if managed.process is not None:
                managed.process.poll()
        left = [record for record in everything if record.members()]
        if self._guard is not None:
            self._guard.release(timeout_s=1.0)
        signal.set_wakeup_fd(-1)
        return not left
