"""LUNA's own PostgreSQL: makes the cluster once, says how to start it, and clears what a killed server left.

One module, so that another packaging can replace it. No TCP: a Unix socket in a folder only its owner may enter.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from luna_site.embedded import binaries, paths
from luna_site.embedded.folders import is_reachable_by, make_folder, private_folder
from luna_site.supervisor import process
from luna_site.supervisor.child import ChildSpec
from luna_site.supervisor.process import SystemUser

MAJOR = "18"
EXTENSIONS = ("pg_trgm", "unaccent", "citext", "btree_gin", "vector")
INITDB_LIMIT_S = 180
STOP_LIMIT_S = 10.0
#: Character classes for trigrams come from the system's locale; not every system has the first.
_CHARACTER_LOCALES = ("C.UTF-8", "en_US.UTF-8", "C")

_SETTINGS = """\
# Written at each start of LUNA. Put your own settings into local.conf next to this file.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 120
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
random_page_cost = 1.1
jit = off
io_method = sync
wal_level = replica
max_wal_senders = 4
max_logical_replication_workers = 0
max_wal_size = 1GB
min_wal_size = 80MB
checkpoint_timeout = 10min
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
autovacuum_naptime = 30s
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] '
log_min_duration_statement = 1s
log_checkpoints = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
include_if_exists = 'local.conf'
"""


class PostgresError(RuntimeError):
    """The embedded server cannot be used as things are; the text says why and what to do."""


@dataclass(frozen=True)
class Cluster:
    """Where one PostgreSQL lives and who runs it. `user` is None when it runs as ourselves."""

    install: Path
    folder: Path
    sockets: Path
    user: SystemUser | None
    #: False only for tests: a power cut may then lose or break everything.
    is_durable: bool = True

    @property
    def url(self) -> str:
        """LUNA's database on this server."""
        return paths.postgres_url(self.sockets)


def locate(data: Path, sockets: Path, user: SystemUser | None, *, say: Callable[[str], None]) -> Cluster:
    """Decides where the cluster of a data folder lies, and remembers it there.

    `$LUNA_DATA/postgres`; for root, if PostgreSQL's account cannot get there, `/var/lib/luna/<hash>/postgres`, with
    a line through `say` and the place in `$LUNA_DATA/postgres-location`. Raises PostgresError, FolderError.
    """
    own = data / "postgres"
    noted = data / "postgres-location"
    install = binaries.packaged() if user is None else binaries.shared_copy()
    folder = own
    if noted.exists():
        folder = Path(noted.read_text().strip())
    elif user is not None and not own.exists() and not is_reachable_by(data, user):
        folder = binaries.shared_folder() / paths.data_hash(data) / "postgres"
        make_folder(folder.parent, mode=0o755)
        noted.write_text(f"{folder}\n")
        say(f"{data} is closed to the account {user.name}: the database lies in {folder}")
    if user is not None and not is_reachable_by(folder.parent, user):
        raise PostgresError(
            f"PostgreSQL's account {user.name} cannot reach {folder}. Let it pass (chmod o+x on the folders above), "
            f"or run LUNA as an ordinary user."
        )
    if folder.exists():
        owner = folder.stat().st_uid
        if owner != (os.geteuid() if user is None else user.uid):
            raise PostgresError(
                f"{folder} belongs to {process.user_name(owner)}: run LUNA as before, or hand the folder over."
            )
    return Cluster(install=install, folder=folder, sockets=sockets, user=user)


