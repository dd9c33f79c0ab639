"""One picture from the question to the answer.

Three threads, so that no server can hold up the caller: one asks and waits for the answer, one looks at the progress
(`Lookout`), and the caller's own talks to the watcher every 0.05 s and decides.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING

from compute.backends.automatic1111.answers import check_model, finished_result, read_answer
from compute.backends.automatic1111.errors import failure
from compute.backends.automatic1111.held import HeldPost, held_post
from compute.backends.automatic1111.payload import Order, build_order
from compute.backends.automatic1111.progress import Lookout, Steady
from compute.backends.automatic1111.survey import Survey, is_working
from compute.backends.base import BackendError, Cancelled, Fault, ImageRequest, ImageResult, Watch
from compute.common.http import Reply

if TYPE_CHECKING:
    from compute.backends.automatic1111.backend import Automatic1111Backend

log = logging.getLogger(__name__)

TICK_S = 0.05
ALIVE_S = 1.0
STOP_MAX_S = 30.0  # an interrupt acts between two steps: a slow step on a CPU takes this long
UNSEEN_MAX_S = 4.0  # how long to wait for a first sight of our job before giving up the interrupt
LAST_INTERRUPT_MAX_S = 3.0
INTERRUPT_PAUSE_S = 0.3
STOPPED = "stopped on request"
_ASK_AGAIN = ("missing_checkpoint", "unsupported")


class Errand:
    """Runs one ImageRequest. asked_to_stop may be set by any thread; finished is set by the backend."""

    def __init__(self, backend: Automatic1111Backend, request: ImageRequest, watch: Watch):
        self.remote_id = f"task({request.request_id})"
        self.asked_to_stop = threading.Event()
        self.finished = threading.Event()
        self.surely_ended = False  # the server answered, or never had the request
        self._backend = backend
        self._request = request
        self._watch = watch
        self._deadline_s = time.monotonic() + request.timeout_s
        self._done = threading.Event()  # the asking thread has a reply or an error
        self._on_wire = threading.Event()
        self._sent_s = 0.0
        self._heard_s = 0.0
        self._alive_s = 0.0
        self._told_sent = False
        self._post: HeldPost | None = None
        self._lookout: Lookout | None = None
        self._seen: Survey | None = None
        self._order: Order | None = None
        self._reply: Reply | None = None
        self._error: BackendError | None = None
        self._hung_up = False

    def run(self) -> ImageResult:
        """Block until the picture is there. Raises BackendError or Cancelled."""
        if self._watch.should_stop():
            self.surely_ended = True
            raise Cancelled
        self._watch.sending(self.remote_id)
        threading.Thread(target=self._ask, name="a1111-ask", daemon=True).start()
        steady = Steady()
        try:
            while not self._done.wait(TICK_S):
                self._tell(steady)
                if self.asked_to_stop.is_set() or self._watch.should_stop():
                    self._stop()
                if time.monotonic() > self._deadline_s:
                    self._give_up()
            return self._finish(steady)
        finally:
            self._hang_up()

    # The asking thread ------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        try:
            self._prepare()
            if self._post is not None and not self._hung_up:
                self._reply = self._post.run(self._note_sent)
        except BackendError as error:
            self._error = error
        except Exception as error:
            # Nothing but BackendError may leave a backend; the traceback is for whoever mends it.
            log.exception("unexpected answer from %s", self._backend.client.base_url)
            self._error = BackendError("bad_answer", f"{self._backend.client.base_url} confused LUNA: {error!r}")
        finally:
            self._done.set()

    def _prepare(self) -> None:
        backend, request = self._backend, self._request
        seen = backend.known()
        self._heard_s = time.monotonic()
        try:
            order = build_order(request, seen, backend.settings.models, self.remote_id)
        except BackendError as error:
            if error.code not in _ASK_AGAIN:
                raise
            seen = backend.look_around()  # it may have been added since
            self._heard_s = time.monotonic()
            order = build_order(request, seen, backend.settings.models, self.remote_id)
        lookout = Lookout(
            backend.client,
            seen,
            self.remote_id,
            was_idle=self._is_idle(seen),
            is_alone=backend.is_alone,
        )
        self._heard_s = time.monotonic()
        self._post = held_post(
            backend.client,
            "/sdapi/v1/txt2img",
            json.dumps(order.body, allow_nan=False).encode(),
            connect_timeout_s=backend.settings.connect_timeout_s,
            timeout_s=max(0.1, self._deadline_s - time.monotonic() + 1.0),
        )
        self._seen, self._order, self._lookout = seen, order, lookout

    def _is_idle(self, seen: Survey) -> bool:
        """Whether nothing runs there before we send; only then may a job seen later be taken for ours."""
        if not seen.has_progress:
            return False
        try:
            params = {"skip_current_image": "true"}
            return not is_working(self._backend.client.get_json("/sdapi/v1/progress", params=params, timeout_s=4.0))
        except BackendError:
            return False

    def _note_sent(self) -> None:
        self._sent_s = time.monotonic()
        if self._lookout is not None:
            self._lookout.start()
        self._on_wire.set()

    # The caller's thread ----------------------------------------------------------------------------------------

    def _tell(self, steady: Steady) -> None:
        """Pass on what is new. The connection stands as long as the asking thread has not ended."""
        now_s = time.monotonic()
        on_wire = self._on_wire.is_set()
        if on_wire and not self._told_sent:
            self._told_sent = True
            self._watch.sent()
        if now_s - self._alive_s >= ALIVE_S and (on_wire or now_s - self._heard_s < ALIVE_S):
            self._alive_s = now_s
            self._watch.alive()
        if on_wire and self._lookout is not None:
            news = steady.next(self._lookout.sighting)
            if news is not None:
                self._watch.progress(news)

    def _finish(self, steady: Steady) -> ImageResult:
        self.surely_ended = self._reply is not None or not self._on_wire.is_set()
        if self._reply is not None or self._on_wire.is_set():
            self._tell(steady)
        if self._error is not None:
            if self._error.code in ("lost", "unreachable"):
                self._backend.forget()
            raise self._error
        reply, order, seen, lookout = self._reply, self._order, self._seen, self._lookout
        if reply is None or order is None or seen is None or lookout is None:
            raise BackendError("lost", f"the request to {self._backend.client.base_url} ended without an answer")
        lookout.stop()
        if not reply.ok:
            if reply.status == 404:
                self._backend.forget()
            raise failure(reply, seen.dialect.label)
        answer = read_answer(reply)
        took_ms = int((time.monotonic() - self._sent_s) * 1000)
        try:
            check_model(answer.info, order, seen)
        except BackendError:
            self._backend.forget()  # its list of checkpoints, or its one model, is not what it was
            raise
        if lookout.ended_by_others(answer.info):
            raise BackendError(
                "interrupted", f"somebody stopped the picture at {self._backend.client.base_url}; it is half done"
            )
        return finished_result(answer, order, seen, took_ms)

    def _stop(self) -> None:
        """The watcher wants an end. Raises Cancelled, always; waits for the server where it can be stopped.

        The answer to an interrupt is a 200 with a half-done picture: it is thrown away.
        """
        how = self._interrupt_ours(STOP_MAX_S)
        self.surely_ended = how == STOPPED
        raise Cancelled(how)

    def _give_up(self) -> None:
        """Out of time. Raises BackendError `timed_out`; work that nobody waits for any more is stopped if possible."""
        waited = self._lookout is not None and self._lookout.sighting.waiting
        self._interrupt_ours(LAST_INTERRUPT_MAX_S)
        url, limit_s = self._backend.client.base_url, self._request.timeout_s
        if waited:
            raise BackendError(
                "timed_out",
                f"the picture still waited in the queue of {url} after {limit_s:g} s: others use this server",
                fault=Fault.SERVER,
            )
        raise BackendError("timed_out", f"{url} did not finish the picture within {limit_s:g} s")

    def _interrupt_ours(self, limit_s: float) -> str:
        """Interrupt while our job is surely the one that runs, until its answer comes; then hang up. Says how it went.

        /interrupt is global: when the running job may be another's, it is not sent.
        """
        began_s = time.monotonic()
        interrupted, asked_s = False, 0.0
        while not self._done.wait(TICK_S) and time.monotonic() - began_s < limit_s:
            self._watch.alive()
            lookout = self._lookout
            if not self._on_wire.is_set():
                self._hang_up()
                if not self._on_wire.is_set():
                    return STOPPED
            if lookout is None or not lookout.can_look:
                return self._left_behind("it cannot be interrupted")
            sighting = lookout.sighting
            unseen = not interrupted and time.monotonic() - began_s > UNSEEN_MAX_S
            if sighting.began_s <= max(began_s, asked_s) and not unseen:
                lookout.look_soon()  # what was seen before may be another job by now
                continue
            if sighting.ours:
                interrupted = self._backend.interrupt() or interrupted
                asked_s = time.monotonic() + INTERRUPT_PAUSE_S
            elif sighting.waiting:
                return self._left_behind("the request waits in its queue, from which nothing can be withdrawn")
            elif unseen or (sighting.unknowable and not interrupted):
                return self._left_behind("it may be working for somebody else")
        if self._done.is_set():
            return STOPPED
        return self._left_behind(f"it did not stop within {limit_s:g} s")

    def _left_behind(self, why: str) -> str:
        self._hang_up()
        return f"hung up on {self._backend.client.base_url}, which may still finish the picture: {why}"

    def _hang_up(self) -> None:
        self._hung_up = True
        if self._lookout is not None:
            self._lookout.stop()
        if self._post is not None:
            self._post.abort()
