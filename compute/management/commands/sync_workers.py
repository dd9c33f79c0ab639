"""Reread the configured workers without a restart."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from compute.common.schema import ConfigurationError
from compute.services.workers import workers_sync


class Command(BaseCommand):
    help = "Make the workers equal to LUNA_CONFIG; workers added in the admin stay. Prints what changed."

    def handle(self, **options: Any) -> None:
        try:
            lines = workers_sync()
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        for line in lines or [f"nothing changed ({settings.CONFIG_PATH or 'built-in configuration'})"]:
            self.stdout.write(line)
