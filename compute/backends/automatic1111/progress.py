"""How far a picture is, and whether the job the server works on is surely ours.

Two sources: `/internal/progress` knows our task by its id (web UI, 1.8 or newer); `/sdapi/v1/progress` speaks of
whichever job runs, of any client. The second counts as ours only if the server was idle just before we sent, we sent
nothing else, and the job first seen afterwards still runs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from compute.backends.automatic1111.pictures import from_base64, sniff_mime
from compute.backends.automatic1111.survey import Survey, is_working
from compute.backends.base import BackendError, Preview, Progress
from compute.common.http import HttpClient, HttpError

log = logging.getLogger(__name__)

LOOK_TIMEOUT_S = 4.0
LOOK_MAX_BYTES = 16 * 2**20  # a live preview may be a PNG of full size
# Older web UIs have /internal/progress but no force_task_id: our id stays unknown to them.
UNKNOWN_TASK_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the last look showed.

    ours: our picture runs there now. waiting: it stands in the server's queue. unknowable: a job runs that may be
    anybody's, and no later look at this errand will tell.
    """

    began_s: float = 0.0  # when the look began, monotonic
    ours: bool = False
    waiting: bool = False
    unknowable: bool = False
    fraction: float | None = None
    step: int | None = None
    steps: int | None = None
    preview: Preview | None = None


