"""The customer's worker adapters: one awaited call from a prompt to a saved picture.

Thin faces of the backends, for programs that drive a server without LUNA's queue. LUNA itself uses the backends.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import threading
import uuid
from pathlib import Path

from compute.backends.base import BackendSettings, ImageRequest, ImageResult, Progress
from compute.backends.registry import build_backend

SEEDS = 2**32
TIMEOUT_S = 600.0
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_made_folder: Path | None = None
_folder_lock = threading.Lock()


def output_folder() -> Path:
    """A private temporary folder, one for each process, made at the first picture."""
    global _made_folder
    with _folder_lock:
        if _made_folder is None:
            _made_folder = Path(tempfile.mkdtemp(prefix="luna-pictures-"))
        return _made_folder


class _StopWatch:
    """Watches one request; `stop` is set when nobody waits for it any more."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def sending(self, remote_id: str) -> None:
        return

    def sent(self) -> None:
        return

    def progress(self, progress: Progress) -> None:
        return

    def delta(self, text: str) -> None:
        return

    def alive(self) -> None:
        return

    def should_stop(self) -> bool:
        return self.stop.is_set()


class Adapter:
    """What both have in common. output: folder of the pictures, else a temporary one. timeout_s: for one picture,
    everything included. sampler: in AUTOMATIC1111's spelling, "" takes the server's own."""

    api_type = ""

    def __init__(
        self,
        output: str | os.PathLike[str] | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        sampler: str = "DPM++ 2M Karras",
    ) -> None:
        self.output = None if output is None else Path(output)
        self.timeout_s = timeout_s
        self.sampler = sampler

    async def generate(
        self,
        api_url: str,
        prompt: str,
        negative_prompt: str,
        model: str,
        steps: int,
        cfg_scale: float,
        seed: int | None,
        width: int,
        height: int,
    ) -> str:
        """Make one picture at the server of `api_url`; returns the path of the saved file.

        seed: None draws one; 0 is a seed like any other. Sizes in pixels. Cancelling the call stops the server's
        work. Raises BackendError (what went wrong, whose fault), ValueError for a seed outside 0 … 2³² − 1.
        """
        if seed is not None and not 0 <= seed < SEEDS:
            raise ValueError(f"a seed lies between 0 and {SEEDS - 1}, or is None; {seed} does not")
        request = ImageRequest(
            request_id=str(uuid.uuid4()),
            prompt=prompt,
            negative_prompt=negative_prompt,
            model=model or "auto",
            sampler=self.sampler,
            steps=steps,
            cfg_scale=float(cfg_scale),
            seed=secrets.randbelow(SEEDS) if seed is None else seed,
            width_px=width,
            height_px=height,
            timeout_s=self.timeout_s,
        )
        watch = _StopWatch()
        try:
            return await asyncio.to_thread(self._generate, api_url, request, watch)
        finally:
            # Cancelled: the thread hears it within a quarter of a second and interrupts the server.
            watch.stop.set()

    def _generate(self, api_url: str, request: ImageRequest, watch: _StopWatch) -> str:
        reach = BackendSettings(api_type=self.api_type, url=api_url.rstrip("/"), timeout_s=self.timeout_s)
        backend = build_backend(reach)
        try:
            result = backend.generate_image(request, watch)
        finally:
            backend.close()
        return str(self._save(result, request.request_id))

    def _save(self, result: ImageResult, name: str) -> Path:
        folder = output_folder() if self.output is None else self.output
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.{_EXTENSIONS.get(result.mime, 'png')}"
        half = path.with_name(f".{path.name}.part")
        half.write_bytes(result.data)
        half.replace(path)
        return path.absolute()


class ComfyUIAdapter(Adapter):
    """Adapter for ComfyUI's API."""

    api_type = "comfyui"


class Automatic1111Adapter(Adapter):
    """Adapter for AUTOMATIC1111's API, and for the programs that speak it too."""

    api_type = "automatic1111"
