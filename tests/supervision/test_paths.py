"""Where sockets and data lie, and what the URLs of the own servers say to those who read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from redis.connection import ConnectionPool

from luna_site.embedded import paths


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return tmp_path


def test_the_data_folder_is_one_path_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    for written in ("real", "./real", str(tmp_path / "real"), "link"):
        monkeypatch.setenv("LUNA_DATA", written)
        assert paths.data_dir() == Path(os.path.realpath(tmp_path / "real"))
    monkeypatch.delenv("LUNA_DATA")
    assert paths.data_dir() == Path(os.path.realpath(tmp_path / "data"))


def test_sockets_lie_in_the_runtime_folder_of_an_ordinary_user(runtime: Path) -> None:
    folder = paths.socket_dir(Path("/srv/luna"))
    assert folder.parent == runtime
    assert folder.name == f"luna-{paths.data_hash(Path('/srv/luna'))}"


def test_without_a_runtime_folder_sockets_lie_in_tmp_by_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    data = Path("/srv/luna")
    assert paths.socket_dir(data) == Path(f"/tmp/luna-1000-{paths.data_hash(data)}")


def test_roots_runtime_folder_is_not_used_because_the_database_account_cannot_enter_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert paths.socket_dir(Path("/srv/luna")).parent == Path("/tmp")


def test_a_runtime_folder_too_deep_for_a_socket_is_not_used(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = paths.SOCKET_PATH_BYTES_MAX - len(f"/luna-12345678/{paths.POSTGRES_SOCKET}")
    fitting = runtime / ("x" * (room - len(str(runtime)) - 1))
    deep = fitting.with_name(f"{fitting.name}x")
    for folder, expected in ((fitting, fitting), (deep, Path("/tmp"))):
        folder.mkdir()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        sockets = paths.socket_dir(Path("/srv/luna"))
        assert sockets.parent == expected
        assert len(os.fsencode(sockets / paths.POSTGRES_SOCKET)) <= 107


def test_two_data_folders_have_two_socket_folders() -> None:
    assert paths.socket_dir(Path("/srv/one")) != paths.socket_dir(Path("/srv/two"))


def test_the_urls_are_read_as_meant_by_both_clients() -> None:
    sockets = Path("/run/a b/luna")
    parts = conninfo_to_dict(paths.postgres_url(sockets))
    assert (parts["host"], parts["user"], parts["dbname"]) == (str(sockets), "luna", "luna")
    options = ConnectionPool.from_url(paths.valkey_url(sockets)).connection_kwargs
    assert (options["path"], options["db"]) == (str(sockets / "valkey.sock"), 0)
