"""From A1111's spelling of a sampler ("DPM++ 2M Karras") to what one server takes, checked against its own lists.

A1111 and Forge replace an unknown sampler or scheduler silently, so an unknown name must not be sent.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from compute.backends.automatic1111.survey import Named, Survey
from compute.backends.base import BackendError, Fault

# The schedulers of A1111 1.10, to split a joined name where the server has no list (1.9.0, KoboldCpp 1.76).
KNOWN_SCHEDULERS = (
    "Automatic", "Uniform", "Karras", "Exponential", "Polyexponential", "SGM Uniform", "KL Optimal",
    "Align Your Steps", "Simple", "Normal", "DDIM", "Beta", "Turbo",
)  # fmt: skip
KNOWN_SAMPLERS = (
    "Euler", "Euler a", "LMS", "Heun", "DPM2", "DPM2 a", "DPM++ 2S a", "DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE",
    "DPM++ 2M SDE Heun", "DPM++ 3M SDE", "DPM fast", "DPM adaptive", "Restart", "DDIM", "DDIM CFG++", "PLMS", "UniPC",
    "LCM",
)  # fmt: skip
# Names that differ by more than case and punctuation: A1111's, folded → stable-diffusion.cpp's, folded.
_OTHER_NAMES = {"ddim": "ddimtrailing"}
_FOLDED = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to send; None sends nothing. warnings name what could not be had."""

    sampler: str | None = None
    scheduler: str | None = None
    warnings: tuple[str, ...] = ()


def fold(name: str) -> str:
    """`DPM++ 2S a`, `dpm++2s_a` → `dpm++2sa`."""
    return _FOLDED.sub("", name).lower()


def choose_sampler(wanted: str, seen: Survey) -> Choice:
    """Raises BackendError `unsupported`, naming the nearest: Fault.WORKER where only this server does not have it,
    Fault.PAYLOAD for a name that A1111 never had either."""
    wanted = wanted.strip()
    if not wanted:
        return Choice()
    if seen.dialect.minimal_body:
        return Choice(warnings=(f"{seen.dialect.label} uses the sampler set in the app, not {wanted}.",))
    offered = _by_fold(seen.samplers or ())
    folded = fold(wanted)
    direct = _find(folded, offered)
    if direct is not None:
        return Choice(sampler=direct)
    base, scheduler = _split(folded, seen.schedulers or ())
    sampler = _find(base, offered) if scheduler else None
    if not seen.samplers:
        return _unchecked(wanted, base, scheduler, seen)
    if sampler is None:
        raise _missing(wanted, seen.samplers)
    if fold(scheduler) == "automatic":
        return Choice(sampler=sampler)
    if seen.dialect.joined_samplers:
        # ≤ 1.8 has one list of joined names and would ignore a scheduler field.
        raise _missing(wanted, seen.samplers)
    if seen.schedulers:
        known = _find(fold(scheduler), _by_fold(seen.schedulers))
        if known is not None:
            return Choice(sampler=sampler, scheduler=known)
    elif seen.dialect.overrides_checkpoint:  # 1.9.0 takes a scheduler but does not list them
        return Choice(sampler=sampler, scheduler=scheduler)
    return Choice(
        sampler=sampler,
        warnings=(f"{seen.dialect.label} does not offer the scheduler {scheduler}; it used its own.",),
    )


def _unchecked(wanted: str, base: str, scheduler: str, seen: Survey) -> Choice:
    if scheduler and not seen.dialect.joined_samplers:
        # fold() lost the spelling: cut the scheduler's letters off the end of what was asked.
        letters = len(base)
        for position in range(len(wanted) + 1):
            if len(fold(wanted[:position])) == letters and fold(wanted[:position]) == base:
                return Choice(sampler=wanted[:position].strip(), scheduler=scheduler)
    return Choice(sampler=wanted)


def _split(folded: str, schedulers: Iterable[Named]) -> tuple[str, str]:
    """`dpm++2mkarras` → (`dpm++2m`, `Karras`); ("…", "") if no scheduler's name stands at the end."""
    names = {fold(label): label for label in KNOWN_SCHEDULERS}
    for scheduler in schedulers:
        for name in (scheduler.name, *scheduler.aliases):
            names.setdefault(fold(name), scheduler.name)
    for end in sorted(names, key=len, reverse=True):
        if end and folded.endswith(end) and len(folded) > len(end):
            return folded[: -len(end)], names[end]
    return folded, ""


def _by_fold(named: Iterable[Named]) -> dict[str, str]:
    """Folded name → the name to send. A real name wins over another one's alias."""
    found: dict[str, str] = {}
    named = list(named)
    for item in named:
        found.setdefault(fold(item.name), item.name)
    for item in named:
        for alias in item.aliases:
            found.setdefault(fold(alias), item.name)
    return found


def _find(folded: str, offered: dict[str, str]) -> str | None:
    return offered.get(folded) or offered.get(_OTHER_NAMES.get(folded, ""))


def _missing(wanted: str, samplers: Iterable[Named]) -> BackendError:
    names = [sampler.name for sampler in samplers]
    by_fold = {fold(name): name for name in names}
    close = difflib.get_close_matches(fold(wanted), by_fold, n=1, cutoff=0.4)
    hint = f"did you mean {by_fold[close[0]]}? " if close else ""
    base = _split(fold(wanted), ())[0]
    is_known = {fold(wanted), base} & {fold(name) for name in KNOWN_SAMPLERS}
    return BackendError(
        "unsupported",
        f"the server has no sampler {wanted!r}; {hint}it offers {', '.join(names[:30]) or 'none'}",
        fault=Fault.WORKER if is_known else Fault.PAYLOAD,
    )
