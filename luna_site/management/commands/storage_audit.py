"""`manage.py storage_audit`: files, their rows and their pictures."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from compute.audits import storage_findings
from images.audits import picture_file_findings
from luna_site.audit import report


class Command(BaseCommand):
    help = "Check stored files against their rows: a line for each violation, then exit status 1. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sizes-only", action="store_true", help="compare sizes and read no file: much quicker")

    def handle(self, *, sizes_only: bool, **options: Any) -> None:
        findings = chain(storage_findings(checksums=not sizes_only), picture_file_findings())
        report(findings, out=self.stdout, holds="Storage is as it should be.")
