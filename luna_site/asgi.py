"""What Daphne serves: HTTP through the guards to Django, websockets to the story consumer."""

from __future__ import annotations

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path, resolve


def _application() -> ProtocolTypeRouter:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luna_site.settings.base")
    django_application: Any = get_asgi_application()
    # These read settings or models, so they come after Django is set up.
    from images.routing import websocket_urlpatterns
    from luna_site.body_guard import guard_bodies
    from luna_site.cors import allow_origins
    from luna_site.daphne_limits import limit_daphne
    from luna_site.garbage import settle_garbage
    from luna_site.long_poll import hold_long_polls
    from luna_site.socket_fallback import NoSuchSocket

    limit_daphne()
    # Addresses and views are loaded with the first look-up; here, so that no player waits for it.
    resolve("/healthz")
    settle_garbage()
    return ProtocolTypeRouter(
        {
            "http": allow_origins(guard_bodies(hold_long_polls(django_application))),
            "websocket": URLRouter([*websocket_urlpatterns, re_path(r"", NoSuchSocket.as_asgi())]),
        }
    )


application = _application()
