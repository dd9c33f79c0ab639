"""What happens in a story, told to everybody who watches it.

Call these after the commit (`transaction.on_commit`) or from a runner; they are for synchronous code. An event is a
hint: when the channel layer is down it is logged and lost, and sockets mend themselves from the database.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import re
import time
from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.cache import cache
from rest_framework.utils.encoders import JSONEncoder

from images.models import DreamerContent, GeneratedImage, Turn
from images.representation import (
    dreams_loaded,
    images_loaded,
    represent_dream,
    represent_images,
    represent_turn,
    turns_loaded,
)
from images.selectors import text_so_far_key

logger = logging.getLogger(__name__)

SEND_TIMEOUT_S = 2.0
PREVIEW_MOST_BYTES = 24 * 1024
TEXT_KEPT_S = 900
IMAGE_EVENTS = ("image.queued", "image.ready", "image.failed", "image.cancelled", "image.changed")
TURN_EVENTS = ("turn.complete", "turn.changed")
DREAM_EVENTS = ("dream.created", "dream.realized")


def story_group(story_id: str) -> str:
    """The channel-layer group of a story's watchers."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", story_id):
        return f"story.{story_id}"
    return "story-sha256." + hashlib.sha256(story_id.encode()).hexdigest()


def session_group(session_key: str) -> str:
    """The group of one web session's sockets; the key itself is a secret and stays out of it."""
    return "session." + hashlib.sha256(session_key.encode()).hexdigest()[:40]


def encode(message: dict[str, Any]) -> str:
    """A message as it goes over the socket: the API's JSON, compact."""
    return json.dumps(message, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))


def publish_image(image_id: int, event: str) -> None:
    """`image.queued`, `image.ready`, … with the picture as it is now. Nothing if it was deleted meanwhile."""
    publish_images([image_id], event)


def publish_images(image_ids: Iterable[int], event: str) -> None:
    """The same for several pictures, in one go."""
    rows = list(images_loaded(GeneratedImage.objects.filter(pk__in=list(image_ids)).order_by("pk")))
    for shown in represent_images(rows):
        message = {"type": event, "image": shown}
        _send(shown["story"], message, about=f"image:{shown['id']}", version=shown["version"])


def publish_image_deleted(*, story_id: str, image_id: int) -> None:
    """`image.deleted`: the row is gone."""
    _send(story_id, {"type": "image.deleted", "id": image_id}, about=f"image:{image_id}")


def publish_progress(
    *,
    story_id: str,
    image_id: int,
    progress: float,
    eta_s: float | None = None,
    preview: bytes | None = None,
    preview_mime: str | None = None,
) -> None:
    """`image.progress`, progress from 0 to 1. A preview over 24 KiB is left out. It may be dropped under load."""
    message: dict[str, Any] = {"type": "image.progress", "id": image_id, "progress": round(progress, 3)}
    if eta_s is not None:
        message["eta_s"] = round(eta_s, 1)
    if preview and preview_mime in ("image/jpeg", "image/png", "image/webp") and len(preview) <= PREVIEW_MOST_BYTES:
        message["preview"] = f"data:{preview_mime};base64,{base64.b64encode(preview).decode()}"
    _send(story_id, message, droppable=True)


def publish_turn(turn_id: int, event: str = "turn.complete") -> None:
    """`turn.complete` or `turn.changed` with the turn as it is now. Nothing if it was deleted meanwhile."""
    turn = turns_loaded(Turn.objects.filter(pk=turn_id)).first()
    if turn is None:
        return
    _send(
        turn.story_id,
        {"type": event, "turn": represent_turn(turn)},
        about=f"turn:{turn.pk}",
        version=turn.version,
        is_end=turn.status != "processing",
    )


def publish_turn_deleted(*, story_id: str, turn_id: int) -> None:
    """`turn.deleted`: the row is gone."""
    _send(story_id, {"type": "turn.deleted", "id": turn_id}, about=f"turn:{turn_id}", is_end=True)


def publish_delta(*, story_id: str, turn_id: int, offset: int, text: str) -> None:
    """`turn.delta`: `text` follows the first `offset` characters. Also kept, for who comes in the middle."""
    key = text_so_far_key(turn_id)
    try:
        before = str(cache.get(key, "")) if offset else ""
        if len(before) >= offset:  # else a part was lost with the cache; the finished text is coming
            cache.set(key, before[:offset] + text, timeout=TEXT_KEPT_S)
    except Exception:
        logger.warning("the text so far of turn %s was not kept", turn_id, exc_info=True)
    _send(story_id, {"type": "turn.delta", "turn": turn_id, "offset": offset, "text": text})


def publish_dream(dream_id: int, event: str) -> None:
    """`dream.created` or `dream.realized` with the idea as it is now. Nothing if it was deleted meanwhile."""
    dream = dreams_loaded(DreamerContent.objects.filter(pk=dream_id)).first()
    if dream is not None:
        message = {"type": event, "dream": represent_dream(dream)}
        _send(dream.story_id, message, about=f"dream:{dream.pk}", version=dream.version)


def publish_story_deleted(story_id: str) -> None:
    """Everybody who watches this story is told to leave."""
    _group_send(story_group(story_id), {"type": "story.leave", "code": 4404})


def publish_session_ended(session_key: str) -> None:
    """Sockets that were opened with this web session close."""
    _group_send(session_group(session_key), {"type": "story.leave", "code": 4401})


def _send(
    story_id: str,
    message: dict[str, Any],
    *,
    about: str = "",
    version: int = 0,
    droppable: bool = False,
    is_end: bool = False,
) -> None:
    envelope = {
        "type": "story.event",
        "text": encode(message),
        "about": about,
        "version": version,
        "droppable": droppable,
        "is_end": is_end,
        "at": time.time(),
    }
    _group_send(story_group(story_id), envelope)


def _group_send(group: str, envelope: dict[str, Any]) -> None:
    try:
        async_to_sync(_group_send_bounded)(group, envelope)
    except Exception:
        logger.warning("an event to %s was lost", group, exc_info=True)


async def _group_send_bounded(group: str, envelope: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is not None:
        await asyncio.wait_for(layer.group_send(group, envelope), SEND_TIMEOUT_S)
