"""Rate limits by fixed windows, counted in the cache.

The cache holds hints only: when it does not answer, requests pass and the log says so, because a limit must not take
the service down with it.
"""

from __future__ import annotations

import hashlib
import logging
import time

from django.core.cache import cache

from compute.common.errors import RateLimited

logger = logging.getLogger(__name__)


def rate_limit(scope: str, who: str, *, most: int, window_s: int) -> None:
    """Count one request of `who` in `scope`. Raises RateLimited when there were more than `most` in this window."""
    count = _count(scope, who, window_s, add=1)
    if count > most:
        _refuse(window_s)


def rate_check(scope: str, who: str, *, most: int, window_s: int) -> None:
    """As rate_limit, without counting. Raises RateLimited when `most` were counted already."""
    if _count(scope, who, window_s, add=0) >= most:
        _refuse(window_s)


def _refuse(window_s: int) -> None:
    wait_s = window_s - int(time.time()) % window_s
    raise RateLimited(f"Too many attempts. Try again in {wait_s} seconds.", retry_after_s=wait_s)


def _count(scope: str, who: str, window_s: int, *, add: int) -> int:
    window = int(time.time()) // window_s
    digest = hashlib.sha256(who.encode()).hexdigest()[:32]
    key = f"limit:{scope}:{digest}:{window}"
    try:
        if not add:
            return int(cache.get(key, 0))
        cache.add(key, 0, timeout=window_s + 5)
        return int(cache.incr(key))
    except ValueError:
        return add  # it expired between the two calls
    except Exception:
        logger.warning("the cache did not answer; the limit %s was not applied", scope, exc_info=True)
        return 0
