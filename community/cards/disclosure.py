"""Texts for other programs that go into a picture beside the card: generation data, and that a machine made it.

Sources: the "infotext" of AUTOMATIC1111's web UI (its last line holds the settings as `key: value`, and counts only
with at least three of them); IPTC Photo Metadata 2025.1, property Digital Source Type, as XMP in an iTXt chunk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

PARAMETERS_KEYWORD = "parameters"
XMP_KEYWORD = "XML:com.adobe.xmp"
IPTC_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# Made by a model that learned from sampled data: every diffusion model.
TRAINED_MEDIA = "trainedAlgorithmicMedia"
# Made by an algorithm that learned from nothing: the built-in painter.
ALGORITHMIC_MEDIA = "algorithmicMedia"
SOURCE_TYPES = (TRAINED_MEDIA, ALGORITHMIC_MEDIA)
PAINTER_MODELS = ("painter", "luna-painter")
MIN_SETTINGS = 3  # with fewer, readers take the last line for a part of the prompt

# Joined sampler names ("DPM++ 2M Karras") hold the schedule that newer web UIs write apart.
_SCHEDULES = ("Karras", "Exponential", "Polyexponential", "SGM Uniform")
_NEEDS_QUOTES = re.compile(r"[,:\n\"]")


def parameters_text(generation: Mapping[str, Any]) -> str | None:
    """Generation data in AUTOMATIC1111's form, or None if there is neither a prompt nor a model.

    The prompt is written on one line each, so that no line of it can be taken for a setting.
    """
    prompt = _line(generation.get("prompt"))
    negative = _line(generation.get("negative_prompt"))
    if not prompt and not generation.get("model"):
        return None
    settings = {key: value for key, value in _settings(generation).items() if value not in (None, "")}
    lines = [prompt]
    if negative:
        lines.append(f"Negative prompt: {negative}")
    if len(settings) >= MIN_SETTINGS:
        lines.append(", ".join(f"{key}: {_quote(value)}" for key, value in settings.items()))
    return "\n".join(lines)


def _settings(generation: Mapping[str, Any]) -> dict[str, Any]:
    sampler = _line(generation.get("sampler"))
    schedule = next((name for name in _SCHEDULES if sampler.lower().endswith(f" {name.lower()}")), "")
    width, height = generation.get("width"), generation.get("height")
    model = _line(generation.get("model"))
    return {
        "Steps": generation.get("steps"),
        "Sampler": sampler[: len(sampler) - len(schedule)].strip(),
        "Schedule type": schedule,
        "CFG scale": generation.get("cfg", generation.get("cfg_scale")),
        "Seed": generation.get("seed"),
        "Size": f"{width}x{height}" if width and height else None,
        "Model": re.sub(r"\.(safetensors|ckpt|gguf|sft)\Z", "", model),
        "Version": "LUNA",
    }


def source_type(generation: Mapping[str, Any]) -> str | None:
    """The IPTC term for a picture with this generation data; None if nothing says that a machine made it."""
    model = generation.get("model")
    if isinstance(model, str) and model.strip().lower() in PAINTER_MODELS:
        return ALGORITHMIC_MEDIA
    return TRAINED_MEDIA if model or generation.get("prompt") else None


def xmp_packet(term: str) -> str:
    """An XMP packet that says how the picture came about. term: one of SOURCE_TYPES."""
    if term not in SOURCE_TYPES:
        raise ValueError(f"{term!r} is not one of {', '.join(SOURCE_TYPES)}")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">\n'
        f"   <Iptc4xmpExt:DigitalSourceType>{IPTC_SOURCE_TYPES}{term}</Iptc4xmpExt:DigitalSourceType>\n"
        "  </rdf:Description>\n"
        " </rdf:RDF>\n"
        "</x:xmpmeta>\n"
        '<?xpacket end="r"?>'
    )


def _line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _quote(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if _NEEDS_QUOTES.search(text) else text
