"""Where LUNA keeps its data and its sockets. Pure functions of the environment: every process computes the same."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
ROLE = "luna"
DATABASE = "luna"
#: `sun_path` of a Unix socket holds 108 bytes, the closing NUL included.
SOCKET_PATH_BYTES_MAX = 107


class SocketPathTooLongError(ValueError):
    """The runtime folder's path leaves no room for a socket's name."""


def data_dir() -> Path:
    """`$LUNA_DATA`, else `./data`: absolute, links resolved, so that one folder has one name. Need not exist."""
    raw = os.environ.get("LUNA_DATA", "").strip() or "data"
    return Path(os.path.realpath(Path(raw).expanduser()))


def data_hash(data: Path) -> str:
    """Eight hex digits that stand for a data folder."""
    return hashlib.sha256(os.fsencode(data)).hexdigest()[:8]


def socket_dir(data: Path) -> Path:
    """The private folder of both sockets for this data folder.

    Root's own runtime folder is closed to the user that PostgreSQL must run as, so root's lies in /tmp.
    Raises SocketPathTooLongError.
    """
    uid = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "").strip()
    if uid != 0 and runtime and os.path.isabs(runtime) and os.access(runtime, os.W_OK | os.X_OK):
        folder = Path(runtime) / f"luna-{data_hash(data)}"
        if _fits(folder):
            return folder
    folder = Path("/tmp") / f"luna-{uid}-{data_hash(data)}"  # noqa: S108 - opened only after a check of its owner
    if not _fits(folder):
        raise SocketPathTooLongError(f"{folder} is too long for a socket ({SOCKET_PATH_BYTES_MAX} bytes at most)")
    return folder


def _fits(folder: Path) -> bool:
    return all(len(os.fsencode(folder / name)) <= SOCKET_PATH_BYTES_MAX for name in (POSTGRES_SOCKET, VALKEY_SOCKET))


def postgres_url(sockets: Path) -> str:
    """libpq's form of a URL whose host is a folder with a socket; no password, the folder is the lock."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(sockets), safe='')}"


def valkey_url(sockets: Path) -> str:
    """The form redis-py reads for a Unix socket."""
    return f"unix://{quote(str(sockets / VALKEY_SOCKET))}?db=0"


def embedded_database_url(data: Path) -> str:
    """The URL of the PostgreSQL that belongs to this data folder. Raises SocketPathTooLongError."""
    return postgres_url(socket_dir(data))


def embedded_redis_url(data: Path) -> str:
    """The URL of the Valkey that belongs to this data folder. Raises SocketPathTooLongError."""
    return valkey_url(socket_dir(data))
