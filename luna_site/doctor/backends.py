"""Every configured server: does it answer, what does it offer, and does it have the models that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error as DatabaseError

from compute.backends.base import BackendError, BackendSettings, Capabilities
from compute.backends.names import fold_name, match_name, nearest_name
from compute.backends.registry import build_backend
from compute.config import WorkerConfig
from compute.models import Worker
from compute.services.needs import unavailable
from compute.services.workers import LLM_NAME, PAINTER_NAME, backend_settings
from luna_site.doctor.findings import Check, Finding, fail, ok, run_checks, warn

WORKERS = "image_generation.workers"
PICTURES, TEXTS = "image_generation", "llm_inference"
SECTIONS = ("background_images", "turn_images", "character_portraits", "item_images", "scene_images")
START_HINT = {
    "comfyui": "start ComfyUI there with --listen",
    "automatic1111": "start the web UI there with --api --listen",
    "openai": "start the chat server there",
    "painter": "reinstall the packages of requirements.txt",
}
# Failures of which the address is not the cause.
_CREDENTIAL_CODES = frozenset({"unauthorized"})
NAMES_SHOWN = 4


@dataclass(slots=True)
class Server:
    """One server to ask. path: where it is configured, as a finding names it."""

    path: str
    name: str
    reach: BackendSettings
    job_kinds: tuple[str, ...]
    enabled: bool = True
    supports_sdxl: bool = True
    found: Capabilities | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """The configured place and the name."""
        return f"{self.path} {self.name}" if self.path.startswith(WORKERS) else self.path

    def key(self, name: str) -> str:
        """The path of one of its settings."""
        if self.path == "LUNA_LLM_URL":
            return {"auth": "LUNA_LLM_API_KEY"}.get(name, self.path)
        return f"{self.path}.{name}"


def servers() -> list[Server]:
    """What the configuration names, then what was added in the admin (if the database answers)."""
    configured = settings.IMAGE_GENERATION.workers
    found = [_configured(f"{WORKERS}[{index}]", config) for index, config in enumerate(configured or ())]
    if configured is None:
        painter = BackendSettings(api_type="painter")
        found.append(Server("built-in painter", PAINTER_NAME, painter, (PICTURES,)))
    if settings.LLM_URL and LLM_NAME not in {server.name for server in found}:
        reach = BackendSettings(api_type="openai", url=settings.LLM_URL, bearer=settings.LLM_API_KEY)
        found.append(Server("LUNA_LLM_URL", LLM_NAME, reach, (TEXTS,)))
    return found + _from_admin()


def _configured(path: str, config: WorkerConfig) -> Server:
    auth = config.auth
    return Server(
        path=path,
        name=config.name,
        reach=BackendSettings(
            api_type=config.api_type,
            url=config.api_url,
            user=auth.user if auth else "",
            password=auth.password if auth else "",
            bearer=auth.bearer if auth else "",
            models=config.models,
            timeout_s=config.timeout_s,
        ),
        job_kinds=config.job_kinds,
        enabled=config.enabled,
        supports_sdxl=config.supports_sdxl,
    )


def _from_admin() -> list[Server]:
    try:
        rows = list(Worker.objects.filter(kind=Worker.Kind.MANAGED, source=Worker.Source.ADMIN)[:256])
    except (DatabaseError, OSError):
        return []  # the check of the database says so
    return [
        Server(
            path=f"worker {row.name} (admin)",
            name=row.name,
            reach=backend_settings(row),
            job_kinds=tuple(row.job_kinds),
            enabled=row.enabled,
            supports_sdxl=row.supports_sdxl,
        )
        for row in rows
    ]


def backends() -> Iterable[Finding]:
    """Probe all at the same time; then compare what they offer with what is asked."""
    every = servers()
    if not every:
        yield warn(WORKERS, "[]: no worker at all, nothing is painted", "leave it out for the built-in painter")
    yield from run_checks([Check(server.label, _probing(server)) for server in every])
    yield from models(every)
    if not settings.LLM_URL and not any(TEXTS in server.job_kinds for server in every):
        yield ok("LLM", "none configured: the built-in narrator writes (LUNA_LLM_URL names a chat server)")
    yield from run_checks([Check("workers", rows)])


def _probing(server: Server) -> Callable[[], list[Finding]]:
    return lambda: probe(server)


def probe(server: Server) -> list[Finding]:
    """Ask one server what it is; at most 10 s (Backend.probe). What it offers is kept on `server`."""
    if not server.enabled:
        return [warn(server.label, "switched off, not asked", "set enabled to true to use it")]
    backend = build_backend(server.reach)
    try:
        server.found = found = backend.probe()
    except BackendError as error:
        if error.code in _CREDENTIAL_CODES:
            return [fail(server.key("auth"), error.detail, "mend user and password, or bearer")]
        what = server.key("api_url") if server.path.startswith(WORKERS) else server.path
        where = f"{server.name}: " if server.reach.url in error.detail else f"{server.name} at {server.reach.url}: "
        advice = f"{START_HINT[server.reach.api_type]}, or mend the address"
        return [fail(what, f"{where}{error.detail}", advice)]
    finally:
        backend.close()
    lines = [ok(server.label, _offer(server, found))]
    return lines + [warn(server.label, warning, "see docs/operators.md") for warning in found.warnings]


def _offer(server: Server, found: Capabilities) -> str:
    kind = "model" if TEXTS in server.job_kinds else "checkpoint"
    count = len(found.models)
    parts = [found.server or server.reach.api_type]
    if server.reach.url:
        parts[0] += f" at {server.reach.url}"
    parts.append(f"{count} {kind}{'' if count == 1 else 's'}{_some(found.models)}")
    if found.gpu_model:
        parts.append(found.gpu_model)
    if found.vram_bytes:
        parts.append(f"{found.vram_bytes / 2**30:.0f} GB of video memory")
    return ", ".join(parts)


def _some(names: Iterable[str]) -> str:
    names = list(names)
    if not names:
        return ""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f" ({', '.join(names[:NAMES_SHOWN])}{more})"


def models(every: Iterable[Server]) -> list[Finding]:
    """For each model that is asked for: who has it, who has not, and the nearest name there.

    It is a failure if nobody has it, a warning if somebody else does.
    """
    every = list(every)
    found: list[Finding] = []
    for kind, wanted in ((PICTURES, _picture_models()), (TEXTS, _text_models())):
        asked = [server for server in every if kind in server.job_kinds and server.found is not None]
        for model, keys in wanted.items():
            found += _model(model, keys, asked)
    return found


def _picture_models() -> Mapping[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for name in SECTIONS:
        section = getattr(settings.IMAGE_GENERATION, name)
        if section.enabled and section.model.lower() != "auto":
            wanted.setdefault(section.model, []).append(f"image_generation.{name}.model")
    return wanted


def _text_models() -> Mapping[str, list[str]]:
    return {} if settings.LLM_MODEL.lower() == "auto" else {settings.LLM_MODEL: ["LUNA_LLM_MODEL"]}


def _model(model: str, keys: list[str], asked: list[Server]) -> list[Finding]:
    lacks = {server.name: missing for server in asked if (missing := _missing(server, model)) is not None}
    has = [server.name for server in asked if server.name not in lacks]
    what = keys[0] if len(keys) == 1 else f"{keys[0]} (and {len(keys) - 1} more)"
    found = [ok(what, f'"{model}" is painted by {", ".join(has)}')] if has and "LLM" not in what else []
    make = warn if has else fail
    for server in asked:
        if server.name in lacks:
            reason, advice = lacks[server.name]
            found.append(make(what, f"{server.name} {reason}", advice))
    return found


def _missing(server: Server, model: str) -> tuple[str, str] | None:
    """(what is missing, what to do), or None if this server can do it. One that lists no models is believed."""
    names = list(server.found.models) if server.found is not None else []
    if server.reach.api_type == "painter" or not names:
        return None
    if match_name(model, names, server.reach.models) is None:
        near = nearest_name(model, names)
        offer = f'the nearest name there is "{near}"' if near else f"it offers{_some(names)}"
        entry = f'"models": {{"{model}": "{near or names[0]}"}}'
        advice = f"change the name, or put {entry} into {server.path}, or install it there"
        if server.path == "LUNA_LLM_URL":
            advice = "change LUNA_LLM_MODEL, or install the model there"
        return f'has no "{model}"; {offer}', advice
    if not server.supports_sdxl and "xl" in fold_name(model):
        return f'has supports_sdxl false and gets no "{model}"', f"set {server.key('supports_sdxl')} to true"
    return None


def rows() -> list[Finding]:
    """Whether the running LUNA knows the same workers as the file, and uses them."""
    try:
        stored = {row.name: row for row in Worker.objects.filter(kind=Worker.Kind.MANAGED)[:512]}
    except (DatabaseError, OSError):
        return []  # the check of the database says so
    found = []
    configured = {config.name: config for config in settings.IMAGE_GENERATION.workers or ()}
    stale = [name for name, config in configured.items() if not _same(stored.get(name), config)]
    stale += [row.name for row in stored.values() if _is_dropped(row, configured)]
    if stale:
        detail = f"not taken over from the file: {', '.join(sorted(stale)[:5])}"
        found.append(warn("workers", detail, "python manage.py sync_workers"))
    for row in stored.values():
        reason = unavailable(row)
        if reason and row.enabled and row.is_online and row.name not in stale:
            found.append(warn("workers", reason, "resume it on the page /operate/"))
        elif not row.enabled and row.name in configured and configured[row.name].enabled:
            found.append(warn("workers", f"{row.name} was switched off by hand", "resume it on the page /operate/"))
    return found


def _same(row: Worker | None, config: WorkerConfig) -> bool:
    return row is not None and (row.api_type, row.api_url) == (config.api_type, config.api_url)


def _is_dropped(row: Worker, configured: Mapping[str, WorkerConfig]) -> bool:
    return row.source == Worker.Source.CONFIGURATION and row.name not in configured
