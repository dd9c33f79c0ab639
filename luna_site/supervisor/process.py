"""What the system says about processes: who they are, whether they still are the same, who shares their group."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_LINUX = Path("/proc/self/stat").exists()


@dataclass(frozen=True)
class SystemUser:
    """An account of the operating system that a child is started as."""

    name: str
    uid: int
    gid: int


def user_name(uid: int) -> str:
    """The account's name, or its number where it has none (containers)."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def boot_id() -> str:
    """Differs after each boot: a pid written down before a reboot means nothing."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{psutil.boot_time():.0f}"


def start_mark(pid: int) -> int | None:
    """When the process began, in units that only need to be compared; None when it is gone or a zombie.

    Linux: clock ticks since boot (proc(5), /proc/PID/stat field 22), exact where a wall clock time would move with
    the clock. Elsewhere hundredths of a second.
    """
    if not _LINUX:
        try:
            process = psutil.Process(pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else round(process.create_time() * 100)
        except psutil.Error:
            return None
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name in parentheses may itself hold spaces and parentheses: count from the last one.
    fields = text.rpartition(")")[2].split()
    return None if len(fields) < 20 or fields[0] in "ZX" else int(fields[19])


def command_line(pid: int) -> list[str]:
    """The arguments the process was started with; empty when it is gone or hides them."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def _pids() -> Iterator[int]:
    if not _LINUX:
        yield from psutil.pids()
        return
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name)


def session_members(pgid: int) -> dict[int, int]:
    """Living processes of this group and session with their start marks. A child leads both (`setsid`)."""
    members = {}
    for pid in _pids():
        try:
            if os.getpgid(pid) != pgid or os.getsid(pid) != pgid:
                continue
        except OSError:
            continue
        mark = start_mark(pid)
        if mark is not None:
            members[pid] = mark
    return members
