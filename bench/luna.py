"""What the benchmarks run against: a LUNA of its own, and simulated servers in processes of their own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.stack import ROOT, Stack, running_stack, wait_for


@contextlib.contextmanager
def simulator(picture_ms: float) -> Iterator[str]:
    """A simulated ComfyUI; yields its URL."""
    command = [sys.executable, "-m", "bench.simulator", "--picture-ms", str(picture_ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.terminate()


@contextlib.contextmanager
def running_luna(image_generation: dict[str, Any]) -> Iterator[Stack]:
    """Start LUNA with a configuration and its workers online; stop it with the block."""
    with (
        tempfile.TemporaryDirectory(prefix="luna-bench-") as folder,
        running_stack(Path(folder), image_generation=image_generation) as luna,
    ):
        wait_for(
            lambda: all(worker["is_online"] for worker in luna.workers()), message="the workers did not come online"
        )
        yield luna
