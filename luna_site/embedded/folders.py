"""Private folders: made with the right owner and mode, or refused. Existing ones are never changed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from luna_site.supervisor.process import SystemUser, user_name


class FolderError(RuntimeError):
    """A folder LUNA needs belongs to somebody else or is open to others; the text says what to do."""


def make_folder(path: Path, *, mode: int, owner: SystemUser | None = None) -> bool:
    """Makes the folder if nothing is there, whatever the umask; says whether it did. Raises OSError."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return False
    if owner is not None:
        os.chown(path, owner.uid, owner.gid)
    os.chmod(path, mode)
    return True


def private_folder(path: Path, *, owner: SystemUser | None = None) -> Path:
    """A folder with mode 0700 that belongs to `owner` (else to us): made, or checked. Raises FolderError.

    The check matters in /tmp, where anybody may have put a folder of that name first.
    """
    make_folder(path, mode=0o700, owner=owner)
    found = path.lstat()
    expected = os.geteuid() if owner is None else owner.uid
    if not stat.S_ISDIR(found.st_mode):
        raise FolderError(f"{path} is in the way: it must be a folder. Remove it and start again.")
    if found.st_uid != expected:
        raise FolderError(
            f"{path} belongs to {user_name(found.st_uid)}, not to {user_name(expected)}. Remove it and start again."
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise FolderError(f"{path} is open to other users. Type: chmod 700 {path}")
    return path


def is_reachable_by(path: Path, user: SystemUser) -> bool:
    """Whether the account may pass through every folder down to and including this one, by owner, group and mode."""
    for folder in (path, *path.parents):
        try:
            found = folder.stat()
        except OSError:
            return False
        if found.st_uid == user.uid:
            bit = stat.S_IXUSR
        elif found.st_gid == user.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True
