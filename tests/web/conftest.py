from __future__ import annotations

import pytest
from django.test import Client

from community.models import User
from images.models import Story
from tests.api.conftest import player, story, stranger, surroundings  # noqa: F401
from tests.factories import TurnFactory, UserFactory, character, complete_image

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    return browser


@pytest.fixture
def web(player: User) -> Client:  # noqa: F811
    """The player's browser."""
    return browser_of(player)


@pytest.fixture
def strange_web(stranger: User) -> Client:  # noqa: F811
    return browser_of(stranger)


@pytest.fixture
def staff_web(db: None) -> Client:
    return browser_of(UserFactory.create(is_staff=True))


@pytest.fixture
def told(story: Story) -> Story:  # noqa: F811
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
