"""The fake ComfyUI's HTTP routes, bare and below /api, with the oddities of the real ones."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from tests.fakes.comfyui_engine import Engine
from tests.fakes.comfyui_rules import Options, node_info, refusal

KOBOLD_ID = "12345678-0000-0000-0000-000000000001"
FOR_EVER_S = 3600
POST_FAILURES = (
    "reply_lost",
    "never_answered",
    "answered_late",
    "node_errors",
    "status_500",
    "status_502",
    "no_prompt_id",
    "html_prompt",
)


@dataclass(frozen=True)
class Seen:
    """A request as it came, path without the base path."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Routes:
    """Handlers of one server."""

    def __init__(self, options: Options, engine: Engine, seen: list[Seen]):
        self.options, self.engine, self.seen = options, engine, seen
        self.post_failures: list[str] = []

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._middleware], client_max_size=self.options.max_upload_bytes)
        bare = [
            web.get("/ws", self.websocket),
            web.get("/prompt", self.get_prompt),
            web.post("/prompt", self.post_prompt),
            web.get("/queue", self.get_queue),
            web.post("/queue", self.post_queue),
            web.post("/interrupt", self.post_interrupt),
            web.get("/history", self.get_history),
            web.get("/history/{id}", self.get_history),
            web.post("/history", self.post_history),
            web.get("/view", self.view),
            web.get("/system_stats", self.system_stats),
            web.get("/object_info/{name}", self.object_info),
            web.get("/models/{folder}", self.models),
            web.get("/features", self.features),
        ]
        for route in bare:
            for prefix in ("", "/api"):
                app.router.add_route(route.method, self.options.base_path + prefix + route.path, route.handler)
        if self.options.at_least(0, 6, 0):
            app.router.add_get(self.options.base_path + "/api/jobs", self.jobs)
        if self.options.at_least(0, 26, 0):
            app.router.add_post(self.options.base_path + "/api/jobs/{id}/cancel", self.cancel_job)
        return app

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        raw = await request.read()
        path = request.path.removeprefix(self.options.base_path)
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        self.seen.append(Seen(request.method, path, dict(request.query), dict(request.headers), body))
        if self.options.html:
            return web.Response(text="<html>Sign in to continue</html>", content_type="text/html")
        if not self._may(request):
            return web.Response(status=401, text="Unauthorized")
        for beginning, status in self.options.broken.items():
            if path.startswith(beginning):
                return web.Response(status=status, text="Server got itself in trouble")
        origin = request.headers.get("Origin")
        if (origin and urlsplit(origin).netloc != request.host) or request.headers.get(
            "Sec-Fetch-Site"
        ) == "cross-site":
            return web.Response(status=403)
        response: web.StreamResponse = await handler(request)
        return response

    def _may(self, request: web.Request) -> bool:
        options, sent = self.options, request.headers.get("Authorization", "")
        if options.bearer:
            return sent == f"Bearer {options.bearer}"
        if options.user:
            return sent == "Basic " + base64.b64encode(f"{options.user}:{options.password}".encode()).decode()
        return True

    async def get_prompt(self, request: web.Request) -> web.Response:
        return web.json_response({"exec_info": {"queue_remaining": self.engine.remaining}})

    async def post_prompt(self, request: web.Request) -> web.Response:
        failure = self.post_failures.pop(0) if self.post_failures else ""
        if failure == "never_answered":
            await asyncio.sleep(FOR_EVER_S)
        if failure in ("status_500", "status_502"):
            text = "500 Internal Server Error\n\nServer got itself in trouble"
            return web.Response(status=int(failure[-3:]), text=text)
        if failure == "html_prompt":
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        body = await request.json()
        refused = refusal(self.options, body)
        if refused is not None:
            return web.json_response(refused, status=400)
        reply = await self.engine.put(body)
        if failure == "reply_lost" and request.transport is not None:
            request.transport.abort()
        if failure == "answered_late":
            await asyncio.sleep(FOR_EVER_S)
        if failure == "no_prompt_id":
            del reply["prompt_id"]
        if failure == "node_errors":
            error = {"type": "required_input_missing", "message": "Required input is missing", "details": "images"}
            reply["node_errors"] = {"7": {"class_type": "SaveImage", "dependent_outputs": ["7"], "errors": [error]}}
        if self.options.koboldcpp:
            reply["prompt_id"] = KOBOLD_ID
        return web.json_response(reply)

    async def get_queue(self, request: web.Request) -> web.Response:
        running = [self.engine.running] if self.engine.running else []
        return web.json_response({"queue_running": running, "queue_pending": self.engine.pending})

    async def post_queue(self, request: web.Request) -> web.Response:
        body = await request.json()
        gone = body.get("delete", [])
        self.engine.pending = [item for item in self.engine.pending if not (body.get("clear") or item[1] in gone)]
        await self.engine.send_status()
        return web.Response()

    async def post_interrupt(self, request: web.Request) -> web.Response:
        body = await request.json() if await request.read() else {}
        engine = self.engine
        running_id = engine.running[1] if engine.running else None
        wanted = body.get("prompt_id")
        hits = running_id is not None and (
            wanted is None or not self.options.at_least(0, 3, 57) or wanted == running_id
        )
        engine.interrupted.append(running_id if hits else None)
        if hits:
            engine.interrupt = True
        return web.Response()

    async def get_history(self, request: web.Request) -> web.Response:
        history = self.engine.history
        if "id" in request.match_info:
            prompt_id = request.match_info["id"]
            return web.json_response({prompt_id: history[prompt_id]} if prompt_id in history else {})
        count = int(request.query.get("max_items", len(history)))
        return web.json_response(dict(list(history.items())[-count:]))

    async def post_history(self, request: web.Request) -> web.Response:
        body = await request.json()
        for prompt_id in list(self.engine.history) if body.get("clear") else body.get("delete", []):
            self.engine.history.pop(prompt_id, None)
        return web.Response()

    async def view(self, request: web.Request) -> web.Response:
        query = request.query
        key = (query.get("type", "output"), query.get("subfolder", ""), query["filename"])
        data = self.engine.files.get(key)
        if data is None:
            return web.Response(status=404)
        kind = "text/html" if data.startswith(b"<html") else "image/png"
        return web.Response(body=data, content_type=kind)

    async def system_stats(self, request: web.Request) -> web.Response:
        options = self.options
        name = "koboldcpp" if options.koboldcpp else options.device
        device = {
            "name": name,
            "type": options.device_type,
            "index": 0,
            "vram_total": options.vram_bytes,
            "vram_free": options.vram_bytes // 2,
        }
        system = {"os": "linux", "python_version": "3.12", "argv": ["main.py"]}
        if options.version is not None:
            system["comfyui_version"] = options.version
        return web.json_response({"system": system, "devices": [device]})

    async def object_info(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.options.object_info_delay_ms / 1000)
        return web.json_response(node_info(self.options, request.match_info["name"]))

    async def models(self, request: web.Request) -> web.Response:
        options = self.options
        folders = {"checkpoints": options.checkpoints, "loras": options.loras, "controlnet": options.controlnets}
        names = folders.get(request.match_info["folder"])
        if names is None or not options.at_least(0, 2, 0):
            return web.Response(status=404)
        return web.json_response(names)

    async def features(self, request: web.Request) -> web.Response:
        if not self.options.at_least(0, 3, 45):
            return web.Response(status=404)
        return web.json_response({"supports_preview_metadata": True, "max_upload_size": self.options.max_upload_bytes})

    async def jobs(self, request: web.Request) -> web.Response:
        jobs = [{"id": prompt_id, "status": "completed"} for prompt_id in self.engine.history]
        return web.json_response({"jobs": jobs, "pagination": {}})

    async def cancel_job(self, request: web.Request) -> web.Response:
        engine, prompt_id = self.engine, request.match_info["id"]
        before = len(engine.pending)
        engine.pending = [item for item in engine.pending if item[1] != prompt_id]
        cancelled = len(engine.pending) < before
        if engine.running and engine.running[1] == prompt_id:
            engine.interrupt = cancelled = True
        if not cancelled and prompt_id not in engine.history:
            return web.json_response({"error": "Job not found"}, status=404)
        return web.json_response({"cancelled": cancelled})

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        engine, options = self.engine, self.options
        if options.ws == "refuse":
            return web.Response(status=404)
        if options.ws == "stall":
            await asyncio.sleep(FOR_EVER_S)
        if options.ws == "late":
            await asyncio.sleep(0.3)
        client_id = request.query.get("clientId") or "anonymous"
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        engine.sockets[client_id] = socket  # a second connection takes over
        try:
            status = {"status": {"exec_info": {"queue_remaining": engine.remaining}}, "sid": client_id}
            await engine.send("status", status, client_id)
            if engine.running and engine.running[3].get("client_id") == client_id and engine.last_node:
                await engine.send("executing", {"node": engine.last_node}, client_id)
            first = True
            async for message in socket:
                if first and message.type == WSMsgType.TEXT and options.at_least(0, 3, 45):
                    await self._negotiate(client_id, message.data)
                first = False
        finally:
            engine.sockets.pop(client_id, None)  # whoever holds it: the newer socket goes deaf too
            engine.flags.pop(client_id, None)
        return socket

    async def _negotiate(self, client_id: str, text: str) -> None:
        message = json.loads(text)
        if message.get("type") == "feature_flags":
            self.engine.flags[client_id] = bool(message["data"].get("supports_preview_metadata"))
            await self.engine.send("feature_flags", {"supports_preview_metadata": True}, client_id)
