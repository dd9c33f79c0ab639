"""The sheet of sample pictures in the documentation: `python -m compute.backends.painter.sheet OUT.webp`."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image

from compute.backends.base import BackendSettings, ImageRequest, Progress
from compute.backends.painter.backend import PainterBackend

_CINEMATIC = ", professional photography, highly detailed, 8k"
_CHARACTER = ", professional character art, detailed face, 8k"
_ACTION = ", cinematic composition, dramatic lighting, high quality"

# Prompt, seed, width and height in pixels. Four rows of six.
PROMPTS: tuple[tuple[str, int, int, int], ...] = (
    ("cinematic wide shot of The Lighthouse of Vell, a lighthouse on a rock, dusk, clear" + _CINEMATIC, 3, 768, 768),
    (
        "cinematic wide shot of The lantern stairs, iron stairs winding up inside a lighthouse, nightfall, "
        "rain coming in from the west" + _CINEMATIC,
        7, 768, 768,
    ),
    ("cinematic wide shot of Harrow Wood, an old forest, moonlight, fog" + _CINEMATIC, 4, 768, 768),
    ("cinematic wide shot of The Teeth, mountain pass, morning, clear" + _CINEMATIC, 5, 768, 768),
    ("cinematic wide shot of Castle Orne, castle on a hill, dusk, windy" + _CINEMATIC, 2, 768, 768),
    ("cinematic wide shot of The Drowned Goose, tavern with a hearth, candlelight, snow" + _CINEMATIC, 6, 768, 768),
    ("portrait of Mira, copper curls, green travel cloak, smiling" + _CHARACTER, 1, 768, 768),
    ("portrait of Old Marrow, one-eyed ferryman with a white beard, navy coat, stern" + _CHARACTER, 2, 768, 768),
    ("portrait of Queen Isolde, auburn hair, golden dress, crown, sad" + _CHARACTER, 3, 768, 768),
    ("portrait of Captain Reyes, dark skin, bald, beard, crimson coat, smirking, harbour, dusk" + _CHARACTER, 4,
     768, 768),
    ("portrait of an elven ranger, silver hair, hood, green cloak, forest, morning" + _CHARACTER, 5, 768, 768),
    ("portrait of a scientist, glasses, bun, lab coat, laboratory, night" + _CHARACTER, 6, 768, 768),
    ("Mira climbs the stairs with a lantern, Mira, Old Marrow, the lantern stairs" + _ACTION, 5, 768, 768),
    ("a knight in silver armour fights a red dragon, castle, dusk" + _ACTION, 5, 768, 768),
    ("a woman in a red cloak and an old man with a staff walk through the snowy forest, dawn, snow" + _ACTION, 3,
     768, 768),
    ("three hooded figures around the campfire, night" + _ACTION, 5, 768, 768),
    ("a wizard with a pointed hat and a staff, the library, candlelight" + _ACTION, 3, 768, 768),
    ("a pirate captain on the deck of a ship, sunset" + _ACTION, 5, 768, 768),
    ("an old brass key, item, still life", 3, 768, 768),
    ("a glowing violet potion, item, still life", 4, 768, 768),
    ("cinematic wide shot of Nine Lamps, city skyline, neon, rain" + _CINEMATIC, 3, 768, 768),
    ("cinematic wide shot of the moonlit graveyard, moonlight, fog, eerie" + _CINEMATIC, 3, 768, 768),
    ("cinematic wide shot of Kessel Station, starship above a ringed planet" + _CINEMATIC, 3, 768, 768),
    ("cinematic wide shot of the open sea, a ship in a storm, thunderstorm, lightning" + _CINEMATIC, 5, 768, 768),
)  # fmt: skip
_ACROSS, _SIDE_PX, _GAP_PX = 6, 320, 8


class _Unwatched:
    """A watch for nobody."""

    def sending(self, remote_id: str) -> None: ...
    def sent(self) -> None: ...
    def progress(self, progress: Progress) -> None: ...
    def delta(self, text: str) -> None: ...
    def alive(self) -> None: ...
    def should_stop(self) -> bool:
        return False


def painted_sheet() -> Image.Image:
    """All prompts painted and laid out, about 1970 by 1320 pixels."""
    painter = PainterBackend(BackendSettings(api_type="painter"))
    down = -(-len(PROMPTS) // _ACROSS)
    step = _SIDE_PX + _GAP_PX
    sheet = Image.new("RGB", (_ACROSS * step + _GAP_PX, down * step + _GAP_PX), "#12100e")
    for n, (prompt, seed, width_px, height_px) in enumerate(PROMPTS):
        request = ImageRequest(
            request_id=f"00000000-0000-4000-8000-{n:012d}",
            prompt=prompt,
            seed=seed,
            width_px=width_px,
            height_px=height_px,
        )
        with Image.open(io.BytesIO(painter.generate_image(request, _Unwatched()).data)) as picture:
            small = picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS)
        sheet.paste(small, (_GAP_PX + n % _ACROSS * step, _GAP_PX + n // _ACROSS * step))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="where to write the sheet, e.g. docs/images/painter-sheet.webp")
    out: Path = parser.parse_args().out
    painted_sheet().save(out, quality=82, method=6)


if __name__ == "__main__":
    main()
