"""The backend: probe, paint, stop."""

from __future__ import annotations

import threading
import time

from compute.backends.automatic1111.errand import Errand
from compute.backends.automatic1111.errors import unsupported
from compute.backends.automatic1111.survey import Survey, survey
from compute.backends.base import (
    BackendError,
    BackendSettings,
    Capabilities,
    Capacity,
    ChatRequest,
    ChatResult,
    ImageRequest,
    ImageResult,
    RemoteState,
    Watch,
)
from compute.common.http import HttpClient, HttpError

CANCEL_MAX_S = 10.0
CANCEL_PAUSE_S = 0.5
ASK_TIMEOUT_S = 4.0


class Automatic1111Backend:
    """A server that speaks `/sdapi/v1`.

    Two things these servers cannot do, and how LUNA lives with them: a request that waits in the server's own queue
    cannot be withdrawn (we hang up; the server paints it later, for nobody), and stable-diffusion.cpp, KoboldCpp and
    Draw Things cannot be interrupted at all (the same).
    """

    api_type = "automatic1111"

    def __init__(self, settings: BackendSettings):
        self.settings = settings
        self.client = HttpClient(settings.url, settings)
        self._survey: Survey | None = None
        self._version = ""
        self._errands: dict[str, Errand] = {}
        self._lock = threading.Lock()

    def probe(self) -> Capabilities:
        seen = self.look_around()
        dialect = seen.dialect
        features = {Capacity.IMG2IMG}
        if seen.has_progress or seen.has_tasks:
            features |= {Capacity.PROGRESS, Capacity.CANCEL, Capacity.PREVIEW}
        if seen.loras is not None and not dialect.drops_loras:
            features.add(Capacity.LORA)
        if seen.controlnet:
            features.add(Capacity.CONTROLNET)
        no_model = seen.models is not None and not seen.models
        return Capabilities(
            job_kinds=() if no_model else ("image_generation",),
            server=f"{dialect.label} {self._version}".strip(),
            models=tuple(model.title for model in seen.models or ()),
            loaded_model=seen.loaded_model,
            samplers=tuple(sampler.name for sampler in seen.samplers or ()),
            schedulers=tuple(scheduler.name for scheduler in seen.schedulers or ()),
            features=frozenset(str(feature) for feature in features),
            vram_bytes=seen.gpu_bytes[0] if seen.gpu_bytes else None,
            vram_free_bytes=seen.gpu_bytes[1] if seen.gpu_bytes else None,
            queue_remaining=self._others_in_queue(seen),
            max_side_px=dialect.max_side_px,
            warnings=seen.warnings,
        )

    def generate_image(self, request: ImageRequest, watch: Watch) -> ImageResult:
        """Raises BackendError; its codes are listed in `errors`, `payload` and `answers`."""
        errand = Errand(self, request, watch)
        with self._lock:
            self._errands[errand.remote_id] = errand
        try:
            result = errand.run()
        finally:
            with self._lock:
                self._errands.pop(errand.remote_id, None)
            errand.finished.set()
        version = str(result.used.get("version") or "")[:40]
        if version and self._survey is not None and version != self._survey.dialect.label:
            self._version = version
        return result

    def chat(self, request: ChatRequest, watch: Watch) -> ChatResult:
        raise unsupported(f"{self.client.base_url} paints pictures; give the text to an openai worker")

    def look_up(self, remote_id: str) -> RemoteState:
        """Known only where the web UI tells of single tasks (`/internal/progress`); it remembers the last 16."""
        if remote_id in self._errands:
            return RemoteState.RUNNING
        seen = self.known()
        task = self._task(remote_id) if seen.has_tasks else None
        if task is None:
            return RemoteState.UNSUPPORTED
        for key, state in (
            ("active", RemoteState.RUNNING),
            ("queued", RemoteState.PENDING),
            ("completed", RemoteState.DONE),
        ):
            if task.get(key) is True:
                return state
        return RemoteState.UNKNOWN

    def adopt(self, request: ImageRequest, remote_id: str, watch: Watch) -> ImageResult:
        raise unsupported(f"{self.client.base_url} gives a picture only to the connection that asked for it")

    def cancel(self, remote_id: str) -> bool:
        """Stop one request: through the thread that waits for it, or, after a restart of LUNA, by its task id."""
        deadline_s = time.monotonic() + CANCEL_MAX_S
        errand = self._errands.get(remote_id)
        if errand is not None:
            errand.asked_to_stop.set()
            errand.finished.wait(CANCEL_MAX_S)
            return errand.surely_ended
        if not self.known().has_tasks:
            return False
        was_active = False
        while time.monotonic() < deadline_s:
            task = self._task(remote_id) or {}
            if task.get("active") is True:
                was_active = True
                self.interrupt()
            else:
                return task.get("queued") is not True and (was_active or task.get("completed") is True)
            time.sleep(CANCEL_PAUSE_S)
        return False

    def close(self) -> None:
        for errand in list(self._errands.values()):
            errand.asked_to_stop.set()
        self.client.close()

    # For Errand -------------------------------------------------------------------------------------------------

    def look_around(self) -> Survey:
        """Ask anew, and remember."""
        seen = survey(self.client)
        self._survey = seen
        return seen

    def known(self) -> Survey:
        """What was found last; asked for on the first need."""
        return self._survey or self.look_around()

    def forget(self) -> None:
        """Another program may stand there now."""
        self._survey = None

    def is_alone(self) -> bool:
        """Whether this process has one request there, not several whose global progress could not be told apart."""
        return len(self._errands) <= 1

    def interrupt(self) -> bool:
        """Stop whatever runs there: ask only when it is surely ours. False if the server cannot or does not answer."""
        try:
            return self.client.post_raw("/sdapi/v1/interrupt", {}, timeout_s=1.5).ok
        except BackendError:
            return False

    def _task(self, remote_id: str) -> dict[str, object] | None:
        """The server's word on one task; None if it has none to give."""
        try:
            answer = self.client.post_json(
                "/internal/progress",
                {"id_task": remote_id, "id_live_preview": -1, "live_preview": False},
                timeout_s=ASK_TIMEOUT_S,
            )
        except HttpError as error:
            if error.code in ("unreachable", "timed_out"):
                raise
            return None
        return answer if isinstance(answer, dict) else None

    def _others_in_queue(self, seen: Survey) -> int | None:
        """Work there that is not ours: what waits, and what runs."""
        if not seen.has_progress:
            return None
        total = (seen.queue_size or 0) + (1 if seen.is_busy else 0)
        return max(0, total - len(self._errands))
