"""The promise every backend keeps: what it is asked, what it answers, how it fails.

A backend is a client of one server (or of code inside LUNA). It knows nothing of jobs, rows or stories. Its
methods block; each is called from one thread at a time, but several threads may use one backend at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Fault(StrEnum):
    """Whose fault a failure is. It decides whether another try is made, and where."""

    WORKER = "worker"  # this server broke, lied or is out of memory: try another one
    PAYLOAD = "payload"  # what was asked cannot be done: the same request will fail elsewhere too
    SERVER = "server"  # LUNA itself or the network between: does not count against anybody


class BackendError(Exception):
    """The only error a backend raises.

    code: snake_case, stable, e.g. `unreachable`, `timed_out`, `missing_checkpoint`, `out_of_memory`,
    `bad_answer`, `no_picture`, `unsupported`, `rejected`, `unauthorized`, `lost`.
    detail: a sentence for a person, naming the thing (the checkpoint, the address) and what to do.
    retry_after_s: how long this server asks to be left alone, if it says so.
    """

    def __init__(self, code: str, detail: str, *, fault: Fault = Fault.WORKER, retry_after_s: float | None = None):
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.fault = fault
        self.retry_after_s = retry_after_s


class Cancelled(BackendError):
    """The watcher asked to stop, and the server no longer works on this request."""

    def __init__(self, detail: str = "stopped on request"):
        super().__init__("cancelled", detail, fault=Fault.SERVER)


class Capacity(StrEnum):
    """Features a server may offer; strings so that they can be stored and compared in SQL."""

    SDXL = "sdxl"
    CONTROLNET = "controlnet"
    LORA = "lora"
    IMG2IMG = "img2img"
    PREVIEW = "preview"
    PROGRESS = "progress"
    CANCEL = "cancel"
    JSON_SCHEMA = "json_schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a probe found. Names are the server's own, unfolded."""

    job_kinds: tuple[str, ...]  # "image_generation", "llm_inference", "turn_summarization"
    server: str = ""  # e.g. "ComfyUI 0.27.1", "Forge f2.0.1", for people
    models: tuple[str, ...] = ()
    loaded_model: str | None = None
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()
    gpu_model: str | None = None
    vram_bytes: int | None = None
    vram_free_bytes: int | None = None
    queue_remaining: int | None = None  # what waits there besides our own work
    max_side_px: int | None = None
    warnings: tuple[str, ...] = ()  # sentences for the operator: what is odd, and what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A low-resolution picture of work in progress, at most 24 kB once the caller has shrunk it."""

    data: bytes
    mime: str  # image/jpeg, image/png or image/webp


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the work is. fraction is 0–1, or None when the server does not say."""

    fraction: float | None = None
    step: int | None = None
    steps: int | None = None
    preview: Preview | None = None


class Watch(Protocol):
    """What the caller wants to hear while a backend works, and how it says stop. Methods return at once."""

    def sending(self, remote_id: str) -> None:
        """The id under which the server will know the work. Called before anything is sent, stored by the caller."""

    def sent(self) -> None:
        """The server has the request (its reply came, or the request is on the wire)."""

    def progress(self, progress: Progress) -> None: ...

    def delta(self, text: str) -> None:
        """The next words of a streamed text."""

    def alive(self) -> None:
        """The server was heard, or the connection to it stands. Call at least every 2 s; it keeps the lease."""

    def should_stop(self) -> bool:
        """Looked at every 0.25 s or oftener. When true: interrupt at the server, then raise Cancelled."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One picture. `request_id` is a canonical lower-case UUID, unique to the attempt."""

    request_id: str
    prompt: str
    negative_prompt: str = ""
    model: str = "auto"  # the name as the server knows it; "auto" takes what is loaded
    sampler: str = ""  # in A1111's spelling ("DPM++ 2M Karras", "Euler a"); "" takes the server's default
    steps: int = 30
    cfg_scale: float = 7.0
    seed: int = 0  # 0 … 2**32 - 1, always explicit: 0 is a seed like any other
    width_px: int = 1024
    height_px: int = 1024
    timeout_s: float = 600.0  # from the call to the answer, everything included


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """One picture as the server sent it, not re-encoded.

    used: what the server says it really used, keys of ImageRequest (`model`, `sampler`, `seed`, `steps`,
    `width_px`, `height_px`, …) where known. warnings: every silent replacement, as a sentence.
    A replaced checkpoint is not a warning but BackendError `missing_checkpoint`.
    picture: `data` decoded (a PIL image), where the backend did that to check it; nobody need do it again.
    """

    data: bytes
    mime: str
    used: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    generation_time_ms: int = 0
    picture: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One completion. messages: [{"role": "system"|"user"|"assistant", "content": str}, …]."""

    request_id: str
    messages: Sequence[Mapping[str, str]]
    model: str = "auto"
    max_tokens: int = 700
    temperature: float | None = None
    json_schema: Mapping[str, Any] | None = None  # the answer must be one JSON value of this schema
    stream: bool = True
    timeout_s: float = 120.0
    first_token_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatResult:
    """The whole text; for a request with json_schema, text that parses and fits it."""

    text: str
    model: str = ""
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    generation_time_ms: int = 0


class RemoteState(StrEnum):
    """What a server says about a request id that an earlier process sent."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"  # this server cannot be asked


class Backend(Protocol):
    """A client of one server. Constructed by the registry with `BackendSettings`."""

    api_type: str

    def probe(self) -> Capabilities:
        """Ask the server what it is and offers, within 10 s. Raises BackendError, and nothing else."""
        ...

    def generate_image(self, request: ImageRequest, watch: Watch) -> ImageResult:
        """Block until the picture is there. Raises BackendError (or Cancelled), and nothing else."""
        ...

    def chat(self, request: ChatRequest, watch: Watch) -> ChatResult:
        """Block until the text is there, telling `watch.delta` word by word. Raises BackendError or Cancelled."""
        ...

    def look_up(self, remote_id: str) -> RemoteState:
        """What became of work that a dead process had sent. Raises BackendError if the server cannot be reached."""
        ...

    def adopt(self, request: ImageRequest, remote_id: str, watch: Watch) -> ImageResult:
        """Wait for work already at the server and fetch it, as generate_image would. `unsupported` if it cannot."""
        ...

    def cancel(self, remote_id: str) -> bool:
        """Stop that one request and nobody else's. True if it surely no longer runs there."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendSettings:
    """How to reach a server. url has no trailing slash; models maps LUNA's name to the server's."""

    api_type: str
    url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)
    models: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 600.0
    connect_timeout_s: float = 5.0
