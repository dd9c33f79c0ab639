"""What goes on inside the fake web UI: one picture at a time, in order of arrival, and the flags everybody shares."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from PIL import Image, PngImagePlugin

FINISHED_KEPT = 16
FIRST_STAMP = 20260101000000  # job_timestamp; one more for each job, so that tests can tell jobs apart


@dataclass
class Job:
    """One job in the queue. task_id is None for the ones that no API client named."""

    steps: int
    task_id: str | None = None
    stamp: str = ""
    interrupted: bool = False
    steps_done: int = 0


class Engine:
    """The FIFO lock (call_queue), `shared.state` and the task table of progress.py."""

    def __init__(self, step_ms: float) -> None:
        self.step_s = step_ms / 1000
        self.lock = asyncio.Lock()
        self.job: Job | None = None
        self.last_stamp = FIRST_STAMP
        self.state: dict[str, Any] = {}
        self.reset_state()
        self.pending: dict[str, Job] = {}
        self.current_task: str | None = None
        self.finished: deque[str] = deque(maxlen=FINISHED_KEPT)
        self.steps_total = 0
        self.pictures_total = 0

    def reset_state(self) -> None:
        self.state = {
            "skipped": False, "interrupted": False, "stopping_generation": False, "job": "", "job_count": 0,
            "job_timestamp": str(self.last_stamp), "job_no": 0, "sampling_step": 0, "sampling_steps": 0,
        }  # fmt: skip

    def interrupt(self) -> None:
        self.state["interrupted"] = True

    async def run(self, job: Job, *, die_after: int | None = None) -> bool:
        """Wait for the lock, do the steps. False if die_after steps were done and the server shall die."""
        if job.task_id is not None:
            self.pending[job.task_id] = job
        async with self.lock:
            self.last_stamp += 1
            job.stamp = str(self.last_stamp)
            self.reset_state()
            self.state.update(job="scripts_txt2img", job_count=1, sampling_steps=job.steps)
            if job.task_id is not None:
                self.pending.pop(job.task_id, None)
                self.current_task = job.task_id
            self.job = job
            for step in range(1, job.steps + 1):
                if self.state["interrupted"] or self.state["skipped"]:
                    break
                await asyncio.sleep(self.step_s)
                job.steps_done = step
                self.steps_total += 1
                self.state["sampling_step"] = step
                if die_after is not None and step >= die_after:
                    return False
            job.interrupted = self.state["interrupted"] or self.state["skipped"]
            self.job = None
            self.state.update(job="", job_count=0, job_no=0)
            if job.task_id is not None:
                self.current_task = None
                self.finished.append(job.task_id)
            self.pictures_total += not job.interrupted
            return True

    def overall_progress(self, *, with_image: bool) -> dict[str, Any]:
        """GET /sdapi/v1/progress: of whichever job runs."""
        running = self.job
        fraction = running.steps_done / running.steps if running else 0.0
        image = preview_base64(running) if running and with_image and running.steps_done else None
        return {
            "progress": min(fraction, 0.99), "eta_relative": 1.0 if running else 0.0, "state": dict(self.state),
            "current_image": image, "textinfo": None,
        }  # fmt: skip

    def task_progress(self, task_id: str, last_preview: int, *, live_preview: bool) -> dict[str, Any]:
        """POST /internal/progress: of one task."""
        active, queued = task_id == self.current_task, task_id in self.pending
        answer: dict[str, Any] = {
            "active": active, "queued": queued, "completed": task_id in self.finished, "progress": None, "eta": None,
            "live_preview": None, "id_live_preview": -1, "textinfo": "Waiting...",
        }  # fmt: skip
        if queued:
            place = list(self.pending).index(task_id) + 1
            answer["textinfo"] = f"In queue: {place}/{len(self.pending)}"
        running = self.job
        if active and running is not None:
            answer.update(progress=min(running.steps_done / running.steps, 0.99), eta=1.0, textinfo=None)
            answer["id_live_preview"] = running.steps_done
            if live_preview and running.steps_done and running.steps_done != last_preview:
                answer["live_preview"] = "data:image/png;base64," + preview_base64(running)
        return answer


def preview_base64(job: Job) -> str:
    return base64.b64encode(painted(f"preview {job.stamp} {job.steps_done}", 16, 16)).decode()


def painted(key: str, width: int, height: int, *, kind: str = "PNG", text: str = "", half_done: bool = False) -> bytes:
    """A picture that depends on key alone: an 8×8 grid of colours from its digest."""
    digest = b"".join(hashlib.sha256(f"{key} {n}".encode()).digest() for n in range(6))
    image = Image.frombytes("RGB", (8, 8), digest[:192]).resize((width, height), Image.Resampling.NEAREST)
    if half_done:
        image = Image.blend(image, Image.new("RGB", image.size, (128, 128, 128)), 0.5)
    out = io.BytesIO()
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        if text:
            info.add_text("parameters", text)
        image.save(out, "PNG", pnginfo=info, compress_level=1)
    else:
        image.save(out, kind, quality=90)
    return out.getvalue()


def blank(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


async def until(condition: Any, limit_s: float = 20.0) -> bool:
    """Poll a condition inside the loop."""
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        if condition():
            return True
        await asyncio.sleep(0.005)
    return False
