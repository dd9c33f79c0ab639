"""The programs that make up LUNA besides its servers, as supervised children."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from luna_site.supervisor import process
from luna_site.supervisor.child import ChildSpec, HealthCheck

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
CLUSTERS = ("runners", "tasks")


def environment(data: Path, settings_module: str) -> dict[str, str]:
    """What every program gets: the same data folder and settings, wherever it is started."""
    search = [os.fspath(PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "LUNA_DATA": os.fspath(data),
        "DJANGO_SETTINGS_MODULE": settings_module,
        "PYTHONPATH": os.pathsep.join(search),
        "PYTHONUNBUFFERED": "1",
    }


def web(host: str, port: int, env: dict[str, str]) -> ChildSpec:
    """Daphne: pages, API and websockets."""
    options = ["-b", host, "-p", str(port), "--application-close-timeout", "3"]
    return ChildSpec(
        name="web",
        argv=(sys.executable, "-m", "daphne", *options, "luna_site.asgi:application"),
        env=env,
        cwd=Path.cwd(),
    )


def cluster(name: str, env: dict[str, str], *, health: HealthCheck | None) -> ChildSpec:
    """A django-q2 cluster. Its name goes by environment: the option of that name comes too late on Linux."""
    return ChildSpec(
        name=name,
        argv=(sys.executable, "-m", "django", "qcluster"),
        env={**env, "Q_CLUSTER_NAME": name},
        cwd=Path.cwd(),
        is_ready=lambda pid: bool(worker_titles(pid)),
        health=health,
    )


def ticker(env: dict[str, str]) -> ChildSpec:
    """The process that does what is due."""
    return ChildSpec(name="ticker", argv=(sys.executable, "-m", "django", "tick"), env=env, cwd=Path.cwd())


def worker_titles(pid: int) -> list[str]:
    """Titles of a cluster's working processes, which django-q2 keeps current: `qcluster NAME idle` or `... processing
    TASK`. Empty until the cluster takes tasks.
    """
    titles = [" ".join(process.command_line(member)).strip() for member in process.session_members(pid)]
    return [title for title in titles if title.endswith(" idle") or " processing " in title]
