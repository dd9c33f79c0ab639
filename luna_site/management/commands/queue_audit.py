"""`manage.py queue_audit`: what must hold in the queue, and between it and the pictures."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand

from compute.audits import queue_findings
from images.audits import picture_job_findings
from luna_site.audit import report


class Command(BaseCommand):
    help = "Check the queue's invariants: a line for each violation, then exit status 1. Changes nothing."

    def handle(self, **options: Any) -> None:
        report(chain(queue_findings(), picture_job_findings()), out=self.stdout, holds="The queue is as it should be.")
