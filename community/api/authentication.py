"""Who is asking: `Authorization: Token KEY`, or the web session with its CSRF token."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from community.models import ApiToken, User

KEY_MOST = 200
# How often at most a token's last use is written: a write for every read would double the work of a request.
USE_NOTED_EVERY = timedelta(minutes=5)


class CsrfFailed(exceptions.PermissionDenied):
    """The session came without the CSRF token."""

    default_code = "csrf_failed"


def person_of_token(key: str) -> User | None:
    """The active person a key belongs to, or None."""
    if not key or len(key) > KEY_MOST or not key.isascii():
        return None
    token = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(key)).first()
    if token is None or not token.user.is_active:
        return None
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user


def person_of_session(session_key: str) -> User | None:
    """The active person of a web session, or None when it ended or the password changed since."""
    if not session_key or len(session_key) > KEY_MOST:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(cast(Any, SimpleNamespace(session=store)))
    return user if isinstance(user, User) and user.is_active else None


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token KEY`, by the key's SHA-256."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Raises AuthenticationFailed for a key that is not valid; None when no key came."""
        words = request.headers.get("Authorization", "").split()
        if not words or words[0].lower() != self.keyword.lower():
            return None
        user = person_of_token(words[1]) if len(words) == 2 else None
        if user is None:
            raise exceptions.AuthenticationFailed("This token is not valid.", code="not_authenticated")
        return user, None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return self.keyword


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: Any, reason: str) -> Any:
        return reason


class WebSessionAuthentication(BaseAuthentication):
    """The signed-in person of the pages. Everything but safe methods needs the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Raises CsrfFailed; None when nobody is signed in."""
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        check: Any = _CsrfCheck(lambda _: None)  # type: ignore[arg-type]
        check.process_request(request._request)
        reason = check.process_view(request._request, None, (), {})
        if reason:
            raise CsrfFailed(f"CSRF: {reason}")
        return user, None


class _TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token KEY`"}


class _SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = WebSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
