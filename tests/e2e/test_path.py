"""The whole path of a newcomer, on a wide screen and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, WIDE
from tests.e2e.steps import wait_painted, wait_told, write
from tests.support.stack import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OPENING = "I row to the lighthouse at dusk with Mira, who wears a green cloak."


@pytest.mark.parametrize(("viewport", "theme"), [(WIDE, "dark"), (PHONE, "light")])
def test_from_a_new_story_to_a_downloaded_card(visit, viewport, theme):
    visitor = visit(viewport=viewport, color_scheme=theme)
    begin_a_story(visitor, viewport["width"])
    ask_for_two_variants(visitor, viewport["width"])
    watch_a_turn_being_painted(visitor, viewport["width"])
    choose_a_variant(visitor)
    look_through_the_gallery(visitor, viewport["width"])


def begin_a_story(visitor, width):
    page = visitor.page
    page.goto("/stories/new/")
    page.get_by_label("Title").fill(f"The Lighthouse at {width}")
    page.get_by_label("Genre").fill("mystery")
    visitor.assert_fits()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="The first page is blank")).to_be_visible()
    visitor.keep(f"play-empty-{width}")


def ask_for_two_variants(visitor, width):
    page = visitor.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Variants of the moment").select_option("2")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("It counts from the next turn.")).to_be_visible()
    visitor.assert_fits()
    visitor.keep(f"settings-{width}")
    page.get_by_role("link", name="Back to the story").click()


def watch_a_turn_being_painted(visitor, width):
    page = visitor.page
    page.evaluate("window.stayed = true")
    write(page, OPENING)
    turn = wait_told(page, OPENING)
    frame = turn.locator(".canvas")
    early = frame.bounding_box()
    visitor.keep(f"play-painting-{width}")
    wait_painted(turn, variants=2)
    late = frame.bounding_box()
    assert (early["width"], early["height"]) == (late["width"], late["height"]), "the picture moved the page"
    assert late["width"] == pytest.approx(late["height"], abs=2), "1024 × 1024 is square"
    expect(page.locator(".scene-layers img.shown")).to_have_count(1)
    assert page.evaluate("window.stayed") is True, "the page was loaded again"
    visitor.assert_fits()
    page.wait_for_timeout(300)  # until the last picture has faded in
    visitor.keep(f"play-{width}")


def choose_a_variant(visitor):
    page = visitor.page
    second = page.get_by_role("button", name="Variant 2")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/select/") as answer:
        page.locator("body").press("1")
    assert answer.value.ok
    expect(page.get_by_role("button", name="Variant 1")).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/select/"):
        second.click()
    page.reload()
    expect(page.get_by_role("button", name="Variant 2")).to_have_attribute("aria-pressed", "true")


def look_through_the_gallery(visitor, width):
    page = visitor.page
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("link", name="Gallery").click()
    tiles = page.locator("#wall .tile")
    expect(tiles.first).to_be_visible()
    visitor.assert_fits()
    page.wait_for_load_state("networkidle")
    visitor.keep(f"gallery-{width}")
    tiles.first.click()
    view = page.get_by_role("dialog", name="Picture")
    expect(view.get_by_text(f"1 of {tiles.count()}")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(view.get_by_text(f"2 of {tiles.count()}")).to_be_visible()
    page.keyboard.press("i")
    expect(view.get_by_text("Seed")).to_be_visible()
    page.wait_for_timeout(300)  # until it is turned over
    visitor.keep(f"view-{width}")
    card = download(page, view.get_by_role("link", name="Download card"))
    assert card.startswith(b"\x89PNG\r\n\x1a\n")
    assert b"LUNA-Asset-Card" in card
    assert len(download(page, view.get_by_role("link", name="Download picture"))) > 1000
    page.keyboard.press("Escape")
    expect(view).to_be_hidden()


def download(page, link):
    with page.expect_download() as waiting:
        link.click()
    return waiting.value.path().read_bytes()


@pytest.mark.parametrize("viewport", [WIDE, {"width": 800, "height": 900}, PHONE])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_fits(visit, new_story, tell, stack, viewport, theme):
    story = new_story("A tale with a title long enough to need more than a single line of the page on any screen")
    turn = tell(story, "I enter the hall of the old keeper.")
    visitor = visit(viewport=viewport, color_scheme=theme)
    image = turn["images"][0]["id"]
    paths = ["/", "/stories/", f"/stories/{story}/", f"/stories/{story}/gallery/", f"/stories/{story}/people/"]
    paths += [f"/stories/{story}/settings/", f"/stories/{story}/delete/", f"/images/{image}/", "/account/", "/about/"]
    for path in [*paths, "/nothing/"]:
        visitor.page.goto(path)
        visitor.assert_fits()
    visitor.page.goto(f"/stories/{story}/")
    visitor.page.wait_for_load_state("networkidle")
    visitor.keep(f"long-title-{viewport['width']}-{theme}")


def test_the_operator_sees_the_workers(visit):
    visitor = visit(storage_state=None)
    page = visitor.page
    page.goto("/accounts/login/")
    page.get_by_label("User name or e-mail").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Operate").click()
    painter = page.locator("article.worker", has=page.get_by_role("heading", name="painter"))
    expect(painter).to_be_visible()
    visitor.keep("operate-1400")
    painter.get_by_role("button", name="Switch off").click()
    expect(painter.locator(".state")).to_have_text("Switched off")
    painter.get_by_role("button", name="Resume").click()
    expect(painter.locator(".state")).not_to_have_text("Switched off")
    expect(page.locator("#operate-panel.stale")).to_have_count(0)
