"""Who opens a websocket: the Authorization header, or the session cookie with a same-host Origin.

A browser sends the cookie with a socket that any other site's page opens, and no CSRF token comes with it. So the
cookie counts only when Origin names this very host and port, or LUNA_PUBLIC_URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from community.api.authentication import person_of_session, person_of_token
from community.models import User


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches, and by which right: exactly one of session_key and token_key is set."""

    user: User
    session_key: str = ""
    token_key: str = ""


def watcher_of_scope(scope: Mapping[str, Any]) -> Watcher | None:
    """The person behind an ASGI websocket scope, or None. Reads the database."""
    headers = {name.lower(): value.decode("latin1") for name, value in scope.get("headers", [])}
    words = headers.get(b"authorization", "").split()
    if words:
        if len(words) != 2 or words[0].lower() != "token":
            return None
        user = person_of_token(words[1])
        return Watcher(user, token_key=words[1]) if user else None
    if not is_same_host(headers.get(b"origin", ""), headers.get(b"host", "")):
        return None
    session_key = parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    user = person_of_session(session_key)
    return Watcher(user, session_key=session_key) if user else None


def watcher_still_valid(watcher: Watcher) -> bool:
    """Whether the token or session still belongs to the same, active person. Reads the database."""
    token, session = watcher.token_key, watcher.session_key
    user = person_of_token(token) if token else person_of_session(session)
    return user is not None and user.pk == watcher.user.pk


def is_same_host(origin: str, host: str) -> bool:
    """Whether an Origin is this site: the Host the browser asked for, if LUNA answers to it, or the public URL."""
    if settings.PUBLIC_URL and origin == settings.PUBLIC_URL:
        return True
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.netloc.lower() != host.lower():
        return False
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
