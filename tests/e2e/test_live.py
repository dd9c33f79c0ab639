"""What must hold while the page is open: nothing is missed, nothing is lost, everybody sees the same."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import expect

from images.views import words
from tests.e2e.steps import last_turn, wait_painted, wait_told, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_two_browsers_on_one_story_see_the_same(visit, new_story):
    story = new_story(variants=2)
    one, other = visit().page, visit().page
    for page in (one, other):
        page.goto(f"/stories/{story}/")
    write(one, "I climb the stairs with a lantern.")
    for page in (one, other):
        wait_painted(wait_told(page, "I climb the stairs with a lantern."), variants=2)
    assert last_turn(one).locator(".says").inner_text() == last_turn(other).locator(".says").inner_text()
    last_turn(one).get_by_role("button", name="Variant 2").click()
    expect(last_turn(other).get_by_role("button", name="Variant 2")).to_have_attribute("aria-pressed", "true")
    one.get_by_role("link", name="Undo this turn").click()
    one.get_by_role("button", name="Undo it").click()
    for page in (one, other):
        expect(page.locator("article.turn")).to_have_count(0)
    expect(one.get_by_label("What do you do?")).to_have_value("I climb the stairs with a lantern.")


def test_a_page_that_was_offline_shows_everything_afterwards(visit, new_story, tell):
    story = new_story()
    visitor = visit()
    page = visitor.page
    tell(story, "I come ashore.")
    page.goto(f"/stories/{story}/")
    wait_painted(last_turn(page))
    page.evaluate("window.stayed = true")
    visitor.context.set_offline(True)
    expect(page.locator(".queue-wide")).to_have_text("Not connected; trying again")
    # Chromium leaves open sockets alone when it plays offline; a machine that sleeps does not.
    page.evaluate("dispatchEvent(new Event('online'))")
    tell(story, "I light the lamp.")
    tell(story, "I wait for the ships.")
    page.wait_for_timeout(3000)
    assert page.locator("article.turn").count() == 1, "this browser is not offline at all"
    visitor.context.set_offline(False)
    for line in ("I light the lamp.", "I wait for the ships."):
        wait_painted(wait_told(page, line))
    expect(page.locator(".queue-wide")).to_have_text("Every picture is here")
    assert page.evaluate("window.stayed") is True


def test_a_page_survives_the_death_of_the_web_process(visit, new_story, tell, stack):
    story = new_story()
    page = visit().page
    page.goto(f"/stories/{story}/")
    stack.kill("web")
    expect(page.locator(".queue-wide")).to_have_text("Not connected; trying again")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            tell(story, "I knock three times.")
            break
        except Exception:  # until the supervisor has started it again
            time.sleep(0.3)
    wait_painted(wait_told(page, "I knock three times."))


def test_a_line_that_could_not_be_sent_stays_and_is_sent_once(visit, new_story):
    story = new_story()
    page = visit().page
    page.goto(f"/stories/{story}/")
    keys: list[str] = []

    def lose_the_answer(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # the server has it, the browser never hears so
            route.abort()
        else:
            route.continue_()

    page.route(f"**/api/v1/stories/{story}/turns/", lose_the_answer)
    write(page, "I open the door.")
    expect(page.get_by_role("alert")).to_have_text("LUNA cannot be reached just now.")
    expect(page.get_by_label("What do you do?")).to_have_value("I open the door.")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_label("What do you do?")).to_have_value("")
    wait_told(page, "I open the door.")
    assert len(set(keys)) == 1
    page.reload()
    expect(page.locator("article.turn")).to_have_count(1)


def test_a_draft_outlives_the_page(visit, new_story):
    story = new_story()
    page = visit().page
    page.goto(f"/stories/{story}/")
    page.get_by_label("What do you do?").fill("I think about it, and th")
    page.goto("/stories/")
    page.goto(f"/stories/{story}/")
    expect(page.get_by_label("What do you do?")).to_have_value("I think about it, and th")


def test_words_come_one_by_one_but_not_for_those_who_want_no_motion(visit, new_story):
    for motion, expected in (("no-preference", True), ("reduce", False)):
        page = visit(reduced_motion=motion).page
        page.goto(f"/stories/{new_story()}/")
        page.evaluate(
            """() => { window.hidden = false; new MutationObserver(() => {
                 if (document.querySelector('#turns .w:not(.on)')) window.hidden = true;
               }).observe(document.getElementById('turns'), {childList: true, subtree: true}); }"""
        )
        write(page, "I listen at the wall.")
        wait_told(page, "I listen at the wall.")
        assert page.evaluate("window.hidden") is expected


def test_a_suggestion_is_sent_with_one_press_and_the_draft_stays(visit, new_story):
    page = visit().page
    page.goto(f"/stories/{new_story()}/")
    write(page, "I look around the harbour with Mira.")
    wait_told(page, "I look around the harbour with Mira.")
    chip = page.locator("#chips button").first
    expect(chip).to_be_enabled()
    line = chip.inner_text()
    page.get_by_label("What do you do?").fill("half a thou")
    chip.click()
    wait_told(page, line)
    expect(page.get_by_label("What do you do?")).to_have_value("half a thou")


def test_a_picture_is_painted_again_beside_the_old_one(visit, new_story):
    page = visit().page
    page.goto(f"/stories/{new_story()}/")
    write(page, "I walk into the forest at night.")
    turn = wait_told(page, "I walk into the forest at night.")
    wait_painted(turn)
    turn.get_by_role("link", name="Again").click()
    page.get_by_role("dialog", name="Paint it again").get_by_label("Prompt").fill("a forest at noon, a red fox")
    page.get_by_role("button", name="Paint", exact=True).click()
    wait_painted(turn, variants=2)
    expect(turn.get_by_role("button", name="Variant 2")).to_have_attribute("aria-pressed", "true")
    expect(turn.locator("img.picture")).to_have_attribute("alt", "Moment: a forest at noon, a red fox")


def test_everything_works_without_script(visit, new_story):
    page = visit(java_script_enabled=False).page
    page.goto(f"/stories/{new_story()}/")
    page.get_by_label("What do you do?").fill("I read the old log book.")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("I read the old log book.")).to_be_visible()
    until = time.monotonic() + 45
    while page.locator("img.picture[src]").count() == 0 and time.monotonic() < until:
        page.get_by_role("link", name="Refresh to see what has arrived").click()
        page.wait_for_timeout(500)
    page.locator("article.turn a[data-part=open]").click()
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_visible()
    expect(page.get_by_text("Seed", exact=True)).to_be_visible()


def test_long_stories_load_their_earlier_turns_on_demand(visit, new_story, tell):
    story = new_story(backgrounds=False, portraits=False, generate_every_n_turns=1000)
    for number in range(1, 12):
        tell(story, f"Line {number}.", narration=f"It was turn {number}.", location="The quay", characters=[])
    page = visit().page
    page.goto(f"/stories/{story}/")
    expect(page.locator("article.turn")).to_have_count(8)
    page.get_by_role("link", name="Earlier turns").click()
    expect(page.locator("article.turn")).to_have_count(11)
    numbers = page.locator("article.turn").evaluate_all("turns => turns.map(turn => Number(turn.dataset.number))")
    assert numbers == sorted(numbers)
    expect(page.get_by_role("link", name="Earlier turns")).to_be_hidden()


def test_the_page_and_its_script_use_the_same_words(visit):
    page = visit().page
    page.goto("/stories/")
    base = {"image_type": "action", "subject_key": "turn_7", "prompt": "a stair", "waiting_reason": None, "eta_s": None}
    base |= {"turn": 3, "gpu_worker": None, "progress": 0.0, "status": "pending"}
    images = [
        base,
        base | {"waiting_reason": "pc1 is busy with 3 before this, about 12 s"},
        base | {"status": "generating", "progress": 0.58, "eta_s": 2.2, "gpu_worker": "pc1-comfyui"},
        base | {"status": "generating", "image_type": "character", "subject_key": "Mira", "eta_s": 200},
        base | {"status": "complete", "image_type": "background", "gpu_worker": "painter"},
    ]
    people = [
        {"description": "tall", "outfit": "a coat", "physical_features": "", "changed": True, "change_reason": reason}
        for reason in ("initial_appearance", "new_outfit", "transformation", "description_update", None)
    ]
    failed = [
        base | {"status": "failed"},
        base | {"status": "failed", "turn": 4},
        base | {"status": "complete", "turn": 4},
    ]
    queues = [[], images, images[:1], images[:2], images[4:], failed, failed[:2]]
    said = page.evaluate(
        """async ([images, people, queues]) => {
             const words = await import('/static/js/words.js');
             return {
               waits: images.slice(0, 4).map((image) => words.waitLine(image)),
               captions: images.map((image) => words.caption(image, 7, ['painter'])),
               alts: images.map(words.altOf),
               queues: queues.map((some) => words.queueLine(some)),
               news: people.map(words.newsOf), looks: people.map(words.looksOf),
             };
           }""",
        [images, people, queues],
    )
    assert said == {
        "waits": [words.wait_line(image) for image in images[:4]],
        "captions": [words.caption(image, 7, ["painter"]) for image in images],
        "alts": [words.alt_of(image) for image in images],
        "queues": [words.queue_line(some) for some in queues],
        "news": [words.news_of(one) for one in people],
        "looks": [words.looks_of(one) for one in people],
    }, json.dumps(said, indent=1)
