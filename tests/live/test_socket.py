"""The websocket of a story, over a real port."""

from __future__ import annotations

import json
import socket
import time

import pytest
from django.conf import settings
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from community.services.people import token_create
from images import consumers, events
from images.models import GeneratedImage, Story, Turn
from images.services.stories import story_delete
from tests.factories import DreamFactory, ImageFactory, StoryFactory, TurnFactory, UserFactory, complete_image
from tests.live.conftest import PATIENCE_S, Server, receive


def path(story: Story, since: str = "") -> str:
    return f"/ws/stories/{story.pk}/" + (f"?since={since}" if since else "")


def watch(server: Server, story: Story, token: str, since: str = ""):
    return server.watch(path(story, since), Authorization=f"Token {token}")


def read_to_the_end(watching, most: int = 1000) -> list[dict]:
    """Everything until the server closes; raises ConnectionClosed."""
    return [json.loads(watching.recv(timeout=PATIENCE_S)) for _ in range(most)]


def close_code(watching) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        read_to_the_end(watching)
    return closed.value.rcvd.code


def test_the_first_message_holds_the_last_turn_and_all_unfinished_pictures(server, story, token) -> None:
    TurnFactory.create(story=story, number=1)
    last = TurnFactory.create(story=story, number=2)
    done = complete_image(story, turn=last)
    waiting = ImageFactory.create(story=story)
    dream = DreamFactory.create(story=story)
    with watch(server, story, token) as watching:
        first = receive(watching)
    assert (first["type"], first["more"]) == ("snapshot", False)
    assert [turn["id"] for turn in first["turns"]] == [last.pk]
    assert [image["id"] for image in first["turns"][0]["images"]] == [done.pk]
    assert [image["id"] for image in first["images"]] == [waiting.pk]
    assert [one["content_id"] for one in first["dreams"]] == [dream.pk]
    assert first["cursor"].isdigit()


def test_watching_counts_as_a_visit(server, story, token) -> None:
    Story.objects.filter(pk=story.pk).update(active_at="2026-01-01T00:00:00Z")
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
    story.refresh_from_db()
    assert (timezone.now() - story.active_at).total_seconds() < 3600


def test_two_browsers_see_the_same_events_with_the_picture(server, story, token) -> None:
    image = ImageFactory.create(story=story)
    with watch(server, story, token) as one, watch(server, story, token) as two:
        for watching in (one, two):
            receive(watching, "snapshot")
        events.publish_image(image.pk, "image.queued")
        events.publish_progress(
            story_id=story.pk, image_id=image.pk, progress=0.25, eta_s=3.21, preview=b"abc", preview_mime="image/jpeg"
        )
        for watching in (one, two):
            queued = receive(watching, "image.queued")
            assert (queued["image"]["id"], queued["image"]["status"]) == (image.pk, "pending")
            progress = receive(watching, "image.progress")
            assert progress == {
                "type": "image.progress",
                "id": image.pk,
                "progress": 0.25,
                "eta_s": 3.2,
                "preview": "data:image/jpeg;base64,YWJj",
            }


def test_turns_and_their_words_are_told(server, story, token) -> None:
    turn = TurnFactory.create(story=story, state=Turn.State.NARRATING, narration="")
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
        events.publish_delta(story_id=story.pk, turn_id=turn.pk, offset=0, text="The läm")
        events.publish_delta(story_id=story.pk, turn_id=turn.pk, offset=7, text="p wakes.")
        assert receive(watching, "turn.delta")["text"] == "The läm"
        second = receive(watching, "turn.delta")
        assert (second["turn"], second["offset"], second["text"]) == (turn.pk, 7, "p wakes.")
        with watch(server, story, token) as late:
            assert receive(late, "snapshot")["turns"][0]["narration"] == "The lämp wakes."
        Turn.objects.filter(pk=turn.pk).update(state="complete", narration="The lämp wakes.")
        events.publish_turn(turn.pk)
        told = receive(watching, "turn.complete")["turn"]
        assert (told["status"], told["narration"]) == ("complete", "The lämp wakes.")


