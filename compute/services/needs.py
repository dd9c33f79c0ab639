"""What a job needs and what a worker has. The queue, the wake-up and the explanation ask the same function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone

from compute.backends.base import Capacity
from compute.backends.names import fold_name, match_name, nearest_name
from compute.models import NeedsClass, Worker

# Largest sides are stored in steps, so that a story with odd sizes does not make a class for each.
SIDE_STEP_PX = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a job asks of a worker. model "" or "auto" is content with any model."""

    kind: str
    model: str = ""
    features: tuple[str, ...] = ()
    vram_gb: int = 0
    max_side_px: int = 0
    audience: str = NeedsClass.Audience.MANAGED


_by_spec: dict[tuple[object, ...], int] = {}


def needs_intern(needs: Needs) -> int:
    """The id of the row that stands for these needs, made on first sight. Safe when two ask at once."""
    model = "" if needs.model.lower() in ("", "auto") else fold_name(needs.model)
    side = -(-needs.max_side_px // SIDE_STEP_PX) * SIDE_STEP_PX
    features = sorted(set(needs.features))
    key = (needs.kind, model, tuple(features), needs.vram_gb, side, needs.audience)
    found = _by_spec.get(key)
    if found is not None:
        return found  # rows are never deleted
    row, _ = NeedsClass.objects.get_or_create(
        kind=needs.kind,
        model=model,
        features=features,
        vram_gb=needs.vram_gb,
        max_side_px=side,
        audience=needs.audience,
        defaults={"model_name": needs.model if model else ""},
    )
    if len(_by_spec) > 1000:
        _by_spec.clear()
    _by_spec[key] = row.pk
    return row.pk


def misfit(worker: Worker, needs: NeedsClass) -> str | None:
    """Why this worker can never take such a job as it is configured, in words; None if it can."""
    if needs.kind not in worker.job_kinds:
        return f"{worker.name} does not do {needs.kind.replace('_', ' ')}"
    if needs.audience == NeedsClass.Audience.MANAGED and worker.kind != Worker.Kind.MANAGED:
        return f"{worker.name} is not one of the operator's own"
    if needs.model and worker.api_type != Worker.ApiType.PAINTER and worker.models_offered:
        offered = [str(name) for name in worker.models_offered]
        if match_name(needs.model_name or needs.model, offered, worker.model_map) is None:
            nearest = nearest_name(needs.model_name, offered)
            hint = f" (nearest: {nearest})" if nearest else ""
            return f"{worker.name} offers no checkpoint {needs.model_name}{hint}"
    missing = [name for name in needs.features if not _has_feature(worker, name)]
    if missing:
        return f"{worker.name} lacks {', '.join(missing)}"
    if needs.vram_gb and worker.vram_gb is not None and worker.vram_gb < needs.vram_gb:
        return f"{worker.name} has {worker.vram_gb} GB of video memory, {needs.vram_gb} are needed"
    if worker.max_side_px is not None and needs.max_side_px > worker.max_side_px:
        return f"{worker.name} paints at most {worker.max_side_px} px a side"
    return None


def _has_feature(worker: Worker, name: str) -> bool:
    if name == Capacity.SDXL:
        return worker.supports_sdxl
    if name == Capacity.CONTROLNET:
        return worker.supports_controlnet
    return name in worker.features


def unavailable(worker: Worker) -> str | None:
    """Why this worker takes nothing at the moment, in words; None if it does."""
    if not worker.enabled:
        return f"{worker.name} is switched off"
    if worker.is_draining:
        return f"{worker.name} is draining"
    if not worker.is_online:
        return f"{worker.name} is offline" + (f" ({worker.last_error})" if worker.last_error else "")
    if worker.paused_until and worker.paused_until > timezone.now():
        seconds = int((worker.paused_until - timezone.now()).total_seconds()) + 1
        return f"{worker.name} is paused for {seconds} s" + (f" ({worker.pause_reason})" if worker.pause_reason else "")
    return None


_classes: dict[int, NeedsClass] = {}
_newest_class = -1


def needs_classes() -> list[NeedsClass]:
    """Every class of needs. Rows are never changed in what they ask, so each process reads each of them once."""
    global _newest_class
    newest = NeedsClass.objects.aggregate(newest=Max("pk"))["newest"] or 0
    if newest != _newest_class:
        _classes.clear()
        _classes.update({row.pk: row for row in NeedsClass.objects.all()[:5000]})
        _newest_class = newest
    return list(_classes.values())


def fitting_needs(worker: Worker, classes: Iterable[NeedsClass] | None = None) -> list[int]:
    """Ids of the classes of needs this worker satisfies."""
    return [row.pk for row in (needs_classes() if classes is None else classes) if misfit(worker, row) is None]
