"""The settings of the web server that live tests talk to."""

from __future__ import annotations

from luna_site.settings.test import *  # noqa: F403

SOCKET_CHECK_EVERY_S = 0.7
CORS_ORIGINS = ["https://engine.example"]
