"""Rows for every file LUNA keeps, so that none can be lost or left behind unnoticed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StoredFile(models.Model):
    """A file under the storage folder, written once.

    `writing` is committed before the first byte, `ready` with the row that uses it; `deleting` is committed before
    the file goes and the row goes last. The ticker ends `writing` rows older than ten minutes and every `deleting`.
    """

    class State(models.TextChoices):
        WRITING = "writing"
        READY = "ready"
        DELETING = "deleting"

    path = models.CharField(max_length=500, unique=True, help_text="Relative to the storage folder, with slashes.")
    state = models.CharField(max_length=8, choices=State, default=State.WRITING)
    mime = models.CharField(max_length=50, default="image/png")
    checksum = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the bytes, hex; empty while writing.")
    size_bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="storedfile_ready_is_measured",
                condition=~Q(state="ready") | (Q(size_bytes__gt=0) & ~Q(checksum="")),
            )
        ]
        # The sweeper looks only at unfinished rows; the index stays small however many files there are.
        indexes = [
            models.Index(name="storedfile_unsettled", fields=["state", "state_changed_at"], condition=~Q(state="ready"))
        ]

    def __str__(self) -> str:
        return f"{self.path} ({self.state})"
