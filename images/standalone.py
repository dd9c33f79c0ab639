"""Django for programs that import LUNA's Python names without being started by it."""

from __future__ import annotations

import os

import django
from django.apps import apps


def ensure_django() -> None:
    """Set Django up with LUNA's settings unless that was done. Raises ImproperlyConfigured."""
    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luna_site.settings.base")
        django.setup()
