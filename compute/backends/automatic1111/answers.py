"""The answer of txt2img: which picture is ours, and what the server really did.

`info` is a JSON string, "" (KoboldCpp 1.76) or missing (Draw Things). A1111 keeps silent about everything it
replaces, so each value is compared with what was asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.backends.automatic1111.errors import unsupported
from compute.backends.automatic1111.payload import Order
from compute.backends.automatic1111.pictures import Picture, check_picture, cropped, from_base64
from compute.backends.automatic1111.samplers import fold
from compute.backends.automatic1111.survey import Survey
from compute.backends.base import BackendError, ImageResult
from compute.backends.names import fold_name, nearest_name
from compute.common.http import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """images: base64 texts as sent. info: {} if the server gave none."""

    images: tuple[str, ...]
    info: Mapping[str, Any]


def read_answer(reply: Reply) -> Answer:
    """Raises BackendError `bad_answer` for anything that is not txt2img's answer."""
    content = reply.json()
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list):
        raise BackendError("bad_answer", f"{reply.url} answered without `images`: {reply.excerpt()!r}")
    info = content.get("info")
    if isinstance(info, str) and info.strip():
        try:
            info = json.loads(info)
        except (ValueError, RecursionError):
            info = None
    return Answer(
        images=tuple(image if isinstance(image, str) else "" for image in images),
        info=info if isinstance(info, dict) else {},
    )


def finished_result(answer: Answer, order: Order, seen: Survey, generation_time_ms: int) -> ImageResult:
    """The result, checked; call `check_model` first.

    Raises BackendError: `no_picture`, `interrupted`, `bad_answer`, `wrong_size`, `unsupported` (made smaller).
    """
    data = _our_image(answer, seen)
    warnings = list(order.warnings)
    picture = _sized(check_picture(data), order, seen, warnings)
    used = _used(answer.info, order, seen)
    used["width_px"], used["height_px"] = picture.width_px, picture.height_px
    warnings += _replacements(used, order)
    return ImageResult(
        data=picture.data,
        mime=picture.mime,
        used=used,
        warnings=tuple(warnings),
        generation_time_ms=generation_time_ms,
    )


def check_model(info: Mapping[str, Any], order: Order, seen: Survey) -> None:
    """An unknown or unloadable checkpoint is dropped in silence and the loaded one used: notice it.

    Raises BackendError `missing_checkpoint`.
    """
    if order.model is None:
        return
    name, digest = _text(info.get("sd_model_name")), _text(info.get("sd_model_hash"))
    if not name and not digest:
        return
    wanted = order.model
    same_hash = bool(digest and wanted.hash and _is_prefix(digest, wanted.hash))
    wanted_folds = {fold_name(one) for one in wanted.names}
    same_name = bool(name) and fold_name(name) in wanted_folds
    if same_name and digest and wanted.hash and not same_hash:
        # Two files of one name in different folders: only then does the hash decide.
        twins = [m for m in seen.models or () if wanted_folds & {fold_name(one) for one in m.names if one != m.hash}]
        same_name = len(twins) < 2
    if same_name or same_hash or (not name and not wanted.hash):
        return
    others = [model.title for model in seen.models or () if model != wanted]
    near = nearest_name(wanted.title, others)
    raise BackendError(
        "missing_checkpoint",
        f"{seen.dialect.label} painted with {name or digest} instead of {wanted.title}: it could not load it"
        + (f"; the nearest other one is {near}" if near else "")
        + ". Look at the server's console, and refresh its list of checkpoints.",
    )


