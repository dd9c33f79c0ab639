"""How far pictures are that are being made: kept in the cache, because a database is no place for steps.

Lost with the cache, it is there again with the next step.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.core.cache import cache

log = logging.getLogger("luna.progress")

KEPT_S = 60


def _key(image_id: int) -> str:
    return f"luna:progress:{image_id}"


def progress_keep(*, image_id: int, fraction: float) -> None:
    """Remember how far a picture is, 0–1. A cache that does not answer is logged."""
    try:
        cache.set(_key(image_id), fraction, timeout=KEPT_S)
    except Exception:
        log.warning("the progress of picture %s was not kept", image_id, exc_info=True)


def progress_kept(image_ids: Iterable[int]) -> dict[int, float]:
    """How far these pictures are, as far as known; one question for all."""
    keys = {_key(image_id): image_id for image_id in image_ids}
    if not keys:
        return {}
    try:
        found = cache.get_many(keys)
    except Exception:
        log.warning("no progress could be read", exc_info=True)
        return {}
    return {keys[key]: min(max(float(value), 0.0), 1.0) for key, value in found.items()}
