"""The graph ("prompt" in ComfyUI's API format) for one picture from a checkpoint, and reading it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.backends.base import BackendError, Fault, ImageRequest

CHECKPOINT, POSITIVE, NEGATIVE, LATENT, SAMPLER, DECODE, SAVE = "1", "2", "3", "4", "5", "6", "7"
SIDE_STEP_PX = 8  # ComfyUI rounds sides down to multiples of this without a word
PREFIX_FOLDER = "LUNA"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request means on one server: its checkpoint, sampler and scheduler, and the size that will come back."""

    checkpoint: str
    sampler: str
    scheduler: str
    width_px: int
    height_px: int


def rounded_size(request: ImageRequest) -> tuple[int, int]:
    """Width and height in px as ComfyUI will make them."""
    return request.width_px // SIDE_STEP_PX * SIDE_STEP_PX, request.height_px // SIDE_STEP_PX * SIDE_STEP_PX


def build_graph(request: ImageRequest, choice: Choice) -> dict[str, Any]:
    """CheckpointLoader → CLIP ×2 → KSampler → VAEDecode → SaveImage.

    The file prefix is unique to the attempt: an identical graph would be answered from the server's cache with the
    file of the earlier run, which may be gone. Raises BackendError `rejected` for a seed ComfyUI does not take.
    """
    if not 0 <= request.seed < 2**64:
        raise BackendError("rejected", f"seed {request.seed} is not between 0 and 2**64 - 1", fault=Fault.PAYLOAD)

    def node(class_type: str, **inputs: Any) -> dict[str, Any]:
        return {"class_type": class_type, "inputs": inputs, "_meta": {"title": class_type}}

    return {
        CHECKPOINT: node("CheckpointLoaderSimple", ckpt_name=choice.checkpoint),
        POSITIVE: node("CLIPTextEncode", text=request.prompt, clip=[CHECKPOINT, 1]),
        NEGATIVE: node("CLIPTextEncode", text=request.negative_prompt, clip=[CHECKPOINT, 1]),
        LATENT: node("EmptyLatentImage", width=request.width_px, height=request.height_px, batch_size=1),
        SAMPLER: node(
            "KSampler",
            model=[CHECKPOINT, 0],
            seed=request.seed,
            steps=request.steps,
            cfg=request.cfg_scale,
            sampler_name=choice.sampler,
            scheduler=choice.scheduler,
            positive=[POSITIVE, 0],
            negative=[NEGATIVE, 0],
            latent_image=[LATENT, 0],
            denoise=1.0,
        ),
        DECODE: node("VAEDecode", samples=[SAMPLER, 0], vae=[CHECKPOINT, 2]),
        SAVE: node("SaveImage", images=[DECODE, 0], filename_prefix=f"{PREFIX_FOLDER}/{request.request_id}"),
    }


def is_ours(graph: object) -> bool:
    """Whether a graph found in a queue was built here."""
    prefix = inputs_of(graph, SAVE).get("filename_prefix")
    return isinstance(prefix, str) and prefix.startswith(PREFIX_FOLDER + "/")


def inputs_of(graph: object, node_id: str) -> Mapping[str, Any]:
    """The inputs of a node of a graph as the server gave it back; empty when it is not there."""
    node = graph.get(node_id) if isinstance(graph, dict) else None
    inputs = node.get("inputs") if isinstance(node, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def checkpoint_of(graph: object) -> str | None:
    """The checkpoint that any graph loads, ours or not."""
    for node in graph.values() if isinstance(graph, dict) else ():
        if isinstance(node, dict) and node.get("class_type") == "CheckpointLoaderSimple":
            inputs = node.get("inputs")
            name = inputs.get("ckpt_name") if isinstance(inputs, dict) else None
            return name if isinstance(name, str) else None
    return None