def _our_image(answer: Answer, seen: Survey) -> bytes:
    first = answer.info.get("index_of_first_image")
    first = first if isinstance(first, int) and 0 <= first < 64 else 0
    seeds = answer.info.get("all_seeds")
    expected = len(seeds) if isinstance(seeds, list) and seeds else 1
    ours = answer.images[first : first + expected]
    if len(ours) < expected and isinstance(seeds, list) and seeds:
        raise BackendError(
            "interrupted",
            f"the server made {len(ours)} of {expected} pictures: somebody stopped it there",
        )
    if not ours or not ours[0].strip():
        where = "open a project in the app" if seen.dialect.minimal_body else "look at its console"
        raise BackendError("no_picture", f"{seen.dialect.label} says it is done and sent no picture; {where}")
    data = from_base64(ours[0])
    if not data:
        raise BackendError("bad_answer", "the server sent a picture that is not base64")
    return data


def _sized(picture: Picture, order: Order, seen: Survey, warnings: list[str]) -> Picture:
    width, height = order.request.width_px, order.request.height_px
    got = (picture.width_px, picture.height_px)
    if got == (width, height):
        return picture
    dialect = seen.dialect
    words = f"{dialect.label} made {got[0]}×{got[1]} px instead of {width}×{height}"
    if dialect.rounds_up and got == tuple(_rounded_up(side, dialect.size_multiple) for side in (width, height)):
        warnings.append(f"{words}; the middle was kept.")
        return cropped(picture, width, height)
    if got[0] <= width and got[1] <= height and not dialect.rounds_up and dialect.size_multiple > 1:
        raise unsupported(f"{words}: it takes only multiples of {dialect.size_multiple} px")
    raise BackendError("wrong_size", f"{words}; look for a script or an upscaler that is always on")


def _rounded_up(side_px: int, multiple: int) -> int:
    return -(-side_px // multiple) * multiple


def _used(info: Mapping[str, Any], order: Order, seen: Survey) -> dict[str, Any]:
    """What the server says; where it is silent, what it was asked and does not replace."""
    used: dict[str, Any] = {"seed": order.request.seed, "steps": order.steps}
    for key in ("seed", "steps", "clip_skip"):
        if isinstance(info.get(key), int):
            used[key] = info[key]
    if isinstance(info.get("cfg_scale"), int | float):
        used["cfg_scale"] = float(info["cfg_scale"])
    extra = info.get("extra_generation_params")
    texts = {
        "sampler": info.get("sampler_name"),
        "scheduler": extra.get("Schedule type") if isinstance(extra, dict) else None,
        "model_hash": info.get("sd_model_hash"),
        "version": info.get("version"),
    }
    used.update({key: _text(value) for key, value in texts.items() if _text(value)})
    model = _text(info.get("sd_model_name"))
    if not model and not seen.dialect.overrides_checkpoint:
        model = order.model.title if order.model else seen.loaded_model or ""
    if model:
        used["model"] = model
    return used


def _replacements(used: Mapping[str, Any], order: Order) -> list[str]:
    found = []
    choice, request = order.choice, order.request
    if choice.sampler and "sampler" in used and fold(used["sampler"]) != fold(choice.sampler):
        found.append(f"The server used the sampler {used['sampler']} instead of {choice.sampler}.")
    if choice.scheduler and "scheduler" in used and fold(used["scheduler"]) != fold(choice.scheduler):
        found.append(f"The server used the scheduler {used['scheduler']} instead of {choice.scheduler}.")
    if used["seed"] != request.seed:
        found.append(f"The server used the seed {used['seed']} instead of {request.seed}.")
    if used["steps"] != order.steps:
        found.append(f"The server made {used['steps']} steps instead of {order.steps}.")
    asked_cfg = next((float(order.body[key]) for key in ("cfg_scale", "guidance_scale") if key in order.body), None)
    if asked_cfg is not None and abs(used.get("cfg_scale", asked_cfg) - asked_cfg) > 0.01:
        found.append(f"The server used a CFG scale of {used['cfg_scale']:g} instead of {asked_cfg:g}.")
    if order.model is not None and "model" not in used:
        found.append(f"The server does not say which checkpoint it used; {order.model.title} was asked for.")
    return found


def _is_prefix(one: str, other: str) -> bool:
    one, other = one.lower(), other.lower()
    return one.startswith(other) or other.startswith(one)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
