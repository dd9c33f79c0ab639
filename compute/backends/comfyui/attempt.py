"""One picture from POST to file: sends the graph, waits for the history, fetches, and minds the watcher throughout."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from compute.backends.base import BackendError, Cancelled, Fault, ImageRequest, Watch
from compute.backends.comfyui import remote
from compute.backends.comfyui.client import ComfyClient, HistoryEntry
from compute.backends.comfyui.errors import execution_error, interrupted, refused_prompt, validation_error
from compute.backends.comfyui.events import EventFeed, News
from compute.backends.comfyui.facts import Facts
from compute.backends.comfyui.frames import Story
from compute.backends.comfyui.graph import CHECKPOINT, SAMPLER, inputs_of
from compute.backends.comfyui.lane import Call, Lanes
from compute.common.http import HttpError, Reply, status_error

T = TypeVar("T")

ASK_S = 10.0
SUBMIT_S = 30.0
STOP_POST_S = 5.0  # for the answer of a POST that was under way when the watcher said stop
LOOKS_MAX = 3  # for a prompt whose POST was not answered, a second apart
TICK_S = 0.1
ALIVE_EVERY_S = 1.0
HEARD_S = 20.0  # unheard for longer, the server no longer counts as alive
POLL_S = 0.5
POLL_SLOWLY_S = 2.0  # while the websocket speaks of our prompt
POLL_SETTLED_S = 0.25  # the end was announced, the history may follow within milliseconds
LOST_AFTER = 2  # looks that found it neither in the queue nor in the history
REFUSALS_MAX = 3  # connections refused in a row: the program is gone, and its history with it
SILENT_S = 20.0  # other failures in a row: a proxy restarting, a machine too busy to answer


class StopAsked(Exception):
    """A signal rather than an error: the watcher wants the work stopped."""


class Attempt:
    """The state of one request at one server. Used by one thread, once."""

    def __init__(self, client: ComfyClient, lanes: Lanes, facts: Facts, watch: Watch, request: ImageRequest):
        self.client, self.lanes, self.facts, self.watch, self.request = client, lanes, facts, watch, request
        self.remote_id: str | None = None  # set when the server may know of it
        self.sent_at_s = time.monotonic()
        self._deadline_s = time.monotonic() + request.timeout_s
        self._heard_at_s = self._alive_at_s = time.monotonic()
        self._submitting: Call | None = None
        self._feed: EventFeed | None = None
        self._silent_since_s: float | None = None
        self._refusals = 0
        self._misses = 0
        self._ended = False  # the websocket said so; if the history does not follow, look everywhere
        self._spoken_at_s = 0.0  # when the websocket last spoke of our prompt

    def submit(self, graph: Mapping[str, Any], checkpoint: str) -> None:
        """Queue the graph. The prompt id is the request's, told to the watcher before anything is sent.

        Raises BackendError, among them `missing_checkpoint` and `rejected`; StopAsked.
        """
        self.remote_id = self.request.request_id
        self.watch.sending(self.remote_id)
        self._listen(self.remote_id)
        body: dict[str, Any] = {"prompt": graph, "client_id": self.remote_id, "prompt_id": self.remote_id}
        if self.facts.version.takes_preview_method:
            body["extra_data"] = {"preview_method": "latent2rgb"}  # the cheapest; servers default to none
        for last in (False, True):
            self.sent_at_s = time.monotonic()
            self._submitting = self.lanes.start(lambda: self.client.submit(body, min(SUBMIT_S, self._left_s())))
            try:
                reply = self._finish(self._submitting)
                if reply.status not in (502, 504):
                    break
                failure = status_error(reply)  # a proxy's: ComfyUI may have the prompt all the same
            except HttpError as error:
                if not error.maybe_sent:
                    self.remote_id = None
                    raise
                failure = error
            if self._found_after_all():
                self.watch.sent()
                return
            if last:
                raise failure
        self._accept(reply, checkpoint)

    def adopt(self, remote_id: str) -> None:
        """Wait for what an earlier process sent. Raises BackendError `lost` if the server does not know it."""
        self.remote_id = remote_id
        self._listen(remote_id)
        found = self._call(lambda: remote.locate(self.client, self.facts.version, remote_id, ASK_S))
        if found.prompt_id is None:
            raise self._lost()
        self._take_id(found.prompt_id)

    def wait(self) -> HistoryEntry:
        """Block until the history has the prompt, telling the watcher what the websocket says.

        Raises BackendError `lost`, `unreachable` or `timed_out`; StopAsked.
        """
        next_poll_s = time.monotonic() + POLL_S
        while True:
            self._tick()
            news = self._news(min(TICK_S, max(0.0, next_poll_s - time.monotonic())))
            self._spoken_at_s = max(self._spoken_at_s, news.ours_at_s)
            self._ended = self._ended or news.ended
            if news.progress is not None:
                self.watch.progress(news.progress)
            if news.settled:
                next_poll_s = min(next_poll_s, time.monotonic() + POLL_SETTLED_S)
            if not (news.ended or news.broke or news.opened) and time.monotonic() < next_poll_s:
                continue
            entry = self._poll()
            if entry is not None:
                return entry
            next_poll_s = time.monotonic() + (POLL_SLOWLY_S if self._speaking() else POLL_S)

    def fetch(self, entry: HistoryEntry, node_id: str) -> Reply:
        """The file that the node saved. Raises BackendError `no_picture` if it saved none."""
        files = entry.images.get(node_id) or ()
        files = tuple(file for file in files if file.type == "output") or files
        if not files:
            raise BackendError("no_picture", f"{self.facts.server} says it succeeded, but lists no picture")
        for _ in range(2):
            try:
                return self._call(lambda: self.client.view(files[0], max(ASK_S, min(60.0, self._left_s()))))
            except HttpError as error:
                if error.code not in ("unreachable", "timed_out"):
                    raise
                failure = error
        raise failure

    def stop(self) -> bool:
        """Stop the work at the server; True if it surely no longer runs there. Raises BackendError as remote.stop."""
        if self.remote_id is None:
            return True
        if self._submitting is not None:  # a POST still under way could arrive after we looked
            ends_s = time.monotonic() + STOP_POST_S
            while not self._submitting.done.wait(TICK_S) and time.monotonic() < ends_s:
                self._alive()
        remote_id, version = self.remote_id, self.facts.version
        call = self.lanes.start(lambda: remote.stop(self.client, version, remote_id))
        while not call.done.wait(TICK_S):
            self._alive()
        if call.error is not None:
            raise call.error
        posted = self._submitting is None or self._submitting.done.is_set()
        return bool(call.result) and posted

    def close(self) -> None:
        if self._feed is not None:
            self._feed.close()

    def _listen(self, client_id: str) -> None:
        story = Story(client_id, SAMPLER)
        http = self.client.http
        self._feed = EventFeed(http.base_url, http.auth_headers, client_id, story, connect_s=5.0)
        self._feed.start()

    def _take_id(self, prompt_id: str) -> None:
        """Go by the id in the server's reply; servers before 0.3.45 choose their own."""
        if prompt_id != self.remote_id:
            self.remote_id = prompt_id
            self.watch.sending(prompt_id)
            if self._feed is not None:
                self._feed.follow(prompt_id)

    def _accept(self, reply: Reply, checkpoint: str) -> None:
        known, server = self.facts.checkpoints, self.facts.server
        if not reply.ok:
            self.remote_id = None
            raise refused_prompt(reply, checkpoint=checkpoint, offered=known, server=server)
        body = reply.json()
        prompt_id = body.get("prompt_id") if isinstance(body, dict) else None
        if not prompt_id:
            raise BackendError("bad_answer", f"{server} took the request without giving a prompt_id: {reply.excerpt()}")
        self._take_id(str(prompt_id))
        self.watch.sent()
        if body.get("node_errors"):  # the rest of the graph is queued and would run without its broken part
            self.stop()
            raise validation_error(body, checkpoint=checkpoint, offered=known, server=server)

    def _found_after_all(self) -> bool:
        """Whether a prompt whose POST was not answered is at the server. Raises BackendError if it cannot be asked."""
        remote_id, version = self.request.request_id, self.facts.version
        for _ in range(LOOKS_MAX):
            found = self._call(lambda: remote.locate(self.client, version, remote_id, min(ASK_S, self._left_s())))
            if found.prompt_id is not None:
                self._take_id(found.prompt_id)
                return True
            ends_s = time.monotonic() + POLL_S
            while time.monotonic() < ends_s:
                self._tick()
                time.sleep(TICK_S)
        return False

    def _poll(self) -> HistoryEntry | None:
        """Look for the end. Raises BackendError `lost` or `unreachable` once that is certain enough."""
        remote_id = self.remote_id or self.request.request_id
        try:
            if self._speaking():
                return self._call(lambda: self.client.history(remote_id, ASK_S))
            found = self._call(lambda: remote.locate(self.client, self.facts.version, remote_id, ASK_S))
        except HttpError as error:
            self._failed(error)
            return None
        self._misses = 0 if found.known else self._misses + 1
        if self._misses >= LOST_AFTER:
            raise self._lost()
        return found.entry

    def _speaking(self) -> bool:
        """Whether the websocket is following our prompt, so that the history alone need be asked, and seldom."""
        connected = self._feed is not None and self._feed.connected
        return connected and not (self._misses or self._ended) and time.monotonic() - self._spoken_at_s < POLL_SLOWLY_S

    def _failed(self, error: HttpError) -> None:
        """Bear with a server that cannot be asked for a while. Raises the error when it lasts."""
        if error.code not in ("unreachable", "timed_out", "busy", "not_found") and (error.status or 0) < 500:
            raise error
        now_s = time.monotonic()
        self._silent_since_s = self._silent_since_s or now_s
        self._refusals = 0 if error.maybe_sent else self._refusals + 1
        if self._refusals >= REFUSALS_MAX or now_s - self._silent_since_s > SILENT_S:
            raise error

    def _lost(self) -> BackendError:
        return BackendError(
            "lost", f"{self.facts.server} no longer knows this picture; it was restarted, or somebody deleted it there"
        )

    def _news(self, timeout_s: float) -> News:
        if self._feed is None:
            time.sleep(timeout_s)
            return News()
        return self._feed.wait(timeout_s)

    def _call(self, function: Callable[[], T]) -> T:
        result: T = self._finish(self.lanes.start(function))
        return result

    def _finish(self, call: Call) -> Any:
        while not call.done.wait(TICK_S):
            self._tick()
        if call.error is not None:
            raise call.error
        self._heard_at_s = time.monotonic()
        self._silent_since_s, self._refusals = None, 0
        return call.result

    def _left_s(self) -> float:
        return max(0.1, self._deadline_s - time.monotonic())

    def _tick(self) -> None:
        """What must happen several times a second. Raises StopAsked, or BackendError `timed_out`."""
        self._alive()
        if self.watch.should_stop():
            raise StopAsked
        if time.monotonic() > self._deadline_s:
            raise BackendError(
                "timed_out",
                f"{self.facts.server} did not finish within {self.request.timeout_s:g} s",
                fault=Fault.WORKER,
            )

    def _alive(self) -> None:
        """Tell the watcher, once a second, that the server was heard lately."""
        now_s = time.monotonic()
        heard_at_s = max(self._heard_at_s, self._feed.heard_at_s if self._feed is not None else 0.0)
        if now_s - self._alive_at_s >= ALIVE_EVERY_S and now_s - heard_at_s < HEARD_S:
            self._alive_at_s = now_s
            self.watch.alive()


def stopped(attempt: Attempt) -> BackendError:
    """Stop the attempt's work; the error to raise then: Cancelled only when it surely stopped."""
    try:
        if attempt.stop():
            return Cancelled()
    except BackendError as error:
        return BackendError(error.code, f"stopping could not be confirmed: {error.detail}", fault=error.fault)
    return BackendError("timed_out", f"{attempt.facts.server} did not stop the picture within {remote.STOP_S:g} s")


def judge(entry: HistoryEntry, attempt: Attempt) -> BackendError | None:
    """The failure that a history entry tells of, or None."""
    if entry.interrupted:
        return interrupted(attempt.facts.server)
    if entry.error is not None:
        name = str(inputs_of(entry.graph, CHECKPOINT).get("ckpt_name") or "the checkpoint")
        return execution_error(entry.error, checkpoint=name, server=attempt.facts.server)
    return None