class Lookout:
    """Looks at one picture's progress in a thread of its own until stopped. `sighting` may be read at any time."""

    def __init__(self, client: HttpClient, seen: Survey, task_id: str, *, was_idle: bool, is_alone: Callable[[], bool]):
        self.sighting = Sighting()
        self.was_interrupted = False  # somebody pressed stop or skip while our picture ran
        self._client = client
        self._seen = seen
        self._task_id = task_id
        self._was_idle = was_idle
        self._is_alone = is_alone
        self._by_task = seen.has_tasks
        self._task_known = False
        self._began_s = time.monotonic()
        self._our_job: str | None = None  # job_timestamp of the job taken for ours
        self._lost_sight = False
        self._preview_id = -1
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def can_look(self) -> bool:
        return self._seen.has_tasks or self._seen.has_progress

    def start(self) -> None:
        if self.can_look:
            self._thread = threading.Thread(target=self._run, name="a1111-progress", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it does within one look."""
        self._stop.set()
        self._wake.set()

    def look_soon(self) -> None:
        """Do not wait for the next look's turn."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._look()
            self._wake.wait(self._seen.dialect.poll_s)
            self._wake.clear()

    def _look(self) -> None:
        """A look that fails, or makes no sense, leaves the last sighting without the claim of ours."""
        began_s = time.monotonic()
        try:
            found = self._look_by_task() if self._by_task else self._look_at_all()
        except BackendError:
            found = replace(self.sighting, ours=False, preview=None)
        except Exception:
            log.exception("unexpected progress from %s", self._client.base_url)
            found = Sighting()
        self.sighting = replace(found, began_s=began_s)

    def _look_by_task(self) -> Sighting:
        asked = {"id_task": self._task_id, "id_live_preview": self._preview_id, "live_preview": True}
        try:
            answer = self._client.post_json(
                "/internal/progress", asked, timeout_s=LOOK_TIMEOUT_S, max_bytes=LOOK_MAX_BYTES
            )
        except HttpError as error:
            if error.status in (404, 405):
                self._by_task = False
                return self._look_at_all()
            raise
        if not isinstance(answer, dict):
            return Sighting()
        known = any(answer.get(key) is True for key in ("active", "queued", "completed"))
        self._task_known = self._task_known or known
        if not self._task_known and time.monotonic() - self._began_s > UNKNOWN_TASK_S:
            self._by_task = False
            return self._look_at_all()
        if answer.get("active") is not True:
            return Sighting(waiting=answer.get("queued") is True)
        if isinstance(answer.get("id_live_preview"), int):
            self._preview_id = answer["id_live_preview"]
        found = Sighting(
            ours=True, fraction=_fraction(answer.get("progress")), preview=_preview(answer.get("live_preview"))
        )
        if self._seen.has_progress:
            state = self._state(self._overall(skip_image=True))
            self._note_interrupt(state)
            step, steps = _steps(state)
            found = replace(found, step=step, steps=steps)
        return found

    def _look_at_all(self) -> Sighting:
        if not self._seen.has_progress:
            return Sighting(waiting=False)
        answer = self._overall(skip_image=False)
        state = self._state(answer)
        if not is_working(answer):
            return Sighting()
        job = str(state.get("job_timestamp") or "?")
        if self._our_job is None and self._was_idle and self._is_alone():
            self._our_job = job
        if self._our_job != job or self._lost_sight:
            self._lost_sight = True  # another's job while ours is unanswered: they cannot be told apart any more
            return Sighting(unknowable=True)
        self._note_interrupt(state)
        step, steps = _steps(state)
        return Sighting(
            ours=True,
            fraction=_fraction(answer.get("progress")),
            step=step,
            steps=steps,
            preview=_preview(answer.get("current_image")),
        )

    def ended_by_others(self, info: Mapping[str, Any]) -> bool:
        """Whether somebody stopped the job this finished answer came from. Ask only if we did not.

        The flags of the last job stay until the next one begins; `job_timestamp` says whose they are.
        """
        if self.was_interrupted:
            return True
        stamp = info.get("job_timestamp")
        if not self._seen.has_progress or not isinstance(stamp, str) or not stamp:
            return False
        try:
            state = self._state(self._overall(skip_image=True))
        except BackendError:
            return False
        return state.get("job_timestamp") == stamp and _is_stopped(state)

    def _note_interrupt(self, state: Mapping[str, Any]) -> None:
        if _is_stopped(state):
            self.was_interrupted = True

    def _overall(self, *, skip_image: bool) -> dict[str, Any]:
        answer = self._client.get_json(
            "/sdapi/v1/progress",
            params={"skip_current_image": "true"} if skip_image else None,
            timeout_s=LOOK_TIMEOUT_S,
            max_bytes=LOOK_MAX_BYTES,
        )
        return answer if isinstance(answer, dict) else {}

    def _state(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        state = answer.get("state")
        return state if isinstance(state, dict) else {}


class Steady:
    """Turns sightings into progress that never goes back (A1111's falls to 0 between passes)."""

    def __init__(self) -> None:
        self._fraction = -1.0
        self._step = -1
        self._preview: Preview | None = None

    def next(self, sighting: Sighting) -> Progress | None:
        """What is new, or None."""
        fraction = sighting.fraction if sighting.ours else None
        step = sighting.step if sighting.step is not None else -1
        moved = fraction is not None and fraction > self._fraction
        new_preview = sighting.preview is not None and sighting.preview != self._preview
        if not (moved or step > self._step or new_preview):
            return None
        if fraction is not None:
            self._fraction = max(self._fraction, fraction)
        self._step = max(self._step, step)
        if new_preview:
            self._preview = sighting.preview
        return Progress(
            fraction=self._fraction if self._fraction >= 0 else None,
            step=self._step if self._step >= 0 else None,
            steps=sighting.steps,
            preview=sighting.preview if new_preview else None,
        )


def _is_stopped(state: Mapping[str, Any]) -> bool:
    return state.get("interrupted") is True or state.get("skipped") is True


def _fraction(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return min(max(float(value), 0.0), 1.0)


def _steps(state: Mapping[str, Any]) -> tuple[int | None, int | None]:
    step, steps = state.get("sampling_step"), state.get("sampling_steps")
    if not isinstance(step, int) or not isinstance(steps, int) or not 0 < steps < 10_000:
        return None, None
    return min(max(step, 0), steps), steps


def _preview(value: Any) -> Preview | None:
    data = from_base64(value) if isinstance(value, str) else None
    mime = sniff_mime(data) if data else None
    return Preview(data=data, mime=mime) if data and mime else None
