"""ComfyUI's HTTP routes, typed: nothing here waits or decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from compute.backends.base import BackendError, BackendSettings, Fault
from compute.common.http import HttpClient, HttpError, Reply

QUEUE_MAX_BYTES = 64 * 2**20  # whole graphs, of everybody's jobs; some carry pictures
PICTURE_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One entry of /queue: `[number, prompt_id, prompt, extra_data, outputs]`."""

    prompt_id: str
    client_id: str
    graph: Any
    running: bool

    def is_for(self, remote_id: str) -> bool:
        """Whether this is the work sent as remote_id; servers before 0.3.45 gave it an id of their own."""
        return remote_id in (self.prompt_id, self.client_id)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """Where /view finds a picture; passed back exactly as the history gave it."""

    filename: str
    subfolder: str
    type: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of /history. images: node id → its pictures. messages: event name → data."""

    prompt_id: str
    client_id: str
    graph: Any
    images: Mapping[str, tuple[ImageFile, ...]]
    status: str  # "success", "error", or "" where the server says nothing
    messages: Mapping[str, Mapping[str, Any]]

    def is_for(self, remote_id: str) -> bool:
        """Whether this is the work sent as remote_id (see QueueItem.is_for)."""
        return remote_id in (self.prompt_id, self.client_id)

    @property
    def interrupted(self) -> bool:
        return "execution_interrupted" in self.messages

    @property
    def error(self) -> Mapping[str, Any] | None:
        """The data of execution_error, or None; an error status without one gives an empty mapping."""
        if "execution_error" in self.messages:
            return self.messages["execution_error"]
        return {} if self.status == "error" and not self.interrupted else None


class ComfyClient:
    """The routes of one server. Each call is one request, and raises HttpError when it fails."""

    def __init__(self, settings: BackendSettings):
        self.http = HttpClient(settings.url, settings)

    @property
    def url(self) -> str:
        return self.http.base_url

    def system_stats(self, timeout_s: float) -> dict[str, Any]:
        return _mapping(self.http.get_json("/system_stats", timeout_s=timeout_s), f"{self.url}/system_stats")

    def features(self, timeout_s: float) -> dict[str, Any]:
        """GET /features; empty on servers before 0.3.45, which have none."""
        try:
            return _mapping(self.http.get_json("/features", timeout_s=timeout_s), f"{self.url}/features")
        except HttpError as error:
            if error.status == 404:
                return {}
            raise

    def checkpoints(self, timeout_s: float) -> tuple[str, ...]:
        """Checkpoints by the server's own names; from /object_info where /models is missing (before 0.3)."""
        try:
            names = self.http.get_json("/models/checkpoints", timeout_s=timeout_s)
            if isinstance(names, list):
                return tuple(str(name) for name in names)
        except HttpError as error:
            if error.status != 404:
                raise
        return combo(self.node("CheckpointLoaderSimple", timeout_s), "ckpt_name")

    def models(self, folder: str, timeout_s: float) -> tuple[str, ...]:
        """File names in a model folder; none for a folder the server does not know."""
        try:
            names = self.http.get_json(f"/models/{quote(folder)}", timeout_s=timeout_s)
        except HttpError as error:
            if error.status == 404:
                return ()
            raise
        return tuple(str(name) for name in names) if isinstance(names, list) else ()

    def node(self, class_type: str, timeout_s: float) -> dict[str, Any]:
        """The description of one node; empty for a class the server does not know (it answers 200 and {})."""
        answer = self.http.get_json(f"/object_info/{quote(class_type)}", timeout_s=timeout_s)
        node = answer.get(class_type) if isinstance(answer, dict) else None
        return node if isinstance(node, dict) else {}

    def submit(self, body: Mapping[str, Any], timeout_s: float) -> Reply:
        """POST /prompt; any status is an answer."""
        return self.http.post_raw("/prompt", body, timeout_s=timeout_s)

    def queue(self, timeout_s: float) -> list[QueueItem]:
        """Everything running and waiting."""
        answer = self.http.get_json("/queue", timeout_s=timeout_s, max_bytes=QUEUE_MAX_BYTES)
        body = _mapping(answer, f"{self.url}/queue")
        items: list[QueueItem] = []
        for key in ("queue_running", "queue_pending"):
            for item in body.get(key) or ():
                if isinstance(item, list) and len(item) >= 4:
                    extra = item[3] if isinstance(item[3], dict) else {}
                    client_id = str(extra.get("client_id") or "")
                    items.append(QueueItem(str(item[1]), client_id, item[2], key == "queue_running"))
        return items

    def history(self, prompt_id: str, timeout_s: float) -> HistoryEntry | None:
        """What became of a prompt; None while it waits or runs, and for one the server does not know."""
        answer = self.http.get_json(f"/history/{quote(prompt_id, safe='')}", timeout_s=timeout_s)
        entry = answer.get(prompt_id) if isinstance(answer, dict) else None
        if answer is not None and not isinstance(answer, dict):
            raise HttpError("bad_answer", f"{self.url}/history answered with {type(answer).__name__}")
        return _history_entry(prompt_id, entry) if isinstance(entry, dict) else None

    def newest(self, count: int, timeout_s: float) -> list[HistoryEntry]:
        """The last prompts that ended."""
        answer = self.http.get_json("/history", {"max_items": count}, timeout_s=timeout_s)
        entries = list(answer.items())[-count:] if isinstance(answer, dict) else []
        return [_history_entry(str(key), entry) for key, entry in entries if isinstance(entry, dict)]

    def delete(self, prompt_id: str, timeout_s: float) -> None:
        """Take a waiting prompt out of the queue. A running or unknown one is left as it is, silently."""
        self.http.post_raw("/queue", {"delete": [prompt_id]}, timeout_s=timeout_s).raise_for_status()

    def interrupt(self, prompt_id: str, timeout_s: float) -> None:
        """Stop the prompt if it runs. Before 0.3.57 this stops whatever runs: see versions.py."""
        self.http.post_raw("/interrupt", {"prompt_id": prompt_id}, timeout_s=timeout_s).raise_for_status()

    def cancel_job(self, prompt_id: str, timeout_s: float) -> bool:
        """POST /api/jobs/{id}/cancel (0.26.0). False where the route or the job is unknown."""
        reply = self.http.post_raw(f"/api/jobs/{quote(prompt_id, safe='')}/cancel", {}, timeout_s=timeout_s)
        if reply.status in (404, 405):
            return False
        reply.raise_for_status()
        return True

    def view(self, image: ImageFile, timeout_s: float) -> Reply:
        """The file as it is; any status is an answer."""
        params = {"filename": image.filename, "subfolder": image.subfolder, "type": image.type}
        return self.http.get_raw("/view", params, timeout_s=timeout_s, max_bytes=PICTURE_MAX_BYTES)

    def close(self) -> None:
        self.http.close()


