"""Turns, frames and people as the templates show them, made from the contract's shapes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from images.views import words

Shape = Mapping[str, Any]

# Shown at the head and at the side of the play page, not under the turn.
BESIDE = ("background", "character")
VARIANTS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class FrameView:
    """One subject's pictures in a turn. image is the one shown; None while the picture is only expected."""

    key: str = ""
    image: Shape = field(default_factory=dict)
    variants: Sequence[Shape] = ()
    ratio: str = ""
    caption: str = ""

    @property
    def complete(self) -> bool:
        return self.image.get("status") == "complete"

    @property
    def failed(self) -> bool:
        return self.image.get("status") == "failed"

    @property
    def busy(self) -> bool:
        return bool(self.key) and not self.complete and not self.failed

    @property
    def small(self) -> bool:
        return self.image.get("image_type") == "item"

    @property
    def alt(self) -> str:
        return words.alt_of(self.image) if self.image else ""

    @property
    def why(self) -> str:
        return str((self.image.get("error") or {}).get("detail", ""))

    @property
    def wait_line(self) -> str:
        if not self.image:
            return "The moment is painted as soon as it is told"
        return words.wait_line(self.image) if self.busy else ""

    @property
    def progress(self) -> float:
        return float(self.image.get("progress", 0.0))

    @property
    def percent(self) -> int:
        return round(100 * self.progress)


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn. The defaults make the empty turn that play.js copies."""

    shape: Shape = field(default_factory=dict)
    frames: Sequence[FrameView] = ()
    new_place: bool = False
    is_last: bool = False

    def __getattr__(self, name: str) -> Any:
        if name in ("id", "number", "player_input"):
            return self.shape.get(name, "")
        raise AttributeError(name)

    @property
    def place(self) -> str:
        return words.place_line(self.shape) if self.shape else ""

    @property
    def paragraphs(self) -> list[str]:
        return paragraphs_of(self.shape.get("narration", ""))

    @property
    def state_line(self) -> str:
        telling = self.shape.get("status") == "processing" and self.shape.get("state") != "illustrating"
        return "The narrator is reading your line" if telling and not self.shape["narration"] else ""

    @property
    def failed(self) -> bool:
        return self.shape.get("status") == "failed"

    @property
    def why(self) -> str:
        return str((self.shape.get("error") or {}).get("detail", "")) or "It was not told to the end."

    @property
    def teller(self) -> str:
        return words.teller(self.shape) if self.shape else ""


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody present. failed_image: the id of a portrait that could not be painted."""

    name: str = ""
    looks: str = ""
    news: str = ""
    thumb_url: str = ""
    failed_image: int | None = None

    @property
    def initial(self) -> str:
        return self.name[:1]


def paragraphs_of(text: str) -> list[str]:
    """Split at blank lines, as static/js/reveal.js does."""
    return [part for piece in re.split(r"\n\s*\n", text) if (part := piece.strip())]


def frames_of(turn: Shape, *, moment: str, sketchers: Collection[str]) -> list[FrameView]:
    """The frames under a turn. moment: the expected picture's "w / h" while it is not asked for yet, or ""."""
    groups: dict[str, list[Shape]] = {}
    for image in sorted(turn["images"], key=lambda image: (image["variant"], image["id"])):
        if image["image_type"] in BESIDE or image["status"] == "cancelled":
            continue
        # A turn has one moment, whose frame stands before its pictures are asked for.
        key = "action" if image["image_type"] == "action" else f"{image['image_type']}|{image['subject_key']}"
        groups.setdefault(key, []).append(image)
    frames = [_frame(key, group, turn["number"], sketchers) for key, group in groups.items()]
    if moment and turn["status"] == "processing" and "action" not in groups:
        frames.append(FrameView(key="action", ratio=moment, caption=f"Turn {turn['number']}"))
    return frames


def _frame(key: str, group: list[Shape], number: int, sketchers: Collection[str]) -> FrameView:
    shown = (
        next((image for image in group if image["is_selected"]), None)
        or next((image for image in group if image["status"] == "complete"), None)
        or next((image for image in group if words.is_unfinished(image)), group[0])
    )
    return FrameView(
        key=key,
        image=shown,
        variants=group[:VARIANTS_SHOWN],
        ratio=f"{shown['width']} / {shown['height']}",
        caption=words.caption(shown, number, sketchers),
    )


def turn_views(
    turns: Sequence[Shape], *, before: Shape | None, moment: str, sketchers: Collection[str], end: bool
) -> list[TurnView]:
    """Turns in order. before: the turn told before the first one, if any. end: the last one is the story's last."""
    views = []
    for number, turn in enumerate(turns):
        previous = turns[number - 1] if number else before
        moved = bool(turn["location"]) and previous is not None and previous["location"] != turn["location"]
        views.append(
            TurnView(
                shape=turn,
                frames=frames_of(turn, moment=moment, sketchers=sketchers),
                new_place=moved,
                is_last=end and number == len(turns) - 1,
            )
        )
    return views


def cast_of(turns: Sequence[Shape]) -> tuple[Shape | None, Sequence[Shape]]:
    """The last turn that says who is present, and who that is."""
    for turn in reversed(turns):
        if turn["status"] == "complete" or turn["characters"]:
            return turn, turn["characters"]
    return None, ()


def person_views(turn: Shape | None, people: Iterable[Shape], portraits: Mapping[int, Shape]) -> list[PersonView]:
    """People with the portrait their appearance points to."""
    views = []
    for character in people:
        image = portraits.get(character["portrait_image_id"] or 0, {})
        views.append(
            PersonView(
                name=character["name"],
                looks=words.looks_of(character),
                news=words.news_of(character),
                thumb_url=image.get("thumb_url") or "",
                failed_image=image["id"] if image.get("status") == "failed" else None,
            )
        )
    return views
