"""The sentences a picture's state is told in; static/js/words.js says the same live.

Every function takes the contract's shapes (images.representation).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from images.models import GeneratedImage

Shape = Mapping[str, Any]

TYPE_NAMES = {
    "background": "Place",
    "action": "Moment",
    "character": "Portrait",
    "item": "Thing",
    "scene": "Scene",
    "plot_twist": "Twist",
    "quest": "Quest",
}
_NOUNS = {
    "background": "the place",
    "action": "the moment",
    "item": "a thing",
    "scene": "a scene",
    "plot_twist": "a twist",
    "quest": "a quest",
}


def is_unfinished(image: Shape) -> bool:
    """Whether it waits or is being painted."""
    return image["status"] in GeneratedImage.UNFINISHED


def subject_of(image: Shape) -> str:
    """Whom or what it shows, by name; a moment's key is only its turn's number."""
    return "" if image["image_type"] == "action" else str(image["subject_key"])


def noun_of(image: Shape) -> str:
    """What the picture is of: "the moment", "Mira"."""
    if image["image_type"] in ("character", "item") and image["subject_key"]:
        return str(image["subject_key"])
    return _NOUNS.get(image["image_type"], "a picture")


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


def wait_line(image: Shape) -> str:
    """One picture's wait: why, how far, how long, where."""
    if image["status"] == "pending":
        return str(image["waiting_reason"] or "Waiting for a worker")
    words = [f"Painting {noun_of(image)}"]
    if image["progress"]:
        words.append(f"{round(image['progress'] * 100)} %")
    if image["eta_s"] is not None:
        words.append(f"about {duration(image['eta_s'])}")
    return " · ".join(words) + (f" on {image['gpu_worker']}" if image["gpu_worker"] else "")


def queue_line(images: Iterable[Shape]) -> str:
    """Everything unfinished in one honest line; empty where there are no pictures at all."""
    known = list(images)
    waiting = [image for image in known if is_unfinished(image)]
    if not waiting:
        failed = _failures(known)
        if failed:
            return "1 picture failed" if failed == 1 else f"{failed} pictures failed"
        return "Every picture is here" if known else ""
    count = "1 picture" if len(waiting) == 1 else f"{len(waiting)} pictures"
    painting = [image for image in waiting if image["status"] == "generating"]
    if not painting:
        reason = next((image["waiting_reason"] for image in waiting if image["waiting_reason"]), None)
        return f"{count} waiting: {reason}" if reason else f"{count} waiting for a worker"
    words = [count]
    etas = [image["eta_s"] for image in waiting if image["eta_s"] is not None]
    if etas:
        words.append(f"about {duration(max(etas))}")
    workers = dict.fromkeys(image["gpu_worker"] for image in painting if image["gpu_worker"])
    if workers:
        words.append(f"on {' and '.join(workers)}")
    return ", ".join(words)


def _failures(images: Iterable[Shape]) -> int:
    """How many subjects have a failed picture and none that is complete."""
    subjects: dict[str, set[tuple[object, ...]]] = {"failed": set(), "complete": set()}
    for image in images:
        if image["status"] in subjects:
            subjects[image["status"]].add((image["turn"], image["image_type"], image["subject_key"]))
    return len(subjects["failed"] - subjects["complete"])


def caption(image: Shape, number: int | None, sketchers: Collection[str]) -> str:
    """Under a picture: which turn, and who painted it."""
    words = [f"Turn {number}"] if number else []
    if image["image_type"] != "action":
        words.append(noun_of(image))
    if image["status"] == "complete" and image["gpu_worker"]:
        sketch = image["gpu_worker"] in sketchers
        words.append("sketch by the built-in painter" if sketch else f"painted on {image['gpu_worker']}")
    return " · ".join(words)


def alt_of(image: Shape) -> str:
    """What a screen reader says instead of the picture."""
    subject = subject_of(image)
    name = f"{subject}. " if subject else ""
    return f"{TYPE_NAMES.get(image['image_type'], 'Picture')}: {name}{image['prompt'][:300]}"


def looks_of(character: Shape) -> str:
    """How somebody looks, in one line."""
    looks = "; ".join(text for text in (character["description"], character["outfit"]) if text)
    return looks or str(character["physical_features"])


def news_of(character: Shape) -> str:
    """What changed about somebody in this turn, or nothing."""
    if not character["changed"]:
        return ""
    reason = character["change_reason"]
    if reason == "initial_appearance":
        return "seen for the first time"
    what = {
        "new_outfit": character["outfit"],
        "transformation": character["physical_features"] or character["description"],
        "description_update": character["description"],
    }.get(reason, "")
    return f"new: {what}" if what else "looks different now"


def place_line(turn: Shape) -> str:
    """Where and when a turn is."""
    return " · ".join(str(turn[key]) for key in ("location", "time_of_day", "weather") if turn[key])


def teller(turn: Shape) -> str:
    """Who told it; nothing where the narration came with the turn."""
    name = turn["narrated_by"]
    if not name or name == "given":
        return ""
    return f"told by the {name}" if name.startswith("built-in") else f"told by {name}"
