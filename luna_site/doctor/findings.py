"""What a check found, and running checks so that none can hold up the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import connections

# A check that asks others has limits of its own below this; the rest are over in milliseconds.
CHECK_LIMIT_S = 20.0
# Checks that run at the same time; 256 workers may be configured.
AT_ONCE = 16


class Level(StrEnum):
    """ok: as it should be. warn: works, but not as somebody might expect. FAIL: something is wrong."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. advice: what to do; never empty for a failure."""

    level: Level
    what: str
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<4}  {self.what}: {' '.join(self.detail.split())}"
        return f"{line} — {self.advice}" if self.advice else line


def ok(what: str, detail: str) -> Finding:
    """As it should be."""
    return Finding(Level.OK, what, detail)


def warn(what: str, detail: str, advice: str) -> Finding:
    """Works, but not as somebody might expect."""
    return Finding(Level.WARN, what, detail, advice)


def fail(what: str, detail: str, advice: str) -> Finding:
    """Wrong, with what to do."""
    return Finding(Level.FAIL, what, detail, advice)


@dataclass(frozen=True, slots=True)
class Check:
    """What is looked at, in words, and how."""

    what: str
    look: Callable[[], list[Finding]]


class _Run:
    """One check in a thread of its own: a server that never answers must not hold up the report."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.found: list[Finding] | None = None
        self._thread = threading.Thread(target=self._work, name=f"doctor {check.what}", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self.found = self.check.look()
        except Exception as error:
            # A doctor that stops at the first surprise reports nothing about the rest.
            text = str(error).strip() or type(error).__name__
            self.found = [
                fail(self.check.what, text.splitlines()[0], "this is a fault of LUNA itself: please report it")
            ]
        finally:
            connections.close_all()

    def result(self, limit_s: float) -> list[Finding]:
        self._thread.join(limit_s)
        if self.found is not None:
            return self.found
        return [fail(self.check.what, f"no answer within {limit_s:.0f} s", "see whether the server behind it hangs")]


def run_checks(checks: Sequence[Check], *, limit_s: float = CHECK_LIMIT_S) -> Iterator[Finding]:
    """Findings in the order of the checks, which run at the same time; each check has `limit_s`."""
    for start in range(0, len(checks), AT_ONCE):
        for run in [_Run(check) for check in checks[start : start + AT_ONCE]]:
            yield from run.result(limit_s)
