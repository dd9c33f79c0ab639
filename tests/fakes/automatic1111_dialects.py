"""What the fake says and does differently for each program that speaks `/sdapi/v1`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

NEW_SAMPLERS = {
    "DPM++ 2M": ["k_dpmpp_2m"], "Euler a": ["k_euler_a", "k_euler_ancestral"], "Euler": ["k_euler"],
    "DPM++ SDE": ["k_dpmpp_sde"], "DPM++ 2M SDE": ["k_dpmpp_2m_sde"], "DDIM": [], "UniPC": [],
}  # fmt: skip
OLD_SAMPLERS = {
    "DPM++ 2M Karras": ["k_dpmpp_2m_ka"], "DPM++ SDE Karras": ["k_dpmpp_sde_ka"], "Euler a": ["k_euler_a"],
    "Euler": ["k_euler"], "DPM++ 2M": ["k_dpmpp_2m"], "DDIM": [],
}  # fmt: skip
SDCPP_SAMPLERS = ["default", "euler", "euler_a", "heun", "dpm2", "dpm++2s_a", "dpm++2m", "dpm++2mv2", "lcm",
                  "ddim_trailing"]  # fmt: skip
SDCPP_SCHEDULERS = ["default", "discrete", "normal", "karras", "exponential", "sgm_uniform", "simple"]
KOBOLD_SAMPLERS = ["Euler a", "Euler", "Heun", "DPM2", "LCM", "DPM++ 2M"]
SCHEDULERS = {"automatic": "Automatic", "karras": "Karras", "exponential": "Exponential", "sgm_uniform": "SGM Uniform"}
FAKE_HASH = "8888888888"
DRAWTHINGS_KEYS = {
    "prompt", "negative_prompt", "seed", "steps", "guidance_scale", "cfg_scale", "width", "height", "batch_count",
    "sampler", "model", "upscaler", "strength", "init_images",
}  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """Which routes exist, and how sizes are rounded."""

    name: str
    has_ui: bool = False  # /internal/*
    has_schedulers: bool = True
    has_progress: bool = True
    one_model: bool = False
    error_style: str = "a1111"
    interrupt_status: int = 200

    def size(self, width: int, height: int) -> tuple[int, int]:
        if self.name == "sdcpp":
            return -(-width // 64) * 64, -(-height // 64) * 64
        if self.name == "koboldcpp":
            return min(width // 64 * 64, 1024) or 64, min(height // 64 * 64, 1024) or 64
        if self.name == "drawthings":
            return width, height
        return width // 8 * 8, height // 8 * 8


MANNERS = {
    manner.name: manner
    for manner in (
        Manner("a1111", has_ui=True),
        Manner("a1111-nowebui"),
        Manner("a1111-1.8", has_ui=True, has_schedulers=False),
        Manner("forge", has_ui=True, error_style="forge"),
        Manner("sdnext", interrupt_status=204),
        Manner("sdcpp", has_progress=False, one_model=True, error_style="sdcpp"),
        Manner("koboldcpp", has_progress=False, one_model=True, error_style="kobold", has_schedulers=False),
        Manner("drawthings", has_progress=False, one_model=True),
    )
}


def short_hash(checkpoint: str) -> str:
    return hashlib.sha256(checkpoint.encode()).hexdigest()[:10]


def model_entry(manner: Manner, checkpoint: str) -> dict[str, Any]:
    name = checkpoint.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if manner.one_model:
        return {"title": name, "model_name": name, "hash": FAKE_HASH, "sha256": FAKE_HASH * 6, "filename": checkpoint,
                "config": None}  # fmt: skip
    digest = short_hash(checkpoint)
    return {"title": f"{checkpoint} [{digest}]", "model_name": name, "hash": digest, "sha256": digest * 6,
            "filename": f"/models/Stable-diffusion/{checkpoint}", "config": None}  # fmt: skip


def sampler_entries(manner: Manner) -> list[dict[str, Any]]:
    if manner.name == "sdcpp":
        return [{"name": name, "aliases": [name], "options": {}} for name in SDCPP_SAMPLERS]
    if manner.name == "koboldcpp":
        return [{"name": name, "aliases": [], "options": {}} for name in KOBOLD_SAMPLERS]
    table = OLD_SAMPLERS if manner.name == "a1111-1.8" else NEW_SAMPLERS
    return [{"name": name, "aliases": aliases, "options": {}} for name, aliases in table.items()]


def scheduler_entries(manner: Manner) -> list[dict[str, Any]]:
    if manner.name == "sdcpp":
        return [{"name": name, "label": name} for name in SDCPP_SCHEDULERS]
    return [
        {"name": name, "label": label, "aliases": None, "default_rho": -1, "need_inner_model": False}
        for name, label in SCHEDULERS.items()
    ]


def options(manner: Manner, checkpoint: str, samples_format: str) -> dict[str, Any]:
    if manner.one_model:
        return {"samples_format": samples_format, "sd_model_checkpoint": model_entry(manner, checkpoint)["title"]}
    found: dict[str, Any] = {f"option_{n}": n for n in range(40)}
    found.update(samples_format=samples_format, sd_model_checkpoint=model_entry(manner, checkpoint)["title"])
    if manner.name == "forge":
        found["forge_preset"] = "sd"
    return found


def used_sampler(manner: Manner, body: dict[str, Any]) -> tuple[str, str | None]:
    """What is really used: unknown names are replaced without a word."""
    name, scheduler = str(body.get("sampler_name") or ""), str(body.get("scheduler") or "")
    if manner.name == "sdcpp":
        return (
            name if name in SDCPP_SAMPLERS else "euler_a",
            scheduler if scheduler in SDCPP_SCHEDULERS else "discrete",  # "Karras" is ignored
        )
    if manner.name == "koboldcpp":
        return (name if name in KOBOLD_SAMPLERS else "Euler a"), None
    if manner.name == "a1111-1.8":
        return name or "Euler", None
    for label in SCHEDULERS.values():  # the old joined name is split by the server
        if name.endswith(f" {label}") and name not in NEW_SAMPLERS:
            name, scheduler = name.removesuffix(f" {label}"), scheduler or label
    if name and name not in NEW_SAMPLERS:
        return "DPM++ 2M", "Karras"
    known = {key: label for value, label in SCHEDULERS.items() for key in (value, label)}
    return name or "Euler", known.get(scheduler, "Automatic")
