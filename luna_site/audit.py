"""How audit commands report: a line for each finding, and the exit status."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.base import CommandError, OutputWrapper
from django.db import OperationalError


def report(findings: Iterable[str], *, out: OutputWrapper, holds: str) -> None:
    """Print findings as they come. Raises SystemExit(1) if there is one, CommandError if the database is away."""
    count = 0
    try:
        for finding in findings:
            count += 1
            out.write(finding)
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise CommandError(f"the database does not answer ({reason}): start LUNA, then try again") from error
    if count:
        out.write(f"{count} violation{'' if count == 1 else 's'}.")
        raise SystemExit(1)
    out.write(holds)
