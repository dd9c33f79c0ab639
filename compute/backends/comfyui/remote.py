"""One prompt at the server, from outside: where it is, and how to stop it without touching anybody else's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from compute.backends.base import BackendError, RemoteState
from compute.backends.comfyui.client import ComfyClient, HistoryEntry, QueueItem
from compute.backends.comfyui.versions import ComfyVersion
from compute.common.http import HttpError

ASK_S = 10.0
STOP_S = 30.0  # an interrupt lands between sampler steps, which may take long on a CPU
STOP_ASK_S = 5.0
STOP_SOON_S = 0.02  # the first look after asking; then twice as long each time, up to STOP_EVERY_S
STOP_EVERY_S = 0.25
NEWEST = 20
FAILURES_MAX = 3


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a prompt is: in the queue, in the history, or (neither) not there."""

    item: QueueItem | None = None
    entry: HistoryEntry | None = None

    @property
    def known(self) -> bool:
        return self.item is not None or self.entry is not None

    @property
    def state(self) -> RemoteState:
        if self.entry is not None:
            failed = self.entry.interrupted or self.entry.error is not None
            return RemoteState.FAILED if failed else RemoteState.DONE
        if self.item is not None:
            return RemoteState.RUNNING if self.item.running else RemoteState.PENDING
        return RemoteState.UNKNOWN

    @property
    def prompt_id(self) -> str | None:
        found = self.entry or self.item
        return found.prompt_id if found else None


def locate(client: ComfyClient, version: ComfyVersion, remote_id: str, timeout_s: float = ASK_S) -> Whereabouts:
    """Ask history, queue, and history again: a prompt that ends between the two questions is in neither answer.

    Servers before 0.3.45 know it under another id; there the newest history is searched for our client_id.
    Raises HttpError if the server cannot be asked.
    """
    for looked_at_queue in (False, True):
        entry = client.history(remote_id, timeout_s)
        if entry is None and not version.takes_prompt_id:
            entry = next((one for one in client.newest(NEWEST, timeout_s) if one.is_for(remote_id)), None)
        if entry is not None or looked_at_queue:
            return Whereabouts(entry=entry)
        item = next((one for one in client.queue(timeout_s) if one.is_for(remote_id)), None)
        if item is not None:
            return Whereabouts(item=item)
    return Whereabouts()


def stop(
    client: ComfyClient,
    version: ComfyVersion,
    remote_id: str,
    *,
    timeout_s: float = STOP_S,
    meanwhile: Callable[[], None] = lambda: None,
) -> bool:
    """Take the prompt out of the queue, or interrupt it until it is gone. True if it surely no longer runs.

    An interrupt that arrives between the dequeue and the start is lost, so it is sent again until it shows. `False`:
    still there after timeout_s. Raises BackendError if the server cannot be asked three times in a row.
    """
    ends_s = time.monotonic() + timeout_s
    failures, pause_s = 0, STOP_SOON_S
    while True:
        try:
            items = client.queue(STOP_ASK_S)
            item = next((one for one in items if one.is_for(remote_id)), None)
            if item is None:
                return True
            _ask_to_stop(client, version, item, alone=len(items) == 1)
            failures = 0
        except BackendError:
            failures += 1
            if failures >= FAILURES_MAX:
                raise
        if time.monotonic() > ends_s:
            return False
        meanwhile()
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, STOP_EVERY_S)


def _ask_to_stop(client: ComfyClient, version: ComfyVersion, item: QueueItem, *, alone: bool) -> None:
    """One request to stop that can hit nothing but this item."""
    try:
        if version.cancels_jobs and client.cancel_job(item.prompt_id, STOP_ASK_S):
            return
    except HttpError as error:
        if error.status is None:
            raise  # not heard; a status means the route is odd, and the older ones are tried
    if not item.running:
        client.delete(item.prompt_id, STOP_ASK_S)
    elif version.interrupts_by_id or alone:
        # An old server stops whatever runs when the interrupt arrives. With nothing waiting behind ours that can only
        # be ours, or nothing: an interrupt without a running prompt has no effect. Otherwise ours runs to its end.
        client.interrupt(item.prompt_id, STOP_ASK_S)
