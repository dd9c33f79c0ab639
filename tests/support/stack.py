"""A whole LUNA, started as `manage.py up` starts it, for tests from outside; and a client that speaks its API."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "stack-password-1"
READY_S = 120
STOP_S = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], *, timeout_s: float = 60, message: str = "") -> Any:
    """Poll until it is true; AssertionError with the message otherwise."""
    until = time.monotonic() + timeout_s
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < until, message or "it did not come true in time"
        time.sleep(0.05)


class Stack:
    """One LUNA on a port of its own with data of its own."""

    def __init__(
        self, folder: Path, *, image_generation: dict[str, Any] | None = None, env: dict[str, str] | None = None
    ):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "data"
        clean = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
        self.env = {
            **clean,
            "LUNA_DATA": str(self.data),
            "PORT": str(self.port),
            "LUNA_ADMIN_PASSWORD": PASSWORD,
            "LUNA_MIN_FREE_GB": "0",
            "DJANGO_SETTINGS_MODULE": "luna_site.settings.base",
            **(env or {}),
        }
        if image_generation is not None:
            config = folder / "luna.json"
            config.write_text(json.dumps({"image_generation": image_generation}))
            self.env["LUNA_CONFIG"] = str(config)
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self.http = requests.Session()
        self.token = ""

    def start(self) -> None:
        """Returns when LUNA says that it is ready."""
        os.chmod(self.folder, 0o755)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        wait_for(self._ready_or_dead, timeout_s=READY_S, message="LUNA did not become ready")
        assert any("LUNA is ready" in line for line in self.lines), "".join(self.lines)
        if not self.token:
            self.token = self.post("auth/token/", {"username": "admin", "password": PASSWORD})["token"]
            self.http.headers["Authorization"] = f"Token {self.token}"

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)

    def _ready_or_dead(self) -> bool:
        assert self.process is not None
        return any("LUNA is ready" in line for line in self.lines) or self.process.poll() is not None

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_S)
        self.process = None
        return status

    def pid_of(self, name: str) -> int:
        """Process id of a supervised child: web, runners, tasks, ticker, postgres, valkey."""
        return int(json.loads((self.data / "run" / f"{name}.process.json").read_text())["pid"])

    def kill(self, name: str) -> None:
        """SIGKILL a child and, but for PostgreSQL, everything in its group."""
        pid = self.pid_of(name)
        if name == "postgres":
            os.kill(pid, signal.SIGKILL)
        else:
            os.killpg(pid, signal.SIGKILL)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command against it."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def logs(self) -> str:
        """The last lines of every log, for a failing test."""
        parts = [f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(parts)

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.http.request(method, f"{self.url}/api/v1/{path}", json=body, timeout=40, **more)

    def post(self, path: str, body: Any, **more: Any) -> Any:
        reply = self.request("POST", path, body, **more)
        assert reply.ok, (reply.status_code, reply.text)
        return reply.json()

    def get(self, path: str) -> Any:
        reply = self.request("GET", path)
        assert reply.ok, (reply.status_code, reply.text)
        return reply.json()

    def workers(self) -> list[dict[str, Any]]:
        return list(self.get("workers/")["results"])

    def images(self, story_id: str) -> list[dict[str, Any]]:
        return list(self.get(f"stories/{story_id}/images/?limit=100")["results"])

    def wait_complete(self, story_id: str, *, timeout_s: float = 90) -> list[dict[str, Any]]:
        """Until no picture of a story is unfinished; a refused connection (LUNA restarts) is waited out."""

        def settled() -> Any:
            with contextlib.suppress(requests.ConnectionError, AssertionError):
                images = self.images(story_id)
                return images if all(one["status"] not in ("pending", "generating") for one in images) else None
            return None

        return list(wait_for(settled, timeout_s=timeout_s, message="pictures stayed unfinished"))


@contextlib.contextmanager
def running_stack(folder: Path, **options: Any) -> Iterator[Stack]:
    """A started LUNA, stopped with the block."""
    stack = Stack(folder, **options)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
