"""Blocking calls made so that the caller keeps watching: each runs on a lane, a thread with its own connection."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """A call under way or done. Exactly one of result and error is meant once `done` is set."""

    function: Callable[[], Any]
    done: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None


class Lanes:
    """Daemon threads that are kept between calls, so that HTTP connections stay warm.

    As many as calls are under way at once; a thread whose server hangs is simply not free, and ends with its call's
    time-out. Daemon: a hung server must not hold up the end of the process.
    """

    def __init__(self, name: str):
        self._name = name
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._threads = 0
        self._closed = False

    def start(self, function: Callable[[], Any]) -> Call:
        """Begin a call on a free thread, or a new one."""
        call = Call(function)
        with self._lock:
            if self._idle and not self._closed:
                self._idle -= 1
                self._calls.put(call)
                return call
            self._threads += 1
        threading.Thread(target=self._work, args=(call,), name=self._name, daemon=True).start()
        return call

    def run(self, function: Callable[[], T], while_waiting: Callable[[], None], every_s: float = 0.1) -> T:
        """Call function and give its result or raise its error; while_waiting runs each every_s until then.

        If while_waiting raises, the call goes on unheard.
        """
        call = self.start(function)
        while not call.done.wait(every_s):
            while_waiting()
        if call.error is not None:
            raise call.error
        result: T = call.result
        return result

    def close(self) -> None:
        """Let the threads end when they are free. Calls already started go on."""
        with self._lock:
            self._closed = True
            for _ in range(self._threads):
                self._calls.put(None)

    def _work(self, call: Call | None) -> None:
        while call is not None:
            try:
                call.result = call.function()
            except BaseException as error:  # handed to the caller, who raises it
                call.error = error
            with self._lock:
                self._idle += 1
                closed = self._closed
            call.done.set()
            call = None if closed else self._calls.get()
        with self._lock:
            self._threads -= 1
