"""A LUNA started for a benchmark: `manage.py up` with its own data, and a client that speaks HTTP to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "bench-password-1"
READY_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A child that is ended with the block."""
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()


@contextlib.contextmanager
def simulator(picture_ms: float) -> Iterator[str]:
    """A simulated ComfyUI in a process of its own; yields its URL."""
    with process(sys.executable, "-m", "bench.simulator", "--picture-ms", str(picture_ms)) as child:
        assert child.stdout is not None
        yield child.stdout.readline().strip()


class Luna:
    """One running LUNA and a person's token."""

    def __init__(self, url: str):
        self.url = url
        self.http = requests.Session()
        token = self.post("auth/token/", {"username": "admin", "password": PASSWORD}, anonymous=True)["token"]
        self.http.headers["Authorization"] = f"Token {token}"
        self.token = token

    def post(self, path: str, body: dict[str, Any], *, anonymous: bool = False) -> Any:
        reply = self.http.post(f"{self.url}/api/v1/{path}", json=body, timeout=30)
        reply.raise_for_status()
        return reply.json()

    def get(self, path: str) -> Any:
        reply = self.http.get(f"{self.url}/api/v1/{path}", timeout=30)
        reply.raise_for_status()
        return reply.json()

    def wait_for_workers(self, count: int) -> None:
        until = time.monotonic() + 60
        while sum(worker["is_online"] for worker in self.get("workers/")["results"]) < count:
            assert time.monotonic() < until, "the workers did not come online"
            time.sleep(0.2)


@contextlib.contextmanager
def running_luna(image_generation: dict[str, Any]) -> Iterator[Luna]:
    """Start LUNA with a configuration; stop it with the block."""
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as folder:
        os.chmod(folder, 0o755)
        config = Path(folder) / "luna.json"
        config.write_text(json.dumps({"image_generation": image_generation}))
        port = free_port()
        env = {
            "LUNA_DATA": f"{folder}/data",
            "LUNA_CONFIG": str(config),
            "PORT": str(port),
            "LUNA_ADMIN_PASSWORD": PASSWORD,
        }
        with process(sys.executable, "manage.py", "up", env=env) as child:
            assert child.stdout is not None
            until = time.monotonic() + READY_S
            for line in child.stdout:
                if "LUNA is ready" in line:
                    break
                assert time.monotonic() < until, "LUNA did not become ready"
            else:
                raise RuntimeError("LUNA ended before it was ready")
            yield Luna(f"http://127.0.0.1:{port}")
