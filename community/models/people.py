"""Accounts of people and the tokens with which their programs act for them."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper


class User(AbstractUser):
    """A person. Players, moderators and contributors are all of this one kind."""

    class Theme(models.TextChoices):
        SYSTEM = "system"
        DARK = "dark"
        LIGHT = "light"

    class Rating(models.TextChoices):
        SAFE = "safe"
        MATURE = "mature"
        ADULT = "adult"

    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    rating_ceiling = models.CharField(max_length=8, choices=Rating, default=Rating.SAFE)
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)

    class Meta(AbstractUser.Meta):
        constraints = [
            # Two people must not differ by case alone: it invites impersonation.
            models.UniqueConstraint(Upper("username"), name="user_username_unique_folded"),
            models.CheckConstraint(
                name="user_birth_year_plausible",
                condition=Q(birth_year__isnull=True) | Q(birth_year__gte=1900, birth_year__lte=2100),
            ),
        ]


class ApiToken(models.Model):
    """A key for `Authorization: Token KEY`. Only its SHA-256 is kept; the key is shown once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token {self.pk} of {self.user_id}"

    @staticmethod
    def new_key() -> str:
        """256 random bits, so a plain hash needs no salt."""
        return secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(key: str) -> str:
        """SHA-256 of the key, hex."""
        return hashlib.sha256(key.encode()).hexdigest()
