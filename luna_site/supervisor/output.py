"""Where a child's output goes: a file of bounded size, shown on the console too when asked for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import BinaryIO

SIZE_BYTES_MAX = 10 * 1024 * 1024
KEPT = 2
#: At most this much is echoed at once: a flood must not keep the supervisor from its work.
ECHO_BYTES_MAX = 256 * 1024


class LogFile:
    """The child writes to the file itself, so it neither blocks nor dies when the supervisor is slow or killed."""

    def __init__(self, path: Path, *, size_bytes_max: int = SIZE_BYTES_MAX) -> None:
        """`path` need not exist; its folder must."""
        self.path = path
        self._size_bytes_max = size_bytes_max
        self._shown = path.stat().st_size if path.exists() else 0

    def open(self) -> BinaryIO:
        """For a child's standard output. Appending, so that it goes on at the start after a rotation."""
        return os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb")

    def rotate_if_large(self) -> bool:
        """Copies the file away and empties it in place; lines written between the two steps are lost."""
        try:
            if self.path.stat().st_size <= self._size_bytes_max:
                return False
            for number in range(KEPT, 1, -1):
                older = self._old(number - 1)
                if older.exists():
                    older.replace(self._old(number))
            shutil.copyfile(self.path, self._old(1))
            os.truncate(self.path, 0)
        except OSError:
            return False  # a full disk: the next round tries again, the child goes on writing
        self._shown = 0
        return True

    def _old(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def new_lines(self) -> list[str]:
        """Whole lines written since the last call."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                self._shown = max(min(self._shown, size), size - ECHO_BYTES_MAX)
                file.seek(self._shown)
                text = file.read()
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._shown += len(whole)
        return whole.decode(errors="replace").splitlines()
