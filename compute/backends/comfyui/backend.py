"""ComfyUIBackend: the protocol of `compute.backends.base` for one ComfyUI server.

The HTTP API and its odd behaviour are those of ComfyUI 0.3.x to 0.38 (server.py, execution.py). A history entry is
the only proof that a prompt ended; entries are left there, so that another process can still fetch the picture of one
that died before it was stored.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from compute.backends.base import (
    BackendError,
    BackendSettings,
    Cancelled,
    Capabilities,
    ChatRequest,
    ChatResult,
    Fault,
    ImageRequest,
    ImageResult,
    RemoteState,
    Watch,
)
from compute.backends.comfyui import remote
from compute.backends.comfyui.attempt import Attempt, StopAsked, judge, stopped
from compute.backends.comfyui.client import ComfyClient, HistoryEntry
from compute.backends.comfyui.errors import missing_checkpoint
from compute.backends.comfyui.facts import PROBE_S, Facts, capabilities, read_facts
from compute.backends.comfyui.graph import (
    CHECKPOINT,
    LATENT,
    SAMPLER,
    SAVE,
    Choice,
    build_graph,
    inputs_of,
    rounded_size,
)
from compute.backends.comfyui.lane import Lanes
from compute.backends.comfyui.picture import check_picture

FACTS_FRESH_S = 60.0
PROBE_SECONDARY_S = 5.0  # /object_info can take a minute on servers with many custom nodes
HOT_SECONDARY_S = 2.0  # a picture waits no longer than this for the sampler list


class ComfyUIBackend:
    """Keep one instance as long as possible: it remembers the server's version, checkpoints and samplers."""

    api_type = "comfyui"

    def __init__(self, settings: BackendSettings):
        self._settings = settings
        self._models = dict(settings.models)
        self._client = ComfyClient(settings)
        self._lanes = Lanes("comfyui-http")
        self._lock = threading.Lock()
        self._facts: Facts | None = None
        self._refreshing = False
        self._last_model: str | None = None

    def probe(self) -> Capabilities:
        """Ask the server what it is and offers; also renews what pictures are built from. Raises BackendError."""
        ends_s = time.monotonic() + PROBE_S
        try:
            self._facts = facts = read_facts(
                self._client, self._lanes, timeout_s=PROBE_S * 0.6, secondary_s=PROBE_SECONDARY_S
            )
            left_s = max(1.0, ends_s - time.monotonic() - 1)
            found = capabilities(self._client, self._lanes, facts, self._last_model, left_s)
        except BackendError:
            self._facts = None
            raise
        self._last_model = self._last_model or found.loaded_model
        return found

    def generate_image(self, request: ImageRequest, watch: Watch) -> ImageResult:
        """Queue the graph, wait, fetch and check the picture. Raises BackendError (or Cancelled)."""
        _check_id(request.request_id)

        def look() -> None:
            if watch.should_stop():
                raise Cancelled("stopped before anything was sent")

        look()
        facts = self._known_facts(look)
        try:
            choice = facts.choose(request, self._models, self._last_model)
        except BackendError:
            facts = self._read_facts(look)  # the file or sampler may be new there
            choice = facts.choose(request, self._models, self._last_model)
        try:
            return self._generate(request, choice, facts, watch)
        except BackendError as error:
            if error.code not in ("missing_checkpoint", "unsupported"):
                if error.fault is not Fault.PAYLOAD:
                    self._forget_if_gone(error)
                raise
            facts = self._read_facts(look)  # the server is not what it was when we last asked
            again = facts.choose(request, self._models, self._last_model)
            if again == choice:
                raise
        return self._generate(request, again, facts, watch)

    def chat(self, request: ChatRequest, watch: Watch) -> ChatResult:
        """ComfyUI writes no text. Raises BackendError `unsupported`."""
        raise BackendError("unsupported", "ComfyUI makes pictures, it does not write text", fault=Fault.PAYLOAD)

    def look_up(self, remote_id: str) -> RemoteState:
        """Where the prompt is, by the id it was sent under. Raises BackendError if the server cannot be asked."""
        return remote.locate(self._client, self._known_facts().version, remote_id).state

    def adopt(self, request: ImageRequest, remote_id: str, watch: Watch) -> ImageResult:
        """Wait for a prompt that an earlier process sent, and fetch its picture.

        Raises BackendError `lost` if the server does not know it, and what generate_image raises.
        """
        attempt = Attempt(self._client, self._lanes, self._known_facts(), watch, request)
        return self._see_through(attempt, lambda: attempt.adopt(remote_id), rounded_size(request), None)

    def cancel(self, remote_id: str) -> bool:
        """Stop that prompt and no other. True if it is surely not there any more."""
        try:
            return remote.stop(self._client, self._known_facts().version, remote_id)
        except BackendError:
            return False

    def close(self) -> None:
        self._lanes.close()
        self._client.close()

    def _generate(self, request: ImageRequest, choice: Choice, facts: Facts, watch: Watch) -> ImageResult:
        graph = build_graph(request, choice)
        attempt = Attempt(self._client, self._lanes, facts, watch, request)
        size = (choice.width_px, choice.height_px)
        return self._see_through(attempt, lambda: attempt.submit(graph, choice.checkpoint), size, graph)

    def _see_through(
        self, attempt: Attempt, begin: Callable[[], None], size_px: tuple[int, int], graph: Mapping[str, Any] | None
    ) -> ImageResult:
        """From the beginning of an attempt to its checked picture; whatever ends it leaves nothing running there."""
        try:
            begin()
            entry = attempt.wait()
            failure = judge(entry, attempt)
            if failure is not None:
                raise failure
            reply = attempt.fetch(entry, SAVE)
        except StopAsked:
            raise stopped(attempt) from None
        except BackendError as error:
            if error.code == "timed_out":
                stopped(attempt)
            raise
        finally:
            attempt.close()
        width_px, height_px = size_px
        mime, picture = check_picture(reply, width_px=width_px, height_px=height_px, server=attempt.facts.server)
        used, warnings = _used(entry, attempt.request, graph, attempt.facts)
        self._last_model = str(used.get("model") or "") or self._last_model
        return ImageResult(
            data=reply.body,
            mime=mime,
            picture=picture,
            used=used,
            warnings=warnings,
            generation_time_ms=_duration_ms(entry, attempt),
        )

    def _known_facts(self, meanwhile: Callable[[], None] = lambda: None) -> Facts:
        """What is known of the server, read now only if nothing is; old knowledge is renewed in the background."""
        facts = self._facts
        if facts is None:
            return self._read_facts(meanwhile)
        if facts.age_s > FACTS_FRESH_S:
            with self._lock:
                begin, self._refreshing = not self._refreshing, True
            if begin:
                self._lanes.start(self._refresh)
        return facts

    def _read_facts(self, meanwhile: Callable[[], None] = lambda: None) -> Facts:
        facts = read_facts(self._client, self._lanes, secondary_s=HOT_SECONDARY_S, meanwhile=meanwhile)
        self._facts = facts
        return facts

    def _refresh(self) -> None:
        try:
            self._read_facts()
        finally:
            with self._lock:
                self._refreshing = False

    def _forget_if_gone(self, error: BackendError) -> None:
        """A server that went away may come back as another version with other files."""
        if error.code in ("unreachable", "lost", "bad_answer", "not_found", "unauthorized"):
            self._facts = None


