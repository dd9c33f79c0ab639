"""The files of pictures: for whom, and with which headers."""

from __future__ import annotations

import io
import zipfile

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from community.cards import extract_card
from images.services.files import image_file_path
from tests.factories import TurnFactory, complete_image, picture_bytes


@pytest.fixture
def image(story):
    return complete_image(story, subject_key="Mira Vance", data=picture_bytes())


def test_a_picture_is_given_to_its_owner_with_safe_headers(client, image) -> None:
    answer = client.get(f"/api/v1/images/{image.pk}/file/", headers={"Accept": "image/avif,image/webp"})
    assert answer.status_code == 200
    assert answer.content == picture_bytes()
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["ETag"] == f'"{image.file.checksum}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_who_has_it_gets_304_but_only_who_may_see_it(client, strange_client, image) -> None:
    for end in ("file", "thumb", "card"):
        address = f"/api/v1/images/{image.pk}/{end}/"
        etag = client.get(address).headers["ETag"]
        again = client.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert strange_client.get(address, headers={"If-None-Match": etag}).status_code == 404


def test_the_thumbnail_is_webp(client, image) -> None:
    answer = client.get(f"/api/v1/images/{image.pk}/thumb/")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"


def test_the_card_is_a_png_download_with_the_card_in_it(client, image) -> None:
    answer = client.get(f"/api/v1/images/{image.pk}/card/")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="mira-vance-{image.pk}.png"'
    card = extract_card(answer.content)
    assert card is not None
    assert card["generation"]["seed"] == image.seed


def test_a_webp_picture_still_gives_a_png_card(client, story) -> None:
    image = complete_image(story, data=picture_bytes(format="WEBP"), mime="image/webp")
    assert client.get(f"/api/v1/images/{image.pk}/file/").headers["Content-Type"] == "image/webp"
    assert client.get(f"/api/v1/images/{image.pk}/card/").content.startswith(b"\x89PNG")


def test_the_session_of_the_pages_shows_pictures_too(player, image) -> None:
    browser = Client()
    assert browser.get(f"/api/v1/images/{image.pk}/file/").status_code == 404
    browser.force_login(player, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get(f"/api/v1/images/{image.pk}/file/").status_code == 200


def test_a_signed_address_works_without_signing_in_for_an_hour(client, image) -> None:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        signed = client.get(f"/api/v1/images/{image.pk}/").json()["signed_url"]
        assert APIClient().get(signed).status_code == 200
        clock.shift(3601)
        assert APIClient().get(signed).status_code == 404


def test_a_signature_is_for_one_picture_and_cannot_be_made_up(client, story, image) -> None:
    other = complete_image(story)
    signature = client.get(f"/api/v1/images/{image.pk}/").json()["signed_url"].split("?")[1]
    assert APIClient().get(f"/api/v1/images/{other.pk}/file/?{signature}").status_code == 404
    assert APIClient().get(f"/api/v1/images/{image.pk}/file/?sig=abc").status_code == 404
    client.delete(f"/api/v1/stories/{story.pk}/")
    assert APIClient().get(f"/api/v1/images/{image.pk}/file/?{signature}").status_code == 404


def test_an_unfinished_or_lost_file_is_404_not_a_failure(client, image) -> None:
    image_file_path(image).unlink()
    answer = client.get(f"/api/v1/images/{image.pk}/file/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def zip_of(answer) -> zipfile.ZipFile:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    data = b"".join(answer.streaming_content)
    assert len(data) == int(answer.headers["Content-Length"])
    return zipfile.ZipFile(io.BytesIO(data))


def test_a_story_goes_out_as_a_zip_with_words_pictures_and_cards(client, story) -> None:
    turn = TurnFactory.create(story=story, number=1, narration="The lamp <wakes>.\n\nThe stair too.")
    place = complete_image(story, turn=turn, image_type="background", subject_key="Vell", is_selected=True)
    complete_image(story, turn=turn, image_type="item", is_speculative=True)
    with zip_of(client.get(f"/api/v1/stories/{story.pk}/export/")) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        stem = f"turn-0001-background-vell-{place.pk}"
        assert names == {"story.html", "story.json", "story.txt", f"pictures/{stem}.png", f"cards/{stem}.png"}
        page = archive.read("story.html").decode()
        assert "The lamp &lt;wakes&gt;." in page
        assert f'src="pictures/{stem}.png"' in page
        assert "http" not in page
        assert extract_card(archive.read(f"cards/{stem}.png"))
        assert "> I climb the stair." in archive.read("story.txt").decode()


def test_a_picture_that_turns_share_is_in_the_zip_once(client, story) -> None:
    first, second = TurnFactory.create(story=story, number=1), TurnFactory.create(story=story, number=2)
    place = complete_image(story, turn=first, image_type="background", is_selected=True)
    complete_image(story, turn=second, image_type="background", is_selected=True)
    place.pk, place.turn, place.is_cached = None, second, True
    place.subject_key, place.is_selected = "again", False
    place.save(force_insert=True)
    with zip_of(client.get(f"/api/v1/stories/{story.pk}/export/")) as archive:
        assert len([name for name in archive.namelist() if name.startswith("pictures/")]) == 2


def test_a_story_without_pictures_or_turns_goes_out_too(client, story) -> None:
    with zip_of(client.get(f"/api/v1/stories/{story.pk}/export/")) as archive:
        assert set(archive.namelist()) == {"story.html", "story.json", "story.txt"}


def test_a_lost_file_does_not_spoil_the_zip(client, story) -> None:
    turn = TurnFactory.create(story=story)
    image_file_path(complete_image(story, turn=turn)).unlink()
    with zip_of(client.get(f"/api/v1/stories/{story.pk}/export/")) as archive:
        assert "story.html" in archive.namelist()
