"""What tests change, and nothing else. Services come from DATABASE_URL and REDIS_URL, set by tests/support."""

from __future__ import annotations

from luna_site.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ANNOUNCE_IN_BACKGROUND = False
