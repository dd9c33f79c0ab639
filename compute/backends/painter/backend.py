"""The painter as a backend: the same promise as a server's client, kept in this process."""

from __future__ import annotations

import math
import time
from importlib import import_module
from typing import Any

from compute.backends.base import (
    BackendError,
    BackendSettings,
    Cancelled,
    Capabilities,
    Capacity,
    ChatRequest,
    ChatResult,
    Fault,
    ImageRequest,
    ImageResult,
    Preview,
    Progress,
    RemoteState,
    Watch,
)
from compute.backends.painter import finish
from compute.backends.painter.compose import compose
from compute.backends.painter.words import read

SERVER = "LUNA painter 1"
MODEL = "luna-painter"
RESVG = "resvg==0.2.0"
SMALLEST_PX, LARGEST_PX = 16, 2048
_STAGES = 5


def _resvg() -> Any:
    """The renderer, looked for when it is needed: a contributor's node may lack it. Raises BackendError."""
    try:
        return import_module("resvg")
    except ImportError as error:
        detail = f"the built-in painter draws with resvg, which cannot be imported ({error}): pip install {RESVG}"
        raise BackendError("missing_dependency", detail) from error


def _checked_side(name: str, side_px: int) -> None:
    if not SMALLEST_PX <= side_px <= LARGEST_PX:
        detail = f"{name} is {side_px}; the painter paints {SMALLEST_PX} to {LARGEST_PX} pixels a side"
        raise BackendError("invalid_parameters", detail, fault=Fault.PAYLOAD)


class _Work:
    """One picture's way through the stages: tells the watcher, and stops when asked or when time is up."""

    def __init__(self, request: ImageRequest, watch: Watch):
        self._watch = watch
        self._timeout_s = request.timeout_s
        self._began_s = time.monotonic()
        self._step = 0

    def passed(self, preview: bytes | None = None) -> None:
        """A stage is done. Raises Cancelled or BackendError `timed_out`."""
        self._step += 1
        if self._watch.should_stop():
            raise Cancelled
        if self.elapsed_s > self._timeout_s:
            raise BackendError("timed_out", f"the painter was not done after {self._timeout_s:g} s")
        self._watch.alive()
        shown = Preview(data=preview, mime="image/png") if preview else None
        self._watch.progress(Progress(fraction=self._step / _STAGES, step=self._step, steps=_STAGES, preview=shown))

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began_s


class PainterBackend:
    """Paints sketches from the prompt's words. Keeps no state between calls; any number of threads may use it."""

    api_type = "painter"

    def __init__(self, settings: BackendSettings):
        self._settings = settings

    def probe(self) -> Capabilities:
        """What the painter offers. Raises BackendError `missing_dependency` without resvg."""
        _resvg()
        return Capabilities(
            job_kinds=("image_generation",),
            server=SERVER,
            models=(MODEL,),
            loaded_model=MODEL,
            features=frozenset({Capacity.PROGRESS, Capacity.PREVIEW, Capacity.CANCEL}),
            max_side_px=LARGEST_PX,
        )

    def generate_image(self, request: ImageRequest, watch: Watch) -> ImageResult:
        """Paint one picture: a PNG of exactly the size asked for; the same request gives the same bytes.

        Every model name is accepted, since the painter stands in for all; `used` says what painted.
        Raises BackendError `invalid_parameters`, `missing_dependency`, `timed_out`, `painting_failed`, or Cancelled.
        """
        _checked_side("width", request.width_px)
        _checked_side("height", request.height_px)
        resvg = _resvg()
        work = _Work(request, watch)
        watch.sending(request.request_id)
        if watch.should_stop():
            raise Cancelled
        watch.sent()
        try:
            data = self._painted(resvg, request, work)
        except BackendError:
            raise
        except Exception as error:  # a fault of the drawing must not look like a dead worker thread
            raise BackendError(
                "painting_failed", f"the painter failed at this prompt: {error!r}", fault=Fault.SERVER
            ) from error
        used = {
            "model": MODEL, "sketch": True, "seed": request.seed, "width_px": request.width_px,
            "height_px": request.height_px,
        }  # fmt: skip
        return ImageResult(data=data, mime="image/png", used=used, generation_time_ms=math.ceil(work.elapsed_s * 1000))

    def _painted(self, resvg: Any, request: ImageRequest, work: _Work) -> bytes:
        size = request.width_px, request.height_px
        stage = compose(read(request.prompt), request.seed, *size)
        work.passed()
        soft = finish.background(resvg, stage, *size)
        work.passed(finish.preview(soft))
        picture = finish.shapes(resvg, stage, soft, *size)
        work.passed()
        picture = finish.lit(resvg, stage, picture)
        work.passed()
        data = finish.finished(stage, picture)
        work.passed()
        return data

    def chat(self, request: ChatRequest, watch: Watch) -> ChatResult:
        raise BackendError("unsupported", "the painter paints; it does not write text", fault=Fault.PAYLOAD)

    def look_up(self, remote_id: str) -> RemoteState:
        """The painter works inside the asking process: of a dead process nothing is left to ask about."""
        return RemoteState.UNSUPPORTED

    def adopt(self, request: ImageRequest, remote_id: str, watch: Watch) -> ImageResult:
        raise BackendError("unsupported", "a painting cannot be taken over from another process: paint it again")

    def cancel(self, remote_id: str) -> bool:
        """Always false: a painting in this process is stopped through its watch."""
        return False

    def close(self) -> None:
        """Nothing is held open."""
