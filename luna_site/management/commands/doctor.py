"""`manage.py doctor`: what is wrong, and what to do."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from luna_site.doctor import backends, generation, services, storage
from luna_site.doctor.findings import Finding, Level, ok, run_checks


class Command(BaseCommand):
    help = "Check everything LUNA depends on: one line each, with what to do. Exit status 1 if anything is wrong."
    # It reports what they would stumble over.
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        counts: Counter[Level] = Counter()
        with _quiet_logs():
            for finding in self._findings():
                counts[finding.level] += 1
                self.stdout.write(str(finding))
                self.stdout.flush()
        wrong, odd = counts[Level.FAIL], counts[Level.WARN]
        if not wrong:
            self.stdout.write("Everything LUNA needs is there." + (f" {odd} to look at." if odd else ""))
            return
        self.stdout.write(f"{wrong} wrong, {odd} to look at.")
        raise SystemExit(1)

    def _findings(self) -> Iterator[Finding]:
        yield ok("configuration", str(settings.CONFIG_PATH or "built-in defaults (LUNA_CONFIG names a file)"))
        yield from run_checks(services.CHECKS)
        yield from run_checks(storage.CHECKS)
        yield from backends.backends()
        yield from run_checks(generation.CHECKS)


@contextlib.contextmanager
def _quiet_logs() -> Iterator[None]:
    """What the checks log would stand between their lines, and they say it better."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
