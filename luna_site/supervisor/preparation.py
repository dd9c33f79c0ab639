"""What happens between the servers' start and the programs': tables, first start, workers."""

from __future__ import annotations

import http.client
import importlib.util
import os
import socket
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from luna_site.embedded import account, postgres, valkey
from luna_site.embedded.folders import private_folder
from luna_site.supervisor.child import ChildSpec

Say = Callable[[str], None]


class PortInUseError(RuntimeError):
    """Somebody else listens where the web server should."""


def check_port(host: str, port: int) -> None:
    """Raises PortInUseError if the address cannot be bound, with what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise PortInUseError(
            f"Cannot listen on {host} port {port} ({error.strerror}). Stop what uses it, or choose: PORT=8001 make run"
        ) from error


def embedded_servers(data: Path, sockets: Path, say: Say) -> tuple[list[ChildSpec], postgres.Cluster | None]:
    """The servers that no variable names, and the PostgreSQL cluster among them, made at the first start.

    Raises PostgresError, FolderError, NoAccountError, PostgresMissingError, ValkeyMissingError.
    """
    specs: list[ChildSpec] = []
    cluster: postgres.Cluster | None = None
    needs_postgres = not os.environ.get("DATABASE_URL", "").strip()
    needs_valkey = not os.environ.get("REDIS_URL", "").strip()
    user = account.server_account() if needs_postgres else None
    if needs_postgres or needs_valkey:
        # Root opens the server account's folder; that account could not open root's.
        private_folder(sockets, owner=user)
    if needs_valkey:
        specs.append(valkey.server(sockets))
    if needs_postgres:
        cluster = postgres.locate(data, sockets, user, say=say)
        if not postgres.is_made(cluster):
            say(f"Setting up the database in {cluster.folder} …")
            postgres.make(cluster)
        specs.append(postgres.server(cluster))
    return specs, cluster


def migrate_if_needed(say: Say) -> None:
    """Brings the tables up to date. Raises django.db.Error."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"Setting up the tables ({len(plan)} steps) …")
        call_command("migrate", interactive=False, verbosity=0)


def first_start(say: Say) -> None:
    """What a new installation gets (luna_site.setup): says the lines it returns, a made password among them."""
    if importlib.util.find_spec("luna_site.setup") is None:
        return
    from luna_site.setup import first_start as set_up

    for line in set_up():
        say(line)


def sync_workers(say: Say) -> None:
    """Makes the workers equal to the configuration file; says what changed. Raises CommandError."""
    from compute.services.workers import workers_sync

    for line in workers_sync():
        say(line)


def close_connections() -> None:
    """The supervisor itself needs no database from here on."""
    connections.close_all()


def answers_healthz(host: str, port: int, as_host: str) -> bool:
    """Whether the web server answers /healthz with 200 within a second. `as_host` is the Host header it allows."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here
    client = http.client.HTTPConnection(reachable, port, timeout=1.0)
    try:
        client.request("GET", "/healthz", headers={"Host": as_host})
        return client.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()
