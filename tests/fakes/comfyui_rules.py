"""What the fake ComfyUI offers and how it checks a prompt: node classes, choices, error bodies by version."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

SAMPLERS = (
    *("euler", "euler_ancestral", "heun", "dpm_2", "dpm_2_ancestral", "lms", "dpm_fast", "dpm_adaptive"),
    *("dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_2m", "dpmpp_2m_sde", "dpmpp_3m_sde", "ddpm", "lcm", "ipndm"),
    *("deis", "res_multistep", "ddim", "uni_pc"),
)
SCHEDULERS = (
    *("simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal"),
    *("linear_quadratic", "kl_optimal"),
)
CLASSES = (
    "CheckpointLoaderSimple",
    "CLIPTextEncode",
    "EmptyLatentImage",
    "KSampler",
    "VAEDecode",
    "SaveImage",
    "PreviewImage",
)
OUTPUTS = ("SaveImage", "PreviewImage")


@dataclass(kw_only=True)
class Options:
    """How the server behaves. Times in ms; ws: "ok", "silent", "refuse", "late" or "stall"."""

    version: str | None = "0.27.1"
    checkpoints: list[str] = field(default_factory=lambda: ["v1-5-pruned-emaonly.safetensors"])
    loras: list[str] = field(default_factory=list)
    controlnets: list[str] = field(default_factory=list)
    samplers: list[str] = field(default_factory=lambda: list(SAMPLERS))
    schedulers: list[str] = field(default_factory=lambda: list(SCHEDULERS))
    step_ms: float = 10
    start_gap_ms: float = 0  # between dequeue and start: an interrupt then is lost
    history_delay_ms: float = 2  # between execution_success and the history entry
    object_info_delay_ms: float = 0
    previews: bool = True
    v3_combos: bool = False
    ws: str = "ok"
    user: str = ""
    password: str = ""
    bearer: str = ""
    base_path: str = ""
    max_upload_bytes: int = 100 * 2**20
    device: str = "cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync"
    device_type: str = "cuda"
    vram_bytes: int = 24 * 2**30
    html: bool = False  # every page is a sign-in page with status 200
    koboldcpp: bool = False
    broken: dict[str, int] = field(default_factory=dict)  # beginning of a path → the status it answers with

    def at_least(self, *version: int) -> bool:
        said = tuple(int(part) for part in (self.version or "0.1.0").split("."))
        return said >= version


def node_info(options: Options, class_type: str) -> dict[str, Any]:
    """GET /object_info/{class}: {} for an unknown one."""

    def combo(values: list[str]) -> list[Any]:
        return ["COMBO", {"options": values}] if options.v3_combos else [values, {}]

    required: dict[str, Any] = {}
    if class_type == "KSampler":
        required = {"sampler_name": combo(options.samplers), "scheduler": combo(options.schedulers)}
    if class_type == "CheckpointLoaderSimple":
        required = {"ckpt_name": combo(options.checkpoints)}
    return {class_type: {"input": {"required": required}, "name": class_type}} if class_type in CLASSES else {}


def _error(kind: str, message: str, details: str = "", **extra: Any) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


def refusal(options: Options, body: dict[str, Any]) -> dict[str, Any] | None:
    """The body of the 400 that POST /prompt answers, or None for a valid prompt."""
    graph = body.get("prompt")
    if graph is None:
        if not options.at_least(0, 3, 28):
            return {"error": "no prompt", "node_errors": []}
        return {"error": _error("no_prompt", "No prompt provided", "No prompt provided"), "node_errors": {}}
    if options.at_least(0, 25, 0) and "prompt_id" in body and not _canonical(body["prompt_id"]):
        return {"error": _error("invalid_prompt_id", "prompt_id must be a canonical UUID"), "node_errors": {}}
    for node_id, node in graph.items():
        if node.get("class_type") not in CLASSES:
            return {"error": _unknown_class(options, node_id, node.get("class_type")), "node_errors": {}}
    if not any(node["class_type"] in OUTPUTS for node in graph.values()):
        return {"error": _error("prompt_no_outputs", "Prompt has no outputs"), "node_errors": {}}
    node_errors = _node_errors(options, graph)
    if not node_errors:
        return None
    error = _error("prompt_outputs_failed_validation", "Prompt outputs failed validation")
    return {"error": error, "node_errors": node_errors}


def _unknown_class(options: Options, node_id: str, name: str | None) -> dict[str, Any]:
    if options.at_least(0, 12, 0):
        message = f"Node '{name}' not found. The custom node may not be installed."
        return _error("missing_node_type", message, f"Node ID '#{node_id}'", node_id=node_id, class_type=name)
    return _error("invalid_prompt", f"Cannot execute because node {name} does not exist.", f"Node ID '#{node_id}'")


def _node_errors(options: Options, graph: dict[str, Any]) -> dict[str, Any]:
    choices = {"ckpt_name": options.checkpoints, "sampler_name": options.samplers, "scheduler": options.schedulers}
    ranges = {"seed": (0, 2**64 - 1), "steps": (1, 10000), "width": (16, 16384), "height": (16, 16384)}
    found: dict[str, Any] = {}
    for node_id, node in graph.items():
        errors = []
        for name, value in node["inputs"].items():
            if name in choices and value not in choices[name]:
                offered = choices[name] if len(choices[name]) <= 20 else f"(list of length {len(choices[name])})"
                details = f"{name}: '{value}' not in {offered}"
                errors.append(_error("value_not_in_list", "Value not in list", details, input_name=name))
            if name in ranges and value < ranges[name][0]:
                errors.append(_error("value_smaller_than_min", f"Value {value} smaller than min", name))
            if name in ranges and value > ranges[name][1]:
                errors.append(_error("value_bigger_than_max", f"Value {value} bigger than max", name))
        if errors:
            found[node_id] = {"class_type": node["class_type"], "dependent_outputs": ["7"], "errors": errors}
    return found


def _canonical(prompt_id: object) -> bool:
    try:
        return str(uuid.UUID(str(prompt_id))) == prompt_id
    except ValueError:
        return False
