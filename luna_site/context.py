"""What every page knows about this installation, as `site`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from community.models import User

# Written by the theme switch for people who are not signed in.
THEME_COOKIE = "luna_theme"
PRODUCT_VERSION = "0.1.0"


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor: theme (system, dark, light), registration_open, is_staff, version."""
    user = getattr(request, "user", None)
    theme = user.theme if isinstance(user, User) else request.COOKIES.get(THEME_COOKIE, "")
    return {
        "site": {
            "theme": theme if theme in User.Theme.values else User.Theme.SYSTEM.value,
            "registration_open": settings.REGISTRATION == "open",
            "is_staff": bool(getattr(user, "is_staff", False)),
            "version": PRODUCT_VERSION,
        }
    }
