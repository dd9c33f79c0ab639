"""What a probe learns of one server, kept so that a picture need not ask again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compute.backends.base import BackendError, Capabilities, Capacity, Fault, ImageRequest
from compute.backends.comfyui.client import ComfyClient, combo
from compute.backends.comfyui.errors import missing_checkpoint
from compute.backends.comfyui.events import can_listen
from compute.backends.comfyui.graph import Choice, checkpoint_of, is_ours, rounded_size
from compute.backends.comfyui.lane import Call, Lanes
from compute.backends.comfyui.samplers import choose_sampler
from compute.backends.comfyui.versions import ComfyVersion
from compute.backends.names import match_name

PROBE_S = 9.0  # the protocol allows 10
SDXL_VRAM_BYTES = 6 * 2**30
_SDXL_WORDS = ("xl", "pony", "illustrious", "noob")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One server at one time (read_at_s, monotonic)."""

    version: ComfyVersion
    server: str
    checkpoints: tuple[str, ...]
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    device: str | None = None
    is_gpu: bool = False
    vram_bytes: int | None = None
    vram_free_bytes: int | None = None
    read_at_s: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.read_at_s

    def choose(self, request: ImageRequest, models: dict[str, str], loaded: str | None) -> Choice:
        """What the request means here. Raises BackendError `missing_checkpoint` or `unsupported`."""
        if request.model in ("", "auto"):
            name = loaded if loaded in self.checkpoints else next(iter(self.checkpoints), None)
        else:
            name = match_name(request.model, self.checkpoints, models)
        if name is None:
            raise missing_checkpoint(request.model or "auto", self.checkpoints, server=self.server)
        sampler, scheduler = choose_sampler(request.sampler, self.samplers, self.schedulers)
        return Choice(name, sampler, scheduler, *rounded_size(request))


class Answers:
    """Results of calls that were begun together, all due at one time (monotonic)."""

    def __init__(self, url: str, due_s: float, meanwhile: Callable[[], None] = lambda: None):
        self._url, self._due_s, self._meanwhile = url, due_s, meanwhile

    def result(self, call: Call) -> Any:
        """Wait for a result. Raises the call's error, BackendError `timed_out`, or what meanwhile raises."""
        while not call.done.wait(min(0.1, max(0.0, self._due_s - time.monotonic()))):
            self._meanwhile()
            if time.monotonic() >= self._due_s:
                raise BackendError("timed_out", f"{self._url} did not answer in time")
        if call.error is not None:
            raise call.error
        return call.result

    def optional(self, call: Call) -> Any:
        """The result of a question whose answer is only nice to have; empty without one."""
        try:
            return self.result(call)
        except BackendError:
            return ()


def read_facts(
    client: ComfyClient,
    lanes: Lanes,
    *,
    timeout_s: float = PROBE_S,
    secondary_s: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> Facts:
    """Ask the server, everything at once. Raises BackendError if it does not answer or is no ComfyUI.

    The sampler list is not worth a failure, nor a wait of more than secondary_s: without it the server itself judges
    the names. meanwhile is called
    several times a second; what it raises ends the wait.
    """
    now_s = time.monotonic()
    asked = Answers(client.url, now_s + timeout_s, meanwhile)
    warnings: list[str] = []
    stats_call = lanes.start(lambda: client.system_stats(timeout_s))
    checkpoints_call = lanes.start(lambda: client.checkpoints(timeout_s))
    sampler_call = lanes.start(lambda: client.node("KSampler", secondary_s))
    version, device = _system(client, asked.result(stats_call))
    checkpoints: tuple[str, ...] = asked.result(checkpoints_call)
    node: dict[str, Any] = {}
    try:
        node = Answers(client.url, now_s + min(secondary_s, timeout_s), meanwhile).result(sampler_call)
    except BackendError as error:
        warnings.append(f"the sampler list could not be read ({error.detail}); names are checked by the server only")
    if not checkpoints:
        warnings.append(f"{client.url} has no checkpoints; put one into models/checkpoints")
    if not version.known:
        warnings.append(f"{client.url} does not say its version; it is treated as a very old ComfyUI")
    return Facts(
        version=version,
        server=f"ComfyUI {version} at {client.url}",
        checkpoints=checkpoints,
        samplers=combo(node, "sampler_name"),
        schedulers=combo(node, "scheduler"),
        device=str(device.get("name")) if device.get("name") else None,
        is_gpu=str(device.get("type")) not in ("cpu", "None"),
        vram_bytes=_bytes(device.get("vram_total")),
        vram_free_bytes=_bytes(device.get("vram_free")),
        read_at_s=time.monotonic(),
        warnings=tuple(warnings),
    )


def capabilities(
    client: ComfyClient, lanes: Lanes, facts: Facts, last_model: str | None, timeout_s: float
) -> Capabilities:
    """The facts and the passing state of the server (queue, last used checkpoint) as the protocol wants them."""
    asked = Answers(client.url, time.monotonic() + timeout_s)
    queue = lanes.start(lambda: client.queue(timeout_s))
    newest = lanes.start(lambda: client.newest(1, timeout_s))
    loras = lanes.start(lambda: client.models("loras", timeout_s))
    controlnets = lanes.start(lambda: client.models("controlnet", timeout_s))
    items = asked.result(queue)
    entries = asked.optional(newest)
    loaded = last_model or next((checkpoint_of(entry.graph) for entry in entries), None)
    features = {Capacity.IMG2IMG, Capacity.CANCEL}
    if can_listen():
        features |= {Capacity.PREVIEW, Capacity.PROGRESS}
    if asked.optional(loras):
        features.add(Capacity.LORA)
    if asked.optional(controlnets):
        features.add(Capacity.CONTROLNET)
    roomy = facts.is_gpu and (facts.vram_bytes or 0) >= SDXL_VRAM_BYTES
    if roomy or any(word in name.lower() for name in facts.checkpoints for word in _SDXL_WORDS):
        features.add(Capacity.SDXL)
    return Capabilities(
        job_kinds=("image_generation",),
        server=f"ComfyUI {facts.version}",
        models=facts.checkpoints,
        loaded_model=loaded if loaded in facts.checkpoints else None,
        samplers=facts.samplers,
        schedulers=facts.schedulers,
        features=frozenset(features),
        gpu_model=facts.device,
        vram_bytes=facts.vram_bytes,
        vram_free_bytes=facts.vram_free_bytes,
        queue_remaining=sum(not is_ours(item.graph) for item in items),
        warnings=facts.warnings,
    )


def _system(client: ComfyClient, stats: dict[str, Any]) -> tuple[ComfyVersion, dict[str, Any]]:
    """Version and first device. Raises BackendError `unsupported` for KoboldCpp's imitation."""
    system, devices = stats.get("system"), stats.get("devices")
    if not isinstance(system, dict):
        raise BackendError("bad_answer", f"{client.url} is not ComfyUI: /system_stats has no `system`")
    device = devices[0] if isinstance(devices, list) and devices and isinstance(devices[0], dict) else {}
    if device.get("name") == "koboldcpp":
        raise BackendError(
            "unsupported",
            f"{client.url} is KoboldCpp, which only imitates ComfyUI; set the worker's api_type to automatic1111",
            fault=Fault.WORKER,
        )
    return ComfyVersion.parse(system.get("comfyui_version")), device


def _bytes(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and value > 0 else None
