"""The client of one chat server.

Format: https://platform.openai.com/docs/api-reference/chat, as Ollama, LM Studio, llama.cpp and vLLM speak it.
Each of them lacks some part of it; what a server refuses is left out from then on (`Dialect`).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from compute.backends.base import (
    BackendError,
    BackendSettings,
    Cancelled,
    Capabilities,
    Capacity,
    ChatRequest,
    ChatResult,
    Fault,
    ImageRequest,
    ImageResult,
    RemoteState,
    Watch,
)
from compute.backends.names import match_name
from compute.backends.openai.answer_stream import AnswerReader
from compute.backends.openai.answers import AnswerSchema, Misfit, can_validate
from compute.backends.openai.dialect import Dialect, Refused, refusal
from compute.backends.openai.exchange import Exchange
from compute.common.http import HttpClient, HttpError, Reply

JOB_KINDS = ("llm_inference", "turn_summarization")
PROBE_TIMEOUT_S = 8.0
CANCEL_WAIT_S = 5.0
MODELS_MAX_BYTES = 8 * 2**20
MODELS_MAX = 1000
REFUSALS_MAX = 7  # one for each optional part of a request, and one to spare
BAD_ANSWER_SHOWN_CHARS = 4000
_NOT_FOR_CHAT = re.compile(r"embed|rerank|whisper|\btts\b|text-to-speech|clip|moderation|bge-|dall-e", re.IGNORECASE)
_OWNERS = {"llamacpp": "llama.cpp", "vllm": "vLLM", "library": "Ollama", "organization_owner": "LM Studio"}


class _Running:
    """What `cancel` needs to know of a request in progress."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.ended = threading.Event()


@dataclass(slots=True)
class _Call:
    """One request on its way: when it must be done, whom to tell, and how it is cut off."""

    request: ChatRequest
    model: str
    watch: Watch
    running: _Running
    deadline_s: float


