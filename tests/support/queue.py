"""Helpers for tests of the queue: workers that exist only as rows, and a handler that remembers what it was told."""

from __future__ import annotations

from typing import Any

from compute.backends.base import ChatResult, Fault, ImageResult, Preview
from compute.handlers import Rejected
from compute.models import Attempt, Job, Lane, Slot, Worker
from compute.services.jobs import job_submit
from compute.services.needs import Needs

PURPOSE = "remembered"
HANDLERS = {PURPOSE: "tests.support.queue.RememberingHandler"}


class RememberingHandler:
    """Keeps every call as (name, job id); `prepare` rejects a result whose text is "bad"."""

    calls: list[tuple[str, int]] = []

    def started(self, job: Job, attempt: Attempt) -> None:
        self.calls.append(("started", job.pk))

    def requeued(self, job: Job) -> None:
        self.calls.append(("requeued", job.pk))

    def prepare(self, job: Job, attempt: Attempt, result: ImageResult | ChatResult) -> Any:
        if isinstance(result, ChatResult) and result.text == "bad":
            raise Rejected("blank", "nothing in it", fault=Fault.WORKER)
        return result

    def commit(self, job: Job, attempt: Attempt, prepared: Any) -> None:
        self.calls.append(("commit", job.pk))

    def discard(self, prepared: Any) -> None:
        self.calls.append(("discard", 0))

    def failed(self, job: Job) -> None:
        self.calls.append(("failed", job.pk))

    def cancelled(self, job: Job) -> None:
        self.calls.append(("cancelled", job.pk))

    def progress(self, job: Job, fraction: float, eta_s: float | None, preview: Preview | None) -> None:
        self.calls.append(("progress", job.pk))

    def delta(self, job: Job, offset: int, text: str) -> None:
        self.calls.append(("delta", job.pk))


def make_worker(name: str = "pc1", **fields: Any) -> Worker:
    """A worker that is online and offers what is asked, with its slots."""
    values: dict[str, Any] = {
        "api_type": "comfyui",
        "api_url": "http://127.0.0.1:9",
        "is_online": True,
        "job_kinds": ["image_generation"],
        "models_offered": ["sdxl_base_1.0.safetensors"],
        "max_concurrent": 1,
    }
    worker = Worker.objects.create(name=name, **{**values, **fields})
    for number in range(1, worker.max_concurrent + 1):
        Slot.objects.create(worker=worker, number=number)
    return worker


def submit(
    requester: str = "user:1", *, lane: Lane = Lane.INTERACTIVE, model: str = "auto", cost: int = 10, **fields: Any
) -> Job:
    """A picture's job for the remembering handler."""
    params = {"prompt": "a tower", "steps": 2, "cfg_scale": 7.0, "seed": 1, "width": 64, "height": 64, "model": model}
    return job_submit(
        kind="image_generation",
        purpose=PURPOSE,
        params=params,
        needs=Needs(kind="image_generation", model=model, max_side_px=64),
        requester=requester,
        lane=lane,
        cost=cost,
        **fields,
    )
