"""What the Dreamer invented: ideas that may come next."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from images.models.pictures import GeneratedImage
from images.models.stories import Changed, Story, Turn


class DreamerContent(Changed):
    """An idea, with the columns of the customer's `dreamer_content`. Unique by story, type and name."""

    class Type(models.TextChoices):
        CHARACTER = "character"
        LOCATION = "location"
        ITEM = "item"
        SCENE = "scene"
        PLOT_TWIST = "plot_twist"
        QUEST = "quest"

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="dreams")
    content_type = models.CharField(max_length=50, choices=Type)
    name = models.CharField(max_length=255)
    description = models.TextField()
    metadata = models.JSONField(default=dict, blank=True)
    is_realized = models.BooleanField(default=False)
    realized_at = models.DateTimeField(null=True, blank=True)
    realized_in_turn = models.ForeignKey(
        Turn, null=True, blank=True, on_delete=models.SET_NULL, related_name="realized_dreams"
    )
    realized_by = models.CharField(max_length=50, blank=True)
    primary_image = models.ForeignKey(
        GeneratedImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    variant_image_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    dreamed_at = models.DateTimeField(auto_now_add=True)
    dream_session_id = models.CharField(max_length=100, blank=True)
    confidence_score = models.DecimalField(
        max_digits=3, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=60, blank=True, help_text="the model or built-in grammar it came from")

    class Meta:
        ordering = ["-confidence_score", "-dreamed_at"]
        verbose_name_plural = "dreamer content"
        constraints = [
            models.UniqueConstraint(fields=["story", "content_type", "name"], name="unique_content"),
            models.CheckConstraint(name="dream_confidence_0_1", condition=Q(confidence_score__range=(0, 1))),
            models.CheckConstraint(
                name="dream_realized_has_time", condition=Q(is_realized=False) | Q(realized_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(name="dream_expiry", fields=["expires_at"], condition=Q(is_realized=False)),
            models.Index(name="dream_changes", fields=["story", "changed_xid"]),
        ]

    def __str__(self) -> str:
        return f"{self.content_type} {self.name}"
