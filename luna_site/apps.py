"""The application that puts the others together: settings, routes, start-up."""

from __future__ import annotations

import sys
from importlib import import_module

from django.apps import AppConfig

from luna_site.garbage import settle_garbage


class LunaSiteConfig(AppConfig):
    """Brings `manage.py up`."""

    name = "luna_site"
    verbose_name = "LUNA"

    def ready(self) -> None:
        if "qcluster" in sys.argv:
            # Loaded before the cluster forks, so that no working process loads it for its first task.
            import_module("compute.tasks")
            settle_garbage()
