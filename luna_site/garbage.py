"""Garbage collection in processes that live long: what start-up loaded is not looked at again and again.

A full collection walks every object; with Django loaded that stops a process for tens of milliseconds, in the middle
of somebody's request. Frozen objects are left out, and the rest is collected less often.
"""

from __future__ import annotations

import gc

# Allocations before the youngest generation is collected, then how many of those before the next ones are.
THRESHOLDS = (20_000, 20, 50)


def settle_garbage() -> None:
    """Call once everything is loaded, and before a fork: frozen objects also stay shared between processes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
