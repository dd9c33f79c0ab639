"""A ComfyUI server that paints gradients: the real protocol over a real port, with failures on demand.

In a test: `with FakeComfyUI(checkpoints=["a.safetensors"], step_ms=5) as fake: … fake.url …`.
As a process: `python -m tests.fakes.comfyui --port 8188 --checkpoint a.safetensors --step-ms 50`, which prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.fakes.comfyui_engine import Engine
from tests.fakes.comfyui_routes import POST_FAILURES, Routes, Seen
from tests.fakes.comfyui_rules import Options

START_S = 20
EXECUTION_FAILURES = (
    "oom",
    "nan",
    "broken_checkpoint",
    "interrupted",
    "hang",
    "die",
    "restart",
    "history_lost",
    "wrong_size",
    "blank",
    "truncated",
    "html_view",
    "file_gone",
    "no_images",
    "backslash",
    "swap_checkpoint",
    "swap_sampler",
    "drop_ws",
    "huge_frame",
)


class FakeComfyUI:
    """A server in a thread of its own. Keyword arguments are those of `Options`; host and port may be given."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, **options: Any):
        self.options = Options(**options)
        self.requests: list[Seen] = []
        self._host, self._port = host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-comfyui", daemon=True)
        self._site: web.TCPSite | None = None

    def __enter__(self) -> FakeComfyUI:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)
        self._loop.close()

    @property
    def url(self) -> str:
        """Where it listens, base path included; the same after `kill` and `revive`."""
        return f"http://{self._host}:{self._port}{self.options.base_path}"

    def fail_next(self, kind: str, times: int = 1) -> None:
        """Spoil the next prompt(s): one of POST_FAILURES at the POST, or of EXECUTION_FAILURES while it runs."""
        if kind in POST_FAILURES:
            self._routes.post_failures.extend([kind] * times)
        elif kind in EXECUTION_FAILURES:
            self.engine.failures.extend([kind] * times)
        else:
            raise ValueError(f"no failure is called {kind!r}")

    def kill(self) -> None:
        """As if the process had been killed: nothing listens, every connection breaks, queue and history are gone."""
        self._do(self._die())

    def revive(self) -> None:
        """Start again on the same port."""
        self._do(self._listen())

    def seen(self, method: str, path: str) -> list[Seen]:
        """The requests of that method whose path begins so."""
        return [one for one in list(self.requests) if one.method == method and one.path.startswith(path)]

    def wait_until(self, condition: Callable[[], object], timeout_s: float = 20) -> None:
        """Poll a condition; AssertionError when it does not come true."""
        ends_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < ends_s, "the fake ComfyUI did not come to that state"
            time.sleep(0.005)

    def _do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(START_S)

    async def _open(self) -> None:
        self.engine = Engine(self.options, self._die, self._restart)
        self._routes = Routes(self.options, self.engine, self.requests)
        self._runner = web.AppRunner(self._routes.application(), shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()
        self._worker = asyncio.create_task(self.engine.work())

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, self._host, self._port, reuse_address=True)
        await self._site.start()
        server = self._site._server
        assert isinstance(server, asyncio.Server)
        self._port = server.sockets[0].getsockname()[1]

    async def _die(self) -> None:
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self._break_connections()
        self._forget()

    async def _restart(self) -> None:
        self._break_connections()
        self._forget()

    def _break_connections(self) -> None:
        for connection in list(self._runner.server.connections if self._runner.server else ()):
            if connection.transport is not None:
                connection.transport.abort()

    def _forget(self) -> None:
        self.engine.reset()
        self._worker.cancel()
        self._worker = asyncio.create_task(self.engine.work())

    async def _close(self) -> None:
        self._worker.cancel()
        self._break_connections()
        await self._runner.cleanup()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def main() -> None:
    """Serve until killed; the first line printed is the URL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--checkpoint", action="append", dest="checkpoints")
    parser.add_argument("--fail", action="append", default=[], metavar="KIND")
    for option in fields(Options):
        if option.type in ("str", "float", "int", "str | None"):
            kind = {"float": float, "int": int}.get(str(option.type), str)
            parser.add_argument("--" + option.name.replace("_", "-"), type=kind)
        elif option.type == "bool":
            parser.add_argument("--" + option.name.replace("_", "-"), action=argparse.BooleanOptionalAction)
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    failures = given.pop("fail")
    with FakeComfyUI(**given) as fake, contextlib.suppress(KeyboardInterrupt):
        for failure in failures:
            fake.fail_next(failure)
        print(fake.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
