"""Who holds an attempt or a slot, written so that its death can be told: host, process id, its start time."""

from __future__ import annotations

import os
import socket
from functools import lru_cache

import psutil

HOST = socket.gethostname()[:60]


@lru_cache(maxsize=4)
def _holder_of(pid: int) -> str:
    return f"{HOST}:{pid}:{psutil.Process(pid).create_time():.2f}"


def this_holder() -> str:
    """The name of this very process, also after a fork."""
    return _holder_of(os.getpid())


def is_dead(holder: str) -> bool:
    """True if the holder was a process of this host that runs no more. Other hosts' holders are never judged here."""
    try:
        host, pid, started = holder.rsplit(":", 2)
        if host != HOST:
            return False
        process = psutil.Process(int(pid))
        return process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - float(started)) > 0.05
    except psutil.NoSuchProcess:
        return True
    except (ValueError, psutil.Error):
        return False
