from __future__ import annotations

from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from community.models import User
from compute.services import needs, slots
from images.models import Story
from tests.factories import StoryFactory, TurnFactory, UserFactory, character, complete_image

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def surroundings(settings, monkeypatch, tmp_path) -> None:
    """No runner is enqueued, files go to a folder of the test, nothing is left of another test."""
    for kept in (needs._by_spec, needs._classes):
        kept.clear()
    needs._newest_class = -1
    settings.STORAGE_DIR = Path(tmp_path) / "storage"
    settings.REGISTRATION = "open"
    monkeypatch.setattr(slots, "enqueue_runner", lambda *_: None)
    cache.clear()


@pytest.fixture
def player(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def stranger(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def story(player: User) -> Story:
    return StoryFactory.create(owner=player, title="The Lighthouse of Vell")


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    return browser


@pytest.fixture
def web(player: User) -> Client:
    """The player's browser."""
    return browser_of(player)


@pytest.fixture
def strange_web(stranger: User) -> Client:
    return browser_of(stranger)


@pytest.fixture
def staff_web(db: None) -> Client:
    return browser_of(UserFactory.create(is_staff=True))


@pytest.fixture
def told(story: Story) -> Story:
    """The story with a turn, its pictures and somebody in it."""
    turn = TurnFactory.create(story=story, number=1, location="The landing of Vell", narrated_by="built-in narrator")
    complete_image(story, turn=turn, image_type="background", subject_key="The landing of Vell", is_selected=True)
    complete_image(story, turn=turn, image_type="action", variant=1, is_selected=True)
    complete_image(story, turn=turn, image_type="action", variant=2, seed=99)
    mira = character(story, "Mira", description="copper curls")
    portrait = complete_image(story, turn=turn, image_type="character", subject_key="Mira", is_selected=True)
    mira.appearance.portrait_image = portrait
    mira.appearance.save()
    turn.cast.create(character=mira, appearance=mira.appearance)
    return story