def _check_id(request_id: str) -> None:
    """ComfyUI from 0.25.0 takes canonical lower-case UUIDs only."""
    try:
        canonical = str(uuid.UUID(request_id)) == request_id
    except ValueError:
        canonical = False
    if not canonical:
        raise BackendError("rejected", f"request id {request_id!r} is not a canonical UUID", fault=Fault.PAYLOAD)


def _used(
    entry: HistoryEntry, request: ImageRequest, graph: Mapping[str, Any] | None, facts: Facts
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the server ran, by its own history, and a sentence for each difference from what was sent.

    Raises BackendError `missing_checkpoint` if it ran another checkpoint.
    """
    loader, sampler, latent = (inputs_of(entry.graph, node) for node in (CHECKPOINT, SAMPLER, LATENT))
    width_px, height_px = rounded_size(request)
    used = {
        "model": loader.get("ckpt_name"),
        "sampler": sampler.get("sampler_name"),
        "scheduler": sampler.get("scheduler"),
        "seed": sampler.get("seed"),
        "steps": sampler.get("steps"),
        "cfg_scale": sampler.get("cfg"),
        "width_px": width_px,
        "height_px": height_px,
    }
    warnings = []
    if (width_px, height_px) != (request.width_px, request.height_px):
        warnings.append(
            f"ComfyUI rounded {request.width_px}×{request.height_px} px down to {width_px}×{height_px} px, "
            "multiples of 8"
        )
    if graph is not None and entry.graph is not None:
        wanted = inputs_of(graph, CHECKPOINT).get("ckpt_name")
        if used["model"] not in (wanted, None):
            raise missing_checkpoint(
                f"{wanted} (it ran {used['model']} instead)", facts.checkpoints, server=facts.server
            )
        for node, ran in ((SAMPLER, sampler), (LATENT, latent)):
            for name, value in inputs_of(graph, node).items():
                if not isinstance(value, list) and ran.get(name) != value:
                    warnings.append(f"{facts.server} used {name} {ran.get(name)!r:.80} where {value!r:.80} was asked")
    return {name: value for name, value in used.items() if value is not None}, tuple(warnings)


def _duration_ms(entry: HistoryEntry, attempt: Attempt) -> int:
    """From the start to the end by the server's clock, else from our POST to now."""
    start = entry.messages.get("execution_start", {}).get("timestamp")
    end = entry.messages.get("execution_success", {}).get("timestamp")
    if isinstance(start, int | float) and isinstance(end, int | float) and end >= start:
        return int(end - start)
    return int((time.monotonic() - attempt.sent_at_s) * 1000)
