"""Store old pictures smaller."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from compute.services.files import StorageFull
from images.services.compress import FORMATS, pictures_compress

MB = 1_000_000
DAYS_MOST = 36_500


class Command(BaseCommand):
    help = (
        "Store PNG pictures older than some days as JPEG or WebP. Cards are still downloaded as PNG. It may be stopped "
        "at any time and run again. Exit status 1 if a picture could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS")
        parser.add_argument("--format", choices=FORMATS, required=True, dest="to")
        parser.add_argument("--quality", type=int, default=85, help="1 to 100; 85 unless told")
        parser.add_argument("--dry-run", action="store_true", help="only say what it would save; changes nothing")

    def handle(self, *, older_than: int, to: str, quality: int, dry_run: bool, **options: Any) -> None:
        if not 0 <= older_than <= DAYS_MOST:
            raise CommandError(f"--older-than must lie between 0 and {DAYS_MOST} days.")
        if not 1 <= quality <= 100:
            raise CommandError("--quality must lie between 1 and 100.")
        try:
            total = pictures_compress(
                older_than=timedelta(days=older_than),
                to=to,
                quality=quality,
                dry_run=dry_run,
                report=self.stderr.write,
            )
        except StorageFull as error:
            raise CommandError(f"{error}: free some space, then run it again") from error
        done = "would be stored" if dry_run else "stored"
        self.stdout.write(f"{total.compressed} pictures {done} as {to}, {total.saved_bytes / MB:.1f} MB saved.")
        if total.kept:
            self.stdout.write(f"{total.kept} stay PNG: they would not be smaller.")
        if total.skipped:
            self.stdout.write(f"{total.skipped} skipped.")
            raise SystemExit(1)
