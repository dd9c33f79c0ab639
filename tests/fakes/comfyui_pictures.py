"""What the fake ComfyUI paints: soft gradients that differ by prompt and seed, and small JPEG previews."""

from __future__ import annotations

import io
import json
import random
import struct
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

_GRID = 6


def paint(words: str, seed: int, width_px: int, height_px: int) -> Image.Image:
    """An RGB picture that depends on nothing but the arguments."""
    dice = random.Random(f"{words}\n{seed}")
    grid = Image.frombytes("RGB", (_GRID, _GRID), dice.randbytes(_GRID * _GRID * 3))
    return grid.resize((width_px, height_px), Image.Resampling.BICUBIC)


def png(graph: dict[str, Any], failure: str = "") -> bytes:
    """The file SaveImage would write for a graph, sides rounded down to multiples of 8 as ComfyUI does.

    failure: "wrong_size", "blank" or "truncated" spoils it in that way.
    """
    size = next(node["inputs"] for node in graph.values() if node["class_type"] == "EmptyLatentImage")
    sampler = next(node["inputs"] for node in graph.values() if node["class_type"] == "KSampler")
    words = "\n".join(str(node["inputs"]["text"]) for node in graph.values() if node["class_type"] == "CLIPTextEncode")
    width_px, height_px = size["width"] // 8 * 8, size["height"] // 8 * 8
    if failure == "wrong_size":
        width_px += 8
    picture = paint(words, sampler["seed"], width_px, height_px)
    if failure == "blank":
        picture = Image.new("RGB", picture.size)
    chunks = PngInfo()
    chunks.add_text("prompt", json.dumps(graph))
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=chunks, compress_level=1)
    return file.getvalue()[: len(file.getvalue()) * 2 // 3] if failure == "truncated" else file.getvalue()


def jpeg(step: int) -> bytes:
    """A preview, different for each step."""
    file = io.BytesIO()
    paint("preview", step, 32, 32).save(file, "JPEG")
    return file.getvalue()


def preview_frame(step: int) -> bytes:
    """Event 1: no metadata."""
    return struct.pack(">II", 1, 1) + jpeg(step)


def preview_frame_with_metadata(step: int, prompt_id: str, node_id: str) -> bytes:
    """Event 4: metadata as JSON, then the picture."""
    metadata = json.dumps(
        {"node_id": node_id, "prompt_id": prompt_id, "display_node_id": node_id, "image_type": "image/jpeg"}
    ).encode()
    return struct.pack(">II", 4, len(metadata)) + metadata + jpeg(step)