class OpenAIBackend:
    """A chat server. May be used by several threads at once; each request has a connection of its own."""

    api_type = "openai"

    def __init__(self, settings: BackendSettings):
        """Raises BackendError `unreachable` if the url is not http or https. Nothing is sent."""
        self._settings = settings
        self.base_url = _base_url(settings.url)
        self._http = HttpClient(self.base_url, settings)
        self._lock = threading.Lock()
        self._models: tuple[str, ...] = ()
        self._dialects: dict[str, Dialect] = {}
        self._running: dict[str, _Running] = {}

    def probe(self) -> Capabilities:
        """Ask for the list of models. Raises BackendError."""
        reply = self._http.get_raw("models", timeout_s=PROBE_TIMEOUT_S, max_bytes=MODELS_MAX_BYTES)
        if not reply.ok:
            raise refusal(Refused(reply), model="any", models=())
        models, server = _models_in(reply)
        with self._lock:
            self._models = models
        warnings = () if models else (f"{self.base_url} offers no model: load or pull one there",)
        features = {Capacity.CANCEL} | ({Capacity.JSON_SCHEMA} if can_validate() else set())
        return Capabilities(
            job_kinds=JOB_KINDS,
            server=server,
            models=models,
            loaded_model=_first_for_chat(models),
            features=frozenset(str(feature) for feature in features),
            warnings=warnings,
        )

    def chat(self, request: ChatRequest, watch: Watch) -> ChatResult:
        """One completion. With json_schema no deltas are told, and a bad answer is asked for once more.

        Raises BackendError: `missing_model`, `context_too_long`, `rejected`, `unauthorized`, `busy`, `timed_out`,
        `lost`, `unreachable`, `out_of_memory`, `bad_answer`, `unsupported`; or Cancelled.
        """
        schema = AnswerSchema(request.json_schema) if request.json_schema is not None else None
        deadline_s = time.monotonic() + request.timeout_s
        if watch.should_stop():
            raise Cancelled
        model = self._model_for(request.model)
        watch.sending(request.request_id)
        running = _Running()
        with self._lock:
            self._running[request.request_id] = running
        call = _Call(request, model, watch, running, deadline_s)
        try:
            try:
                return self._answer(call, schema)
            except BackendError as error:
                if error.code != "missing_model" or request.model != "auto":
                    raise
            # The server changed its models since the last probe: ask once which it has now.
            self.probe()
            call.model = self._model_for("auto")
            return self._answer(call, schema)
        finally:
            with self._lock:
                self._running.pop(request.request_id, None)
            running.ended.set()

    def generate_image(self, request: ImageRequest, watch: Watch) -> ImageResult:
        raise BackendError("unsupported", "a chat server makes no pictures")

    def adopt(self, request: ImageRequest, remote_id: str, watch: Watch) -> ImageResult:
        raise BackendError("unsupported", "a chat server makes no pictures")

    def look_up(self, remote_id: str) -> RemoteState:
        """Chat servers know no ids: what a dead process had asked for ended with its connection."""
        return RemoteState.UNSUPPORTED

    def cancel(self, remote_id: str) -> bool:
        """Cut the connection of that request, if it runs in this process."""
        with self._lock:
            running = self._running.get(remote_id)
        if running is None:
            return False
        running.stop.set()
        return running.ended.wait(CANCEL_WAIT_S)

    def close(self) -> None:
        self._http.close()

    def _answer(self, call: _Call, schema: AnswerSchema | None) -> ChatResult:
        messages = list(call.request.messages)
        result = self._complete(call, messages)
        if schema is None:
            return result
        try:
            return replace(result, text=schema.fit(result.text))
        except Misfit as misfit:
            problem, was_json = str(misfit), misfit.is_json
        if not was_json:  # the server took the schema and did not keep to it: tell it to the model in words
            self._remember(call.model, replace(self._dialect(call.model), schema_in_prompt=True))
        again = [
            *messages,
            {"role": "assistant", "content": result.text[:BAD_ANSWER_SHOWN_CHARS]},
            {"role": "user", "content": _repair_words(problem, result)},
        ]
        second = self._complete(call, again)
        try:
            text = schema.fit(second.text)
        except Misfit as misfit:
            # The server is well; its model cannot do what was asked. Another model may, the same one will not.
            detail = f"{call.model} gave no usable JSON, asked twice: {misfit}"
            raise BackendError("bad_answer", detail, fault=Fault.PAYLOAD) from None
        spent_ms = result.generation_time_ms + second.generation_time_ms
        return replace(second, text=text, generation_time_ms=spent_ms)

    def _complete(self, call: _Call, messages: Sequence[Mapping[str, str]]) -> ChatResult:
        """One answer, leaving out on the way what the server refuses, and remembering it when that helped."""
        dialect = self._dialect(call.model)
        for _ in range(REFUSALS_MAX):
            body = dialect.body(call.request, call.model, messages)
            reader = AnswerReader(
                call.request, call.model, self._models, call.watch, speak=call.request.json_schema is None
            )
            exchange = Exchange(self.base_url, self._settings, stop=call.running.stop, deadline_s=call.deadline_s)
            events = exchange.events("chat/completions", body, call.watch)
            try:
                result = reader.read(events)
            except Refused as refused:
                simpler = dialect.without(refused, call.request)
                if simpler is None:
                    raise refusal(refused, model=call.model, models=self._models) from None
                dialect = simpler
            else:
                self._remember(call.model, dialect)
                return result
            finally:
                events.close()
        raise BackendError("rejected", f"{self.base_url} refuses every form of the request")

    def _model_for(self, wanted: str) -> str:
        """The server's name for a model. Raises BackendError `missing_model` if "auto" finds none."""
        if wanted != "auto":
            mapping = self._settings.models
            return match_name(wanted, [*self._models, *mapping.values()], mapping) or wanted
        if not self._models:
            self.probe()
        first = _first_for_chat(self._models)
        if first is None:
            raise BackendError("missing_model", f"{self.base_url} offers no model: load or pull one there")
        return first

    def _dialect(self, model: str) -> Dialect:
        with self._lock:
            return self._dialects.get(model, Dialect())

    def _remember(self, model: str, dialect: Dialect) -> None:
        with self._lock:
            self._dialects[model] = dialect


def _base_url(url: str) -> str:
    """The address that `chat/completions` is appended to, from one with or without /v1."""
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/")
    for ending in ("/chat/completions", "/completions", "/models"):
        path = path.removesuffix(ending)
    if not re.search(r"/v\d+\w*(/openai)?$", path):
        path += "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _models_in(reply: Reply) -> tuple[tuple[str, ...], str]:
    """The models' names and, if it shows, what the server is."""
    value = reply.json()
    rows = value.get("data") if isinstance(value, dict) else value
    if rows is None and isinstance(value, dict) and "data" in value:
        rows = []  # Ollama without models answers null
    if not isinstance(rows, list):
        raise HttpError("bad_answer", f"{reply.url} did not answer with a list of models: {reply.excerpt()!r}")
    known = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)][:MODELS_MAX]
    owner = next((str(row.get("owned_by", "")) for row in known), "")
    server = _OWNERS.get(owner) or reply.headers.get("Server", "") or "OpenAI-compatible"
    return tuple(row["id"] for row in known), server[:80]


def _first_for_chat(models: Sequence[str]) -> str | None:
    """The first model that is not plainly for something else (LM Studio lists its embedding model too)."""
    return next((name for name in models if not _NOT_FOR_CHAT.search(name)), None)


def _repair_words(problem: str, result: ChatResult) -> str:
    short = " Your answer was cut off: write less." if result.finish_reason == "length" else ""
    return f"That answer cannot be used. {problem}.{short} Answer again with the corrected JSON alone."
