"""Every page: who sees it, what it says when there is nothing, and that it loads nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from images.models import Story
from tests.factories import TurnFactory, complete_image, queued_image

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = re.compile(
    r"""(?:src|href|action|srcset)\s*=\s*["'](?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import|from\s+["']https?:"""
)
STORY_PAGES = ("", "gallery/", "people/", "settings/", "delete/", "undo/")


def page_of(story: Story, name: str) -> str:
    return f"/stories/{story.pk}/{name}"


@pytest.mark.parametrize("path", ["/", "/about/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_anybody_may_open(client_of_nobody, path):
    assert client_of_nobody.get(path).status_code == 200


@pytest.fixture
def client_of_nobody(db) -> Client:
    return Client()


@pytest.mark.parametrize("name", STORY_PAGES)
def test_a_player_opens_every_page_of_their_story(web, told, name):
    reply = web.get(page_of(told, name))
    assert reply.status_code == 200
    assert told.title in reply.content.decode() or name == "undo/"


@pytest.mark.parametrize("name", [*STORY_PAGES, "turns.json"])
def test_a_story_is_not_there_for_others(strange_web, staff_web, told, name):
    assert strange_web.get(page_of(told, name)).status_code == 404
    assert staff_web.get(page_of(told, name)).status_code == 404


@pytest.mark.parametrize("name", [*STORY_PAGES, "turns.json"])
def test_a_story_asks_for_signing_in(client_of_nobody, told, name):
    reply = client_of_nobody.get(page_of(told, name))
    assert reply.status_code == 302
    assert reply["Location"].startswith("/accounts/login/?next=/stories/")


def test_a_picture_is_not_there_for_others(web, strange_web, told):
    image = told.images.get(image_type="background")
    assert web.get(f"/images/{image.pk}/").status_code == 200
    assert strange_web.get(f"/images/{image.pk}/").status_code == 404
    for deed in ("regenerate", "select", "delete"):
        assert strange_web.post(f"/images/{image.pk}/{deed}/").status_code == 404
    assert told.images.count() == 4


def test_turns_are_not_there_for_others(strange_web, told):
    turn = told.turns.get()
    assert strange_web.post(f"/turns/{turn.pk}/retry/").status_code == 404
    assert strange_web.post(page_of(told, "turns/"), {"player_input": "I break in."}).status_code == 404
    assert strange_web.post(page_of(told, "undo/"), {"turn": turn.pk}).status_code == 404
    assert told.turns.count() == 1


def test_a_deleted_story_is_gone_for_its_player_too(web, told):
    assert web.post(page_of(told, "delete/")).status_code == 302
    assert web.get(page_of(told, "")).status_code == 404


def test_empty_lists_say_what_to_do(web, story):
    assert "The first page is blank" in web.get(page_of(story, "")).content.decode()
    assert "No pictures yet" in web.get(page_of(story, "gallery/")).content.decode()
    assert "Nobody yet" in web.get(page_of(story, "people/")).content.decode()
    Story.objects.all().delete()
    assert "No story yet" in web.get("/stories/").content.decode()


def test_no_page_loads_anything_from_another_host(web, staff_web, client_of_nobody, told):
    image = told.images.first()
    pages = [web.get(page_of(told, name)) for name in STORY_PAGES]
    pages += [
        web.get(path) for path in ("/stories/", "/stories/new/", f"/images/{image.pk}/", "/account/", "/nothing/")
    ]
    pages += [client_of_nobody.get(path) for path in ("/", "/about/", "/accounts/login/", "/accounts/signup/")]
    pages.append(staff_web.get("/operate/"))
    for page in pages:
        assert ELSEWHERE.search(page.content.decode()) is None, page.request["PATH_INFO"]
    for path in [*ROOT.glob("static/**/*.css"), *ROOT.glob("static/**/*.js"), *ROOT.glob("static/**/*.svg")]:
        assert ELSEWHERE.search(path.read_text()) is None, path.name


def test_text_of_players_is_never_markup(web, story):
    text = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    story.title, story.premise = text, text
    story.save()
    TurnFactory.create(story=story, number=1, player_input=text, narration=text, location=text)
    for name in ("", "gallery/", "settings/", "delete/", "undo/"):
        html = web.get(page_of(story, name)).content.decode()
        assert "<img src=x" not in html
        assert "<script>alert" not in html


def test_ids_on_the_play_page_are_unique(web, told):
    html = re.sub(r"(?s)<template.*?</template>", "", web.get(page_of(told, "")).content.decode())
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))


def test_every_post_form_carries_a_csrf_token(web, staff_web, told):
    pages = [web.get(page_of(told, name)) for name in STORY_PAGES]
    pages += [web.get("/account/"), web.get("/stories/new/"), staff_web.get("/operate/")]
    for page in pages:
        for form in re.findall(r'(?s)<form[^>]*method="post".*?</form>', page.content.decode()):
            assert "csrfmiddlewaretoken" in form


def test_a_form_without_its_token_is_refused(player, told):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(player, backend="allauth.account.auth_backends.AuthenticationBackend")
    reply = strict.post(page_of(told, "turns/"), {"player_input": "I knock."})
    assert reply.status_code == 403
    assert "Not allowed" in reply.content.decode()
    assert told.turns.count() == 1


def test_unknown_pages_answer_404_with_a_way_back(web):
    reply = web.get("/nothing/")
    assert reply.status_code == 404
    assert "Nothing here" in reply.content.decode()
    assert 'href="/"' in reply.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_story(web, told, django_assert_max_num_queries):
    for number in range(2, 30):
        turn = TurnFactory.create(story=told, number=number, location="The landing of Vell")
        queued_image(told, turn=turn)
        complete_image(told, turn=turn, image_type="scene", subject_key=f"scene {number}")
    web.get(page_of(told, ""))  # warm caches that are not the page's
    with django_assert_max_num_queries(40):
        web.get(page_of(told, ""))
    with django_assert_max_num_queries(30):
        web.get(page_of(told, "gallery/"))


def test_the_play_page_shows_the_last_turns_and_a_way_to_earlier_ones(web, told):
    for number in range(2, 21):
        TurnFactory.create(story=told, number=number, narration=f"This is turn number {number}.")
    html = web.get(page_of(told, "")).content.decode()
    assert "This is turn number 13." in html
    assert "This is turn number 12." not in html
    assert 'href="?before=13"' in html
    earlier = web.get(page_of(told, "turns.json") + "?before=13").json()
    assert [turn["number"] for turn in earlier["turns"]] == list(range(5, 13))
    assert earlier["earlier_before"] == 5
    first = web.get(page_of(told, "turns.json") + "?before=5").json()
    assert [turn["number"] for turn in first["turns"]] == [1, 2, 3, 4]
    assert first["earlier_before"] is None
