"""What the pages' forms do without any script."""

from __future__ import annotations

import pytest

from community.models import ApiToken
from compute.models import Worker
from images.models import Story, Turn
from tests.factories import TurnFactory, character, complete_image


def test_registering_leads_to_the_stories(client, db):
    data = {"username": "Rowan", "password1": "a-long-enough-password-7", "email": ""}
    reply = client.post("/accounts/signup/", data)
    assert reply.status_code == 302
    assert reply["Location"] == "/stories/"
    assert client.get("/stories/").status_code == 200


def test_a_refused_registration_says_why_beside_the_field(client, player):
    data = {"username": player.username, "password1": "short", "email": ""}
    html = client.post("/accounts/signup/", data).content.decode()
    assert html.count('aria-invalid="true"') == 2
    assert 'value="short"' not in html


def test_pages_of_allauth_know_this_installation_too(client, db):
    assert 'href="/accounts/signup/"' in client.get("/accounts/login/").content.decode()


def test_a_closed_registration_is_said(client, db, settings):
    settings.REGISTRATION = "closed"
    assert "Registration is closed" in client.get("/accounts/signup/").content.decode()
    assert "Registration is closed here" in client.get("/").content.decode()


def test_without_mail_a_lost_password_goes_to_an_admin(client, db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # as without EMAIL_URL
    assert "Ask whoever runs it" in client.get("/accounts/password/reset/").content.decode()


def test_a_story_is_begun_with_a_title_alone(web, player):
    reply = web.post("/stories/new/", {"title": "The Lighthouse"})
    story = Story.objects.get(owner=player)
    assert reply["Location"] == f"/stories/{story.pk}/"


def test_a_story_without_a_title_keeps_what_was_written(web):
    reply = web.post("/stories/new/", {"title": " ", "premise": "A rock in the sea."})
    assert reply.status_code == 400
    assert "A rock in the sea." in reply.content.decode()
    assert 'aria-invalid="true"' in reply.content.decode()


def test_settings_of_a_story_are_kept_and_others_follow_the_configuration(web, story):
    data = {"title": "Renamed", "premise": "", "genre": "mystery", "style": "", "variants": "3"}
    data |= {"generate_every_n_turns": "1", "backgrounds": "on"}
    assert web.post(f"/stories/{story.pk}/settings/", data).status_code == 302
    story.refresh_from_db()
    assert (story.title, story.genre) == ("Renamed", "mystery")
    assert story.settings == {"variants": 3, "portraits": False}


def test_wrong_settings_are_shown_beside_their_field(web, story):
    data = {"title": "x", "variants": "9", "generate_every_n_turns": "0"}
    reply = web.post(f"/stories/{story.pk}/settings/", data)
    assert reply.status_code == 400
    assert reply.content.decode().count('aria-invalid="true"') == 2
    story.refresh_from_db()
    assert story.settings == {}


def test_a_line_makes_a_turn_and_the_same_form_twice_makes_one(web, story):
    data = {"player_input": "I knock at the door.", "idempotency_key": "k1"}
    replies = [web.post(f"/stories/{story.pk}/turns/", data) for _ in range(2)]
    turn = Turn.objects.get(story=story)
    assert turn.player_input == "I knock at the door."
    assert {reply["Location"] for reply in replies} == {f"/stories/{story.pk}/#turn-{turn.pk}"}


def test_a_suggestion_is_one_press(web, story):
    web.post(f"/stories/{story.pk}/turns/", {"suggested": "Call down to Marrow", "player_input": "half a line"})
    assert Turn.objects.get(story=story).player_input == "Call down to Marrow"


def test_a_refused_line_is_not_lost(web, story):
    text = "x" * 8001
    reply = web.post(f"/stories/{story.pk}/turns/", {"player_input": text, "idempotency_key": "k2"})
    assert reply.status_code == 400
    html = reply.content.decode()
    assert text in html
    assert "At most 8,000 characters" in html
    assert not Turn.objects.exists()


def test_an_empty_line_makes_nothing(web, story):
    assert web.post(f"/stories/{story.pk}/turns/", {"player_input": "  "}).status_code == 302
    assert not Turn.objects.exists()


def test_undo_asks_and_then_takes_back_the_turn_it_asked_about(web, story):
    first = TurnFactory.create(story=story, number=1)
    second = TurnFactory.create(story=story, number=2)
    assert "Undo turn 2?" in web.get(f"/stories/{story.pk}/undo/").content.decode()
    web.post(f"/stories/{story.pk}/undo/", {"turn": second.pk})
    web.post(f"/stories/{story.pk}/undo/", {"turn": second.pk})  # the form once more, by mistake
    assert list(Turn.objects.filter(story=story)) == [first]


def test_a_variant_is_chosen_without_script(web, told):
    other = told.images.get(image_type="action", variant=2)
    reply = web.post(f"/images/{other.pk}/select/")
    assert reply["Location"] == f"/stories/{told.pk}/#turn-{other.turn_id}"
    assert told.images.get(image_type="action", is_selected=True) == other


def test_a_picture_is_painted_again_with_a_new_prompt(web, told):
    image = told.images.get(image_type="action", variant=1)
    web.post(f"/images/{image.pk}/regenerate/", {"new_prompt": "a lantern in the rain"})
    again = told.images.get(regenerated_from=image)
    assert again.prompt == "a lantern in the rain"
    assert again.status == "pending"


def test_next_never_leads_to_another_host(web, told):
    image = told.images.get(image_type="action", variant=2)
    reply = web.post(f"/images/{image.pk}/select/", {"next": "https://elsewhere.example/"})
    assert reply["Location"].startswith("/stories/")
    assert web.post("/theme/", {"theme": "dark", "next": "//elsewhere.example/"})["Location"] == "/"


def test_looks_are_edited_and_the_looks_before_stay(web, story):
    mira = character(story, "Mira", description="copper curls")
    page = f"/stories/{story.pk}/people/{mira.pk}/"
    assert "copper curls" in web.get(page).content.decode()
    web.post(page, {"description": "copper curls", "outfit": "a keeper's coat", "physical_features": ""})
    html = web.get(f"/stories/{story.pk}/people/").content.decode()
    assert "a keeper&#x27;s coat" in html
    assert "First seen" in html
    assert "New outfit" in html


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("type=background", {"background"}),
        ("character=Mira", {"character", "action"}),
        ("turn=2", {"scene"}),
        ("turn=9", set()),
    ],
)
def test_the_gallery_is_filtered(web, told, query, shown):
    complete_image(told, turn=TurnFactory.create(story=told, number=2), image_type="scene")
    page = web.get(f"/stories/{told.pk}/gallery/?{query}")
    assert {picture["image_type"] for picture in page.context["pictures"]} == shown
    if not shown:
        assert "Nothing here" in page.content.decode()