def test_who_was_away_gets_everything_that_changed(server, story, token) -> None:
    turn = TurnFactory.create(story=story, number=1)
    pending = ImageFactory.create(story=story, turn=turn)
    gone = ImageFactory.create(story=story, turn=turn)
    with watch(server, story, token) as watching:
        cursor = receive(watching, "snapshot")["cursor"]
    made = complete_image(story, turn=turn)
    GeneratedImage.objects.filter(pk=pending.pk).update(status="failed", error_code="out_of_memory")
    gone.delete()
    later = TurnFactory.create(story=story, number=2)
    with watch(server, story, token, since=cursor) as watching:
        missed = receive(watching, "snapshot")
    assert {image["id"]: image["status"] for image in missed["images"]} == {pending.pk: "failed", made.pk: "complete"}
    assert later.pk in [one["id"] for one in missed["turns"]]
    assert missed["present"]["images"] == [made.pk, pending.pk]
    assert missed["present"]["turns"] == [later.pk, turn.pk]


def test_a_long_absence_comes_in_several_messages_below_a_megabyte(server, story, token) -> None:
    with watch(server, story, token) as watching:
        cursor = receive(watching, "snapshot")["cursor"]
    ImageFactory.create_batch(310, story=story, status="cancelled")
    seen: set[int] = set()
    with watch(server, story, token, since=cursor) as watching:
        more = True
        messages = 0
        while more:
            text = watching.recv(timeout=PATIENCE_S)
            assert len(text) < 1_000_000
            page = json.loads(text)
            seen |= {image["id"] for image in page["images"]}
            more = page["more"]
            messages += 1
    assert messages > 1
    assert len(seen) == 310


@pytest.mark.parametrize("since", ["abc", "-1", "9" * 18, "9" * 40, "1%00"])
def test_a_cursor_that_is_none_counts_as_absent(server, story, token, since) -> None:
    turn = TurnFactory.create(story=story)
    with watch(server, story, token, since=since) as watching:
        first = receive(watching, "snapshot")
    assert [one["id"] for one in first["turns"]] == [turn.pk]


def test_an_event_that_was_lost_is_made_up_for(server, story, token) -> None:
    image = ImageFactory.create(story=story)
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
        GeneratedImage.objects.filter(pk=image.pk).update(status="failed")  # and nobody says so
        mended = receive(watching, "snapshot")
        assert [(one["id"], one["status"]) for one in mended["images"]] == [(image.pk, "failed")]
        # What was sent is not sent again.
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            try:
                message = json.loads(watching.recv(timeout=max(0.01, deadline - time.monotonic())))
            except TimeoutError:
                break
            assert message["type"] != "snapshot", message


def test_what_a_client_says_is_ignored(server, story, token) -> None:
    image = ImageFactory.create(story=story)
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
        for said in ('{"type": "story.leave", "code": 4404}', "not json", b"\x00\x01"):
            watching.send(said)
        events.publish_image(image.pk, "image.queued")
        assert receive(watching)["type"] == "image.queued"


def test_a_client_that_sends_too_much_is_closed(server, story, token) -> None:
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
        watching.send("x" * 200_000)
        with pytest.raises(ConnectionClosed):
            read_to_the_end(watching)


def test_strangers_and_the_unknown_get_4404(server, story) -> None:
    other = token_create(user=UserFactory.create(is_staff=True))
    for headers in ({"Authorization": f"Token {other}"}, {"Authorization": "Token nonsense"}, {}):
        with server.watch(path(story), **headers) as watching:
            assert close_code(watching) == 4404
    with server.watch("/ws/stories/st_none/", Authorization=f"Token {other}") as watching:
        assert close_code(watching) == 4404
    with server.watch("/ws/elsewhere/") as watching:
        assert close_code(watching) == 4404


