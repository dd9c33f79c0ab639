"""A chat answer as it comes, streamed or whole, put together into one `ChatResult`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compute.backends.base import BackendError, ChatRequest, ChatResult, Fault, Watch
from compute.backends.openai.dialect import Refused, error_words, meaning
from compute.backends.openai.exchange import Head
from compute.backends.openai.sse import DONE, EventParser, ThoughtFilter, without_thoughts
from compute.common.http import HttpError, Reply

TEXT_MAX_CHARS = 2**20
BODY_MAX_BYTES = 4 * 2**20
BETWEEN_TOKENS_S = 45.0  # a busy CPU needs seconds for a token; a hung server needs for ever


class AnswerReader:
    """Reads one answer from an exchange's events.

    speak: whether the words go to `watch.delta` as they come; for JSON they do not, since it may be asked for twice.
    """

    def __init__(self, request: ChatRequest, model: str, models: Sequence[str], watch: Watch, *, speak: bool):
        self._request, self._model, self._models, self._watch, self._speak = request, model, models, watch, speak
        self._thoughts = ThoughtFilter()
        self._raw: list[str] = []
        self._size_chars = 0
        self._finish_reason = ""
        self._usage: Mapping[str, Any] = {}
        self._served_by = ""
        self._url = ""
        self._done = False
        self._started_s = self._heard_s = time.monotonic()
        self._begun = False  # a token came, be it of thinking

    def read(self, events: Iterator[Head | bytes | None]) -> ChatResult:
        """The finished answer. Raises Refused for a status other than 2xx, else BackendError."""
        head = self._head(events)
        self._url = head.url
        if not 200 <= head.status < 300:
            raise Refused(Reply(head.url, head.status, dict(head.headers), _whole(events, BODY_MAX_BYTES)))
        try:
            if head.content_type == "text/event-stream":
                self._read_stream(events)
            else:  # some servers and proxies do not stream whatever they are asked
                self._read_whole(_whole(events, BODY_MAX_BYTES))
        except HttpError as error:
            if error.code != "unreachable":
                raise
            raise BackendError("lost", f"{self._url} broke the connection in the middle of its answer") from None
        return self._result()

    def _head(self, events: Iterator[Head | bytes | None]) -> Head:
        for event in events:
            if isinstance(event, Head):
                return event
            # Only a stream shows its first token early; a whole answer has until the deadline.
            if self._request.stream:
                self._check_pace()
        raise BackendError("lost", "the server closed the connection without an answer")

    def _read_stream(self, events: Iterator[Head | bytes | None]) -> None:
        parser = EventParser()
        for chunk in events:
            if isinstance(chunk, bytes):
                for event in parser.feed(chunk):
                    self._take(event)
            if self._done:
                return
            self._check_pace()
        for event in parser.finish():
            self._take(event)
        if not self._done and not self._finish_reason:
            raise BackendError("lost", f"{self._url} ended its answer in the middle")

    def _read_whole(self, body: bytes) -> None:
        if body.lstrip().startswith((b"data:", b":")):  # a stream whose content type a proxy changed
            return self._read_stream(iter([body]))
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            raise BackendError(
                "bad_answer", f"{self._url} did not answer with JSON: {body[:200].decode('utf-8', 'replace')!r}"
            ) from None
        if not isinstance(value, dict) or not (value.get("choices") or value.get("error")):
            raise BackendError("bad_answer", f"{self._url} answered without choices: {error_words(value)[:200]}")
        self._take(value)
        self._finish_reason = self._finish_reason or "stop"

    def _check_pace(self) -> None:
        """Raise `timed_out` when the first token, or the next one, takes too long. Comments are not tokens."""
        now_s = time.monotonic()
        if not self._begun and now_s - self._started_s > self._request.first_token_timeout_s:
            raise BackendError("timed_out", f"no word came within {self._request.first_token_timeout_s:g} s")
        if self._begun and now_s - self._heard_s > BETWEEN_TOKENS_S:
            raise BackendError("timed_out", f"{self._url} fell silent for {BETWEEN_TOKENS_S:g} s in its answer")

    def _take(self, event: dict[str, Any] | str) -> None:
        """One event of the stream, or the whole of an answer that is none."""
        if isinstance(event, str):
            self._done = event == DONE
            return
        if event.get("error"):
            raise meaning(error_words(event), model=self._model, models=self._models, where=self._url)
        if isinstance(event.get("usage"), dict):
            self._usage = event["usage"]
        if isinstance(event.get("model"), str):
            self._served_by = event["model"]
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
        if choice is None:
            return  # the usage chunk, or a server's own kind of event
        if isinstance(choice.get("finish_reason"), str):
            self._finish_reason = choice["finish_reason"]
        part = choice.get("delta") or choice.get("message") or choice
        if isinstance(part, dict):
            self._hear(part)

    def _hear(self, part: dict[str, Any]) -> None:
        text = _text(part.get("content")) or _text(part.get("text"))
        if text or any(part.get(key) for key in ("reasoning_content", "reasoning", "thinking")):
            self._begun, self._heard_s = True, time.monotonic()
        if not text:
            return
        self._size_chars += len(text)
        if self._size_chars > TEXT_MAX_CHARS:
            raise BackendError("bad_answer", f"{self._url} wrote more than {TEXT_MAX_CHARS} characters")
        self._raw.append(text)
        shown = self._thoughts.feed(text)
        if shown and self._speak:
            self._watch.delta(shown)

    def _result(self) -> ChatResult:
        rest = self._thoughts.finish()
        if rest and self._speak:
            self._watch.delta(rest)
        text = without_thoughts("".join(self._raw))
        if not text:
            raise self._silence()
        return ChatResult(
            text=text,
            model=self._served_by or self._model,
            finish_reason=self._finish_reason,
            prompt_tokens=_count(self._usage.get("prompt_tokens")),
            completion_tokens=_count(self._usage.get("completion_tokens")),
            generation_time_ms=round((time.monotonic() - self._started_s) * 1000),
        )

    def _silence(self) -> BackendError:
        if self._finish_reason == "content_filter":
            return BackendError("rejected", f"{self._url} refused the text (content filter)", fault=Fault.PAYLOAD)
        detail = f"{self._model} answered with no text"
        if self._finish_reason == "length":
            detail += f": all {self._request.max_tokens} tokens went into thinking. Use a model that does not think"
        return BackendError("bad_answer", detail)


def _whole(events: Iterator[Head | bytes | None], max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size_bytes = 0
    for chunk in events:
        if isinstance(chunk, bytes):
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                raise BackendError("bad_answer", f"the server sent more than {max_bytes} bytes")
            parts.append(chunk)
    return b"".join(parts)


def _text(content: Any) -> str:
    """Plain content, or the text parts of a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
