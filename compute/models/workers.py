"""Those who do the work: servers LUNA calls (managed) and programs that call LUNA (contributor)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class Worker(models.Model):
    """One server. What people set comes first, then what probes found, then what was counted."""

    class Kind(models.TextChoices):
        MANAGED = "managed"
        CONTRIBUTOR = "contributor"

    class Source(models.TextChoices):
        CONFIGURATION = "configuration"  # rewritten by sync_workers
        ADMIN = "admin"  # kept by sync_workers
        BUILTIN = "builtin"  # the painter when nothing is configured, the LLM of LUNA_LLM_URL

    class ApiType(models.TextChoices):
        COMFYUI = "comfyui"
        AUTOMATIC1111 = "automatic1111"
        OPENAI = "openai"
        PAINTER = "painter"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.MANAGED)
    source = models.CharField(max_length=14, choices=Source, default=Source.ADMIN)
    api_type = models.CharField(max_length=20, choices=ApiType)
    api_url = models.CharField(max_length=500, blank=True)
    credentials = models.JSONField(
        default=dict, blank=True, help_text='{"user", "password"} or {"bearer"}; never shown again.'
    )
    enabled = models.BooleanField(default=True)
    priority = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)], help_text="1 comes first")
    max_concurrent = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(64)]
    )
    supports_sdxl = models.BooleanField(default=True)
    supports_controlnet = models.BooleanField(default=False)
    vram_gb = models.PositiveSmallIntegerField(null=True, blank=True)
    job_kinds = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    model_map = models.JSONField(default=dict, blank=True, help_text="LUNA's model name to the server's name")
    timeout_s = models.PositiveIntegerField(default=600)

    is_online = models.BooleanField(default=False)
    is_draining = models.BooleanField(default=False, help_text="Finishes what runs and takes nothing new.")
    paused_until = models.DateTimeField(null=True, blank=True, help_text="Cooling down after failures until then.")
    pause_reason = models.CharField(max_length=300, blank=True)
    consecutive_failures = models.PositiveIntegerField(default=0)
    last_heartbeat = models.DateTimeField(null=True, blank=True)
    next_probe_at = models.DateTimeField(null=True, blank=True, db_index=True)
    probe_failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    server = models.CharField(max_length=200, blank=True)
    models_offered = models.JSONField(default=list, blank=True)
    loaded_model = models.CharField(max_length=300, blank=True)
    samplers = models.JSONField(default=list, blank=True)
    features = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    gpu_model = models.CharField(max_length=200, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    max_side_px = models.PositiveIntegerField(null=True, blank=True)

    total_generated = models.PositiveBigIntegerField(default=0)
    total_generation_time_ms = models.PositiveBigIntegerField(default=0)
    error_count = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["priority", "name"]
        constraints = [
            models.CheckConstraint(name="worker_priority_from_one", condition=Q(priority__gte=1)),
            models.CheckConstraint(name="worker_concurrency_bounded", condition=Q(max_concurrent__range=(1, 64))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def avg_generation_time_ms(self) -> int | None:
        """Mean over all delivered results, or None before the first."""
        return self.total_generation_time_ms // self.total_generated if self.total_generated else None


class Slot(models.Model):
    """One of a managed worker's places for work. Goes idle → waking → running by conditional update only."""

    class State(models.TextChoices):
        IDLE = "idle"
        WAKING = "waking"  # a runner was enqueued
        RUNNING = "running"  # a runner holds it

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.IDLE)
    holder = models.CharField(max_length=120, blank=True, help_text="host/boot id/process of the runner")
    changed_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="The runner's last sign of life.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "number"], name="slot_unique_per_worker")]
        indexes = [models.Index(name="slot_idle", fields=["worker"], condition=Q(state="idle"))]

    def __str__(self) -> str:
        return f"{self.worker_id}/{self.number} {self.state}"


class WorkerSpeed(models.Model):
    """Measured speed: an exponentially weighted mean of ms per unit of cost, per worker, job kind and model."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="speeds")
    kind = models.CharField(max_length=30)
    model = models.CharField(max_length=200, blank=True, help_text="folded model name")
    ms_per_unit = models.FloatField()
    samples = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "kind", "model"], name="workerspeed_unique")]

    def __str__(self) -> str:
        return f"{self.worker_id} {self.model}: {self.ms_per_unit:.1f} ms/unit"
