"""What a frame shows while a slow server paints, and when it cannot."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.steps import wait_painted, wait_told, write
from tests.fakes.comfyui import FakeComfyUI
from tests.support.stack import PASSWORD, running_stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHECKPOINT = "sd_v15.safetensors"
MOMENT = {"default_size": [320, 192], "steps": 24, "model": "sd_v15", "sampler": "Euler a"}


@pytest.fixture(scope="module")
def server():
    with FakeComfyUI(checkpoints=[CHECKPOINT], step_ms=150) as fake:
        yield fake


@pytest.fixture(scope="module")
def gpu_stack(tmp_path_factory, server):
    config = {
        "workers": [{"name": "pc1-comfyui", "api_type": "comfyui", "api_url": server.url}],
        "background_images": {"enabled": False},
        "character_portraits": {"enabled": False},
        "turn_images": MOMENT,
    }
    with running_stack(tmp_path_factory.mktemp("frames"), image_generation=config) as stack:
        yield stack


@pytest.fixture
def visitor(gpu_stack, chromium):
    visitor = Visitor(chromium, gpu_stack)
    page = visitor.page
    page.goto("/accounts/login/")
    page.get_by_label("User name or e-mail").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"/stories/{gpu_stack.post('stories/', {'title': 'Vell'})['id']}/")
    yield visitor
    visitor.context.close()
    assert visitor.faults == []


def test_steps_and_previews_are_seen_and_the_frame_keeps_its_shape(visitor):
    page = visitor.page
    page.emulate_media(reduced_motion="reduce")  # the words shall not take the time of the steps
    write(page, "I climb the stairs.")
    turn = page.locator("article.turn").last
    canvas, figure = turn.locator(".canvas"), turn.locator("figure")
    expect(figure).to_have_attribute("aria-busy", "true")
    expect(canvas.locator(".wait")).to_have_text(re.compile(r"Painting the moment · \d+ %.* on pc1-comfyui"))
    expect(canvas.locator(".preview")).to_have_attribute("src", re.compile("^data:image/"))
    expect(canvas.locator(".preview")).to_be_visible()
    expect(page.locator(".queue-wide")).to_have_text(re.compile(r"1 picture.* on pc1-comfyui"))
    box = canvas.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(320 / 192, rel=0.01)
    visitor.keep("frame-progress-1400")
    wait_painted(turn)
    assert canvas.bounding_box() == box
    expect(canvas.locator(".preview")).to_be_hidden()
    expect(turn.get_by_text("painted on pc1-comfyui")).to_be_visible()
    expect(page.locator("#announce")).to_have_text("The picture of the moment is ready.")


def test_a_page_opened_in_the_middle_follows_on(visitor):
    page = visitor.page
    write(page, "I wait for the tide.")
    expect(page.locator("article.turn figure[aria-busy=true]")).to_be_visible()
    page.reload()
    expect(page.locator(".canvas .preview")).to_be_visible()
    wait_painted(page.locator("article.turn").last)


def test_a_picture_that_failed_says_why_and_is_painted_on_request(visitor, server):
    page = visitor.page
    server.fail_next("node_errors")
    write(page, "I open the sealed door.")
    turn = wait_told(page, "I open the sealed door.")
    expect(turn.get_by_text("This picture could not be painted.")).to_be_visible()
    expect(turn.locator("[data-part=why]")).not_to_be_empty()
    expect(page.locator(".queue-wide")).to_have_text("1 picture failed")
    expect(page.locator("#announce")).to_have_text("The picture of the moment failed.")
    visitor.keep("frame-failed-1400")
    turn.get_by_role("button", name="Try again").click()
    wait_painted(turn)
    page.reload()
    wait_painted(page.locator("article.turn").last)


def test_a_picture_nobody_can_paint_says_what_it_waits_for(visitor, server):
    page = visitor.page
    server.kill()
    try:
        write(page, "I call into the dark.")
        turn = wait_told(page, "I call into the dark.")
        expect(turn.locator(".canvas .wait")).to_contain_text("pc1-comfyui")
        expect(page.locator(".queue-wide")).to_have_text(re.compile("1 picture waiting: .*pc1-comfyui"))
        visitor.keep("frame-waiting-1400")
    finally:
        server.revive()
    wait_painted(turn)
