"""Private folders are made or refused, never changed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from luna_site.embedded.folders import FolderError, is_reachable_by, make_folder, private_folder
from luna_site.supervisor.process import SystemUser

STRANGER = SystemUser(name="stranger", uid=54321, gid=54321)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_private_folder_is_made_closed_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert mode_of(private_folder(tmp_path / "sockets")) == 0o700
        make_folder(tmp_path / "open", mode=0o755)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "open") == 0o755


def test_an_open_folder_is_refused_with_the_command_and_not_changed(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    make_folder(folder, mode=0o755)
    with pytest.raises(FolderError, match="chmod 700"):
        private_folder(folder)
    assert mode_of(folder) == 0o755


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    make_folder(folder, mode=0o700)
    with pytest.raises(FolderError, match="belongs to"):
        private_folder(folder, owner=STRANGER)


def test_a_link_or_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path / "elsewhere", mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(FolderError, match="in the way"):
            private_folder(tmp_path / name)


def test_a_folder_is_reachable_only_if_every_folder_above_lets_the_account_pass() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:  # pytest's own folders are closed
        outer = Path(name)
        inner = outer / "inner"
        make_folder(inner, mode=0o711)
        outer.chmod(0o711)
        assert is_reachable_by(inner, STRANGER)
        outer.chmod(0o700)
        assert not is_reachable_by(inner, STRANGER)
        outer.chmod(0o711)
        inner.chmod(0o710)
        assert not is_reachable_by(inner, STRANGER)
        assert is_reachable_by(inner, SystemUser(name="mate", uid=54321, gid=inner.stat().st_gid))
