"""Frames of ComfyUI's websocket, read and filtered: what they say about one prompt.

Text frames are `{"type", "data"}`. Binary frames begin with a big-endian u32 event number: 1 is a preview without
any id, 4 a preview with metadata; others are not pictures. Prompts that anybody submitted without a client_id send
their progress and previews to every socket, so everything is filtered by prompt_id, and what carries none is
believed only while our own prompt is the running one.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.backends.base import Preview, Progress

PREVIEW_MAX_BYTES = 4 * 2**20
FEATURE_FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
_EVENT_PREVIEW, _EVENT_PREVIEW_WITH_METADATA = 1, 4
_MAGIC = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
_ENDINGS = ("execution_success", "execution_error", "execution_interrupted")


@dataclass(frozen=True, slots=True)
class PreviewFrame:
    """A picture from a binary frame. prompt_id is None for event 1, which carries none."""

    preview: Preview
    prompt_id: str | None


def parse_text(frame: bytes) -> tuple[str, dict[str, Any]] | None:
    """(type, data) of a text frame; None for anything malformed."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
        return None
    return str(message.get("type")), message["data"]


def parse_binary(frame: bytes) -> PreviewFrame | None:
    """The preview in a binary frame; None for other events, broken frames and pictures over 4 MiB."""
    if len(frame) < 8 or len(frame) > PREVIEW_MAX_BYTES:
        return None
    event, second = struct.unpack_from(">II", frame)
    if event == _EVENT_PREVIEW:
        return _preview(frame[8:], None)
    if event != _EVENT_PREVIEW_WITH_METADATA or second > len(frame) - 8:
        return None
    try:
        metadata = json.loads(frame[8 : 8 + second])
    except (ValueError, RecursionError):
        return None
    prompt_id = metadata.get("prompt_id") if isinstance(metadata, dict) else None
    return _preview(frame[8 + second :], str(prompt_id or ""))


def _preview(data: bytes, prompt_id: str | None) -> PreviewFrame | None:
    """The type is told from the bytes: the type field of event 1 is not always right."""
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return PreviewFrame(Preview(data=data, mime=mime), prompt_id)
    return None


@dataclass(slots=True)
class Story:
    """What the frames so far say about one prompt. progress and ended are taken by whoever reads them."""

    prompt_id: str
    sampler_node: str
    progress: Progress | None = None  # newest not yet told
    ours_at_s: float = 0.0  # monotonic, of the last frame about ours
    running: bool = False  # ours is the prompt the server works on
    settled: bool = False  # success, error or interruption was announced; the history may lag behind
    ended: bool = False  # executing(null): the history has it
    metadata_previews: bool = False  # the server agreed to event 4, so event 1 is somebody else's
    _step: tuple[int, int] | None = None

    def text(self, frame: bytes) -> None:
        """Take in a text frame."""
        parsed = parse_text(frame)
        if parsed is None:
            return
        kind, data = parsed
        if kind == "feature_flags":
            self.metadata_previews = data.get("supports_preview_metadata") is True
            return
        prompt_id = data.get("prompt_id")
        if prompt_id is not None and prompt_id != self.prompt_id:
            self.running = False  # one prompt runs at a time
            return
        if prompt_id is None and not (kind == "progress" and self.running):
            return
        self.ours_at_s = time.monotonic()
        if kind == "executing" and data.get("node") is None:
            self.ended, self.running = True, False
        elif kind in _ENDINGS:
            self.settled = True
        elif kind in ("execution_start", "executing", "progress", "progress_state"):
            self.running = True
            self._count(kind, data)

    def binary(self, frame: bytes) -> None:
        """Take in a binary frame."""
        parsed = parse_binary(frame)
        if parsed is None:
            return
        if parsed.prompt_id is None:
            ours = self.running and not self.metadata_previews
        else:
            ours = parsed.prompt_id == self.prompt_id
        if ours:
            self.progress = self._as_progress(parsed.preview)

    def _count(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "progress_state":
            nodes = data.get("nodes")
            data = nodes.get(self.sampler_node) if isinstance(nodes, dict) else None  # type: ignore[assignment]
            if not isinstance(data, dict) or data.get("state") != "running":
                return
        elif kind != "progress" or str(data.get("node", self.sampler_node)) != self.sampler_node:
            return
        value, steps = data.get("value"), data.get("max")
        if not isinstance(value, int | float) or not isinstance(steps, int | float) or not 0 <= value <= steps > 0:
            return
        step = (int(value), int(steps))
        if step != self._step and (self._step is None or step[0] > self._step[0]):
            self._step = step
            self.progress = self._as_progress(self.progress.preview if self.progress else None)

    def _as_progress(self, preview: Preview | None) -> Progress:
        if self._step is None:
            return Progress(preview=preview)
        step, steps = self._step
        return Progress(fraction=step / steps, step=step, steps=steps, preview=preview)
