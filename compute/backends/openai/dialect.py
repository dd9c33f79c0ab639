"""What one server and model accept of the request's optional parts, and what its refusals mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compute.backends.base import BackendError, ChatRequest, Fault
from compute.backends.names import nearest_name
from compute.common.http import Reply, status_error

_CONTEXT = re.compile(
    r"context.?(length|size|window)|maximum context|exceed_context|n_ctx|too many (input )?tokens|"
    r"(prompt|input|request) is too long|longer than the (model|maximum)|"
    r"context (the )?overflow|exceeds? the (available )?context",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model.{0,120}?(not found|does not exist|not exist|not loaded|unknown|no such|not available)|"
    r"(no such|unknown|invalid) model|model_not_found|try pulling|no models? loaded",
    re.IGNORECASE | re.DOTALL,
)
_MEMORY = re.compile(r"out of memory|requires more system memory|cudaMalloc|failed to allocate", re.IGNORECASE)
_FORMAT = re.compile(r"grammar|schema|response_format|json_object|structured", re.IGNORECASE)


class Refused(Exception):
    """The server said no before it wrote anything."""

    def __init__(self, reply: Reply):
        super().__init__(reply.excerpt())
        self.reply = reply
        self.said = said_by(reply.body)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to ask one model on one server. Starts with everything; `without` gives up what the server refuses."""

    json_mode: str = "schema"  # then "object", then "prompt"
    schema_in_prompt: bool = False
    stream: bool = True
    usage: bool = True
    temperature: bool = True
    tokens_key: str = "max_tokens"

    def body(self, request: ChatRequest, model: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """The JSON to POST. max_tokens always goes along: some models never stop by themselves."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [dict(message) for message in messages],
            self.tokens_key: request.max_tokens,
            "stream": request.stream and self.stream,
        }
        if body["stream"] and self.usage:
            body["stream_options"] = {"include_usage": True}
        if request.temperature is not None and self.temperature:
            body["temperature"] = request.temperature
        if request.json_schema is not None:
            if self.json_mode == "schema":
                described = {"name": "answer", "strict": True, "schema": dict(request.json_schema)}
                body["response_format"] = {"type": "json_schema", "json_schema": described}
            elif self.json_mode == "object":
                body["response_format"] = {"type": "json_object"}
            if self.json_mode != "schema" or self.schema_in_prompt:
                body["messages"] = _with_schema(body["messages"], request.json_schema)
        return body

    def without(self, refused: Refused, request: ChatRequest) -> Dialect | None:
        """What to try after a refusal, or None when it was not about an optional part."""
        status, said = refused.reply.status, refused.said
        if status not in (400, 415, 422, 500, 501) or _CONTEXT.search(said) or _NO_MODEL.search(said):
            return None
        if "max_completion_tokens" in said and self.tokens_key == "max_tokens":
            return replace(self, tokens_key="max_completion_tokens")
        if "stream_options" in said and self.usage:
            return replace(self, usage=False)
        if "temperature" in said and self.temperature and request.temperature is not None:
            return replace(self, temperature=False)
        if re.search(r"\bstream(ing)?\b", said) and self.stream and request.stream:
            return replace(self, stream=False)
        # A 400 rarely says which part it dislikes; a 500 counts only if it names the answer's format.
        about_format = status in (400, 422) or _FORMAT.search(said)
        if request.json_schema is not None and about_format and self.json_mode != "prompt":
            return replace(self, json_mode="object" if self.json_mode == "schema" else "prompt")
        return None


def _with_schema(messages: list[dict[str, str]], schema: Mapping[str, Any]) -> list[dict[str, str]]:
    """The messages with the schema told in words, at the end of the system message or as one."""
    told = (
        "Answer with one JSON value and nothing else: no comment, no code fence. It must fit this JSON Schema:\n"
        + json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    )
    if messages and messages[0].get("role") == "system":
        first = {**messages[0], "content": f"{messages[0].get('content', '')}\n\n{told}"}
        return [first, *messages[1:]]
    return [{"role": "system", "content": told}, *messages]


def said_by(body: bytes) -> str:
    """The server's own words in an error body of any of the known shapes, at most 500 characters."""
    text = body[:8000].decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return " ".join(text.split())[:500]
    return error_words(value)


def error_words(value: Any) -> str:
    """`{"error": {"message"}}`, `{"error": "…"}`, `{"message"}`, `{"detail": …}`: the words in it, code included."""
    for key in ("error", "detail", "message"):
        if isinstance(value, dict) and value.get(key):
            inner = value[key]
            if isinstance(inner, dict) and isinstance(inner.get("message"), str):
                marks = [str(inner[mark]) for mark in ("code", "type") if isinstance(inner.get(mark), str)]
                return " ".join([inner["message"], *(f"({mark})" for mark in marks)])[:500]
            return (inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False))[:500]
    return json.dumps(value, ensure_ascii=False)[:500]


def refusal(refused: Refused, *, model: str, models: Sequence[str]) -> BackendError:
    """The error that a refusal means, whose fault it is, and what to do about it."""
    reply, said = refused.reply, refused.said
    if reply.status in (401, 403, 407):
        return BackendError(
            "unauthorized",
            f"{reply.url} answered {reply.status}: {said}. Set or correct the key: the worker's bearer token, "
            "or LUNA_LLM_API_KEY",
        )
    if reply.status == 429:
        known = status_error(reply)
        return BackendError("busy", known.detail, fault=Fault.SERVER, retry_after_s=known.retry_after_s)
    if reply.status == 503:
        known = status_error(reply)
        detail = f"{reply.url} is not ready: {said}" if said else known.detail
        return BackendError("busy", detail, fault=Fault.SERVER, retry_after_s=known.retry_after_s or 2.0)
    if reply.status == 404 and "model" not in said.lower():
        return BackendError("not_found", f"{reply.url} answered 404. Is the address right, with its /v1?")
    if reply.status < 500 or _CONTEXT.search(said) or _NO_MODEL.search(said) or _MEMORY.search(said):
        return meaning(said, model=model, models=models, where=reply.url, status=reply.status)
    return status_error(reply)


def meaning(said: str, *, model: str, models: Sequence[str], where: str, status: int | None = None) -> BackendError:
    """The error behind a server's words, whether they came as a status or in the middle of a stream."""
    if _CONTEXT.search(said):
        return BackendError(
            "context_too_long",
            f"the text is too long for {model}: {said}. Give it a larger context",
            fault=Fault.PAYLOAD,
        )
    if status == 404 or _NO_MODEL.search(said):
        near = nearest_name(model, models)
        hint = f"Did you mean {near}?" if near else "Load or pull it there."
        if models and not near:
            hint += " It offers: " + ", ".join(models[:8])
        return BackendError("missing_model", f"{where} has no model {model!r} ({said}). {hint}")
    if _MEMORY.search(said):
        return BackendError("out_of_memory", f"{where}: {said}")
    if status is not None and 400 <= status < 500:
        return BackendError("rejected", f"{where} answered {status}: {said}", fault=Fault.PAYLOAD)
    return BackendError("bad_answer", f"{where} failed: {said}")
