"""The queue: jobs, the classes of needs they fall into, and the attempts made at them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from compute.models.workers import Slot, Worker


class Lane(models.IntegerChoices):
    """Who goes first; a lower number is always served before a higher one."""

    INTERACTIVE = 0
    PREFETCH = 1
    SPECULATIVE = 2
    BATCH = 3


class NeedsClass(models.Model):
    """Everything a worker must have to take a job, interned: all jobs of one row fit the same workers."""

    class Audience(models.TextChoices):
        MANAGED = "managed"
        POOL = "pool"

    kind = models.CharField(max_length=30)
    model = models.CharField(max_length=200, blank=True, help_text='folded name; "auto" or empty fits every model')
    model_name = models.CharField(max_length=200, blank=True, help_text="the name as asked, for people")
    features = ArrayField(models.CharField(max_length=30), default=list, help_text="sorted")
    vram_gb = models.PositiveSmallIntegerField(default=0)
    max_side_px = models.PositiveIntegerField(default=0)
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.MANAGED)
    virtual_time = models.BigIntegerField(default=0, help_text="highest start_tag started in this class (SFQ's v)")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "model", "features", "vram_gb", "max_side_px", "audience"], name="needs_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.model_name or 'any model'} ({self.audience})"


class RequesterClock(models.Model):
    """Start-time fair queueing: the finish tag of a requester's last job in a lane."""

    requester = models.CharField(max_length=100)
    lane = models.PositiveSmallIntegerField(choices=Lane)
    finish_tag = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requester", "lane"], name="requesterclock_unique")]

    def __str__(self) -> str:
        return f"{self.requester} {self.lane}: {self.finish_tag}"


class Job(models.Model):
    """One piece of work for a GPU or a model. The truth about it; pictures and turns follow it."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        DELAYED = "delayed"  # queued again after a failure, not before `not_before`
        RUNNING = "running"
        CHECKING = "checking"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    TERMINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30, help_text="image_generation, llm_inference, turn_summarization")
    purpose = models.CharField(max_length=30, help_text="key of settings.COMPUTE_HANDLERS")
    subject = models.CharField(max_length=100, blank=True, help_text="what the handler works on, e.g. an image's id")
    params = models.JSONField()
    needs = models.ForeignKey(NeedsClass, on_delete=models.PROTECT, related_name="jobs")
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.INTERACTIVE)
    requester = models.CharField(max_length=100, help_text="who is charged in the fair queue, e.g. user:7")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    cost = models.BigIntegerField(
        default=1, help_text="size of the work in units: megapixel-steps or tokens, at least 1"
    )
    start_tag = models.BigIntegerField(default=0)
    finish_tag = models.BigIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    progress = models.FloatField(default=0.0)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(help_text="when it last entered the queue")
    not_before = models.DateTimeField(null=True, blank=True)
    wait_until = models.DateTimeField(help_text="waiting ends then with waited_too_long")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    worker_faults = models.PositiveSmallIntegerField(default=0)
    payload_faults = models.PositiveSmallIntegerField(default=0)
    server_faults = models.PositiveSmallIntegerField(default=0)
    avoid_workers = ArrayField(models.BigIntegerField(), default=list, help_text="workers that failed at it")
    cancel_requested = models.BooleanField(default=False)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)
    result = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_finished_at_iff_terminal",
                condition=Q(status__in=["succeeded", "failed", "cancelled"], finished_at__isnull=False)
                | Q(status__in=["queued", "delayed", "running", "checking"], finished_at__isnull=True),
            ),
            models.CheckConstraint(name="job_cost_positive", condition=Q(cost__gte=1)),
        ]
        indexes = [
            # The head of each class of needs; only waiting jobs, so its size is that of the queue.
            models.Index(
                name="job_queue_head", fields=["needs", "lane", "start_tag", "id"], condition=Q(status="queued")
            ),
            models.Index(name="job_delayed", fields=["not_before"], condition=Q(status="delayed")),
            models.Index(name="job_waiting", fields=["wait_until"], condition=Q(status__in=["queued", "delayed"])),
            models.Index(name="job_running", fields=["started_at"], condition=Q(status="running")),
            models.Index(name="job_finished", fields=["finished_at"], condition=Q(finished_at__isnull=False)),
            models.Index(name="job_subject", fields=["purpose", "subject"]),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.public_id} ({self.status})"


class Attempt(models.Model):
    """One try at a job by one worker, under a lease that is renewed and a deadline that is not."""

    class Status(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        LAPSED = "lapsed"
        CANCELLED = "cancelled"
        HANDED_BACK = "handed_back"
        SUPERSEDED = "superseded"  # delivered, but another attempt had delivered first

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    worker = models.ForeignKey(Worker, null=True, on_delete=models.SET_NULL, related_name="attempts")
    worker_name = models.CharField(max_length=100)
    slot = models.ForeignKey(Slot, null=True, blank=True, on_delete=models.SET_NULL, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=Status, default=Status.RUNNING)
    request_id = models.UUIDField(default=uuid.uuid4, editable=False, help_text="what the backend is told to call it")
    remote_id = models.CharField(max_length=100, blank=True, help_text="what the backend calls it, once it was sent")
    sent_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=120, blank=True, help_text="host/boot id/process that runs it")
    lease_until = models.DateTimeField()
    deadline_at = models.DateTimeField()
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=8, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)
    generation_time_ms = models.PositiveIntegerField(null=True, blank=True)
    warnings = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job"], condition=Q(status="running"), name="attempt_one_running_per_job"),
            models.UniqueConstraint(
                fields=["job"], condition=Q(status="succeeded"), name="attempt_one_accepted_per_job"
            ),
            models.UniqueConstraint(fields=["job", "number"], name="attempt_numbered"),
            models.CheckConstraint(
                name="attempt_finished_at_iff_over",
                condition=Q(status="running", finished_at__isnull=True)
                | (~Q(status="running") & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="attempt_lease_within_deadline", condition=Q(lease_until__lte=F("deadline_at"))
            ),
        ]
        indexes = [
            models.Index(name="attempt_live", fields=["lease_until"], condition=Q(status="running")),
            models.Index(name="attempt_by_worker", fields=["worker", "-started_at"]),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} at job {self.job_id} on {self.worker_name} ({self.status})"
