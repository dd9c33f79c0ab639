"""A chat server that speaks the OpenAI protocol over a real port, with the habits of the real ones on demand.

In a test: `with FakeOpenAI() as fake: …`. As a program: `python -m tests.fakes.openai --port 8099`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

START_TIMEOUT_S = 20
HANG_MAX_S = 60


@dataclass
class Script:
    """How one request is answered. Left as it is: a correct stream of `text`, or of something made up."""

    text: str | None = None
    status: int = 200
    body: Any = None  # with a status: the error body (JSON value, or a string sent as it is)
    headers: dict[str, str] = field(default_factory=dict)
    before_headers_s: float = 0
    before_first_s: float = 0
    between_s: float = 0
    reasoning: str = ""
    thinking_key: str = "reasoning_content"
    newline: str = "\n"
    keep_alive_comments: int = 0
    chop_bytes: int = 0  # cut the stream into pieces of so many bytes, across characters and lines
    usage: bool = True
    done: bool = True
    finish_reason: str | None = "stop"
    abort_after: int | None = None  # words, then the connection breaks
    hang_after: int | None = None  # words, then nothing more comes
    error_after: tuple[int, Any] | None = None  # words, then an error event
    whole: bool = False  # answer as one JSON object although a stream was asked for
    content_type: str = "text/event-stream; charset=utf-8"
    raw: Sequence[bytes] | None = None  # the body, literally


class FakeOpenAI:
    """scripts: used up one a request, then every request is answered well. requests: the bodies received, in order.

    refuses: optional parts that get a 400, by name: json_schema, json_object, stream_options, stream, max_tokens,
    temperature. hung_up: how many answers lost their client before they were done.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        models: Sequence[str] | None = ("fake-7b-instruct",),
        owned_by: str = "vllm",
        api_key: str = "",
        refuses: Sequence[str] = (),
        answer: Callable[[dict[str, Any]], str] | None = None,
        prefix: str = "/v1",
    ) -> None:
        self.models = None if models is None else list(models)
        self.owned_by, self.api_key, self.refuses = owned_by, api_key, set(refuses)
        self.answer = answer or made_up
        self.scripts: deque[Script] = deque()
        self.requests: list[dict[str, Any]] = []
        self.model_lists = 0
        self.hung_up = 0
        self.strict_models = True
        self._prefix = prefix
        self._port = port
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="fake-openai", daemon=True)

    @property
    def url(self) -> str:
        """The address as an operator would write it, with /v1."""
        return f"http://127.0.0.1:{self._port}{self._prefix}"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S):
            raise TimeoutError("the fake chat server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(START_TIMEOUT_S)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        app = web.Application(client_max_size=16 * 2**20)
        app.router.add_get(f"{self._prefix}/models", self._get_models)
        app.router.add_post(f"{self._prefix}/chat/completions", self._chat)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        self._port = int(runner.addresses[0][1])
        self._ready.set()
        await self._stopping.wait()
        await runner.cleanup()

    def _denied(self, request: web.Request) -> web.Response | None:
        if self.api_key and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            error = {"message": "Incorrect API key provided", "code": "invalid_api_key"}
            return web.json_response({"error": error}, status=401)
        return None

    async def _get_models(self, request: web.Request) -> web.Response:
        self.model_lists += 1
        denied = self._denied(request)
        if denied is not None:
            return denied
        if self.models is None:
            return web.json_response({"object": "list", "data": None})
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": self.owned_by} for name in self.models]
        return web.json_response({"object": "list", "data": rows})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        denied = self._denied(request)
        if denied is not None:
            return denied
        body = await request.json()
        self.requests.append(body)
        refusal = self._refusal(body)
        if refusal is not None:
            return refusal
        script = self.scripts.popleft() if self.scripts else Script()
        if script.before_headers_s and not await self._pause(request, script.before_headers_s):
            return web.Response()
        if script.status != 200:
            text = script.body if isinstance(script.body, str) else json.dumps(script.body)
            kind = "text/plain" if isinstance(script.body, str) else "application/json"
            return web.Response(status=script.status, text=text, content_type=kind, headers=script.headers)
        text = self.answer(body) if script.text is None else script.text
        if script.raw is None and (script.whole or not body.get("stream")):
            return web.json_response(_whole_answer(text, script, body))
        return await self._stream(request, script, text, body)

    def _refusal(self, body: dict[str, Any]) -> web.Response | None:
        kind = (body.get("response_format") or {}).get("type")
        for name in self.refuses:
            given = body.get("stream") if name == "stream" else name in body
            if given or name == kind:
                hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
                error = {"message": f"Unsupported parameter: '{name}' is not supported.{hint}", "code": 400}
                return web.json_response({"error": error}, status=400)
        if self.strict_models and self.models is not None and body.get("model") not in self.models:
            error = {"message": f"The model `{body.get('model')}` does not exist.", "type": "NotFoundError"}
            return web.json_response({"error": error}, status=404)
        return None

    async def _pause(self, request: web.Request, seconds: float) -> bool:
        """Wait, unless the client leaves first or the fake is stopped; then False."""
        end = self._loop.time() + min(seconds, HANG_MAX_S)
        while self._loop.time() < end:
            if request.transport is None or request.transport.is_closing():
                self.hung_up += 1
                return False
            if self._stopping.is_set():
                return False
            await asyncio.sleep(0.02)
        return True

    async def _stream(
        self, request: web.Request, script: Script, text: str, body: dict[str, Any]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": script.content_type, **script.headers})
        await response.prepare(request)
        try:
            if script.before_first_s and not await self._pause(request, script.before_first_s):
                return response
            for count, piece in enumerate(_chopped(_pieces(script, text, body), script.chop_bytes)):
                if script.abort_after is not None and count >= script.abort_after:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
                if script.hang_after is not None and count >= script.hang_after:
                    await self._pause(request, HANG_MAX_S)
                    return response
                await response.write(piece)
                if script.between_s and not await self._pause(request, script.between_s):
                    return response
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            self.hung_up += 1
        return response


def _pieces(script: Script, text: str, body: dict[str, Any]) -> Iterator[bytes]:
    """The stream, one write each: comments, thinking, words, an error if scripted, usage, [DONE]."""
    if script.raw is not None:
        yield from script.raw
        return
    end = script.newline * 2
    for _ in range(script.keep_alive_comments):
        yield f": keep-alive{end}".encode()
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": body.get("model")}

    def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
        return f"data: {json.dumps({**chunk, 'choices': choices, **more}, ensure_ascii=False)}{end}".encode()

    yield event([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
    for word in _words(script.reasoning):
        delta = {"content": "", script.thinking_key: word}
        yield event([{"index": 0, "delta": delta, "finish_reason": None}])
    for count, word in enumerate(_words(text)):
        if script.error_after is not None and count == script.error_after[0]:
            yield f"data: {json.dumps(script.error_after[1])}{end}".encode()
            return
        yield event([{"index": 0, "delta": {"content": word}, "finish_reason": None}])
    if script.finish_reason is not None:
        yield event([{"index": 0, "delta": {}, "finish_reason": script.finish_reason}])
    if script.usage and (body.get("stream_options") or {}).get("include_usage"):
        yield event([], usage=_usage(text))
    if script.done:
        yield f"data: [DONE]{end}".encode()


def _words(text: str) -> list[str]:
    return [word if count == 0 else f" {word}" for count, word in enumerate(text.split(" "))] if text else []


def _chopped(pieces: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    if not size_bytes:
        yield from pieces
        return
    whole = b"".join(pieces)
    for at in range(0, len(whole), size_bytes):
        yield whole[at : at + size_bytes]


def _usage(text: str) -> dict[str, int]:
    return {"prompt_tokens": 11, "completion_tokens": len(text.split()), "total_tokens": 11 + len(text.split())}


def _whole_answer(text: str, script: Script, body: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    if script.reasoning:
        message[script.thinking_key] = script.reasoning
    choice = {"index": 0, "message": message, "finish_reason": script.finish_reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": body.get("model"),
        "choices": [choice],
        "usage": _usage(text),
    }


def made_up(body: dict[str, Any]) -> str:
    """An answer to anything: a value of the asked schema, or two sentences that take up the last message."""
    described = (body.get("response_format") or {}).get("json_schema")
    if described:
        return json.dumps(value_of(described["schema"]), ensure_ascii=False)
    if body.get("response_format"):
        return "{}"
    messages = body.get("messages") or [{}]
    said = " ".join(str(messages[-1].get("content", "")).split())[-120:]
    return f"The lamp flickers as the words are spoken: {said}. Somewhere below a door closes."


def value_of(schema: dict[str, Any], name: str = "answer") -> Any:
    """A small value that fits a schema without references: first enum value, one item, minimum, the name as text."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {key: value_of(part, key) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [value_of(schema.get("items", {}), name) for _ in range(max(1, schema.get("minItems", 1)))]
    if kind in ("number", "integer"):
        return schema.get("minimum", 0)
    return {"boolean": False, "null": None}.get(kind, f"the {name.replace('_', ' ')}")


def main() -> None:
    parser = argparse.ArgumentParser(description="A chat server that answers with made-up text.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--word-ms", type=int, default=0, help="pause after each word")
    options = parser.parse_args()
    fake = FakeOpenAI(port=options.port)
    if options.word_ms:
        fake.scripts = _Endless(Script(between_s=options.word_ms / 1000))
    with fake:
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


class _Endless(deque[Script]):
    """The same script for every request."""

    def __init__(self, script: Script):
        super().__init__([script])

    def popleft(self) -> Script:
        return self[0]


if __name__ == "__main__":
    main()
