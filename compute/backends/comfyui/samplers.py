"""From A1111's sampler names to ComfyUI's sampler and scheduler.

A1111 writes both in one name ("DPM++ 2M Karras"), ComfyUI has two fields. The tables hold what both programs offer;
a name ComfyUI uses itself ("dpmpp_2m", "dpmpp_2m karras", "res_multistep") is understood too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from compute.backends.base import BackendError, Fault

SAMPLERS = {
    "Euler": "euler",
    "Euler a": "euler_ancestral",
    "Heun": "heun",
    "LMS": "lms",
    "DPM2": "dpm_2",
    "DPM2 a": "dpm_2_ancestral",
    "DPM fast": "dpm_fast",
    "DPM adaptive": "dpm_adaptive",
    "DPM++ 2S a": "dpmpp_2s_ancestral",
    "DPM++ SDE": "dpmpp_sde",
    "DPM++ 2M": "dpmpp_2m",
    "DPM++ 2M SDE": "dpmpp_2m_sde",
    "DPM++ 2M SDE Heun": "dpmpp_2m_sde_heun",
    "DPM++ 3M SDE": "dpmpp_3m_sde",
    "DDPM": "ddpm",
    "DDIM": "ddim",
    "UniPC": "uni_pc",
    "LCM": "lcm",
    "DEIS": "deis",
    "iPNDM": "ipndm",
}
SCHEDULERS = {
    "Automatic": "",
    "Uniform": "normal",
    "Normal": "normal",
    "Karras": "karras",
    "Exponential": "exponential",
    "SGM Uniform": "sgm_uniform",
    "KL Optimal": "kl_optimal",
    "Simple": "simple",
    "Beta": "beta",
    "DDIM": "ddim_uniform",
    "Linear Quadratic": "linear_quadratic",
}
_FOLDED = re.compile(r"[\s_\-.]+")


def _fold(name: str) -> str:
    return _FOLDED.sub("", name.lower().replace("++", "pp").replace("+", "p"))


def _by_fold(table: dict[str, str], offered: Sequence[str]) -> dict[str, str]:
    folded = {_fold(name): name for name in offered}
    folded.update({_fold(value): value for value in table.values() if value})
    folded.update({_fold(label): value for label, value in table.items()})
    return folded


def choose_sampler(name: str, samplers: Sequence[str], schedulers: Sequence[str]) -> tuple[str, str]:
    """ComfyUI's (sampler_name, scheduler) for a name in A1111's or ComfyUI's spelling.

    samplers, schedulers: what the server offers; empty where it could not be read, then the tables alone count.
    "" is the server's default, its first sampler. Raises BackendError `unsupported`, naming the nearest: Fault.PAYLOAD
    for a name nobody knows, Fault.WORKER for a known one that this server lacks.
    """
    sampler, scheduler = _split(name.strip(), samplers, schedulers)
    if not sampler:
        sampler = samplers[0] if samplers else "euler"
    if not scheduler:  # A1111's "Automatic"
        scheduler = "karras" if sampler.startswith("dpmpp_") else "normal"
    for kind, value, offered in (("sampler", sampler, samplers), ("scheduler", scheduler, schedulers)):
        if offered and value not in offered:
            raise BackendError("unsupported", _missing(kind, name, value, offered), fault=Fault.WORKER)
    return sampler, scheduler


def _split(name: str, samplers: Sequence[str], schedulers: Sequence[str]) -> tuple[str, str]:
    """The two halves of a name; the scheduler is "" if not named, both are if the name is."""
    if not name:
        return "", ""
    by_sampler, by_scheduler = _by_fold(SAMPLERS, samplers), _by_fold(SCHEDULERS, schedulers)
    folded = _fold(name)
    if folded in by_sampler:
        return by_sampler[folded], ""
    for length in range(len(folded) - 1, 0, -1):  # the longest sampler wins: "DPM++ 2M SDE" before "DPM++ 2M"
        if folded[:length] in by_sampler and folded[length:] in by_scheduler:
            return by_sampler[folded[:length]], by_scheduler[folded[length:]]
    known = [*SAMPLERS, *(f"{sampler} Karras" for sampler in SAMPLERS if sampler.startswith("DPM")), *samplers]
    near = difflib.get_close_matches(folded, [_fold(one) for one in known], n=1, cutoff=0.3)
    hint = next((f"; did you mean {one!r}?" for one in known if near and _fold(one) == near[0]), "")
    raise BackendError("unsupported", f"no sampler is called {name!r}{hint}", fault=Fault.PAYLOAD)


def _missing(kind: str, name: str, value: str, offered: Sequence[str]) -> str:
    near = difflib.get_close_matches(value, offered, n=1, cutoff=0.3)
    hint = f"; the nearest it has is {near[0]!r}" if near else ""
    return f"this ComfyUI has no {kind} {value!r} (asked for: {name!r}){hint}. Updating ComfyUI may add it"
