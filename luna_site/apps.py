"""The application that puts the others together: settings, routes, start-up."""

from __future__ import annotations

from django.apps import AppConfig


class LunaSiteConfig(AppConfig):
    """Brings `manage.py up`."""

    name = "luna_site"
    verbose_name = "LUNA"
