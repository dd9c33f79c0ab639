"""A server that speaks `/sdapi/v1` over a real port, in the dialect of one of the programs that do.

In a test: `with FakeAutomatic1111(dialect="forge", checkpoints=["x.safetensors"], step_ms=5) as fake: …`.
As a program: `python -m tests.fakes.automatic1111 --port 7860 --dialect forge --checkpoint x.safetensors --step-ms 50`.

Dialects: a1111, a1111-nowebui, a1111-1.8, forge, sdnext, sdcpp, koboldcpp, drawthings.
Failures for `fail_next`: oom, nan, error, hang, die, reset, html, truncated_body, not_json, no_images, empty_image,
stopped_before_first,
not_base64, not_a_picture, cut_picture, blank, busy, rate_limit, rejected, no_info, grid, data_prefix, jpeg, webp,
gzip, interrupted_by_others, skipped_by_others, replace_checkpoint, replace_sampler, replace_scheduler, replace_seed,
wrong_size, odd_types.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gzip
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from tests.fakes import automatic1111_dialects as manners
from tests.fakes.automatic1111_engine import Engine, Job, painted, until
from tests.fakes.automatic1111_failures import error, not_found, refusal, spoiled

START_TIMEOUT_S = 20.0
HANG_MAX_S = 60.0


class FakeAutomatic1111:
    """requests: the bodies of txt2img, in order. calls: (method, path) of everything. engine: what goes on inside.

    auth: (user, password) of --api-auth. bearer: KoboldCpp's --password. api: False is a web UI without --api.
    missing, broken: further paths answered with 404, with 500. slow_s: pause before any answer but txt2img's.
    """

    def __init__(
        self,
        dialect: str = "a1111",
        checkpoints: Sequence[str] = ("sd_xl_base_1.0.safetensors",),
        step_ms: float = 2,
        *,
        port: int = 0,
        auth: tuple[str, str] | None = None,
        bearer: str = "",
        api: bool = True,
        samples_format: str = "png",
        loras: Sequence[str] = ("detail",),
        missing: Sequence[str] = (),
        broken: Sequence[str] = (),
        prefix: str = "",
        slow_s: float = 0.0,
        multiuser: bool = False,
    ) -> None:
        self.manner = manners.MANNERS[dialect]
        self.checkpoints = list(checkpoints)
        self.auth, self.bearer, self.api, self.samples_format = auth, bearer, api, samples_format
        self.loras, self.slow_s, self.multiuser = list(loras), slow_s, multiuser
        self.missing, self.broken = set(missing), set(broken)
        self.requests: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.interrupts = 0
        self.engine = Engine(step_ms)
        self.prefix = prefix
        self._failures: deque[str] = deque()
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._runner: web.AppRunner | None = None
        self._transports: set[asyncio.BaseTransport] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    # Steering ---------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{self.prefix}"

    def fail_next(self, *modes: str) -> None:
        """The next requests to txt2img go wrong in these ways, one each."""
        self._failures.extend(modes)

    def start_foreign_job(self, steps: int = 20) -> Job:
        """Somebody at the web UI paints: takes the lock as soon as it is free."""
        job = Job(steps=steps)
        self._call(lambda: self._spawn(self.engine.run(job)))
        return job

    def press_interrupt(self) -> None:
        """Somebody at the web UI presses Interrupt."""
        self._call(self.engine.interrupt)

    def press_skip(self) -> None:
        self._call(lambda: self.engine.state.update(skipped=True))

    def is_idle(self) -> bool:
        return self.engine.job is None and not self.engine.pending

    def die(self) -> None:
        """As after SIGKILL: every connection is reset, nobody listens any more."""
        self._call(self._die)

    def __enter__(self) -> FakeAutomatic1111:
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-a1111", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(START_TIMEOUT_S)
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(START_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(START_TIMEOUT_S)
        self._loop.close()

    def _call(self, act: Callable[[], Any]) -> None:
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(START_TIMEOUT_S)

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self) -> None:
        app = web.Application(middlewares=[self._gate], client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._route)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def _end(self) -> None:
        self._die()
        if self._runner is not None:
            await self._runner.cleanup()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _die(self) -> None:
        if self._runner is not None:
            for site in list(self._runner.sites):
                server = getattr(site, "_server", None)
                if server is not None:
                    server.close()
        for transport in list(self._transports):
            transport.abort()  # type: ignore[attr-defined]

    # Routes -----------------------------------------------------------------------------------------------------

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.transport is not None:
            self._transports.add(request.transport)
        path = request.path.removeprefix(self.prefix)
        self.calls.append((request.method, path))
        if self.slow_s and not path.endswith("img"):
            await asyncio.sleep(self.slow_s)
        if path in self.missing or (path.startswith("/sdapi") and not self.api):
            return not_found()
        if path in self.broken:
            return web.Response(status=500, text="Internal Server Error")
        if path.startswith("/sdapi"):
            given = request.headers.get("Authorization", "")
            if self.auth is not None:
                wanted = base64.b64encode(":".join(self.auth).encode()).decode()
                if given != f"Basic {wanted}":
                    said = "Incorrect username or password" if given else "Not authenticated"
                    return web.json_response({"detail": said}, status=401, headers={"www-authenticate": "Basic"})
            if self.bearer and given != f"Bearer {self.bearer}":
                return web.json_response({"detail": {"msg": "API key missing", "type": "unauthorized"}}, status=401)
        return await handler(request)  # type: ignore[no-any-return]

    async def _route(self, request: web.Request) -> web.StreamResponse:
        path, manner = request.path.removeprefix(self.prefix), self.manner
        if (request.method, path) == ("POST", "/sdapi/v1/txt2img"):
            return await self._txt2img(request)
        if manner.name == "drawthings":
            if path == "/":
                return web.json_response({"model": self.checkpoints[0], "upscaler": "", "guidance_scale": 7.5})
            return not_found()
        if request.method == "GET":
            found = self._get(path, request)
            if found is not None:
                return found
        if request.method == "POST":
            if path == "/sdapi/v1/interrupt" and manner.has_progress:
                self.interrupts += 1
                self.engine.interrupt()
                if manner.interrupt_status == 204:
                    return web.Response(status=204)
                return web.json_response({})
            if path == "/internal/progress" and manner.has_ui:
                body = await request.json()
                if not isinstance(body.get("id_task"), str):
                    return web.json_response({"detail": [{"loc": ["body", "id_task"], "msg": "none"}]}, status=422)
                return web.json_response(
                    self.engine.task_progress(
                        body["id_task"], body.get("id_live_preview", -1), live_preview=body.get("live_preview", True)
                    )
                )
        if path == "/" and self.manner.has_ui:
            return web.Response(text="<!doctype html><title>Stable Diffusion</title>", content_type="text/html")
        return not_found()

    def _get(self, path: str, request: web.Request) -> web.Response | None:
        manner = self.manner
        answers: dict[str, Callable[[], Any]] = {
            "/sdapi/v1/options": lambda: manners.options(manner, self._loaded(), self.samples_format),
            "/sdapi/v1/samplers": lambda: manners.sampler_entries(manner),
            "/sdapi/v1/sd-models": lambda: [manners.model_entry(manner, name) for name in self.checkpoints],
            "/sdapi/v1/loras": lambda: [{"name": lora, "alias": lora, "path": f"{lora}.safetensors", "metadata": {}}
                                        for lora in self.loras],
        }  # fmt: skip
        if manner.has_schedulers:
            answers["/sdapi/v1/schedulers"] = lambda: manners.scheduler_entries(manner)
        if manner.has_progress:
            with_image = request.query.get("skip_current_image") != "true"
            answers["/sdapi/v1/progress"] = lambda: self.engine.overall_progress(with_image=with_image)
            answers["/sdapi/v1/memory"] = lambda: {
                "ram": {"free": 1, "used": 1, "total": 2},
                "cuda": {"system": {"free": 6_000_000_000, "used": 2_000_000_000, "total": 8_000_000_000}},
            }
        if manner.has_ui:
            answers["/internal/ping"] = dict
            answers["/internal/pending-tasks"] = lambda: {
                "size": len(self.engine.pending), "tasks": list(self.engine.pending)
            }  # fmt: skip
        special: dict[str, dict[str, Callable[[], Any]]] = {
            "forge": {"/sdapi/v1/sd-modules": list, "/controlnet/model_list": lambda: {"model_list": ["None"]}},
            "sdnext": {"/sdapi/v1/status": lambda: {"status": "idle"}},
            "sdcpp": {"/sdcpp/v1/capabilities": lambda: {"current_mode": "img_gen"}},
            "koboldcpp": {"/api/extra/version": lambda: {"result": "KoboldCpp", "version": "1.76"}},
        }
        answers.update(special.get(manner.name, {}))
        if path == "/sdapi/v1/cmd-flags" and manner.name == "forge":
            return web.Response(status=500, text="Internal Server Error")
        if path in answers:
            return web.json_response(answers[path]())
        return None

    def _loaded(self) -> str:
        return self.checkpoints[0] if self.checkpoints else "inactive"

    # Painting ---------------------------------------------------------------------------------------------------

    async def _txt2img(self, request: web.Request) -> web.StreamResponse:
        failure = self._failures.popleft() if self._failures else ""
        try:
            body = await request.json()
        except ValueError:
            return error(self.manner, 500 if self.manner.name == "koboldcpp" else 422, "JSON decode error")
        self.requests.append(body)
        is_busy = self.engine.job is not None and not self.multiuser
        refused = refusal(self.manner, body, failure, is_busy=is_busy)
        if refused is not None:
            return refused
        if failure == "reset":
            request.transport.abort()  # type: ignore[union-attr]
            return web.Response()
        steps = min(int(body.get("steps", 20)), 80 if self.manner.name == "koboldcpp" else 10_000)
        job = Job(steps=steps, task_id=body.get("force_task_id") if self.manner.has_ui else None)
        if failure in ("interrupted_by_others", "skipped_by_others"):
            self._spawn(self._stop_midway(job, failure))
        if not await self.engine.run(job, die_after=max(1, steps // 2) if failure == "die" else None):
            self._die()
            return web.Response()
        if failure == "hang":
            await asyncio.sleep(HANG_MAX_S)
        return await self._answer(request, body, job, failure)

    async def _stop_midway(self, job: Job, failure: str) -> None:
        await until(lambda: self.engine.job is job and job.steps_done >= job.steps // 2)
        self.engine.state["interrupted" if failure == "interrupted_by_others" else "skipped"] = True

    def _checkpoint(self, body: dict[str, Any], failure: str) -> str:
        """An unknown one is dropped without a word."""
        wanted = (body.get("override_settings") or {}).get("sd_model_checkpoint")
        if self.manner.one_model or not wanted or failure == "replace_checkpoint":
            return self._loaded()
        for name in self.checkpoints:
            entry = manners.model_entry(self.manner, name)
            if wanted in (entry["title"], entry["model_name"], entry["hash"], name):
                return name
        return self._loaded()

    async def _answer(self, request: web.Request, body: dict[str, Any], job: Job, failure: str) -> web.StreamResponse:
        width, height = self.manner.size(body.get("width", 512), body.get("height", 512))
        if failure == "wrong_size":
            width, height = width + 64, height + 64
        seed = 4242 if failure == "replace_seed" else int(body.get("seed", -1))
        checkpoint = self._checkpoint(body, failure)
        sampler, scheduler = manners.used_sampler(self.manner, body)
        sampler = "Heun" if failure == "replace_sampler" else sampler
        scheduler = "Simple" if failure == "replace_scheduler" else scheduler
        key = f"{checkpoint} {body.get('prompt')} {body.get('negative_prompt')} {seed} {job.steps} {sampler}"
        kind = {"jpeg": "JPEG", "webp": "WEBP"}.get(
            failure, {"jpg": "JPEG", "webp": "WEBP"}.get(self.samples_format, "PNG")
        )
        text = f"{body.get('prompt')}\nSteps: {job.steps}, Seed: {seed}, Size: {width}x{height}"
        data = painted(key, width, height, kind=kind, text=text, half_done=job.interrupted)
        images = [base64.b64encode(data).decode()]
        info: dict[str, Any] = {
            "prompt": body.get("prompt"), "seed": seed, "all_seeds": [seed], "width": width, "height": height,
            "sampler_name": sampler, "cfg_scale": body.get("cfg_scale", 7.0), "steps": job.steps, "clip_skip": 1,
            "sd_model_name": checkpoint.rsplit("/", 1)[-1].rsplit(".", 1)[0], "version": "v1.10.1",
            "extra_generation_params": {"Schedule type": scheduler} if scheduler else {}, "infotexts": [text],
        }  # fmt: skip
        if self.manner.name == "sdcpp":
            info.update(sd_model_name=checkpoint, version="stable-diffusion.cpp")
        else:
            info.update(sd_model_hash=manners.short_hash(checkpoint), index_of_first_image=0, job_timestamp=job.stamp)
        images, info = spoiled(images, info, failure, width, height)
        answer: dict[str, Any] = {"images": images, "parameters": body, "info": json.dumps(info)}
        if self.manner.name == "koboldcpp":
            answer.update(parameters={}, info="")
        if self.manner.name == "drawthings":
            answer = {"images": images}
        if failure == "no_info":
            answer["info"] = ""
        return await self._send(request, answer, failure)

    async def _send(self, request: web.Request, answer: dict[str, Any], failure: str) -> web.StreamResponse:
        content = json.dumps(answer).encode()
        if failure == "not_json":
            return web.Response(body=content[:-20], content_type="application/json")
        if failure == "odd_types":
            return web.json_response([answer])
        if failure == "gzip":
            return web.Response(
                body=gzip.compress(content), headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
            )
        if failure == "truncated_body":
            response = web.StreamResponse(headers={"Content-Length": str(len(content))})
            await response.prepare(request)
            await response.write(content[: len(content) // 2])
            request.transport.abort()  # type: ignore[union-attr]
            return response
        return web.Response(body=content, content_type="application/json")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dialect", default="a1111", choices=sorted(manners.MANNERS))
    parser.add_argument("--checkpoint", action="append", default=[])
    parser.add_argument("--step-ms", type=float, default=50)
    parser.add_argument("--auth", default="", help="user:password")
    args = parser.parse_args()
    user, _, password = args.auth.partition(":")
    fake = FakeAutomatic1111(
        args.dialect,
        args.checkpoint or ["sd_xl_base_1.0.safetensors"],
        args.step_ms,
        port=args.port,
        auth=(user, password) if user else None,
    )
    with fake:
        sys.stdout.write(fake.url + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