def test_the_gallery_keeps_dreams_to_itself(web, told):
    complete_image(told, image_type="plot_twist", subject_key="The keeper is dead", is_speculative=True)
    assert "The keeper is dead" not in web.get(f"/stories/{told.pk}/gallery/").content.decode()


def test_a_failed_picture_says_so_and_offers_another_try(web, told):
    image = told.images.get(image_type="action", variant=1)
    told.images.filter(image_type="action").exclude(pk=image.pk).delete()
    told.images.filter(pk=image.pk).update(
        status="failed", error_code="oom", error_detail="pc1 ran out of memory.", file=None
    )
    html = web.get(f"/stories/{told.pk}/").content.decode()
    assert "pc1 ran out of memory." in html
    assert f'action="/images/{image.pk}/regenerate/"' in html


def test_a_failed_turn_says_so_and_offers_another_try(web, story):
    turn = TurnFactory.create(story=story, state="failed", error_code="llm", error_detail="The model did not answer.")
    html = web.get(f"/stories/{story.pk}/").content.decode()
    assert "The model did not answer." in html
    assert f'action="/turns/{turn.pk}/retry/"' in html


def test_a_key_is_shown_once_and_can_be_revoked(web, player):
    reply = web.post("/account/tokens/")
    token = ApiToken.objects.get(user=player)
    key = reply.context["key"]
    assert ApiToken.digest_of(key) == token.digest
    assert key in reply.content.decode()
    assert key not in web.get("/account/").content.decode()
    web.post(f"/account/tokens/{token.pk}/revoke/")
    assert not ApiToken.objects.exists()


def test_keys_of_others_cannot_be_revoked(strange_web, player):
    token = ApiToken.objects.create(user=player, digest="d" * 64)
    strange_web.post(f"/account/tokens/{token.pk}/revoke/")
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_a_wrong_address_is_refused_beside_its_field(web, player):
    reply = web.post("/account/", {"email": "nowhere", "theme": "dark"})
    assert reply.status_code == 400
    assert "is not an e-mail address" in reply.content.decode()
    player.refresh_from_db()
    assert player.email == ""


def test_the_theme_is_remembered_for_people_and_for_visitors(client, web, player):
    web.post("/theme/", {"theme": "light", "next": "/stories/"})
    player.refresh_from_db()
    assert player.theme == "light"
    assert 'data-theme="light"' in web.get("/stories/").content.decode()
    client.post("/theme/", {"theme": "dark"})
    assert 'data-theme="dark"' in client.get("/").content.decode()


def test_the_operators_page_is_not_there_for_players(web, client, db):
    worker = Worker.objects.create(name="pc1", api_type="comfyui", is_online=True)
    for browser in (web, client):
        assert browser.get("/operate/").status_code == 404
        assert browser.get("/operate/panel/").status_code == 404
        assert browser.post(f"/operate/workers/{worker.pk}/pause/").status_code == 404
    worker.refresh_from_db()
    assert worker.enabled


def test_the_operator_sees_and_moves_workers(staff_web):
    worker = Worker.objects.create(name="pc1-comfyui", api_type="comfyui", is_online=True, models_offered=["sdxl"])
    assert "pc1-comfyui" in staff_web.get("/operate/panel/").content.decode()
    staff_web.post(f"/operate/workers/{worker.pk}/pause/")
    worker.refresh_from_db()
    assert not worker.enabled
    assert "Switched off" in staff_web.get("/operate/").content.decode()
    staff_web.post(f"/operate/workers/{worker.pk}/resume/")
    staff_web.post(f"/operate/workers/{worker.pk}/drain/")
    worker.refresh_from_db()
    assert worker.enabled
    assert worker.is_draining
    assert staff_web.post(f"/operate/workers/{worker.pk}/explode/").status_code == 404


def test_an_operator_without_workers_is_told_why(staff_web):
    assert "nothing can be painted" in staff_web.get("/operate/").content.decode()
