"""ComfyUI's refusals and failures as BackendErrors, with messages a person can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compute.backends.base import BackendError, Fault
from compute.backends.names import nearest_name
from compute.common.http import HttpError, Reply, status_error

# Words of torch for CUDA, ROCm, MPS, XPU and the CPU allocator, and ComfyUI's own.
_OUT_OF_MEMORY = ("outofmemory", "out of memory", "allocation on device", "can't allocate memory", "memoryerror")
_NOT_A_CHECKPOINT = (
    "clip input is invalid",
    "could not detect model type",
    "vae is invalid",
    "is not a valid checkpoint",
)
# The execution errors of a file that is damaged or half downloaded.
_BROKEN_FILE = ("safetensorerror", "headertoolarge", "invalidheaderdeserialization", "unpicklingerror")
_NAMES_MAX = 12


def missing_checkpoint(wanted: str, offered: Sequence[str], *, server: str) -> BackendError:
    """The error for a checkpoint the server has not got: what was wanted, the nearest, and what is there."""
    near = nearest_name(wanted, offered)
    hint = f" The nearest is {near!r}." if near else ""
    more = f" and {len(offered) - _NAMES_MAX} more" if len(offered) > _NAMES_MAX else ""
    there = ", ".join(repr(name) for name in offered[:_NAMES_MAX]) + more if offered else "none at all"
    return BackendError(
        "missing_checkpoint",
        f"{server} has no checkpoint {wanted!r}.{hint} It has: {there}. "
        "Put the file into models/checkpoints, or map the name with the worker's `models`",
    )


def refused_prompt(reply: Reply, *, checkpoint: str, offered: Sequence[str], server: str) -> BackendError:
    """Why POST /prompt was refused. `offered` is what the server last said it has."""
    if reply.status != 400:
        error = status_error(reply)
        if reply.status == 403:
            error.detail += ". ComfyUI itself answers 403 when a proxy adds an Origin header of another host"
        return error
    try:
        body = reply.json()
    except HttpError as error:
        return error
    if not isinstance(body, dict):
        return HttpError(
            "rejected", f"{server} refused the request: {reply.excerpt()}", fault=Fault.PAYLOAD, status=400
        )
    return validation_error(body, checkpoint=checkpoint, offered=offered, server=server)


def validation_error(body: Mapping[str, Any], *, checkpoint: str, offered: Sequence[str], server: str) -> BackendError:
    """The error in `{"error": …, "node_errors": …}`, also where the status was 200.

    The outer `details` is often empty, so the message is made from node_errors. Before 0.3.28 `error` is a string
    and node_errors a list.
    """
    error = body.get("error")
    kind = str(error.get("type", "")) if isinstance(error, dict) else ""
    outer = str(error.get("message") or kind) if isinstance(error, dict) else str(error or "")
    problems = list(_node_problems(body.get("node_errors")))
    for inner, _, details in problems:
        if inner == "value_not_in_list" and details.startswith("ckpt_name"):
            return missing_checkpoint(checkpoint, offered, server=server)
    lines = "; ".join(f"{node}: {inner} {details}".strip() for inner, node, details in problems)
    said = "; ".join(part for part in (outer, lines) if part) or "without saying why"
    if kind == "missing_node_type" or (kind == "invalid_prompt" and "does not exist" in outer):
        return BackendError("unsupported", f"{server} lacks a node every ComfyUI has: {said}", fault=Fault.WORKER)
    for inner, _, details in problems:
        if inner == "value_not_in_list" and details.startswith(("sampler_name", "scheduler")):
            return BackendError("unsupported", f"{server} does not offer this sampler: {said}", fault=Fault.WORKER)
    return BackendError("rejected", f"{server} refused the request: {said}", fault=Fault.PAYLOAD)


def _node_problems(node_errors: object) -> Iterator[tuple[str, str, str]]:
    """(type, node, details) of each error inside node_errors, at most 8."""
    count = 0
    for node_id, entry in node_errors.items() if isinstance(node_errors, dict) else ():
        if not isinstance(entry, dict):
            continue
        node = str(entry.get("class_type") or node_id)
        errors = entry.get("errors")
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, dict) and count < 8:
                count += 1
                details = str(error.get("details") or error.get("message") or "")
                yield str(error.get("type", "")), node, details[:300]


def execution_error(data: Mapping[str, Any], *, checkpoint: str, server: str) -> BackendError:
    """The BackendError for an `execution_error` message. Always the worker's fault: the graph had been accepted."""
    kind = str(data.get("exception_type") or "an error")
    message = str(data.get("exception_message") or "").strip()
    first = message.splitlines()[0][:300] if message else ""  # ComfyUI adds tips to an out-of-memory error
    where = str(data.get("node_type") or "a node")
    folded = f"{kind} {message}".lower()
    if any(words in folded for words in _OUT_OF_MEMORY):
        return BackendError(
            "out_of_memory",
            f"{server} ran out of memory in {where}: {first}. "
            "Ask for a smaller picture, or start ComfyUI with --lowvram",
        )
    if any(words in folded for words in _NOT_A_CHECKPOINT):
        return BackendError(
            "unsupported", f"{server}: {checkpoint!r} is not a complete checkpoint (model, CLIP and VAE): {first}"
        )
    if any(words in folded for words in _BROKEN_FILE):
        return BackendError("unsupported", f"{server}: the file {checkpoint!r} is damaged: {kind}: {first}")
    return BackendError("execution_failed", f"{server} failed in {where} with {kind}: {first}")


INTERRUPTED = "interrupted"


def interrupted(server: str) -> BackendError:
    """Somebody else stopped our work, at the server's own page or through its API."""
    return BackendError(INTERRUPTED, f"{server}: somebody else stopped this picture there")
