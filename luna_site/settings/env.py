"""Typed, strict reading of environment variables: a bad value stops start-up and says which variable it is."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def env_str(name: str, default: str = "") -> str:
    """The variable's text without surrounding space; the default when unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_int(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number within [least, most]. Raises ImproperlyConfigured."""
    raw = env_str(name)
    if not raw:
        return default
    if not raw.lstrip("-").isdigit() or not least <= int(raw) <= most:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not {raw!r}")
    return int(raw)


def env_float(name: str, default: float, *, least: float, most: float) -> float:
    """A number within [least, most]. Raises ImproperlyConfigured."""
    raw = env_str(name)
    try:
        value = float(raw) if raw else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {raw!r}") from None
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name} must lie between {least} and {most}, not {raw!r}")
    return value


def env_bool(name: str, default: bool) -> bool:
    """`true` or `false`. Raises ImproperlyConfigured for anything else."""
    raw = env_str(name).lower()
    if raw not in ("", "true", "false", "1", "0"):
        raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}")
    return default if not raw else raw in ("true", "1")


def env_choice(name: str, choices: Sequence[str], default: str) -> str:
    """One of the choices. Raises ImproperlyConfigured."""
    raw = env_str(name, default)
    if raw not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {raw!r}")
    return raw


def env_list(name: str) -> list[str]:
    """Comma-separated entries, empty ones dropped."""
    return [part.strip() for part in env_str(name).split(",") if part.strip()]


def kept_secret(name: str, path: Path) -> str:
    """The variable, else a secret made once and kept in a file that only its owner may read."""
    given = env_str(name)
    if given:
        if len(given) < 16:
            raise ImproperlyConfigured(f"{name} is too short: take 32 or more random characters")
        return given
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    # Another process may be between creating and writing the file; it has 60 bytes to write.
    for _ in range(100):
        secret = path.read_text().strip()
        if secret:
            return secret
    raise ImproperlyConfigured(f"{path} is empty: delete it, or set {name}")


# django-q2 waits one second for a task, so a reply that takes longer than this will not come.
REDIS_REPLY_S = 5


def bounded_redis_url(url: str) -> str:
    """The same server with a limit on each reply: a Valkey that hangs is an error, not a request without an end."""
    return url if "socket_timeout=" in url else f"{url}{'&' if '?' in url else '?'}socket_timeout={REDIS_REPLY_S}"