def combo(node: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values of a choice input: `[[values], {…}]` in v1 nodes, `["COMBO", {"options": […]}]` in v3 nodes."""
    inputs = node.get("input")
    required = inputs.get("required") if isinstance(inputs, dict) else None
    spec = required.get(name) if isinstance(required, dict) else None
    if not isinstance(spec, list) or not spec:
        return ()
    values = spec[0]
    if not isinstance(values, list):
        options = spec[1] if len(spec) > 1 else None
        values = options.get("options") if isinstance(options, dict) else None
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def _mapping(answer: object, where: str) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise BackendError(
            "bad_answer", f"{where} did not answer as ComfyUI does; is it another program?", fault=Fault.WORKER
        )
    return answer


def _history_entry(prompt_id: str, entry: Mapping[str, Any]) -> HistoryEntry:
    prompt = entry.get("prompt")
    status = entry.get("status")
    status = status if isinstance(status, dict) else {}  # null in very old servers
    messages: dict[str, Mapping[str, Any]] = {}
    for message in status.get("messages") or ():
        if isinstance(message, list) and len(message) == 2 and isinstance(message[1], dict):
            messages[str(message[0])] = message[1]
    outputs = entry.get("outputs")
    images: dict[str, tuple[ImageFile, ...]] = {}
    for node_id, output in outputs.items() if isinstance(outputs, dict) else ():
        listed = output.get("images") if isinstance(output, dict) else None
        files = tuple(
            ImageFile(str(item["filename"]), str(item.get("subfolder") or ""), str(item.get("type") or "output"))
            for item in listed or ()
            if isinstance(item, dict) and item.get("filename")
        )
        if files:
            images[str(node_id)] = files
    prompt = prompt if isinstance(prompt, list) and len(prompt) > 3 else [None, None, None, None]
    extra = prompt[3] if isinstance(prompt[3], dict) else {}
    return HistoryEntry(
        prompt_id=prompt_id,
        client_id=str(extra.get("client_id") or ""),
        graph=prompt[2],
        images=images,
        status=str(status.get("status_str") or ""),
        messages=messages,
    )
