"""The ticker: one supervised process that does what is due."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from compute.services.ticker import LOOP_S, all_chores, tick


class Command(BaseCommand):
    help = "Do what is due (lapsed leases, probes, clean-up) every half second until SIGTERM. `--once` does one round."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="one round of everything, then exit")

    def handle(self, *, once: bool, **options: Any) -> None:
        stop = threading.Event()

        def stopping(signum: int, frame: FrameType | None) -> None:
            stop.set()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, stopping)
            signal.signal(signal.SIGINT, stopping)
        chores = all_chores()
        tick(chores)
        while not once and not stop.wait(LOOP_S):
            tick(chores)
