"""Model and sampler names, compared the way people write them.

Two names match after folding case, `_`, `-`, `.` and spaces, folder, extension and A1111's `[hash]`
(contract.md, configuration file).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

MODEL_EXTENSIONS = (".safetensors", ".ckpt", ".gguf", ".pt", ".pth", ".bin", ".sft")
_HASH = re.compile(r"\s*\[[0-9a-fA-F]{6,64}\]\s*$")
_FOLDED = re.compile(r"[\s_\-.]+")


def fold_name(name: str) -> str:
    """The part of a name that counts: `models\\SD_XL-Base 1.0.safetensors [31e35c80fc]` → `sdxlbase10`."""
    name = _HASH.sub("", name).replace("\\", "/").rsplit("/", 1)[-1].strip().lower()
    for extension in MODEL_EXTENSIONS:
        if name.endswith(extension):
            name = name[: -len(extension)]
            break
    return _FOLDED.sub("", name)


def match_name(wanted: str, offered: Iterable[str], mapping: Mapping[str, str] | None = None) -> str | None:
    """The offered name that `wanted` means, or None. An exact name wins over a folded one; a mapping over both."""
    offered = list(offered)
    folded = fold_name(wanted)
    for key, value in (mapping or {}).items():
        if fold_name(key) == folded:
            wanted, folded = value, fold_name(value)
            break
    if wanted in offered:
        return wanted
    return next((name for name in offered if fold_name(name) == folded), None)


def nearest_name(wanted: str, offered: Iterable[str]) -> str | None:
    """The offered name most like `wanted`, for "did you mean …", or None if nothing is alike."""
    by_fold = {fold_name(name): name for name in offered}
    close = difflib.get_close_matches(fold_name(wanted), by_fold, n=1, cutoff=0.4)
    return by_fold[close[0]] if close else None
