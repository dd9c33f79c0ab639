"""What LUNA decides about the sign-up and sign-in pages of django-allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from community.services.people import username_problem


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Registration as LUNA_REGISTRATION says, and one rule for names on page and API."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Only when anybody may register here."""
        return bool(settings.REGISTRATION == "open")

    def clean_username(self, username: str, shallow: bool = False) -> Any:
        """allauth's own checks, then LUNA's. Raises ValidationError."""
        cleaned = super().clean_username(username, shallow=True)
        if not shallow and (problem := username_problem(cleaned)):
            raise ValidationError(f"This name {problem}.")
        return cleaned
