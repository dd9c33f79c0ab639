"""CORS for the API, for the origins in LUNA_CORS_ORIGINS (or `*`).

No credentials are allowed: pages of other origins use a token, never somebody's web session.
"""

from __future__ import annotations

from django.conf import settings

from luna_site.body_guard import App, Message, Receive, Scope, Send

METHODS = b"GET, POST, PATCH, DELETE, OPTIONS"
HEADERS = b"Authorization, Content-Type, Idempotency-Key, If-None-Match"
EXPOSED = b"Content-Disposition, ETag, Idempotent-Replayed, Location, Retry-After"
PREFLIGHT_KEPT_S = 3600


def allow_origins(app: App) -> App:
    """Answer preflights and mark answers under /api/; everything else passes untouched."""

    async def allowed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await app(scope, receive, send)
            return
        headers = dict(scope.get("headers", []))
        origin = headers.get(b"origin", b"").decode("latin1")
        extra = [(b"vary", b"Origin")]
        if origin and ("*" in settings.CORS_ORIGINS or origin in settings.CORS_ORIGINS):
            extra += [(b"access-control-allow-origin", origin.encode("latin1"))]
            extra += [(b"access-control-expose-headers", EXPOSED)]
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
                extra += [
                    (b"access-control-allow-methods", METHODS),
                    (b"access-control-allow-headers", HEADERS),
                    (b"access-control-max-age", str(PREFLIGHT_KEPT_S).encode()),
                ]
                await send({"type": "http.response.start", "status": 204, "headers": extra})
                await send({"type": "http.response.body", "body": b""})
                return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start" and settings.CORS_ORIGINS:
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        await app(scope, receive, marked)

    return allowed
