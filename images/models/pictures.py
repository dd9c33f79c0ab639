"""Pictures: asked for, being made, complete."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from compute.models import Job, StoredFile
from images.models.stories import Changed, Story, Turn


class ImageQuerySet(models.QuerySet["GeneratedImage"]):
    def visible_to(self, user: object) -> ImageQuerySet:
        return self.filter(story__owner_id=getattr(user, "pk", None), story__deleted_at__isnull=True)

    def of_subject(self, image: GeneratedImage) -> ImageQuerySet:
        """Every picture of the same subject of the same turn: this one and its variants."""
        return self.filter(
            story=image.story_id, turn=image.turn, image_type=image.image_type, subject_key=image.subject_key
        )


class GeneratedImage(Changed):
    """One picture of a story. Columns are those of the customer's `generated_images`, and what LUNA adds.

    status is written only by the job's handler and by the services that create, reuse or cancel.
    A reuse (is_cached) points to its source and shares the source's file; it never has a job.
    """

    class Type(models.TextChoices):
        BACKGROUND = "background"
        ACTION = "action"
        CHARACTER = "character"
        ITEM = "item"
        SCENE = "scene"
        PLOT_TWIST = "plot_twist"
        QUEST = "quest"

    class Status(models.TextChoices):
        PENDING = "pending"
        GENERATING = "generating"
        COMPLETE = "complete"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (Status.PENDING, Status.GENERATING)

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="images")
    turn = models.ForeignKey(Turn, null=True, blank=True, on_delete=models.SET_NULL, related_name="images")
    image_type = models.CharField(max_length=50, choices=Type)
    subject_key = models.CharField(max_length=255, blank=True)
    prompt = models.TextField()
    negative_prompt = models.TextField(blank=True)
    model_name = models.CharField(max_length=300, blank=True)
    sampler = models.CharField(max_length=50, blank=True)
    steps = models.PositiveIntegerField()
    cfg_scale = models.DecimalField(max_digits=4, decimal_places=2)
    seed = models.BigIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    variant = models.PositiveSmallIntegerField(default=1, help_text="1 is the first")
    is_selected = models.BooleanField(default=False)
    regenerated_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="regenerations"
    )

    dreamer_content = models.ForeignKey(
        "DreamerContent", null=True, blank=True, on_delete=models.SET_NULL, related_name="images"
    )
    is_speculative = models.BooleanField(default=False)
    realized_at = models.DateTimeField(null=True, blank=True)
    realized_by = models.CharField(max_length=50, blank=True)

    cache_key = models.CharField(max_length=64, blank=True)
    is_cached = models.BooleanField(default=False)
    cache_source = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reuses")

    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="picture")
    gpu_worker = models.CharField(max_length=100, blank=True)
    generation_time_ms = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    used = models.JSONField(default=dict, blank=True, help_text="what the server says it really used")
    file = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    thumb = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    card_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    generated_at = models.DateTimeField(null=True, blank=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="image_complete_has_file", condition=~Q(status="complete") | Q(file__isnull=False)
            ),
            models.CheckConstraint(name="image_reuse_has_no_job", condition=Q(is_cached=False) | Q(job__isnull=True)),
            models.CheckConstraint(name="image_seed_32_bit", condition=Q(seed__gte=0, seed__lt=2**32)),
            models.CheckConstraint(name="image_not_its_own_source", condition=~Q(cache_source=F("id"))),
            models.UniqueConstraint(
                fields=["turn", "image_type", "subject_key"],
                condition=Q(is_selected=True),
                name="image_one_selected_per_subject",
            ),
        ]
        indexes = [
            models.Index(name="image_of_turn", fields=["turn"]),
            models.Index(name="image_of_story", fields=["story", "-id"]),
            models.Index(name="image_changes", fields=["story", "changed_xid"]),
            models.Index(name="image_cache", fields=["story", "cache_key"], condition=Q(status="complete")),
            models.Index(name="image_unfinished", fields=["story"], condition=Q(status__in=["pending", "generating"])),
        ]

    def __str__(self) -> str:
        return f"{self.image_type} {self.pk} ({self.status})"
