"""People, for the operator."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from community.models import User


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Accounts and their rights. Stories are private and do not show here."""

    list_display = ("username", "email", "is_staff", "is_active", "date_joined")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("LUNA", {"fields": ("birth_year", "rating_ceiling", "theme")}))
