"""The services of the test run itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from luna_site.supervisor import records
from tests.supervision.helpers import ROOT, is_alive, plain_environment, wait_for, wait_until_gone


def test_postgresql_has_the_extensions() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        names = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        trigrams = connection.execute("SELECT show_trgm('Лес')").fetchone()
    assert {"pg_trgm", "unaccent", "citext", "btree_gin", "vector"} <= names
    assert trigrams is not None
    assert len(trigrams[0]) == 4


def test_valkey_answers() -> None:
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()


def test_a_killed_test_run_leaves_neither_servers_nor_folder(tmp_path: Path) -> None:
    test = tmp_path / "test_waits.py"
    test.write_text(
        "import os, time\n"
        "def test_waits():\n"
        "    open('environment', 'w').write('\\n'.join([os.environ['DATABASE_URL'], os.environ['LUNA_DATA']]))\n"
        "    time.sleep(60)\n"
    )
    plugins = ["-p", "tests.support.services", "-p", "no:django", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(tmp_path), *plugins, str(test)]
    env = plain_environment(PYTHONPATH=str(ROOT))
    noted = tmp_path / "environment"
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL) as run:
        url, data = wait_for(lambda: noted.read_text().split() if noted.exists() else [], what="the test")
        folder = Path(data).parent
        servers = [int((folder / "pg" / "postmaster.pid").read_text().split()[0])]
        servers += [record.pid for record in records.read_all(folder / "run")]
        assert all(is_alive(pid) for pid in servers)
        run.kill()
    wait_until_gone(*servers)
    wait_for(lambda: not folder.exists(), what="the folder's removal")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=5)