def cookie_of(browser) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def test_a_session_watches_only_from_pages_of_this_host(server, story, browser) -> None:
    cookie = cookie_of(browser)
    with server.watch(path(story), Cookie=cookie, Origin=server.url) as watching:
        assert receive(watching)["type"] == "snapshot"
    for origin in ("http://evil.example", f"http://127.0.0.1:{server.port + 1}", "null", f"https://x@{server.url[7:]}"):
        with server.watch(path(story), Cookie=cookie, Origin=origin) as watching:
            assert close_code(watching) == 4404
    with server.watch(path(story), Cookie=cookie) as watching:
        assert close_code(watching) == 4404


def test_signing_out_closes_the_sockets_of_that_session_only(server, story, browser, token) -> None:
    with (
        server.watch(path(story), Cookie=cookie_of(browser), Origin=server.url) as mine,
        watch(server, story, token) as program,
    ):
        receive(mine, "snapshot")
        receive(program, "snapshot")
        browser.logout()
        assert close_code(mine) == 4401
        image = ImageFactory.create(story=story)
        events.publish_image(image.pk, "image.queued")
        assert receive(program, "image.queued")["image"]["id"] == image.pk


def test_signing_out_is_told_at_once(story, browser, monkeypatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(consumers, "publish_session_ended", told.append)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    browser.logout()
    assert told == [key]


def slow_reader(server: Server, story: Story, token: str):
    """A watcher whose own buffers are small, so that what it does not read stays with the server."""
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    plug.connect(("127.0.0.1", server.port))
    return server.watch(path(story), sock=plug, Authorization=f"Token {token}")


def test_who_reads_slowly_misses_progress_but_nothing_else(server, story, token) -> None:
    image = ImageFactory.create(story=story)
    with slow_reader(server, story, token) as watching:
        receive(watching, "snapshot")
        sent = 500
        for _ in range(sent):
            events.publish_progress(
                story_id=story.pk, image_id=image.pk, progress=0.5, preview=b"x" * 24_000, preview_mime="image/png"
            )
        events.publish_image(image.pk, "image.queued")
        types = []
        while not types or types[-1] != "image.queued":
            types.append(receive(watching, "image.progress", "image.queued")["type"])
    assert types.count("image.progress") < sent


def test_who_does_not_read_at_all_is_cut_off(server, story, token) -> None:
    image = ImageFactory.create(story=story, prompt="x" * 100_000)
    with slow_reader(server, story, token) as watching:
        receive(watching, "snapshot")
        for _ in range(250):
            events.publish_image(image.pk, "image.queued")
        with pytest.raises(ConnectionClosed):
            read_to_the_end(watching, most=250)
    with watch(server, story, token) as again:
        assert receive(again)["type"] == "snapshot"


def test_a_token_that_is_revoked_stops_watching(server, story, player, token) -> None:
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
        player.api_tokens.all().delete()
        assert close_code(watching) == 4401


def test_deleting_the_story_closes_its_sockets(server, story, player, token) -> None:
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
        story_delete(story=story, actor=player)
        assert close_code(watching) == 4404


def test_one_story_hears_nothing_of_another(server, story, player, token) -> None:
    other = StoryFactory.create(owner=player)
    elsewhere = ImageFactory.create(story=other)
    with watch(server, story, token) as watching:
        receive(watching, "snapshot")
        events.publish_image(elsewhere.pk, "image.queued")
        image = ImageFactory.create(story=story)
        events.publish_image(image.pk, "image.queued")
        assert receive(watching, "image.queued")["image"]["id"] == image.pk


def test_a_broken_channel_layer_fails_no_service(story, settings, monkeypatch, caplog) -> None:
    async def fails(*_: object) -> None:
        raise ConnectionError("nobody listens")

    monkeypatch.setattr(events, "_group_send_bounded", fails)
    image = ImageFactory.create(story=story)
    events.publish_image(image.pk, "image.queued")
    assert "was lost" in caplog.text
