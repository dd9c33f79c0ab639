"""Work and who does it: jobs, attempts, workers, slots; stored files; idempotency records."""

from compute.models.files import StoredFile
from compute.models.idempotency import IdempotencyRecord
from compute.models.jobs import Attempt, Job, Lane, NeedsClass, RequesterClock
from compute.models.workers import Slot, Worker, WorkerSpeed

__all__ = [
    "Attempt",
    "IdempotencyRecord",
    "Job",
    "Lane",
    "NeedsClass",
    "RequesterClock",
    "Slot",
    "StoredFile",
    "Worker",
    "WorkerSpeed",
]
