"""What a player does on the play page, in words."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def write(page: Page, line: str) -> None:
    """Writes a line and sends it with the keyboard."""
    box = page.get_by_label("What do you do?")
    box.fill(line)
    box.press("Control+Enter")


def last_turn(page: Page) -> Locator:
    return page.locator("article.turn").last


def wait_told(page: Page, line: str) -> Locator:
    """The turn of this line, when its narration is all there."""
    turn = page.locator("article.turn", has=page.get_by_text(line, exact=True)).last
    expect(turn.locator(".says p").first).to_be_visible()
    expect(turn.locator(".says .w")).to_have_count(0)
    return turn


def wait_painted(turn: Locator, variants: int = 1) -> None:
    """Until the moment and all its variants are there."""
    expect(turn.locator("img.picture")).to_be_visible()
    expect(turn.locator("figure")).not_to_have_attribute("aria-busy", "true")
    if variants > 1:
        expect(turn.locator(".variants img")).to_have_count(variants)
    turn.page.wait_for_function(
        "turn => { const image = turn.querySelector('img.picture'); return image.complete && image.naturalWidth > 0; }",
        arg=turn.element_handle(),
    )
