"""The fake ComfyUI's queue, worker and websockets. Everything runs on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections import deque
from typing import Any

from aiohttp import web

from tests.fakes import comfyui_pictures as pictures
from tests.fakes.comfyui_rules import Options

OOM = "Allocation on device 0 would exceed allowed memory. (out of memory)\nTIPS: If you have any …\n"
ERRORS = {
    "oom": ("torch.OutOfMemoryError", OOM),
    "nan": ("ValueError", "A tensor with all NaNs was produced in VAE.\n"),
    "broken_checkpoint": ("RuntimeError", "ERROR: clip input is invalid: None\n\nIf the clip is from a checkpoint …\n"),
}


class Interrupted(Exception):
    """The worker noticed an interrupt between two steps."""


class Failed(Exception):
    """A node raised: (node id, exception type, message)."""


class Engine:
    """One worker, one queue, a history in memory, and a socket for each client id."""

    def __init__(self, options: Options, die: Any, restart: Any):
        self.options = options
        self.die, self.restart = die, restart
        self.failures: deque[str] = deque()
        self.files: dict[tuple[str, str, str], bytes] = {}
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.flags: dict[str, bool] = {}
        self.interrupted: list[str | None] = []  # prompt hit by each POST /interrupt
        self.finished: list[tuple[str, str]] = []  # (prompt id, success | error | interrupted)
        self.reset()

    def reset(self) -> None:
        """As after a restart: nothing queued, nothing remembered."""
        self.pending: list[list[Any]] = []
        self.running: list[Any] | None = None
        self.history: dict[str, Any] = {}
        self.cache: dict[str, dict[str, Any]] = {}
        self.counter = 0
        self.interrupt = False
        self.last_node: str | None = None
        self.work_ready = asyncio.Event()

    @property
    def remaining(self) -> int:
        return len(self.pending) + (self.running is not None)

    async def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Queue a checked prompt; the reply's body."""
        own_id = self.options.at_least(0, 3, 45) and body.get("prompt_id")
        prompt_id = str(own_id or uuid.uuid4())
        number = body.get("number", self.counter)
        self.counter += 1
        extra = {**(body.get("extra_data") or {})}
        if body.get("client_id"):
            extra["client_id"] = body["client_id"]
        self.pending.append([number, prompt_id, body["prompt"], extra, ["7"]])
        self.work_ready.set()
        await self.send_status()
        return {"prompt_id": prompt_id, "number": number, "node_errors": {}}

    async def send(self, kind: str, data: dict[str, Any], client_id: str | None) -> None:
        """A text frame to one client, or to every socket when there is none: that is the leak."""
        await self._send_frame(json.dumps({"type": kind, "data": data}), client_id)

    async def _send_frame(self, frame: str | bytes, client_id: str | None) -> None:
        if self.options.ws == "silent":
            return
        sockets = list(self.sockets.values()) if client_id is None else [self.sockets.get(client_id)]
        for socket in sockets:
            if socket is None or socket.closed:
                continue
            with contextlib.suppress(ConnectionError, RuntimeError):
                await (socket.send_str(frame) if isinstance(frame, str) else socket.send_bytes(frame))

    async def send_status(self) -> None:
        await self.send("status", {"status": {"exec_info": {"queue_remaining": self.remaining}}}, None)

    async def work(self) -> None:
        """The worker: for ever, one prompt after the other."""
        while True:
            await self.work_ready.wait()
            if not self.pending:
                self.work_ready.clear()
                continue
            self.pending.sort(key=lambda item: (item[0], item[1]))
            item = self.running = self.pending.pop(0)
            await asyncio.sleep(self.options.start_gap_ms / 1000)
            self.interrupt = False
            run = Run(self, item, self.failures.popleft() if self.failures else "")
            await run.execute()

    def write_history(self, run: Run, status: str) -> None:
        if run.failure != "history_lost":
            self.history[run.prompt_id] = {
                "prompt": run.item,
                "outputs": run.outputs,
                "status": {"status_str": status, "completed": status == "success", "messages": run.messages},
                "meta": {},
            }
        self.running = None
        self.last_node = None


