"""The HTTP client against a real server on a real port: limits, errors by name, and what is never sent."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from compute.backends.base import BackendError, BackendSettings, Fault
from compute.common.http import HttpClient, HttpError


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        path = self.path.partition("?")[0]
        self.server.seen.append(
            {
                "method": self.command,
                "path": self.path,
                "headers": self.headers,
                "body": body,
                "peer": self.client_address,
            }
        )
        self.server.routes[path](self)

    do_GET = do_POST = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict[str, Any]] = []
        self.routes: dict[str, Callable[[_Handler], None]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield running
        running.shutdown()


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A port whose every connection is given to `serve`, for answers no HTTP library would send."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65536)
                    serve(connection)
                except OSError:
                    continue

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def client(url: str, **settings: Any) -> HttpClient:
    return HttpClient(url, BackendSettings(api_type="comfyui", url=url, **settings))


def refused_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


def test_json_goes_there_and_back(server: _Server) -> None:
    server.routes["/echo"] = lambda h: h.answer(200, h.server.seen[-1]["body"], Content_Type="application/json")
    assert client(server.url).post_json("/echo", {"text": "Ä\ud83d", "n": [1, None]}) == {
        "text": "Ä\ud83d",
        "n": [1, None],
    }
    assert server.seen[0]["headers"]["Content-Type"] == "application/json"


def test_parameters_are_encoded_and_the_address_keeps_its_prefix(server: _Server) -> None:
    server.routes["/proxy/comfy/view"] = lambda h: h.answer(200, b"abc")
    assert client(server.url + "/proxy/comfy/").get_bytes("/view", {"subfolder": "a\\b c", "n": 1}) == b"abc"
    assert server.seen[0]["path"] == "/proxy/comfy/view?subfolder=a%5Cb+c&n=1"


def test_an_empty_body_is_none(server: _Server) -> None:
    server.routes["/queue"] = lambda h: h.answer(200)
    assert client(server.url).post_json("/queue", {"delete": []}) is None


def test_origin_and_fetch_metadata_are_never_sent(server: _Server) -> None:
    server.routes["/"] = lambda h: h.answer(200)
    client(server.url).get_raw("/")
    assert not {"Origin", "Sec-Fetch-Site", "Referer"} & set(server.seen[0]["headers"])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"bearer": "tøken"}, "Bearer tøken"),
        ({"user": "ann", "password": "pä:ss"}, "Basic " + base64.b64encode("ann:pä:ss".encode()).decode()),
        ({}, None),
    ],
)
def test_credentials_are_sent_as_configured(server: _Server, settings: dict[str, str], expected: str | None) -> None:
    server.routes["/"] = lambda h: h.answer(200)
    client(server.url, **settings).get_raw("/")
    sent = server.seen[0]["headers"]["Authorization"]
    assert (sent.encode("latin-1").decode() if sent else None) == expected


def test_credentials_in_the_address_are_used_and_not_shown(server: _Server) -> None:
    server.routes["/"] = lambda h: h.answer(500, b"broken")
    with pytest.raises(HttpError) as failure:
        client(server.url.replace("://", "://ann:s%40crét@")).get_json("/")
    assert server.seen[0]["headers"]["Authorization"] == "Basic " + base64.b64encode("ann:s@crét".encode()).decode()
    assert "crét" not in str(failure.value)


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (401, "unauthorized", Fault.WORKER),
        (403, "unauthorized", Fault.WORKER),
        (404, "not_found", Fault.WORKER),
        (413, "rejected", Fault.PAYLOAD),
        (422, "rejected", Fault.PAYLOAD),
        (429, "busy", Fault.WORKER),
        (503, "busy", Fault.WORKER),
        (502, "unreachable", Fault.WORKER),
        (500, "bad_answer", Fault.WORKER),
    ],
)
def test_a_status_becomes_an_error_with_code_and_fault(server: _Server, status: int, code: str, fault: Fault) -> None:
    server.routes["/x"] = lambda h: h.answer(status, b"because of reasons", Retry_After="7")
    with pytest.raises(HttpError) as failure:
        client(server.url).get_json("/x")
    assert (failure.value.code, failure.value.fault, failure.value.status) == (code, fault, status)
    assert "because of reasons" in failure.value.detail
    assert server.url in failure.value.detail
    assert failure.value.retry_after_s == (7.0 if code in ("busy", "unreachable") else None)


def test_html_with_200_is_a_bad_answer_that_says_so(server: _Server) -> None:
    server.routes["/x"] = lambda h: h.answer(200, b"<html>Sign in</html>", Content_Type="text/html; charset=utf-8")
    with pytest.raises(HttpError, match="text/html instead of JSON.*Sign in") as failure:
        client(server.url).get_json("/x")
    assert failure.value.code == "bad_answer"


def test_deeply_nested_json_is_a_bad_answer(server: _Server) -> None:
    server.routes["/x"] = lambda h: h.answer(200, b"[" * 200_000)
    with pytest.raises(HttpError) as failure:
        client(server.url).get_json("/x")
    assert failure.value.code == "bad_answer"


def test_nobody_listening_is_unreachable_and_surely_not_sent() -> None:
    with pytest.raises(HttpError) as failure:
        client(refused_url()).post_json("/prompt", {})
    assert (failure.value.code, failure.value.maybe_sent) == ("unreachable", False)


@pytest.mark.parametrize("url", ["ftp://x/", "127.0.0.1:8188", "http://", ""])
def test_an_address_that_is_not_http_is_refused(url: str) -> None:
    with pytest.raises(BackendError) as failure:
        client(url)
    assert failure.value.code == "unreachable"


def test_a_silent_server_times_out(server: _Server) -> None:
    let_go = threading.Event()
    server.routes["/x"] = lambda h: (let_go.wait(10), None)[1]
    with pytest.raises(HttpError) as failure:
        client(server.url).post_json("/x", {}, timeout_s=0.2)
    let_go.set()
    assert (failure.value.code, failure.value.maybe_sent) == ("timed_out", True)


def test_a_dripping_body_is_ended_by_the_total_time_out() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x")
            time.sleep(0.02)

    with raw_server(drip) as url:
        started_s = time.monotonic()
        with pytest.raises(HttpError) as failure:
            client(url).get_bytes("/", timeout_s=0.3)
        assert time.monotonic() - started_s < 10, "the whole 20 s of dripping were waited for"
    assert failure.value.code == "timed_out"


def test_a_body_cut_short_is_unreachable_not_a_short_file() -> None:
    with (
        raw_server(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")) as url,
        pytest.raises(HttpError) as failure,
    ):
        client(url).get_bytes("/")
    assert failure.value.code == "unreachable"


def test_a_connection_closed_without_an_answer_may_have_been_read() -> None:
    with raw_server(lambda c: None) as url, pytest.raises(HttpError) as failure:
        client(url).post_json("/prompt", {})
    assert (failure.value.code, failure.value.maybe_sent) == ("unreachable", True)


def test_what_is_not_http_is_unreachable() -> None:
    with raw_server(lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")) as url, pytest.raises(HttpError) as failure:
        client(url).get_json("/")
    assert failure.value.code == "unreachable"


def test_a_body_over_the_cap_is_refused_even_when_compressed(server: _Server) -> None:
    bomb = gzip.compress(b"\0" * 5_000_000)
    server.routes["/plain"] = lambda h: h.answer(200, b"x" * 2000)
    server.routes["/bomb"] = lambda h: h.answer(200, bomb, Content_Encoding="gzip")
    for path, cap in (("/plain", 1000), ("/bomb", 1_000_000)):
        with pytest.raises(HttpError, match="more than") as failure:
            client(server.url).get_bytes(path, max_bytes=cap)
        assert failure.value.code == "bad_answer"
    assert len(client(server.url).get_bytes("/bomb", max_bytes=5_000_000)) == 5_000_000


def test_redirects_on_the_same_server_are_followed_with_credentials(server: _Server) -> None:
    server.routes["/a"] = lambda h: h.answer(302, Location="/b")
    server.routes["/b"] = lambda h: h.answer(200, b'"there"')
    assert client(server.url, bearer="secret").get_json("/a") == "there"
    assert server.seen[1]["headers"]["Authorization"] == "Bearer secret"


def test_a_redirect_to_another_server_is_refused_and_carries_no_credentials(server: _Server) -> None:
    with _Server() as other:
        server.routes["/a"] = lambda h: h.answer(302, Location=other.url + "/b")
        with pytest.raises(HttpError, match="another server"):
            client(server.url, bearer="secret").get_json("/a")
        assert other.seen == []


def test_endless_redirects_end(server: _Server) -> None:
    server.routes["/a"] = lambda h: h.answer(302, Location="/a")
    with pytest.raises(HttpError, match="redirects more than"):
        client(server.url).get_json("/a")
    assert len(server.seen) == 4


def test_a_redirected_post_is_repeated_only_where_http_keeps_its_body(server: _Server) -> None:
    server.routes["/a"] = lambda h: h.answer(307, Location="/c")
    server.routes["/b"] = lambda h: h.answer(302, Location="/c")
    server.routes["/c"] = lambda h: h.answer(200, h.server.seen[-1]["body"])
    assert client(server.url).post_json("/a", {"x": 1}) == {"x": 1}
    with pytest.raises(HttpError, match="redirects a POST"):
        client(server.url).post_json("/b", {"x": 1})


def test_one_thread_keeps_its_connection(server: _Server) -> None:
    server.routes["/x"] = lambda h: h.answer(200, b"{}")
    server.routes["/empty"] = lambda h: h.answer(200)
    http = client(server.url)
    for path in ("/x", "/empty", "/x"):
        http.get_raw(path)
    http.post_raw("/empty", {})
    assert len({seen["peer"] for seen in server.seen}) == 1


def test_a_get_survives_a_server_that_closed_the_kept_connection() -> None:
    answers = iter([b"", b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"ok"'])
    with raw_server(lambda c: c.sendall(next(answers))) as url:
        assert client(url).get_json("/") == "ok"


def test_threads_share_a_client(server: _Server) -> None:
    server.routes["/echo"] = lambda h: h.answer(200, json.dumps(h.path).encode())
    http = client(server.url)
    wrong: list[Any] = []

    def ask(n: int) -> None:
        for i in range(20):
            answer = http.get_json("/echo", {"n": n, "i": i})
            if answer != f"/echo?n={n}&i={i}":
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert len(server.seen) == 80


def test_a_stream_gives_pieces_as_they_come() -> None:
    gate = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        gate.wait(10)
        connection.sendall(b"5\r\nworld\r\n0\r\n\r\n")

    with raw_server(serve) as url, client(url).stream("POST", "/", {"stream": True}, timeout_s=10) as answer:
        pieces = answer.chunks()
        first = next(pieces)  # arrives although the server holds the rest back
        gate.set()
        assert (first, b"".join(pieces)) == (b"hello", b"world")


def test_a_stream_can_be_aborted_from_another_thread() -> None:
    gate = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        gate.wait(20)

    with raw_server(serve) as url, client(url).stream("GET", "/", timeout_s=20) as answer:
        pieces = answer.chunks()
        next(pieces)
        threading.Timer(0.1, answer.abort).start()
        started_s = time.monotonic()
        with pytest.raises(HttpError):
            next(pieces)
        assert time.monotonic() - started_s < 15
        gate.set()


def test_a_broken_chunked_body_is_an_error_not_an_end() -> None:
    with (
        raw_server(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")) as url,
        pytest.raises(HttpError) as failure,
    ):
        client(url).get_bytes("/")
    assert failure.value.code == "unreachable"
