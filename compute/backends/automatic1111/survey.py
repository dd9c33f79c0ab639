"""What stands at an address: which program, its models, samplers, schedulers, LoRAs and abilities.

`/sdapi/v1/cmd-flags` is never asked: Forge answers it with 500.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from compute.backends.automatic1111 import dialects
from compute.backends.automatic1111.dialects import Dialect
from compute.backends.automatic1111.errors import api_off_error, failure, is_api_off
from compute.backends.base import BackendError
from compute.backends.names import match_name
from compute.common.http import HttpClient, HttpError, Reply

SURVEY_MAX_S = 9.0  # a probe has to end within 10 s
ANSWER_MAX_S = 5.0
LIST_MAX = 5000
_FAKE_HASH = "8888888888"
_FEW_OPTIONS = 8  # sd.cpp and KoboldCpp give samples_format and sd_model_checkpoint; a web UI has hundreds


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One checkpoint, under the names the server accepts. hash is None until it was loaded once, or if faked."""

    title: str
    name: str = ""
    filename: str = ""
    hash: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        base = self.filename.replace("\\", "/").rsplit("/", 1)[-1]
        return tuple(dict.fromkeys(text for text in (self.title, self.name, base, self.hash) if text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A sampler, scheduler or LoRA: the name to send and the others it goes by."""

    name: str
    aliases: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The result. A list is None where the server does not say (404), as opposed to having none."""

    dialect: Dialect
    models: tuple[Model, ...] | None = None
    loaded_model: str | None = None
    samplers: tuple[Named, ...] | None = None
    schedulers: tuple[Named, ...] | None = None
    loras: tuple[Named, ...] | None = None
    has_progress: bool = False  # GET /sdapi/v1/progress, global
    has_tasks: bool = False  # POST /internal/progress, of one task
    controlnet: bool = False
    queue_size: int | None = None  # tasks waiting in the server's own queue, running one not counted
    is_busy: bool = False
    gpu_bytes: tuple[int, int] | None = None  # total, free
    cfg_key: str = "cfg_scale"
    warnings: tuple[str, ...] = ()

    def find_model(self, wanted: str, mapping: Mapping[str, str]) -> Model | None:
        """The offered model that `wanted` means, by any of its names or its hash."""
        by_name: dict[str, Model] = {}
        for model in self.models or ():
            for name in model.names:
                by_name.setdefault(name, model)
        hit = match_name(wanted, by_name, mapping)
        return by_name[hit] if hit is not None else None


@dataclass(slots=True)
class _Asker:
    """GETs for one survey, all within one time limit."""

    client: HttpClient
    heard: Callable[[], None]
    deadline_s: float = field(default_factory=lambda: time.monotonic() + SURVEY_MAX_S)

    def raw(self, path: str) -> Reply:
        left_s = self.deadline_s - time.monotonic()
        if left_s <= 0:
            raise HttpError("timed_out", f"{self.client.base_url} did not answer all questions in {SURVEY_MAX_S:.0f} s")
        reply = self.client.get_raw(path, timeout_s=min(ANSWER_MAX_S, left_s))
        self.heard()
        return reply

    def maybe(self, path: str, *, needed: bool = True) -> Any:
        """The JSON at a path that not every program has; None where there is none, or no sense in it.

        needed: a missing answer (slow, busy) is an error, as "no" would be remembered; otherwise it is a no.
        """
        try:
            reply = self.raw(path)
            if reply.status in (429, 503) and needed:
                raise failure(reply, "the server")
            return reply.json() if reply.ok else None
        except HttpError as error:
            if error.code == "bad_answer" or (error.code == "timed_out" and not needed):
                return None
            raise


def survey(client: HttpClient, heard: Callable[[], None] = lambda: None) -> Survey:
    """Ask the server what it is. heard is called after each answer.

    Raises BackendError: `unreachable`, `timed_out`, `unauthorized`, `not_found` (no API there), `busy`, `bad_answer`.
    """
    ask = _Asker(client, heard)
    reply = ask.raw("/sdapi/v1/options")
    if reply.status == 404:
        return _draw_things(ask, reply)
    options: dict[str, Any] = {}
    if reply.ok:
        answer = reply.json()
        if not isinstance(answer, dict):
            raise BackendError(
                "bad_answer", f"{reply.url} answered JSON that is no list of options; is it A1111's API?"
            )
        options = answer
    elif reply.status < 500 or reply.status in (502, 503, 504) or ask.maybe("/sdapi/v1/samplers") is None:
        raise failure(reply, "the server")
    seen = Survey(
        dialect=dialects.A1111,
        models=_models(ask.maybe("/sdapi/v1/sd-models")),
        loaded_model=_text(options.get("sd_model_checkpoint")) or None,
        samplers=_named(ask.maybe("/sdapi/v1/samplers")),
        schedulers=_named(ask.maybe("/sdapi/v1/schedulers"), label="label"),
    )
    if reply.ok and "sd_model_checkpoint" in options and len(options) <= _FEW_OPTIONS:
        return _one_model(ask, seen)
    return _web_ui(ask, seen, options)


def _web_ui(ask: _Asker, seen: Survey, options: Mapping[str, Any]) -> Survey:
    progress = ask.maybe("/sdapi/v1/progress?skip_current_image=true")
    has_tasks = ask.maybe("/internal/ping") is not None
    pending = ask.maybe("/internal/pending-tasks", needed=False) if has_tasks else None
    joined = any(sampler.name.lower().endswith(" karras") for sampler in seen.samplers or ())
    if (
        any(str(key).startswith("forge_") for key in options)
        or ask.maybe("/sdapi/v1/sd-modules", needed=False) is not None
    ):
        dialect = dialects.FORGE
    elif ask.maybe("/sdapi/v1/status", needed=False) is not None:
        dialect = dialects.SDNEXT
    elif joined and seen.schedulers is None:
        dialect = dialects.A1111_OLD
    else:
        dialect = dialects.A1111
    warnings = []
    if seen.models is not None and not seen.models:
        warnings.append("The server lists no checkpoint: put one into its models folder.")
    return replace(
        seen,
        dialect=dialect,
        has_progress=isinstance(progress, dict),
        has_tasks=has_tasks,
        controlnet=ask.maybe("/controlnet/model_list", needed=False) is not None,
        queue_size=_whole(pending.get("size")) if isinstance(pending, dict) else None,
        is_busy=is_working(progress),
        gpu_bytes=_gpu_bytes(ask.maybe("/sdapi/v1/memory", needed=False)),
        loras=_loras(ask),
        warnings=tuple(warnings),
    )


def _one_model(ask: _Asker, seen: Survey) -> Survey:
    """stable-diffusion.cpp or KoboldCpp, told apart by routes only one of them has."""
    version = ask.maybe("/api/extra/version")
    kobold = isinstance(version, dict) and version.get("result") == "KoboldCpp"
    if not kobold:
        return replace(seen, dialect=dialects.SDCPP, loras=_loras(ask))
    number = _text(version.get("version"))
    dialect = replace(dialects.KOBOLDCPP, label=f"KoboldCpp {number}".strip())
    warnings: tuple[str, ...] = ()
    if not seen.models and (seen.loaded_model or "inactive") == "inactive":
        warnings = ("KoboldCpp runs without an image model: start it with --sdmodel.",)
    return replace(seen, dialect=dialect, loras=_loras(ask), warnings=warnings)


def _draw_things(ask: _Asker, options: Reply) -> Survey:
    """Draw Things has no /options; its GET / gives the app's configuration, the model's name among it."""
    config = ask.maybe("/")
    if not (isinstance(config, dict) and isinstance(config.get("model"), str)):
        # A web UI without --api answers each /sdapi path so.
        if is_api_off(options):
            raise api_off_error(options.url)
        raise failure(options, "the server")
    model = config["model"]
    return Survey(
        dialect=dialects.DRAWTHINGS,
        models=(Model(title=model),) if model else (),
        loaded_model=model or None,
        cfg_key="guidance_scale" if "guidance_scale" in config else "cfg_scale",
    )


def is_working(progress: Any) -> bool:
    """Whether a GET /sdapi/v1/progress answer speaks of a job. job_count is -1 while one is being prepared."""
    state = progress.get("state") if isinstance(progress, dict) else None
    return isinstance(state, dict) and bool(_whole(state.get("job_count")) or state.get("job"))


def _loras(ask: _Asker) -> tuple[Named, ...] | None:
    """Asked last: with the training metadata of hundreds of files this answer is tens of megabytes."""
    return _named(ask.maybe("/sdapi/v1/loras", needed=False))


def _models(answer: Any) -> tuple[Model, ...] | None:
    if not isinstance(answer, list):
        return None
    found = []
    for item in answer[:LIST_MAX]:
        if not isinstance(item, dict):
            continue
        title = _text(item.get("title")) or _text(item.get("model_name"))
        digest = _text(item.get("hash"))
        if title:
            found.append(
                Model(
                    title=title,
                    name=_text(item.get("model_name")),
                    filename=_text(item.get("filename")),
                    hash=digest if digest and digest != _FAKE_HASH else None,
                )
            )
    return tuple(found)


def _named(answer: Any, label: str = "") -> tuple[Named, ...] | None:
    """[{"name", "aliases"?, …}]; where `label` names a field, that is the spelling the server shows and takes."""
    if not isinstance(answer, list):
        return None
    found = []
    for item in answer[:LIST_MAX]:
        if not isinstance(item, dict) or not _text(item.get("name")):
            continue
        others = [item["name"]]
        aliases = item.get("aliases")
        others += aliases if isinstance(aliases, list) else []
        others.append(item.get("alias"))
        shown = _text(item.get(label)) or item["name"]
        kept = tuple(dict.fromkeys(text for text in others if isinstance(text, str) and text and text != shown))
        found.append(Named(name=shown, aliases=kept, path=_text(item.get("path"))))
    return tuple(found)


def _gpu_bytes(memory: Any) -> tuple[int, int] | None:
    cuda = memory.get("cuda") if isinstance(memory, dict) else None
    system = cuda.get("system") if isinstance(cuda, dict) else None
    if not isinstance(system, dict):
        return None
    total, free = _whole(system.get("total")), _whole(system.get("free"))
    return (total, free) if total > 0 else None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and abs(value) < 2**62 else 0
