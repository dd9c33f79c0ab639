"""Telling the browser, after commit, what a service changed."""

from __future__ import annotations

from django.db import transaction

from images import events


def image_changed(image_id: int, event: str) -> None:
    """Tell about a picture once the transaction is through."""
    transaction.on_commit(lambda: events.publish_image(image_id, event), robust=True)


def images_changed(image_ids: list[int], event: str) -> None:
    """The same for several pictures at once."""
    if image_ids:
        transaction.on_commit(lambda: events.publish_images(image_ids, event), robust=True)


def image_deleted(*, story_id: str, image_id: int) -> None:
    """Tell that a picture is gone."""
    transaction.on_commit(lambda: events.publish_image_deleted(story_id=story_id, image_id=image_id), robust=True)


def turn_changed(turn_id: int, event: str = "turn.changed") -> None:
    """Tell about a turn: `turn.changed` while it is worked on, `turn.complete` at its end."""
    transaction.on_commit(lambda: events.publish_turn(turn_id, event), robust=True)


def turn_deleted(*, story_id: str, turn_id: int) -> None:
    """Tell that a turn is gone."""
    transaction.on_commit(lambda: events.publish_turn_deleted(story_id=story_id, turn_id=turn_id), robust=True)


def story_deleted(story_id: str) -> None:
    """Send everybody who watches a deleted story away."""
    transaction.on_commit(lambda: events.publish_story_deleted(story_id), robust=True)