class Run:
    """One prompt being executed."""

    def __init__(self, engine: Engine, item: list[Any], failure: str):
        self.engine, self.options = engine, engine.options
        self.item, self.failure = item, failure
        self.prompt_id: str = item[1]
        self.graph: dict[str, Any] = item[2]
        self.client_id: str | None = item[3].get("client_id")
        self.outputs: dict[str, Any] = {}
        self.messages: list[list[Any]] = []

    async def execute(self) -> None:
        engine, status = self.engine, "success"
        try:
            await self._run()
            await self._message("execution_success", {})
        except Interrupted:
            status = "interrupted"
            await self._message("execution_interrupted", {"node_id": "5", "executed": []}, broadcast=True)
        except Failed as failed:
            status = "error"
            node_id, kind, text = failed.args
            node_type = self.graph.get(node_id, {}).get("class_type", "KSampler")
            data = {"node_id": node_id, "node_type": node_type, "exception_type": kind, "exception_message": text}
            await self._message("execution_error", {**data, "traceback": [], "executed": []})
        await asyncio.sleep(self.options.history_delay_ms / 1000)
        engine.finished.append((self.prompt_id, status))
        engine.write_history(self, "success" if status == "success" else "error")
        await engine.send_status()
        if self.client_id is not None:
            await self._tell("executing", {"node": None})

    async def _run(self) -> None:
        engine = self.engine
        key = json.dumps(self.graph, sort_keys=True)
        cached = engine.cache.get(key)
        await self._message("execution_start", {})
        await self._message("execution_cached", {"nodes": list(self.graph) if cached else []})
        if cached:
            self.outputs = cached
            for node_id, output in cached.items():
                await self._tell("executed", {"node": node_id, "display_node": node_id, "output": output})
            return
        spoiled = self.failure if self.failure in ("wrong_size", "blank", "truncated") else ""
        painting = asyncio.create_task(asyncio.to_thread(pictures.png, self.graph, spoiled))
        for node_id, node in self.graph.items():
            engine.last_node = node_id
            await self._tell("executing", {"node": node_id, "display_node": node_id})
            if node["class_type"] == "KSampler":
                await self._sample(node_id, node["inputs"]["steps"])
            if node["class_type"] == "SaveImage":
                self._save(node_id, node["inputs"]["filename_prefix"], await painting)
                output = self.outputs.get(node_id, {})
                await self._tell("executed", {"node": node_id, "display_node": node_id, "output": output})
        engine.cache[key] = self.outputs

    async def _sample(self, node_id: str, steps: int) -> None:
        if self.failure in ERRORS:
            raise Failed(node_id, *ERRORS[self.failure])
        for step in range(1, steps + 1):
            await asyncio.sleep(self.options.step_ms / 1000)
            await self._misbehave()
            if self.engine.interrupt:
                raise Interrupted
            state = {"value": step, "max": steps, "state": "running", "node_id": node_id, "prompt_id": self.prompt_id}
            await self._tell("progress_state", {"nodes": {node_id: state}})
            await self._tell("progress", {"value": step, "max": steps, "node": node_id})
            await self._preview(step, node_id)

    async def _misbehave(self) -> None:
        engine, failure = self.engine, self.failure
        if failure == "die":
            await engine.die()
        if failure == "restart":
            await engine.restart()
        if failure == "interrupted":
            engine.interrupt = True
        socket = engine.sockets.get(self.client_id or "")
        if (
            failure == "drop_ws"
            and socket is not None
            and socket._req is not None
            and socket._req.transport is not None
        ):
            self.failure = ""
            socket._req.transport.abort()
        if (
            failure == "huge_frame"
            and socket is not None
            and socket._req is not None
            and socket._req.transport is not None
        ):
            self.failure = ""
            socket._req.transport.write(b"\x82\x7f" + (2**40).to_bytes(8, "big") + b"x" * 100)
        while failure == "hang" and not engine.interrupt:
            await asyncio.sleep(0.01)

    async def _preview(self, step: int, node_id: str) -> None:
        wanted = self.item[3].get("preview_method", "auto") != "none" if self.options.at_least(0, 5, 0) else True
        if not (self.options.previews and wanted):
            return
        if self.engine.flags.get(self.client_id or ""):
            frame = pictures.preview_frame_with_metadata(step, self.prompt_id, node_id)
        else:
            frame = pictures.preview_frame(step)
        await self.engine._send_frame(frame, self.client_id)

    def _save(self, node_id: str, prefix: str, data: bytes) -> None:
        subfolder, _, name = prefix.rpartition("/")
        if self.failure == "backslash":
            subfolder = subfolder.replace("/", "\\") + "\\x"
        filename = f"{name}_00001_.png"
        files = self.engine.files
        if self.failure == "html_view":
            data = b"<html>Sign in</html>"
        if self.failure != "file_gone":
            files[("output", subfolder, filename)] = data
        if self.failure != "no_images":
            self.outputs[node_id] = {"images": [{"filename": filename, "subfolder": subfolder, "type": "output"}]}
        if self.failure == "swap_checkpoint":
            self.item[2] = json.loads(json.dumps(self.graph).replace(self.options.checkpoints[0], "other.safetensors"))
        if self.failure == "swap_sampler":
            self.item[2] = json.loads(json.dumps(self.graph).replace("dpmpp_2m", "euler"))

    async def _tell(self, kind: str, data: dict[str, Any]) -> None:
        await self.engine.send(kind, {**data, "prompt_id": self.prompt_id}, self.client_id)

    async def _message(self, kind: str, data: dict[str, Any], broadcast: bool = False) -> None:
        data = {**data, "prompt_id": self.prompt_id, "timestamp": int(time.time() * 1000)}
        self.messages.append([kind, data])
        await self.engine.send(kind, data, None if broadcast else self.client_id)
