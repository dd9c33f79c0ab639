"""The body of POST /sdapi/v1/txt2img: only fields that are meant, never null (stable-diffusion.cpp answers null
with 500), and nothing the server is known to replace in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.backends.automatic1111.errors import unsupported
from compute.backends.automatic1111.samplers import Choice, choose_sampler, fold
from compute.backends.automatic1111.survey import Model, Named, Survey
from compute.backends.base import BackendError, Fault, ImageRequest
from compute.backends.names import nearest_name

_LORA = re.compile(r"<lora:([^:<>]+)(?::([^<>]*))?>", re.IGNORECASE)
# stable-diffusion.cpp takes any of its own parameters from inside the prompt; a player must not reach them.
_EXTRA_ARGS = re.compile(r"</?sd_cpp_extra_args>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One picture as this server is asked for it."""

    body: Mapping[str, Any]
    request: ImageRequest
    model: Model | None  # None: whatever is loaded
    choice: Choice
    steps: int
    warnings: tuple[str, ...] = field(default=())


def build_order(request: ImageRequest, seen: Survey, mapping: Mapping[str, str], task_id: str) -> Order:
    """Raises BackendError: `missing_checkpoint`, `unsupported` (size, sampler), `rejected`."""
    if request.steps < 1 or request.width_px < 1 or request.height_px < 1:
        raise BackendError("rejected", "steps, width and height must be at least 1", fault=Fault.PAYLOAD)
    dialect = seen.dialect
    check_size(request, seen)
    model = choose_model(request.model, seen, mapping)
    choice = choose_sampler(request.sampler, seen)
    warnings = list(choice.warnings)
    steps, cfg = _limited(request, seen, warnings)
    prompt, loras = _loras(request.prompt, seen, warnings)
    body: dict[str, Any] = {
        "prompt": prompt,
        "seed": request.seed,
        "steps": steps,
        seen.cfg_key: cfg,
        "width": request.width_px,
        "height": request.height_px,
    }
    negative_prompt = _loras(request.negative_prompt, seen, warnings)[0]
    if negative_prompt:
        body["negative_prompt"] = negative_prompt
    if choice.sampler is not None:
        body["sampler_name"] = choice.sampler
    if choice.scheduler is not None:
        body["scheduler"] = choice.scheduler
    if loras:
        body["lora"] = loras
    if model is not None and dialect.overrides_checkpoint:
        body["override_settings"] = {"sd_model_checkpoint": model.title}
    if seen.has_tasks:
        body["force_task_id"] = task_id
    return Order(body=body, request=request, model=model, choice=choice, steps=steps, warnings=tuple(warnings))


def choose_model(wanted: str, seen: Survey, mapping: Mapping[str, str]) -> Model | None:
    """The checkpoint to ask for. Raises BackendError `missing_checkpoint`, naming it and the nearest offered."""
    if wanted in ("", "auto"):
        return None
    model = seen.find_model(wanted, mapping)
    if model is not None:
        return model
    titles = [model.title for model in seen.models or ()]
    near = nearest_name(wanted, titles)
    hint = f"did you mean {near}? " if near else ""
    has = "has only" if not seen.dialect.overrides_checkpoint else "offers"
    raise BackendError(
        "missing_checkpoint",
        f"{seen.dialect.label} has no checkpoint {wanted!r}; {hint}it {has} {', '.join(titles[:20]) or 'none'}. "
        "Put the file into its models folder, or map the name in the worker's `models`.",
    )


def check_size(request: ImageRequest, seen: Survey) -> None:
    """Raises BackendError `unsupported` where the server would make a smaller picture than asked."""
    dialect = seen.dialect
    sides = (request.width_px, request.height_px)
    too_large = dialect.max_side_px is not None and max(sides) > dialect.max_side_px
    cut_down = not dialect.rounds_up and any(side % dialect.size_multiple for side in sides)
    if too_large or cut_down:
        upto = f" up to {dialect.max_side_px}" if dialect.max_side_px else ""
        raise unsupported(
            f"{dialect.label} makes only sides that are multiples of {dialect.size_multiple} px{upto}; "
            f"{sides[0]}×{sides[1]} would come out smaller"
        )


def _limited(request: ImageRequest, seen: Survey, warnings: list[str]) -> tuple[int, float]:
    dialect, steps, cfg = seen.dialect, request.steps, request.cfg_scale
    if dialect.max_steps is not None and steps > dialect.max_steps:
        warnings.append(f"{dialect.label} makes at most {dialect.max_steps} steps, not {steps}.")
        steps = dialect.max_steps
    if dialect.cfg_range is not None and not dialect.cfg_range[0] <= cfg <= dialect.cfg_range[1]:
        low, high = dialect.cfg_range
        warnings.append(f"{dialect.label} takes a CFG scale of {low:g} to {high:g}, not {cfg:g}.")
        cfg = min(max(cfg, low), high)
    return steps, cfg


def _loras(prompt: str, seen: Survey, warnings: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """The prompt for this server, and its LoRAs where they travel apart from it.

    A1111 ignores a LoRA it does not have without a word; so do we, with one.
    """
    dialect = seen.dialect
    structured: list[dict[str, Any]] = []
    known: dict[str, Named] = {}
    for lora in seen.loras or ():
        for name in (lora.name, *lora.aliases):
            known.setdefault(fold(name), lora)
    for name, _ in _LORA.findall(prompt):
        if dialect.drops_loras:
            warnings.append(f"{dialect.label} cannot apply the LoRA {name}.")
        elif seen.loras is not None and fold(name) not in known:
            warnings.append(f"The LoRA {name} is not on this server and was left out.")
        elif seen.loras is None and dialect.structured_loras:
            warnings.append(f"The server does not list its LoRAs; {name} was left out.")
    if dialect.structured_loras:
        for name, weight in _LORA.findall(prompt):
            lora_found = known.get(fold(name))
            if lora_found is not None:
                structured.append({"path": lora_found.path or lora_found.name, "multiplier": _weight(weight)})
        prompt = _EXTRA_ARGS.sub(" ", prompt)  # a space: what was left and right of it must not join to a new one
    if dialect.structured_loras or dialect.drops_loras:
        prompt = _LORA.sub(" ", prompt).strip()
    return prompt, structured


def _weight(text: str) -> float:
    try:
        return min(max(float(text.partition(":")[0]), -10.0), 10.0)
    except ValueError:
        return 1.0
