"""A real Daphne on a real port, with the test database, for sockets and long polls."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from psycopg.conninfo import make_conninfo
from websockets.sync.client import ClientConnection, connect

from community.models import User
from community.services.people import token_create
from compute.services import slots
from images.models import Story
from tests.factories import StoryFactory, UserFactory

PATIENCE_S = 20.0


@dataclass(frozen=True)
class Server:
    """Where it listens."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, token: str = "", **options: Any) -> requests.Response:
        headers = {"Authorization": f"Token {token}"} if token else {}
        headers |= options.pop("headers", {})
        return requests.get(self.url + path, headers=headers, timeout=PATIENCE_S * 2, **options)

    def watch(
        self, path: str, sock: socket.socket | None = None, **headers: str
    ) -> AbstractContextManager[ClientConnection]:
        # Requests to this machine must not go through a proxy of the environment.
        address = f"ws://127.0.0.1:{self.port}{path}"
        return connect(address, additional_headers=headers, open_timeout=PATIENCE_S, proxy=None, sock=sock)


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[Server]:
    """Ends before the test database goes."""
    parameters = connection.get_connection_params()
    known = {key: parameters[key] for key in ("dbname", "user", "password", "host", "port") if parameters.get(key)}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": make_conninfo("", **known),
        "DJANGO_SETTINGS_MODULE": "tests.live.settings",
        "LUNA_LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "luna_site.asgi:application"]
    process = subprocess.Popen(command, env=environment, cwd=django_settings.BASE_DIR)
    try:
        _wait_until_up(process, port)
        yield Server(port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the web server ended"
        try:
            if requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the web server did not come up")


@pytest.fixture(autouse=True)
def surroundings(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No runner is enqueued; files go to a folder of the test."""
    settings.STORAGE_DIR = tmp_path / "storage"
    settings.MIN_FREE_GB = 0
    monkeypatch.setattr(slots, "enqueue_runner", lambda *_: None)


@pytest.fixture
def player(transactional_db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def story(player: User) -> Story:
    return StoryFactory.create(owner=player)


@pytest.fixture
def token(player: User) -> str:
    return token_create(user=player)


@pytest.fixture
def browser(player: User) -> Client:
    """Signed in with a web session."""
    client = Client()
    client.force_login(player, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def receive(watching: ClientConnection, *wanted: str) -> dict[str, Any]:
    """The next message of one of these types (any, if none is named); others are passed over."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        message: dict[str, Any] = json.loads(watching.recv(timeout=max(0.1, deadline - time.monotonic())))
        if not wanted or message["type"] in wanted:
            return message
