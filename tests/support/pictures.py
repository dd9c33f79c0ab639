"""Small PNG files and cards for tests, and ways to look into them."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import strategies as st
from PIL import Image

from community import cards
from community.cards import build_card
from community.cards.png import fold_keyword, read_png

GENERATION = {
    "prompt": "portrait of Shadow Assassin, cloaked in darkness",
    "negative_prompt": "blurry, text",
    "model": "sdxl_base_1.0",
    "sampler": "DPM++ 2M Karras",
    "steps": 35,
    "cfg": 7.0,
    "seed": 0,
    "width": 16,
    "height": 8,
}
MINIMAL = {"format_version": "1.0", "content_type": "item", "name": "Lamp", "description": ""}


# What hypothesis may put into a card.
keywords = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keywords, inner, max_size=3),
    max_leaves=8,
)


def picture(width: int = 16, height: int = 8, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    image = Image.effect_noise((width, height), 80).convert(mode)
    image.save(out, "PNG")
    return out.getvalue()


PLAIN = picture()


def card(**changes: Any) -> dict[str, Any]:
    made = build_card("character", "Shadow Assassin", "Dual daggers", generation=GENERATION)
    return {**made, **changes}


def insert(png: bytes, *chunks: bytes, before: bytes = b"IDAT") -> bytes:
    place = png.index(before) - 4
    return png[:place] + b"".join(chunks) + png[place:]


def texts(png: bytes) -> dict[str, str]:
    with Image.open(io.BytesIO(png)) as image:
        return dict(image.text)


def others(png: bytes) -> list[bytes]:
    """Every chunk as bytes, without those that embedding may add or replace."""
    ours = {fold_keyword(name) for name in (cards.KEYWORD, "parameters", "XML:com.adobe.xmp")}
    walked = read_png(png)
    return [png[chunk.start : chunk.end] for chunk in walked.chunks if chunk.key not in ours]


def pixels(png: bytes) -> tuple[str, tuple[int, int], bytes]:
    with Image.open(io.BytesIO(png)) as image:
        return image.mode, image.size, image.tobytes()
