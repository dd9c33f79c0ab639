"""Registering, tokens, one's own account."""

from __future__ import annotations

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from community.adapters import AccountAdapter
from community.models import ApiToken, User
from images.models import Story
from tests.factories import PASSWORD, StoryFactory, UserFactory, client_of


def register(**body: object):
    return APIClient().post("/api/v1/auth/register/", body, format="json")


def test_registering_gives_a_token_that_works(db) -> None:
    answer = register(username="Rowan", password=PASSWORD, email="rowan@example.org", referral_code="x")
    assert answer.status_code == 201
    assert answer.json()["username"] == "Rowan"
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    me = client.get("/api/v1/auth/me/").json()
    assert (me["username"], me["email"], me["rating_ceiling"], me["theme"]) == (
        "Rowan",
        "rowan@example.org",
        "safe",
        "system",
    )


def test_only_the_hash_of_a_token_is_kept(db) -> None:
    token = register(username="rowan", password=PASSWORD).json()["token"]
    assert list(ApiToken.objects.values_list("digest", flat=True)) == [ApiToken.digest_of(token)]
    assert token not in str(list(ApiToken.objects.values()))


def test_a_name_is_taken_whatever_its_case(db) -> None:
    register(username="rowan", password=PASSWORD)
    answer = register(username="ROWAN", password=PASSWORD)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_parameters"
    assert answer.json()["fields"]["username"] == ["is taken"]


def test_bad_names_and_passwords_are_refused_by_field(db) -> None:
    fields = register(username="a b", password="12345678", email="nonsense").json()["fields"]
    assert set(fields) == {"username", "password", "email"}
    assert register(username="me@example.org", password=PASSWORD).json()["fields"]["username"]
    assert register(username="deleted-7", password=PASSWORD).json()["fields"]["username"]
    assert register(password=PASSWORD).json()["fields"] == {"username": ["This field is required."]}


def test_registration_can_be_closed(db, settings) -> None:
    for mode in ("closed", "invite"):
        settings.REGISTRATION = mode
        answer = register(username="rowan", password=PASSWORD)
        assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")


def test_registering_is_limited_per_address(db) -> None:
    codes = [register(username=f"rowan{n}", password=PASSWORD).status_code for n in range(21)]
    assert codes == [201] * 20 + [429]
    answer = register(username="rowan99", password=PASSWORD)
    assert answer.json()["code"] == "rate_limited"
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_a_token_is_given_for_name_and_password(player) -> None:
    body = {"username": player.username, "password": PASSWORD}
    old = APIClient()
    old.credentials(HTTP_AUTHORIZATION="Token expired")
    answer = old.post("/api/v1/auth/token/", body, format="json")
    assert answer.status_code == 200
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/v1/auth/me/").status_code == 200


def test_wrong_passwords_are_refused_and_limited_per_name(player, stranger) -> None:
    body = {"username": player.username, "password": "wrong"}
    with time_machine.travel("2026-11-22T12:00:01Z"):
        answers = [APIClient().post("/api/v1/auth/token/", body, format="json") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert answers[0].json()["code"] == "invalid_credentials"
        assert answers[0].headers["WWW-Authenticate"]
        right = {"username": player.username, "password": PASSWORD}
        assert APIClient().post("/api/v1/auth/token/", right, format="json").status_code == 429
        another = {"username": stranger.username, "password": PASSWORD}
        assert APIClient().post("/api/v1/auth/token/", another, format="json").status_code == 200


def test_the_twenty_newest_tokens_work(player) -> None:
    clients = [client_of(player) for _ in range(21)]
    assert clients[0].get("/api/v1/auth/me/").status_code == 401
    assert clients[1].get("/api/v1/auth/me/").status_code == 200
    assert ApiToken.objects.filter(user=player).count() == 20


def test_without_a_token_one_is_asked_to_sign_in(db) -> None:
    answer = APIClient().get("/api/v1/stories/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_a_token_of_an_inactive_person_does_not_work(player, client) -> None:
    User.objects.filter(pk=player.pk).update(is_active=False)
    assert client.get("/api/v1/auth/me/").status_code == 401


def test_the_web_session_needs_its_csrf_token_to_change_anything(player) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(player, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/api/v1/auth/me/").status_code == 200
    refused = browser.patch("/api/v1/auth/me/", {"theme": "dark"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    browser.cookies["csrftoken"] = "a" * 32
    allowed = browser.patch(
        "/api/v1/auth/me/", {"theme": "dark"}, content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )
    assert allowed.json()["theme"] == "dark"


def test_higher_ratings_need_full_age(client) -> None:
    me = "/api/v1/auth/me/"
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False):
        refused = client.patch(me, {"rating_ceiling": "adult"}, format="json")
        assert refused.status_code == 400
        assert "rating_ceiling" in refused.json()["fields"]
        assert client.patch(me, {"birth_year": 2010, "rating_ceiling": "mature"}, format="json").status_code == 400
        grown = client.patch(me, {"birth_year": 2000, "rating_ceiling": "adult"}, format="json").json()
        assert (grown["birth_year"], grown["rating_ceiling"]) == (2000, "adult")
        assert client.patch(me, {"birth_year": 2015}, format="json").json()["rating_ceiling"] == "safe"


def test_somebody_elses_email_cannot_be_taken(client) -> None:
    UserFactory.create(email="mira@example.org")
    answer = client.patch("/api/v1/auth/me/", {"email": "MIRA@example.org"}, format="json")
    assert answer.status_code == 400
    assert client.patch("/api/v1/auth/me/", {"email": "own@example.org"}, format="json").json()["email"]


def test_my_data_holds_my_stories_and_nobody_elses(client, story) -> None:
    StoryFactory.create(title="Not mine")
    answer = client.get("/api/v1/auth/me/export/")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [one["title"] for one in answer.json()["stories"]] == [story.title]
    assert answer.json()["person"]["username"]


def test_deleting_the_account_leaves_an_anonymous_shell(player, client, story) -> None:
    browser = Client()
    browser.force_login(player, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.delete("/api/v1/auth/me/").status_code == 204
    player.refresh_from_db()
    assert (player.username, player.email, player.is_active) == (f"deleted-{player.pk}", "", False)
    assert not Story.objects.visible_to(player).exists()
    assert client.get("/api/v1/auth/me/").status_code == 401
    assert browser.get("/api/v1/auth/me/").status_code == 401
    body = {"username": player.username, "password": PASSWORD}
    assert APIClient().post("/api/v1/auth/token/", body, format="json").status_code == 401


def test_the_sign_up_page_follows_the_same_rules(db, settings) -> None:
    adapter = AccountAdapter()
    request = RequestFactory().get("/accounts/signup/")
    assert adapter.is_open_for_signup(request)
    assert adapter.clean_username("Rowan") == "Rowan"
    UserFactory.create(username="mira")
    for taken in ("MIRA", "me@example.org", "deleted-3", "ab"):
        with pytest.raises(ValidationError):
            adapter.clean_username(taken)
    settings.REGISTRATION = "closed"
    assert not adapter.is_open_for_signup(request)


def test_notifications_are_a_list(client) -> None:
    assert client.get("/api/v1/notifications/").json() == {"next": None, "previous": None, "results": []}
