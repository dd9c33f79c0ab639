"""Which account PostgreSQL runs as. It refuses to run as root, so root needs another one; nobody else does."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess

from luna_site.supervisor.process import SystemUser

NAME = "luna"
#: Accounts of people begin here (login.defs, UID_MIN): a person who is called luna is not LUNA's account.
_PEOPLE_FROM_UID = 1000


class NoAccountError(RuntimeError):
    """LUNA runs as root and there is no account for PostgreSQL; the text names the command to type."""


def _system_account(name: str) -> SystemUser | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    if not 0 < found.pw_uid < _PEOPLE_FROM_UID:
        return None
    return SystemUser(name=name, uid=found.pw_uid, gid=found.pw_gid)


def server_account() -> SystemUser | None:
    """None for an ordinary user, who runs the server himself; for root the account `luna`, made when missing, else
    an existing `postgres`. Raises NoAccountError.
    """
    if os.geteuid() != 0:
        return None
    found = _system_account(NAME)
    if found is not None:
        return found
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/var/lib/luna"]
    command += ["--shell", "/usr/sbin/nologin", NAME]
    complaint = "useradd is not installed"
    if shutil.which(command[0]):
        done = subprocess.run(  # noqa: S603 - fixed words, no shell between
            command, capture_output=True, text=True, timeout=30, check=False
        )
        complaint = done.stderr.strip()
    # Looked up again whatever useradd said: another process may have made the account meanwhile.
    found = _system_account(NAME) or _system_account("postgres")
    if found is None:
        raise NoAccountError(
            f"PostgreSQL does not run as root and no account could be made for it ({complaint}). "
            f"Type: {' '.join(command)}   or start LUNA as an ordinary user, or set DATABASE_URL."
        )
    return found