def is_made(cluster: Cluster) -> bool:
    """Whether the cluster exists. Raises PostgresError if another major version of PostgreSQL made it."""
    try:
        version = (cluster.folder / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return False
    if version != MAJOR:
        raise PostgresError(f"{cluster.folder} was made by PostgreSQL {version}, this is {MAJOR}: dump and restore it.")
    return True


def make(cluster: Cluster) -> None:
    """Makes the cluster (initdb) beside its place and moves it there when whole. Raises PostgresError."""
    making = cluster.folder.with_name(f"{cluster.folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    private_folder(making, owner=cluster.user)
    complaint = ""
    for character_locale in _CHARACTER_LOCALES:
        done = _initdb(cluster, making, character_locale)
        if done.returncode == 0:
            break
        complaint = done.stderr.strip()[-2000:]
    else:
        raise PostgresError(f"initdb failed in {making}:\n{complaint}")
    making.rename(cluster.folder)


def _initdb(cluster: Cluster, folder: Path, character_locale: str) -> subprocess.CompletedProcess[str]:
    command = [os.fspath(cluster.install / "bin" / "initdb"), "-D", os.fspath(folder), "-U", paths.ROLE]
    command += ["--auth=trust", "--encoding=UTF8", "--no-instructions", "--locale=C"]
    command += [f"--lc-ctype={character_locale}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not cluster.is_durable:
        command.append("--no-sync")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - LUNA's own program, no shell between
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INITDB_LIMIT_S,
            check=False,
            user=None if cluster.user is None else cluster.user.uid,
            group=None if cluster.user is None else cluster.user.gid,
            extra_groups=None if cluster.user is None else [],
        )
    except subprocess.TimeoutExpired as error:
        raise PostgresError(f"initdb took longer than {INITDB_LIMIT_S} s in {folder}") from error


def server(cluster: Cluster) -> ChildSpec:
    """The server as a supervised child."""
    config = cluster.folder / "luna.conf"
    access = cluster.folder / "luna_hba.conf"
    return ChildSpec(
        name="postgres",
        argv=(
            os.fspath(cluster.install / "bin" / "postgres"),
            "-D",
            os.fspath(cluster.folder),
            "-k",
            os.fspath(cluster.sockets),
            "-c",
            f"config_file={config}",
            "-c",
            f"hba_file={access}",
        ),
        env={"LC_ALL": "C", "TZ": "UTC", "PGDATA": "", "PGPORT": "5432"},
        user=cluster.user,
        stop_signal=signal.SIGINT,
        last_signal=signal.SIGQUIT,
        stop_limit_s=STOP_LIMIT_S,
        is_service=True,
        is_ready=lambda pid: _is_ready(cluster, pid),
        prepare=lambda: _prepare(cluster),
    )


def _prepare(cluster: Cluster) -> None:
    """Before each start: current settings, and no lock file of a server that is no more."""
    durable = "on" if cluster.is_durable else "off"
    for name, text in (
        ("luna.conf", _SETTINGS.format(durable=durable)),
        ("luna_hba.conf", "# The socket's folder is the lock.\nlocal all all trust\n"),
    ):
        path = cluster.folder / name
        path.write_text(text)
        os.chmod(path, 0o600)
        if cluster.user is not None:
            os.chown(path, cluster.user.uid, cluster.user.gid)
    clear_leftovers(cluster)


def _postmaster_file(cluster: Cluster) -> list[str]:
    """Lines of `postmaster.pid`: pid, data folder, start time, port, socket folder, address, memory key, status."""
    try:
        return (cluster.folder / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _is_ready(cluster: Cluster, pid: int) -> bool:
    lines = _postmaster_file(cluster)
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _is_postmaster_of(cluster: Cluster, pid: int) -> bool:
    words = process.command_line(pid)
    return bool(words) and Path(words[0]).name == "postgres" and os.fspath(cluster.folder) in words


def clear_leftovers(cluster: Cluster) -> None:
    """Ends a server that still runs on this cluster, and its orphans; removes lock files whose number was reused.

    PostgreSQL itself removes the lock file of a dead server, but takes any process of its own account that bears the
    number now for the server, and then refuses to start for good (common in containers). The file is left alone
    otherwise: it also guards against server processes that outlived theirs. Raises PostgresError.
    """
    lines = _postmaster_file(cluster)
    if lines:
        pid = _number(lines[0])
        if pid > 0 and _is_postmaster_of(cluster, pid):
            if len(lines) > 4 and lines[4].strip() not in ("", os.fspath(cluster.sockets)):
                raise PostgresError(
                    f"{cluster.folder} is in use by another PostgreSQL (process {pid}): stop that first."
                )
            _end_processes([pid], signal.SIGINT, STOP_LIMIT_S)
        _end_processes(_server_processes(cluster), signal.SIGQUIT, 3.0)
        _remove_if_reused(cluster, cluster.folder / "postmaster.pid")
    _remove_if_reused(cluster, cluster.sockets / f"{paths.POSTGRES_SOCKET}.lock")


def _number(line: str) -> int:
    # A server run by hand in single-user mode writes its number negative.
    return abs(int(line)) if line.strip().lstrip("-").isdigit() else 0


def _remove_if_reused(cluster: Cluster, path: Path) -> None:
    try:
        pid = _number(path.read_text().partition("\n")[0])
    except OSError:
        return
    if process.start_mark(pid) is not None and not _is_postmaster_of(cluster, pid):
        path.unlink(missing_ok=True)


def _server_processes(cluster: Cluster) -> list[int]:
    """PostgreSQL processes that work in the cluster's folder, orphans included."""
    return [
        found.pid
        for found in psutil.process_iter(["name", "cwd"])
        if found.info["name"] == "postgres" and found.info["cwd"] == os.fspath(cluster.folder)
    ]


def _end_processes(pids: list[int], number: int, limit_s: float) -> None:
    """Sends the signal, after the limit SIGKILL. Raises PostgresError when even that does not help."""
    marks = {pid: process.start_mark(pid) for pid in pids}
    for sent, wait_s in ((number, limit_s), (signal.SIGKILL, 3.0)):
        until = time.monotonic() + wait_s
        for pid, mark in marks.items():
            if mark is not None and process.start_mark(pid) == mark:
                with suppress(ProcessLookupError):
                    os.kill(pid, sent)
        while any(mark is not None and process.start_mark(pid) == mark for pid, mark in marks.items()):
            if time.monotonic() > until:
                break
            time.sleep(0.02)
        else:
            return
    raise PostgresError(f"A PostgreSQL server cannot be stopped (processes {', '.join(map(str, pids))}).")


def ensure_database(cluster: Cluster) -> None:
    """The database and its extensions, on a server that is ready; quick when all is there. Raises psycopg.Error."""
    if not _has_database(cluster):
        # Into the template too, so that every database made later (tests, restores) has them.
        _create_extensions(cluster, "template1")
        with _connect(cluster, "postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(paths.DATABASE)))
    _create_extensions(cluster, paths.DATABASE)


def _connect(cluster: Cluster, database: str) -> psycopg.Connection[tuple[str, ...]]:
    return psycopg.connect(
        host=os.fspath(cluster.sockets), user=paths.ROLE, dbname=database, autocommit=True, connect_timeout=10
    )


def _has_database(cluster: Cluster) -> bool:
    with _connect(cluster, "postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (paths.DATABASE,))
        return found.fetchone() is not None


def _create_extensions(cluster: Cluster, database: str) -> None:
    with _connect(cluster, database) as connection:
        present = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        for name in EXTENSIONS:
            if name not in present:
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
