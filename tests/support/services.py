"""A PostgreSQL and a Valkey for one test run, up before Django reads its settings.

Loaded by `-p tests.support.services` (pyproject). Services named by DATABASE_URL and REDIS_URL are used as they are.
Otherwise the first process of the run starts its own in a temporary folder and names them in the environment, which
the workers of pytest-xdist inherit: one server for all, one database (pytest-django) and one Valkey number a worker.
A guard process ends both and removes the folder when the run ends, also when pytest is killed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from luna_site.embedded import valkey
from luna_site.supervisor.guard import Guard
from luna_site.supervisor.startup import start_and_wait
from tests.support import postgres

_MARK = "LUNA_TEST_SERVICES"
_guard: Guard | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """Runs around pytest-django's hook of the same name, so the variables are set when settings are read."""
    if not (early_config.known_args_namespace.help or early_config.known_args_namespace.version):
        prepare_environment()
    return (yield)


def prepare_environment() -> None:
    """Sets LUNA_DATA, DATABASE_URL and REDIS_URL, each unless given, starting what is needed."""
    global _guard
    worker = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
    if worker and os.environ.get(_MARK):
        number = int(worker[1]) + 1
        os.environ["REDIS_URL"] = re.sub(r"db=\d+$", f"db={number}", os.environ["REDIS_URL"])
        os.environ["LUNA_DATA"] = os.path.join(os.environ[_MARK], f"data-{worker[0]}")
        return
    if worker or _guard is not None:
        return
    folder = Path(tempfile.mkdtemp(prefix="luna-test-", dir="/tmp"))
    run = folder / "run"
    run.mkdir()
    guard = _guard = Guard(run, remove=folder)
    if not os.environ.get("LUNA_DATA"):
        os.environ["LUNA_DATA"] = str(folder / "data")
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = postgres.start(folder, run)
    if not os.environ.get("REDIS_URL"):
        sockets = folder / "v"
        sockets.mkdir(mode=0o700)
        start_and_wait(valkey.server(sockets), run=run, log=folder / "valkey.log")
        os.environ["REDIS_URL"] = f"unix://{sockets}/valkey.sock?db=0"
        os.environ[_MARK] = str(folder)
    assert guard.pid


def pytest_unconfigure(config: pytest.Config) -> None:
    """The guard ends the services; waiting for it keeps one run from overlapping the next."""
    if _guard is not None:
        _guard.release()
