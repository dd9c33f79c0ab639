from __future__ import annotations

from collections.abc import Iterator

import pytest

from compute.handlers import get_handler
from compute.services import needs, slots
from tests.support.queue import HANDLERS, RememberingHandler


@pytest.fixture(autouse=True)
def remembered(settings, monkeypatch) -> Iterator[list[tuple[str, int]]]:
    """The remembering handler's calls; no runner is enqueued, slots stay as the test leaves them."""
    settings.COMPUTE_HANDLERS = {**settings.COMPUTE_HANDLERS, **HANDLERS}
    get_handler.cache_clear()
    needs._by_spec.clear()
    needs._classes.clear()
    needs._newest_class = -1
    RememberingHandler.calls = []
    woken: list[int] = []
    monkeypatch.setattr(slots, "enqueue_runner", woken.append)
    yield RememberingHandler.calls
    get_handler.cache_clear()
