"""LUNA's own PostgreSQL: made, killed, found again; as this user, as root's account, as an ordinary user."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from luna_site.embedded import account, binaries, paths, postgres
from luna_site.embedded.folders import is_reachable_by, private_folder
from luna_site.embedded.postgres import Cluster, PostgresError
from luna_site.supervisor import process, records
from luna_site.supervisor.child import launch
from luna_site.supervisor.process import SystemUser
from luna_site.supervisor.startup import start_and_wait
from tests.supervision.helpers import wait_until_gone
from tests.support.postgres import copy_template

IS_ROOT = os.geteuid() == 0
ORDINARY = SystemUser(name="nobody", uid=pwd.getpwnam("nobody").pw_uid, gid=pwd.getpwnam("nobody").pw_gid)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other accounts can pass through; pytest's own are closed."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="luna-pg-", ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o711)
        (path / "run").mkdir(mode=0o700)
        yield path
        for run in (path / "run", path / "home" / "run"):  # what a failed test left
            records.end(records.read_all(run), run)


@pytest.fixture
def cluster(folder: Path) -> Cluster:
    """A new cluster, run by whom LUNA would choose."""
    user = account.server_account()
    sockets = private_folder(folder / "s", owner=user)
    made = replace(postgres.locate(folder, sockets, user, say=lambda line: None), is_durable=False)
    copy_template(made, folder / "run")
    return made


def start(cluster: Cluster) -> subprocess.Popen[bytes]:
    folder = cluster.folder.parent
    return start_and_wait(postgres.server(cluster), run=folder / "run", log=folder / "run" / "postgres.log")[0]


def stop(server: subprocess.Popen[bytes]) -> int:
    server.send_signal(signal.SIGINT)
    return server.wait(30)


def test_what_is_committed_survives_a_kill_and_the_next_start(cluster: Cluster) -> None:
    cluster = replace(cluster, is_durable=True)
    server = start(cluster)
    postgres.ensure_database(cluster)
    with psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    server.kill()
    server.wait(10)
    server = start(cluster)
    with psycopg.connect(cluster.url) as connection:
        row = connection.execute("SELECT number FROM kept").fetchone()
    assert row == (7,)
    assert stop(server) == 0


def test_it_listens_on_no_network_address(cluster: Cluster) -> None:
    server = start(cluster)
    with psycopg.connect(host=os.fspath(cluster.sockets), user="luna", dbname="postgres") as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert cluster.sockets.stat().st_mode & 0o777 == 0o700
    stop(server)


def test_a_server_left_running_by_a_killed_up_is_ended_before_the_next(cluster: Cluster) -> None:
    left = start(cluster)
    server = start(cluster)
    assert left.wait(10) == 0
    assert stop(server) == 0


def test_a_server_that_somebody_else_runs_on_the_folder_is_left_alone(cluster: Cluster) -> None:
    server = start(cluster)
    elsewhere = replace(cluster, sockets=private_folder(cluster.sockets.with_name("t"), owner=cluster.user))
    with pytest.raises(PostgresError, match="in use by another PostgreSQL"):
        launch(postgres.server(elsewhere), run=cluster.folder.parent / "run", output=subprocess.DEVNULL)
    assert server.poll() is None
    stop(server)


def test_a_lock_file_whose_number_went_to_another_process_does_not_block_the_start(cluster: Cluster) -> None:
    server = start(cluster)
    lines = (cluster.folder / "postmaster.pid").read_text().splitlines()
    socket_lock = cluster.sockets / f"{paths.POSTGRES_SOCKET}.lock"
    server.kill()
    server.wait(10)
    # PostgreSQL believes a number that belongs to a process of its own account.
    with subprocess.Popen(
        ["/bin/sleep", "600"], cwd="/", user=None if cluster.user is None else cluster.user.uid
    ) as other:
        for path in (cluster.folder / "postmaster.pid", socket_lock):
            path.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        server = start(cluster)
        assert other.poll() is None
        other.kill()
    assert stop(server) == 0


def test_an_initdb_that_was_cut_short_is_done_again(cluster: Cluster) -> None:
    half = replace(cluster, folder=cluster.folder.with_name("half"))
    making = private_folder(half.folder.with_name("half.making"), owner=cluster.user)
    (making / "PG_VERSION").write_text("18\n")
    assert not postgres.is_made(half)
    postgres.make(half)
    assert postgres.is_made(half)
    assert not making.exists()


def test_a_folder_of_another_major_version_is_refused(cluster: Cluster) -> None:
    (cluster.folder / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresError, match="made by PostgreSQL 17"):
        postgres.is_made(cluster)


def _in_child(work: Callable[[], None], user: SystemUser) -> int:
    """Runs `work` as another account in a forked process, which can use what is imported already."""

    def changed() -> None:
        os.setgroups([])
        os.setgid(user.gid)
        os.setuid(user.uid)
        os.environ.pop("XDG_RUNTIME_DIR", None)
        work()

    child = multiprocessing.get_context("fork").Process(target=changed)
    child.start()
    child.join(60)
    assert child.exitcode is not None
    return child.exitcode


def _ordinary_life(folder: Path, install: Path) -> None:
    """Make, start, use and stop a server as the present user, with that user's own socket folder."""
    assert account.server_account() is None
    sockets = private_folder(folder / "s")
    cluster = Cluster(install=install, folder=folder / "postgres", sockets=sockets, user=None, is_durable=False)
    postgres.make(cluster)
    for _ in range(2):
        server = start(cluster)
        postgres.ensure_database(cluster)
        with psycopg.connect(cluster.url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS number")
        assert process.start_mark(server.pid)
        assert stop(server) == 0


def _reachable_install(user: SystemUser) -> Path:
    packaged = binaries.packaged()
    return packaged if is_reachable_by(packaged / "bin", user) else binaries.shared_copy()


def test_an_ordinary_user_runs_the_server_himself(folder: Path) -> None:
    user = ORDINARY if IS_ROOT else SystemUser("me", os.geteuid(), os.getegid())
    home = private_folder(folder / "home", owner=user)
    (home / "run").mkdir(mode=0o700)
    os.chown(home / "run", user.uid, user.gid)
    install = _reachable_install(user)
    if IS_ROOT:
        assert _in_child(lambda: _ordinary_life(home, install), user) == 0
    else:
        _ordinary_life(home, install)
    assert (home / "postgres").stat().st_uid == user.uid


if IS_ROOT:

    def test_as_root_the_server_runs_as_its_own_account_and_no_mode_changes(cluster: Cluster, folder: Path) -> None:
        before = {path: path.stat().st_mode for path in (folder, *folder.parents)}
        server = start(cluster)
        assert cluster.user is not None
        assert Path(f"/proc/{server.pid}").stat().st_uid == cluster.user.uid != 0
        assert {path: path.stat().st_mode for path in before} == before
        stop(server)
        wait_until_gone(server.pid)

    def test_a_data_folder_closed_to_the_account_gets_its_database_elsewhere_and_says_so(
        folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shared = folder / "shared"
        shared.mkdir(mode=0o755)
        shared.chmod(0o755)
        install = binaries.shared_copy()
        monkeypatch.setattr(binaries, "shared_copy", lambda: install)
        monkeypatch.setattr(binaries, "SHARED", shared)
        user = account.server_account()
        data = folder / "closed" / "data"
        data.mkdir(parents=True)
        (folder / "closed").chmod(0o700)
        said: list[str] = []
        first = postgres.locate(data, folder / "s", user, say=said.append)
        assert first.folder == shared / paths.data_hash(data) / "postgres"
        assert str(first.folder) in said[0]
        # It stays there even when the way opens later: the data are where they were.
        (folder / "closed").chmod(0o711)
        assert postgres.locate(data, folder / "s", user, say=said.append).folder == first.folder
        assert len(said) == 1

    def test_a_cluster_made_by_root_is_not_taken_over_by_an_ordinary_user(cluster: Cluster, folder: Path) -> None:
        def attempt() -> None:
            with pytest.raises(PostgresError, match="belongs to"):
                postgres.locate(folder, folder / "s", None, say=lambda line: None)

        assert _in_child(attempt, ORDINARY) == 0
