from __future__ import annotations

from pathlib import Path

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from community.models import User
from compute.services import needs, slots
from images.models import Story
from tests.factories import StoryFactory, UserFactory, client_of


@pytest.fixture(autouse=True)
def surroundings(settings, monkeypatch, tmp_path) -> None:
    """No runner is enqueued, files go to a folder of the test, and no limit was used up by another test."""
    for kept in (needs._by_spec, needs._classes):
        kept.clear()
    needs._newest_class = -1
    settings.STORAGE_DIR = Path(tmp_path) / "storage"
    settings.MIN_FREE_GB = 0
    settings.REGISTRATION = "open"
    monkeypatch.setattr(slots, "enqueue_runner", lambda *_: None)
    cache.clear()


@pytest.fixture
def player(db) -> User:
    return UserFactory.create()


@pytest.fixture
def stranger(db) -> User:
    return UserFactory.create()


@pytest.fixture
def client(player) -> APIClient:
    """Acts for `player`."""
    return client_of(player)


@pytest.fixture
def strange_client(stranger) -> APIClient:
    return client_of(stranger)


@pytest.fixture
def story(player) -> Story:
    return StoryFactory.create(owner=player, title="The Lighthouse of Vell")
