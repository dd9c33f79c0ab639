from __future__ import annotations

from pathlib import Path

import pytest

from community.models import User
from compute.services import needs, slots
from images.models import Story
from images.services.stories import story_create
from tests.support.queue import make_worker


@pytest.fixture(autouse=True)
def quiet_queue(settings, monkeypatch, tmp_path) -> list[int]:
    """No runner is enqueued: a test runs woken slots itself with `run_queue`. Files go to a folder of the test."""
    needs._by_spec.clear()
    needs._classes.clear()
    needs._newest_class = -1
    settings.STORAGE_DIR = Path(tmp_path)
    settings.MIN_FREE_GB = 0
    woken: list[int] = []
    monkeypatch.setattr(slots, "enqueue_runner", woken.append)
    return woken


@pytest.fixture
def player(db) -> User:
    return User.objects.create_user("rowan", password="a-long-password-1")


@pytest.fixture
def story(player) -> Story:
    return story_create(owner=player, title="The Lighthouse of Vell", genre="mystery")


@pytest.fixture
def painter(db):
    """The built-in painter as a worker with one slot."""
    return make_worker("painter", api_type="painter", api_url="", models_offered=["luna-painter"])
