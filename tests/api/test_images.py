"""Pictures over the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from compute.models import Attempt, Job
from images.models import GeneratedImage
from tests.factories import ImageFactory, TurnFactory, client_of, complete_image, queued_image


@pytest.fixture
def images(story) -> str:
    return f"/api/v1/stories/{story.pk}/images/"


def test_a_finished_picture_names_its_files(client, story) -> None:
    image = complete_image(story, subject_key="stair")
    shown = client.get(f"/api/v1/images/{image.pk}/").json()
    assert (shown["status"], shown["progress"], shown["story"]) == ("complete", 1.0, story.pk)
    assert (shown["checksum"], shown["file_size"]) == (image.file.checksum, image.file.size_bytes)
    for key in ("url", "thumb_url", "signed_url", "card_url"):
        assert shown[key].startswith(f"/api/v1/images/{image.pk}/")
        assert client.get(shown[key]).status_code == 200
    assert (shown["eta_s"], shown["waiting_reason"], shown["error"], shown["attempts"]) == (None, None, None, [])


def test_a_waiting_picture_says_why_and_has_no_files_yet(client, story) -> None:
    image = queued_image(story)
    shown = client.get(f"/api/v1/images/{image.pk}/").json()
    assert (shown["status"], shown["progress"]) == ("pending", 0.0)
    assert shown["waiting_reason"] == "No worker is configured."
    assert [shown[key] for key in ("url", "thumb_url", "signed_url", "card_url", "checksum")] == [None] * 5


def test_a_failed_picture_tells_each_attempt(client, story) -> None:
    image = queued_image(story, status="failed", error_code="out_of_memory", error_detail="8 GB were not enough.")
    now = timezone.now()
    for number, worker in enumerate(("pc1", "pc2"), 1):
        Attempt.objects.create(
            job=image.job,
            worker_name=worker,
            number=number,
            status="failed",
            lease_until=now,
            deadline_at=now,
            finished_at=now,
            error_code="out_of_memory",
            error_detail=f"{worker} had no memory left.",
        )
    shown = client.get(f"/api/v1/images/{image.pk}/").json()
    assert shown["error"] == {"code": "out_of_memory", "detail": "8 GB were not enough."}
    assert [(one["gpu_worker"], one["error"]["detail"]) for one in shown["attempts"]] == [
        ("pc1", "pc1 had no memory left."),
        ("pc2", "pc2 had no memory left."),
    ]


def test_the_place_on_disk_is_for_staff_only(client, player, story) -> None:
    image = complete_image(story)
    address = f"/api/v1/images/{image.pk}/"
    assert "local_path" not in client.get(address).json()
    player.is_staff = True
    player.save()
    assert client.get(address).json()["local_path"] == image.file.path


def test_pictures_are_filtered(client, story, images) -> None:
    turn = TurnFactory.create(story=story)
    place = complete_image(story, turn=turn, image_type="background", subject_key="Vell")
    act = ImageFactory.create(story=story)
    idea = ImageFactory.create(story=story, image_type="item", is_speculative=True)
    other = TurnFactory.create()
    ImageFactory.create(story=other.story, turn=other)

    def found(**filters: object) -> list[int]:
        return [image["id"] for image in client.get(images, filters).json()["results"]]

    assert found() == [idea.pk, act.pk, place.pk]
    assert found(image_type="background") == [place.pk]
    assert found(status="pending") == [idea.pk, act.pk]
    assert found(turn=turn.pk) == [place.pk]
    assert found(subject_key="Vell") == [place.pk]
    assert found(is_speculative="true") == [idea.pk]
    assert found(is_speculative="false", status="pending") == [act.pk]
    assert found(turn=other.pk) == []
    for wrong in ({"image_type": "portrait"}, {"status": "new"}, {"turn": "x"}, {"is_speculative": "maybe"}):
        answer = client.get(images, wrong)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, list(wrong))


def test_making_again_gives_a_new_row_and_keeps_the_old(client, story) -> None:
    image = complete_image(story)
    answer = client.post(f"/api/v1/images/{image.pk}/regenerate/", {"new_prompt": "a lamp"}, format="json")
    assert answer.status_code == 202
    again = answer.json()
    assert (again["prompt"], again["status"], again["regenerated_from"]) == ("a lamp", "pending", image.pk)
    assert again["seed"] != image.seed
    assert client.get(f"/api/v1/images/{image.pk}/").json()["status"] == "complete"
    same = client.post(f"/api/v1/images/{image.pk}/regenerate/").json()
    assert same["prompt"] == image.prompt
    for wrong in ({"new_prompt": "  "}, {"new_prompt": "x" * 2001}):
        assert client.post(f"/api/v1/images/{image.pk}/regenerate/", wrong, format="json").status_code == 400


def test_one_variant_is_chosen(client, story) -> None:
    turn = TurnFactory.create(story=story)
    first = complete_image(story, turn=turn, is_selected=True)
    second = complete_image(story, turn=turn, variant=2)
    answer = client.post(f"/api/v1/images/{second.pk}/select/")
    assert (answer.status_code, answer.json()["is_selected"]) == (200, True)
    assert client.get(f"/api/v1/images/{first.pk}/").json()["is_selected"] is False


def test_a_waiting_picture_is_cancelled_and_a_finished_one_stays(client, story) -> None:
    waiting, done = queued_image(story), complete_image(story)
    assert client.post(f"/api/v1/images/{waiting.pk}/cancel/").json()["status"] == "cancelled"
    assert Job.objects.get(pk=waiting.job_id).status == "cancelled"
    assert client.post(f"/api/v1/images/{done.pk}/cancel/").json()["status"] == "complete"


def test_a_picture_is_deleted(client, story) -> None:
    image = complete_image(story)
    assert client.delete(f"/api/v1/images/{image.pk}/").status_code == 204
    assert client.get(f"/api/v1/images/{image.pk}/").status_code == 404
    assert not GeneratedImage.objects.filter(pk=image.pk).exists()


def test_nobody_else_sees_or_changes_a_picture(story, strange_client) -> None:
    image = complete_image(story)
    base = f"/api/v1/images/{image.pk}/"
    for end in ("", "file/", "thumb/", "card/"):
        assert strange_client.get(base + end).status_code == 404, end
    for end in ("regenerate/", "select/", "cancel/"):
        assert strange_client.post(base + end).status_code == 404, end
    assert strange_client.delete(base).status_code == 404


def test_a_page_of_pictures_costs_the_same_whatever_its_length(player, story, images) -> None:
    client = client_of(player)
    counts = []
    for _ in range(2):
        for _ in range(5):
            complete_image(story)
            queued_image(story)
        client.get(images)
        with CaptureQueriesContext(connection) as queries:
            client.get(images)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
