"""`manage.py up`: everything LUNA needs, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError

from compute.common.schema import ConfigurationError
from luna_site.embedded import paths, postgres
from luna_site.embedded.account import NoAccountError
from luna_site.embedded.binaries import PostgresMissingError
from luna_site.embedded.folders import FolderError, private_folder
from luna_site.embedded.valkey import ValkeyMissingError
from luna_site.supervisor import preparation, programs
from luna_site.supervisor.clusters import ClusterPing, DrainFlag
from luna_site.supervisor.guard import LOCK_LIMIT_S, LOCK_NAME
from luna_site.supervisor.lock import AlreadyRunningError, Lock
from luna_site.supervisor.startup import StartError
from luna_site.supervisor.supervise import StopRequested, Supervisor

READY_LIMIT_S = 120.0
#: Things a person can mend; shown without a traceback.
_EXPECTED = (
    StartError,
    FolderError,
    NoAccountError,
    PostgresMissingError,
    ValkeyMissingError,
    ConfigurationError,
    DatabaseError,
    psycopg.Error,
    paths.SocketPathTooLongError,
    postgres.PostgresError,
    preparation.PortInUseError,
    OSError,
)


class Command(BaseCommand):
    help = "Start PostgreSQL, Valkey, the web server, both task clusters and the ticker, and keep them running."
    # The database they would look at is not up yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--show-logs", action="store_true", help="show the output of all processes here too (as does -v 2)"
        )

    def handle(self, *, verbosity: int, show_logs: bool, **options: Any) -> None:
        # What LUNA writes is nobody else's business; folders that exist keep their modes.
        os.umask(0o077)
        data = paths.data_dir()
        try:
            data.mkdir(parents=True, exist_ok=True)
            run, logs = private_folder(data / "run"), private_folder(data / "logs")
            lock = Lock(run / "up.lock")
            self._take_locks(lock, run, data)
            preparation.check_port(settings.HOST, settings.PORT)
        except _EXPECTED as error:
            raise CommandError(str(error)) from error
        supervisor = Supervisor(run=run, logs=logs, say=self.say, is_verbose=show_logs or verbosity > 1)
        try:
            self._supervise(supervisor, data=data, run=run)
        finally:
            lock.release()

    def _take_locks(self, lock: Lock, run: Path, data: Path) -> None:
        try:
            lock.take()
        except AlreadyRunningError as error:
            raise CommandError(f"LUNA already runs on {data} ({error}). Stop that one, or set LUNA_DATA.") from error
        # A killed `up` leaves its guard at work for some seconds.
        guard_lock = Lock(run / LOCK_NAME)
        try:
            guard_lock.take(wait_s=LOCK_LIMIT_S)
        except AlreadyRunningError as error:
            raise CommandError(f"The guard of an earlier run ({error}) is still ending its processes.") from error
        finally:
            guard_lock.release()

    def _supervise(self, supervisor: Supervisor, *, data: Path, run: Path) -> None:
        drain = DrainFlag(run)
        failure: str | None = None
        try:
            supervisor.watch_signals()
            supervisor.clear_leftovers()
            supervisor.start_guard()
            drain.clear()
            self._start(supervisor, data)
            supervisor.run()
        except StopRequested:
            self.say("Stopping …")
        except _EXPECTED as error:
            failure = str(error)
        finally:
            # Whatever happened, nothing is left behind.
            is_clean = supervisor.stop(announce=drain.set)
            with contextlib.suppress(OSError):  # not empty: a process is left, or somebody keeps something there
                paths.socket_dir(data).rmdir()
        if failure is not None:
            raise CommandError(failure)
        if not is_clean:
            raise CommandError("Some processes did not end; the next start ends them.")
        self.say("LUNA has stopped.")

    def _start(self, supervisor: Supervisor, data: Path) -> None:
        self._start_servers(supervisor, data)
        preparation.migrate_if_needed(self.say)
        preparation.first_start(self.say)
        preparation.sync_workers(self.say)
        preparation.close_connections()
        env = programs.environment(data, os.environ["DJANGO_SETTINGS_MODULE"])
        host, port = settings.HOST, settings.PORT
        as_host = f"localhost:{port}"
        web = programs.web(host, port, env)
        everything = [
            replace(web, is_ready=lambda pid: preparation.answers_healthz(host, port, as_host)),
            *(programs.cluster(name, env, health=ClusterPing(name)) for name in programs.CLUSTERS),
            programs.ticker(env),
        ]
        for spec in everything:
            supervisor.start(spec)
        supervisor.wait_ready([spec.name for spec in everything], limit_s=READY_LIMIT_S)
        supervisor.settle()
        self.say(f"LUNA is ready at {public_url(settings.PUBLIC_URL, host, port)}")

    def _start_servers(self, supervisor: Supervisor, data: Path) -> None:
        specs, cluster = preparation.embedded_servers(data, paths.socket_dir(data), self.say)
        for spec in specs:
            supervisor.start(spec)
        supervisor.wait_ready([spec.name for spec in specs], limit_s=READY_LIMIT_S)
        if cluster is not None:
            postgres.ensure_database(cluster)

    def say(self, line: str) -> None:
        """Shows a line; a closed terminal is no reason to stop."""
        with contextlib.suppress(OSError, ValueError):
            self.stdout.write(line)
            self.stdout.flush()


def public_url(given: str, host: str, port: int) -> str:
    """Where people find LUNA: as configured, else the address it listens on."""
    if given:
        return given
    shown = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104 - not bound here
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
