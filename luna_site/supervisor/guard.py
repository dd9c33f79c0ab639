"""A small process that outlives `up` by seconds: when the pipe from `up` closes, it ends whatever `up` left behind.

The pipe's other end is held by `up` alone, so the system closes it however `up` ends, SIGKILL included. After an
orderly stop no record is left and the guard just exits.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from luna_site.supervisor import records
from luna_site.supervisor.lock import Lock

LOCK_NAME = "guard.lock"
LOCK_LIMIT_S = 30.0
PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class Guard:
    """The side of `up`: starts the guard and holds the pipe."""

    def __init__(self, run: Path, *, remove: Path | None = None) -> None:
        """Watches over the records in `run`. `remove`: a temporary folder to delete once everything has ended."""
        arguments = [sys.executable, "-m", "luna_site.supervisor.guard", str(run)]
        if remove is not None:
            arguments.append(str(remove))
        reading, self._writing = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this very module
                arguments, stdin=reading, cwd=PACKAGE_ROOT, start_new_session=True, stdout=subprocess.DEVNULL
            )
        finally:
            os.close(reading)

    @property
    def pid(self) -> int:
        """The guard's own process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it still watches."""
        return self._process.poll() is None

    def release(self, timeout_s: float = 15.0) -> bool:
        """Lets the guard do its last round; says whether it ended within the limit."""
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True


def main(arguments: list[str]) -> int:
    """`guard RUN_FOLDER [FOLDER_TO_REMOVE]`: waits for the end of standard input, then ends all recorded groups."""
    # A signal meant for `up`'s terminal or service must not take the guard away first; it ends by itself with `up`.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    run = Path(arguments[0])
    # The next `up` waits for this lock before it starts children under the same names.
    Lock(run / LOCK_NAME).take(wait_s=LOCK_LIMIT_S)
    while os.read(0, 1024):
        pass
    records.end(records.read_all(run), run)
    if len(arguments) > 1:
        shutil.rmtree(arguments[1], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
