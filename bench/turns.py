"""From a turn to a backend, from a backend to the browser, and the pages: all over HTTP, one client, warm."""

from __future__ import annotations

import json
import time
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from bench.luna import running_luna, simulator
from bench.table import Row, row
from tests.support.stack import PASSWORD, Stack

SAMPLES = 200
WARM_UP = 20
PICTURE_MS = 20


def configuration(url: str, side_px: int) -> dict[str, Any]:
    picture = {"default_size": [side_px, side_px], "model": "bench", "steps": 1, "sampler": "Euler"}
    return {
        "workers": [{"name": "sim", "api_type": "comfyui", "api_url": url, "max_concurrent": 1}],
        "background_images": picture,
        "turn_images": picture,
        "character_portraits": picture,
    }


def turn_body(number: int) -> dict[str, Any]:
    return {
        "player_input": f"I try door bench-{number}.",
        "narration": "The door gives way, and behind it is another one, just as old and just as shut.",
        "summary": f"door bench-{number}",
        "location": "The corridor",
        "time_of_day": "night",
        "weather": "clear",
        "characters": [],
        "image_types": ["action"],
    }


def measure_pictures(side_px: int, aim_ms: float) -> list[Row]:
    """Submit → backend, and backend → browser, at one size."""
    with simulator(PICTURE_MS) as url, running_luna(configuration(url, side_px)) as luna:
        story = luna.post("stories/", {"title": "Doors"})
        submitted, heard = {}, {}
        socket_url = f"{luna.url.replace('http', 'ws', 1)}/ws/stories/{story['id']}/"
        with connect(socket_url, additional_headers={"Authorization": f"Token {luna.token}"}) as socket:
            for number in range(WARM_UP + SAMPLES):
                submitted[number] = time.monotonic()
                luna.post(f"stories/{story['id']}/turns/", turn_body(number))
                heard[number] = wait_ready(socket)
                time.sleep(0.05)  # the system is idle again
        log = requests.get(f"{url}/bench/log", timeout=10).json()["prompts"]
        times = {int(text.split("bench-")[1].split(",")[0]): at for text, at in log.items() if "bench-" in text}
        numbers = range(WARM_UP, WARM_UP + SAMPLES)
        size = f"{side_px}×{side_px}"
        rows = [row(f"completion → browser event, {size}", [heard[n] - times[n]["finished"] for n in numbers], aim_ms)]
        if side_px == 64:
            rows.insert(0, row("turn submitted → backend", [times[n]["received"] - submitted[n] for n in numbers], 60))
            rows += measure_pages(luna, story["id"])
        return rows


def wait_ready(socket: ClientConnection) -> float:
    """Until the browser hears that the picture is ready; returns when that was."""
    while True:
        message = json.loads(socket.recv(timeout=30))
        if message["type"] == "image.ready":
            return time.monotonic()


def measure_pages(luna: Stack, story_id: str) -> list[Row]:
    """Response times of what a player opens, signed in as a browser is."""
    browser = requests.Session()
    form = browser.get(f"{luna.url}/accounts/login/", timeout=30)
    token = browser.cookies["csrftoken"]
    form = browser.post(
        f"{luna.url}/accounts/login/",
        data={"login": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token},
        headers={"Referer": f"{luna.url}/accounts/login/"},
        timeout=30,
    )
    form.raise_for_status()
    turn = luna.get(f"stories/{story_id}/turns/")["results"][0]
    pages = {
        "page: stories": "/stories/",
        "page: play": f"/stories/{story_id}/",
        "page: gallery": f"/stories/{story_id}/gallery/",
        "API: turn": f"/api/v1/turns/{turn['id']}/",
        "API: images of a story": f"/api/v1/stories/{story_id}/images/",
    }
    rows = []
    for name, path in pages.items():
        samples = []
        for number in range(WARM_UP + SAMPLES):
            started = time.monotonic()
            reply = browser.get(luna.url + path, timeout=30)
            taken = time.monotonic() - started
            assert reply.status_code == 200, (path, reply.status_code)
            if number >= WARM_UP:
                samples.append(taken)
        rows.append(row(name, samples, 50))
    return rows


def run() -> list[Row]:
    return measure_pictures(64, 60) + measure_pictures(1024, 120)
