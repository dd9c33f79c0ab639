"""A ComfyUI that takes an exact time and writes down when things happened, on the machine's monotonic clock.

Run as a process: `python -m bench.simulator --picture-ms 20`. It prints its URL and serves what LUNA's client asks,
plus GET /bench/log: {"prompts": {text: {"received", "finished"}}} in seconds of time.monotonic().
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import time
from typing import Any

from aiohttp import WSMsgType, web
from PIL import Image

CHECKPOINT = "bench.safetensors"
SAMPLERS = ["euler", "euler_ancestral", "dpmpp_2m"]
SCHEDULERS = ["normal", "karras", "simple"]


def noise_png(width: int, height: int) -> bytes:
    """A picture that is not blank and does not compress to nothing."""
    small = Image.frombytes("RGB", (64, 64), random.Random(7).randbytes(64 * 64 * 3))
    buffer = io.BytesIO()
    small.resize((width, height), Image.Resampling.BICUBIC).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


class Simulator:
    def __init__(self, picture_ms: float):
        self.picture_s = picture_ms / 1000
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.history: dict[str, Any] = {}
        self.queue: asyncio.Queue[tuple[str, dict[str, Any], str]] = asyncio.Queue()
        self.pending: list[str] = []
        self.running: str | None = None
        self.log: dict[str, dict[str, float]] = {}
        self.pictures: dict[tuple[int, int], bytes] = {}
        self.sizes: dict[str, tuple[int, int]] = {}

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/system_stats", self.system_stats),
                web.get("/features", self.empty),
                web.get("/object_info", self.object_info),
                web.get("/object_info/{name}", self.object_info),
                web.get("/models/{folder}", self.models),
                web.get("/queue", self.get_queue),
                web.post("/queue", self.empty),
                web.get("/prompt", self.get_prompt),
                web.post("/prompt", self.post_prompt),
                web.post("/interrupt", self.empty),
                web.get("/history/{id}", self.get_history),
                web.post("/history", self.empty),
                web.get("/view", self.view),
                web.get("/ws", self.ws),
                web.get("/bench/log", self.bench_log),
            ]
        )
        app.on_startup.append(self.start)
        return app

    async def start(self, app: web.Application) -> None:
        app["worker"] = asyncio.create_task(self.work())

    async def empty(self, request: web.Request) -> web.Response:
        return web.json_response({})

    async def system_stats(self, request: web.Request) -> web.Response:
        device = {"name": "cuda:0 simulated", "type": "cuda", "index": 0, "vram_total": 24 * 2**30}
        device |= {"vram_free": 20 * 2**30, "torch_vram_total": 0, "torch_vram_free": 0}
        system = {"os": "linux", "comfyui_version": "0.27.1", "python_version": "3.11", "ram_total": 0, "ram_free": 0}
        return web.json_response({"system": system, "devices": [device]})

    async def object_info(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "KSampler")
        required: dict[str, Any] = {
            "KSampler": {"sampler_name": [SAMPLERS, {}], "scheduler": [SCHEDULERS, {}]},
            "CheckpointLoaderSimple": {"ckpt_name": [[CHECKPOINT], {}]},
        }.get(name, {"x": ["INT", {}]})
        return web.json_response({name: {"input": {"required": required}, "output": [], "name": name}})

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response([CHECKPOINT] if request.match_info["folder"] == "checkpoints" else [])

    async def get_prompt(self, request: web.Request) -> web.Response:
        return web.json_response({"exec_info": {"queue_remaining": len(self.pending) + bool(self.running)}})

    async def get_queue(self, request: web.Request) -> web.Response:
        running = [[0, self.running, {}, {}, []]] if self.running else []
        return web.json_response(
            {"queue_running": running, "queue_pending": [[1, one, {}, {}, []] for one in self.pending]}
        )

    async def post_prompt(self, request: web.Request) -> web.Response:
        received = time.monotonic()
        body = json.loads(await request.read())
        nodes = body["prompt"].values()
        text = max((str(n["inputs"].get("text", "")) for n in nodes if n["class_type"] == "CLIPTextEncode"), key=bench)
        latent = next(n["inputs"] for n in nodes if "width" in n["inputs"] and "batch_size" in n["inputs"])
        prompt_id = body["prompt_id"]
        self.sizes[prompt_id] = (latent["width"], latent["height"])
        self.log[text] = {"received": received}
        self.pending.append(prompt_id)
        saver = next(key for key, node in body["prompt"].items() if node["class_type"] == "SaveImage")
        what = {"text": text, "saver": saver, "graph": body["prompt"]}
        await self.queue.put((prompt_id, what, body.get("client_id", "")))
        return web.json_response({"prompt_id": prompt_id, "number": 1, "node_errors": {}})

    async def work(self) -> None:
        while True:
            prompt_id, what, client_id = await self.queue.get()
            self.pending.remove(prompt_id)
            self.running = prompt_id
            started = time.monotonic()
            size = self.sizes[prompt_id]
            if size not in self.pictures:
                self.pictures[size] = noise_png(*size)
            await asyncio.sleep(max(0.0, self.picture_s - (time.monotonic() - started)))
            image = {"filename": f"{prompt_id}.png", "subfolder": "", "type": "output"}
            messages = [["execution_start", {"prompt_id": prompt_id}], ["execution_success", {"prompt_id": prompt_id}]]
            self.history[prompt_id] = {
                "prompt": [1, prompt_id, what["graph"], {}, []],
                "outputs": {what["saver"]: {"images": [image]}},
                "status": {"status_str": "success", "completed": True, "messages": messages},
                "meta": {},
            }
            self.running = None
            self.log[what["text"]]["finished"] = time.monotonic()
            await self.tell(client_id, "executing", {"node": None, "prompt_id": prompt_id})

    async def tell(self, client_id: str, kind: str, data: dict[str, Any]) -> None:
        socket = self.sockets.get(client_id)
        if socket is not None and not socket.closed:
            await socket.send_str(json.dumps({"type": kind, "data": data}))

    async def get_history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["id"]
        entry = self.history.get(prompt_id)
        return web.json_response({prompt_id: entry} if entry else {})

    async def view(self, request: web.Request) -> web.Response:
        prompt_id = request.query["filename"].removesuffix(".png")
        return web.Response(body=self.pictures[self.sizes[prompt_id]], content_type="image/png")

    async def ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client_id = request.query.get("clientId", "")
        self.sockets[client_id] = socket
        await self.tell(client_id, "status", {"status": {"exec_info": {"queue_remaining": 0}}, "sid": client_id})
        async for message in socket:
            if message.type == WSMsgType.ERROR:
                break
        if self.sockets.get(client_id) is socket:
            del self.sockets[client_id]
        return socket

    async def bench_log(self, request: web.Request) -> web.Response:
        return web.json_response({"prompts": self.log})


def bench(text: str) -> bool:
    """Whether a prompt is the one the load program marked, not the negative one."""
    return "bench-" in text


async def serve(picture_ms: float) -> None:
    runner = web.AppRunner(Simulator(picture_ms).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--picture-ms", type=float, default=20)
    asyncio.run(serve(parser.parse_args().picture_ms))
