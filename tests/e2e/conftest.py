"""Chromium against a LUNA that `manage.py up` started. Screenshots are kept in tests/screenshots/."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.stack import Stack, running_stack

SCREENSHOTS = Path(__file__).resolve().parents[1] / "screenshots"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAME, PASSWORD = "rowan", "a-long-enough-password-7"
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 360, "height": 760}
# Two cores that do other work too may paint a picture in ten seconds.
PATIENCE_MS = 45_000

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """LUNA as a newcomer gets it: built-in painter and narrator."""
    with running_stack(tmp_path_factory.mktemp("e2e")) as stack:
        yield stack


# Not wider than this package: while it is open, Django takes the main thread for an asynchronous one.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Visitor:
    """One browser of somebody; notes what must not happen on any page."""

    def __init__(self, browser: Browser, stack: Stack, **options: Any):
        options = {"viewport": WIDE, "base_url": stack.url, "color_scheme": "dark", "accept_downloads": True} | options
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE_MS)
        self.host = stack.url.removeprefix("http://")
        self.faults: list[str] = []
        self.page = self.open_page()

    def open_page(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("request", self._note_request)
        page.on("console", lambda said: "Content Security Policy" in said.text and self.faults.append(said.text))
        return page

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((f"http://{self.host}/", "data:", "blob:")):
            self.faults.append(f"request to another host: {request.url}")

    def keep(self, name: str) -> None:
        """A screenshot."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def assert_fits(self) -> None:
        """Nothing sticks out to the side."""
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, self.page.url


Visit = Callable[..., Visitor]


@pytest.fixture(scope="package")
def signed_in(stack: Stack, chromium: Browser) -> Any:
    """Registers through the page, once; the cookies of it."""
    visitor = Visitor(chromium, stack)
    page = visitor.page
    page.goto("/")
    visitor.keep("landing-1400")
    page.get_by_role("link", name="Begin a story").click()
    page.get_by_label("User name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    visitor.keep("register-1400")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="No story yet")).to_be_visible()
    visitor.keep("stories-empty-1400")
    assert visitor.faults == []
    state = visitor.context.storage_state()
    visitor.context.close()
    return state


@pytest.fixture
def visit(stack: Stack, chromium: Browser, signed_in: Any) -> Iterator[Visit]:
    """Opens browsers of the player. No page may have loaded anything from elsewhere or failed in its script."""
    visitors: list[Visitor] = []

    def open_one(**options: Any) -> Visitor:
        visitor = Visitor(chromium, stack, **({"storage_state": signed_in} | options))
        visitors.append(visitor)
        return visitor

    yield open_one
    faults = [fault for visitor in visitors for fault in visitor.faults]
    for visitor in visitors:
        visitor.context.close()
    assert faults == []


@pytest.fixture(scope="package")
def token(stack: Stack, signed_in: Any) -> str:
    """The player's key, for what happens behind a page's back."""
    return str(stack.post("auth/token/", {"username": NAME, "password": PASSWORD})["token"])


@pytest.fixture
def new_story(stack: Stack, token: str) -> Callable[..., str]:
    """Makes a story of the player; its id."""

    def make(title: str = "The Lighthouse of Vell", **settings: Any) -> str:
        headers = {"Authorization": f"Token {token}"}
        return str(stack.post("stories/", {"title": title, "settings": settings}, headers=headers)["id"])

    return make


@pytest.fixture
def tell(stack: Stack, token: str) -> Callable[..., Any]:
    """Posts a turn as a program of the player would."""

    def post(story_id: str, line: str, **fields: Any) -> Any:
        headers = {"Authorization": f"Token {token}"}
        return stack.post(f"stories/{story_id}/turns/", {"player_input": line, **fields}, headers=headers)

    return post
