"""Websockets at addresses that do not exist."""

from __future__ import annotations

from channels.generic.websocket import AsyncWebsocketConsumer


class NoSuchSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Close with 4404, as for a story that is not there."""

    async def connect(self) -> None:
        """Accept first: a browser sees a close code only on an open socket."""
        await self.accept()
        await self.close(4404)
