"""Stories and turns."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q


def new_story_id() -> str:
    """An opaque id that cannot be guessed: 80 random bits, e.g. `st_4k7…`."""
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return "st_" + "".join(secrets.choice(alphabet) for _ in range(16))


class Changed(models.Model):
    """Rows the browser follows.

    version: grows by one with each change of the row, so an older copy is known as such.
    changed_xid: the transaction that changed it last. Both are written by a trigger (migration 0002), so no writer
    can forget them. A cursor is the oldest transaction still running when it was made: everything it has not seen
    has a changed_xid at or above it, whatever order transactions commit in.
    """

    version = models.PositiveIntegerField(default=1, editable=False)
    changed_xid = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class StoryQuerySet(models.QuerySet["Story"]):
    def visible_to(self, user: object) -> StoryQuerySet:
        """The stories a person may see: their own, unless deleted. Nobody else's, staff included."""
        return self.filter(owner_id=getattr(user, "pk", None), deleted_at__isnull=True)


class Story(Changed):
    """A story one person plays. settings: see images.services.story_settings for keys and defaults."""

    id = models.CharField(primary_key=True, max_length=64, default=new_story_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stories")
    title = models.CharField(max_length=200)
    premise = models.TextField(blank=True, max_length=4000)
    genre = models.CharField(max_length=60, blank=True)
    style = models.CharField(max_length=200, blank=True, help_text="words added to every picture's prompt")
    external_id = models.CharField(max_length=200, blank=True)
    settings = models.JSONField(default=dict, blank=True)
    audience = models.CharField(max_length=8, default="managed", choices=[(v, v) for v in ("managed", "pool", "auto")])
    credit_budget_per_hour = models.FloatField(default=0)
    dream_credit_budget_per_hour = models.FloatField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    active_at = models.DateTimeField(auto_now_add=True, help_text="the last turn or visit")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = StoryQuerySet.as_manager()

    class Meta:
        ordering = ["-active_at"]
        verbose_name_plural = "stories"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "external_id"],
                condition=Q(deleted_at__isnull=True) & ~Q(external_id=""),
                name="story_external_id_unique_per_owner",
            )
        ]
        indexes = [models.Index(name="story_of_owner", fields=["owner", "-active_at"])]

    def __str__(self) -> str:
        return self.title


class TurnQuerySet(models.QuerySet["Turn"]):
    def visible_to(self, user: object) -> TurnQuerySet:
        return self.filter(story__owner_id=getattr(user, "pk", None), story__deleted_at__isnull=True)


class Turn(Changed):
    """What the player wrote and what came of it. `given` lists the fields that came with the request and stay."""

    class State(models.TextChoices):
        RECEIVED = "received"
        ANALYSING = "analysing"
        NARRATING = "narrating"
        ILLUSTRATING = "illustrating"
        COMPLETE = "complete"
        FAILED = "failed"

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField()
    external_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    given = models.JSONField(default=list, blank=True)
    image_types = models.JSONField(null=True, blank=True, help_text="only these kinds of picture, if given")
    force_regenerate = models.BooleanField(default=False)
    player_input = models.TextField(blank=True)
    narration = models.TextField(blank=True)
    narrated_by = models.CharField(max_length=120, blank=True, help_text="given, built-in narrator, or the model")
    summary = models.CharField(max_length=1000, blank=True)
    action_description = models.CharField(max_length=500, blank=True)
    location = models.CharField(max_length=255, blank=True)
    location_description = models.CharField(max_length=1000, blank=True)
    time_of_day = models.CharField(max_length=60, blank=True)
    weather = models.CharField(max_length=100, blank=True)
    suggested_actions = models.JSONField(default=list, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="whoever advances it holds it until then")
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TurnQuerySet.as_manager()

    class Meta:
        ordering = ["story", "number"]
        constraints = [
            models.UniqueConstraint(fields=["story", "number"], name="turn_number_unique_per_story"),
            models.UniqueConstraint(
                fields=["story", "external_id"], condition=~Q(external_id=""), name="turn_external_id_unique_per_story"
            ),
        ]
        indexes = [
            models.Index(
                name="turn_unfinished", fields=["lease_until"], condition=~Q(state__in=["complete", "failed"])
            ),
            models.Index(name="turn_changes", fields=["story", "changed_xid"]),
        ]

    def __str__(self) -> str:
        return f"turn {self.number} of {self.story_id}"

    @property
    def status(self) -> str:
        """What the contract calls it: processing, complete or failed."""
        return self.state if self.state in (self.State.COMPLETE, self.State.FAILED) else "processing"
