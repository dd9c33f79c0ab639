"""Workers as the configuration file names them: `image_generation.workers[]` (contract, "Configuration file").

Everything here is read by `compute.common.schema`; whether a server answers is asked later, by its backend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from compute.common.schema import (
    INVALID,
    Flag,
    ListOf,
    MappingOf,
    Number,
    OneOf,
    Optional,
    Problem,
    Section,
    Text,
    Whole,
    setting,
)

API_TYPES = ("comfyui", "automatic1111", "openai", "painter")
JOB_KINDS = ("image_generation", "llm_inference", "turn_summarization")
# What each kind of server can do, and does unless `job_kinds` says less.
JOB_KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "comfyui": ("image_generation",),
    "automatic1111": ("image_generation",),
    "painter": ("image_generation",),
    "openai": ("llm_inference", "turn_summarization"),
}
MAX_WORKERS = 256
_HOST = re.compile(r"[A-Za-z0-9._:-]+\Z")


def url_problem(url: str) -> str | None:
    """What is wrong with the address of a server, as a sentence, or None."""
    example = 'write it like "http://192.168.1.100:8188"'
    if re.search(r"\s", url):
        return f"must not contain spaces; {example}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"is not a web address ({error}); {example}"
    if parts.scheme not in ("http", "https"):
        return f"must begin with http:// or https://; {example}"
    if parts.username is not None or parts.password is not None:
        return 'must not contain a password; put it into "auth": {"user": …, "password": …}'
    if not parts.hostname or not _HOST.match(parts.hostname) or port == 0:
        return f"names no host that can be reached; {example}"
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        return "must not contain ? or #; give the address of the server alone"
    return None


def _clean_url(url: str) -> str:
    return url.strip().rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthConfig:
    """How LUNA proves itself to a server: HTTP Basic (user, password) or a bearer token, not both."""

    user: str = setting(Text(200, least=0, clean=str), "")
    password: str = field(default="", repr=False, metadata={"rule": Text(1000, least=0, clean=str)})
    bearer: str = field(default="", repr=False, metadata={"rule": Text(4000, least=0)})

    def config_problems(self, path: str) -> Iterable[Problem]:
        basic = bool(self.user or self.password)
        if basic == bool(self.bearer):
            yield Problem(path, 'needs either "user" and "password", or "bearer"')
        elif basic and not self.user:
            yield Problem(f"{path}.user", 'is missing; a "password" belongs to a "user"')
        elif ":" in self.user:
            yield Problem(f"{path}.user", "must not contain a colon (HTTP Basic, RFC 7617)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """One server that LUNA calls.

    priority: 1 comes first. models: LUNA's name for a model → the name on this server; empty means that the server
    is asked. timeout_s: for one picture or one text, everything included. job_kinds: never empty; what the
    api_type can do unless the file says less.
    """

    name: str = setting(Text(100))
    api_type: str = setting(OneOf(API_TYPES))
    api_url: str = setting(Text(500, least=0, name="web address", clean=_clean_url), "")
    max_concurrent: int = setting(Whole(1, 64), 1)
    priority: int = setting(Whole(1, 1000), 1)
    vram_gb: float | None = setting(Optional(Number(1, 1024)), None)
    supports_sdxl: bool = setting(Flag(), True)
    supports_controlnet: bool = setting(Flag(), False)
    models: Mapping[str, str] = setting(MappingOf(200, 300), {})
    auth: AuthConfig | None = setting(Optional(Section(AuthConfig)), None)
    timeout_s: float = setting(Number(1, 7200), 600.0)
    enabled: bool = setting(Flag(), True)
    job_kinds: tuple[str, ...] = setting(ListOf(OneOf(JOB_KINDS), len(JOB_KINDS), "job kinds"), ())

    def __post_init__(self) -> None:
        if not self.job_kinds:
            object.__setattr__(self, "job_kinds", JOB_KINDS_OF.get(self.api_type, ()))

    def config_problems(self, path: str) -> Iterable[Problem]:
        if self.api_type == "painter":
            if self.api_url:
                yield Problem(f"{path}.api_url", "the painter is built in and has no address; leave this out")
        elif not self.api_url:
            yield Problem(f"{path}.api_url", f"is missing; a {self.api_type} worker needs the address of its server")
        elif wrong := url_problem(self.api_url):
            yield Problem(f"{path}.api_url", wrong)
        possible = JOB_KINDS_OF[self.api_type]
        for index, kind in enumerate(self.job_kinds):
            if kind not in possible:
                known = ", ".join(possible)
                yield Problem(f"{path}.job_kinds[{index}]", f"{self.api_type} cannot do {kind}; it can do {known}")


@dataclass(frozen=True, slots=True)
class WorkerList(ListOf):
    """A list of workers, no name twice: names identify workers in statistics and in the admin."""

    def read(self, value: Any, path: str, problems: list[Problem]) -> Any:
        before = len(problems)
        workers = ListOf.read(self, value, path, problems)
        first: dict[str, str] = {}
        for index, item in enumerate(value if isinstance(value, list) else ()):
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str) or not name.strip():
                continue
            here = f"{path}[{index}].name"
            other = first.setdefault(name.strip(), here)
            if other != here:
                message = f'"{name.strip()[:100]}" is also the name at {other}; give each worker a name of its own'
                problems.append(Problem(here, message))
        return workers if len(problems) == before else INVALID


WORKERS = WorkerList(Section(WorkerConfig), MAX_WORKERS, "workers", unique=False)
