"""One `up` for one data folder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


class AlreadyRunningError(RuntimeError):
    """Another process holds the lock; the text says which."""


class Lock:
    """A lock that the system drops with the process that holds it, however that ends."""

    def __init__(self, path: Path) -> None:
        """The file is made if missing and never removed."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, *, wait_s: float = 0.0) -> None:
        """Takes the lock and writes the own pid into the file. Raises AlreadyRunningError."""
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                    raise AlreadyRunningError(f"process {holder}") from None
            time.sleep(0.05)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Gives the lock back."""
        os.close(self._descriptor)
