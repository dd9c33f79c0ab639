"""What a job's purpose must supply: the one place where the queue meets the application above it.

settings.COMPUTE_HANDLERS names a class for each purpose, so compute never imports the apps that use it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from compute.backends.base import BackendError, ChatResult, Fault, ImageResult, Preview
from compute.models import Attempt, Job


class Rejected(Exception):
    """`prepare` found that a delivery is not what was asked. Counted like a backend's own failure."""

    def __init__(self, code: str, detail: str, *, fault: Fault = Fault.WORKER):
        super().__init__(f"{code}: {detail}")
        self.error = BackendError(code, detail, fault=fault)


class JobHandler(Protocol):
    """Acts on what becomes of jobs of one purpose.

    `started`, `requeued`, `commit`, `failed` and `cancelled` run inside the transaction that changes the job: rows
    only, no files, no network. `prepare`, `discard`, `progress` and `delta` run outside of any.
    """

    def started(self, job: Job, attempt: Attempt) -> None: ...

    def requeued(self, job: Job) -> None: ...

    def prepare(self, job: Job, attempt: Attempt, result: ImageResult | ChatResult) -> Any:
        """Check and store the delivery; returns what `commit` needs. Raises Rejected."""
        ...

    def commit(self, job: Job, attempt: Attempt, prepared: Any) -> None: ...

    def discard(self, prepared: Any) -> None:
        """Another delivery won, or the job was cancelled: undo what `prepare` left."""

    def failed(self, job: Job) -> None:
        """The job is over without a result; job.error_code and job.error_detail say why."""

    def cancelled(self, job: Job) -> None: ...

    def progress(self, job: Job, fraction: float, eta_s: float | None, preview: Preview | None) -> None: ...

    def delta(self, job: Job, offset: int, text: str) -> None:
        """The next words of a streamed text; offset counts characters from its start."""


@cache
def get_handler(purpose: str) -> JobHandler:
    """The handler of a purpose. Raises KeyError for a purpose that settings do not name."""
    handler: JobHandler = import_string(settings.COMPUTE_HANDLERS[purpose])()
    return handler
