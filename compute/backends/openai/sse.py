"""From bytes to words: server-sent events as chat servers write them, and the text without a model's thinking.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html, of which chat servers use `data:` lines,
comments and blank lines. Some leave the blank lines out, some write CRLF.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from compute.backends.base import BackendError

EVENT_MAX_BYTES = 2**20
DONE = "[DONE]"


class EventParser:
    """Feed it bytes as they come; it gives each event's JSON object, or the string `DONE`."""

    def __init__(self) -> None:
        self._line = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any] | str]:
        """Raises BackendError `bad_answer` for an event that is not JSON or is larger than `EVENT_MAX_BYTES`."""
        *lines, self._line = (self._line + chunk).split(b"\n")
        if len(self._line) > EVENT_MAX_BYTES:
            raise BackendError("bad_answer", f"the server sent an event of more than {EVENT_MAX_BYTES} bytes")
        for line in lines:
            yield from self._take(line.removesuffix(b"\r"))

    def finish(self) -> Iterator[dict[str, Any] | str]:
        """What the last line held, for servers that do not end it. An event cut in the middle is dropped."""
        line, self._line = self._line.removesuffix(b"\r"), b""
        if line.startswith((b"data:", b"error:")):
            self._data.append(_value(line))
            event = self._parsed()
            if event is not None:
                yield event

    def _take(self, line: bytes) -> Iterator[dict[str, Any] | str]:
        if not line:
            if self._data:
                raw = b"\n".join(self._data)
                raise BackendError("bad_answer", f"the server sent an event that is not JSON: {_excerpt(raw)}")
            return
        # llama.cpp up to 2025 wrote a failure as a line of its own kind, `error: {...}`.
        if not line.startswith((b"data:", b"error:")):
            return  # a comment (keep-alive), or an id, event or retry line
        self._data.append(_value(line))
        if sum(map(len, self._data)) > EVENT_MAX_BYTES:
            raise BackendError("bad_answer", f"the server sent an event of more than {EVENT_MAX_BYTES} bytes")
        event = self._parsed()
        if event is not None:
            yield event

    def _parsed(self) -> dict[str, Any] | str | None:
        """The event, if the lines so far are whole. An event of several lines is joined as the standard says."""
        raw = b"\n".join(self._data).strip()
        if not raw:
            self._data.clear()
            return None
        if raw == DONE.encode():
            self._data.clear()
            return DONE
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            return None
        self._data.clear()
        return value if isinstance(value, dict) else {}


def _value(line: bytes) -> bytes:
    name, _, value = line.partition(b":")
    if name == b"error" and b'"error"' not in value[:12]:
        return b'{"error":' + value + b"}"
    return value.removeprefix(b" ")


def _excerpt(raw: bytes) -> str:
    return repr(raw[:200].decode("utf-8", "replace"))


class ThoughtFilter:
    """Takes `<think>…</think>` out of a text that comes in pieces. What may be the start of a tag is held back."""

    _OPEN = ("<think>", "<thinking>")
    _CLOSE = ("</think>", "</thinking>")

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._begun = False

    def feed(self, piece: str) -> str:
        """The part of the text so far that may be shown now."""
        text, shown = self._held + piece, []
        while True:
            tags = self._CLOSE if self._thinking else self._OPEN
            at, tag = _first(text, tags)
            if at < 0:
                break
            if not self._thinking:
                shown.append(text[:at])
            text, self._thinking = text[at + len(tag) :], not self._thinking
        keep = _tail_that_may_be(text, tags)
        self._held = text[len(text) - keep :]
        if not self._thinking:
            shown.append(text[: len(text) - keep])
        return self._trimmed("".join(shown))

    def finish(self) -> str:
        """What was held back at the end; an unclosed thought stays hidden."""
        rest, self._held = ("" if self._thinking else self._held), ""
        return self._trimmed(rest)

    def _trimmed(self, text: str) -> str:
        """Drop the white space before the first word: models write some between thought and answer."""
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text


def without_thoughts(text: str) -> str:
    """The whole text without thinking, also when a chat template had written the opening tag for the model."""
    head, tag, tail = text.partition("</think>")
    if tag and "<think>" not in head:
        text = tail
    thoughts = ThoughtFilter()
    return (thoughts.feed(text) + thoughts.finish()).strip()


def _first(text: str, tags: tuple[str, ...]) -> tuple[int, str]:
    found = [(at, tag) for tag in tags if (at := text.find(tag)) >= 0]
    return min(found, default=(-1, ""))


def _tail_that_may_be(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the end could be the beginning of a tag."""
    longest = max(map(len, tags)) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(tag.startswith(text[-length:]) for tag in tags):
            return length
    return 0
