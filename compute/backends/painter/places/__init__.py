"""The places a picture can show. A new one is a painter and a line here, and its words in `lexicon.PLACE`."""

from __future__ import annotations

from collections.abc import Callable

from compute.backends.painter.places import coast, halls, heights, land, lonely, town, under
from compute.backends.painter.stage import Stage

PLACES: dict[str, Callable[[Stage], None]] = {
    "lighthouse": coast.lighthouse,
    "coast": coast.coast,
    "sea": coast.sea,
    "harbour": coast.harbour,
    "bridge": coast.bridge,
    "underwater": coast.underwater,
    "forest": land.forest,
    "swamp": land.swamp,
    "mountain": heights.mountain,
    "snowfield": heights.snowfield,
    "desert": heights.desert,
    "meadow": land.meadow,
    "garden": land.garden,
    "volcano": heights.volcano,
    "castle": town.castle,
    "village": town.village,
    "market": town.market,
    "city": town.city,
    "ruins": lonely.ruins,
    "graveyard": lonely.graveyard,
    "camp": lonely.camp,
    "space": lonely.space,
    "tavern": halls.tavern,
    "library": halls.library,
    "throne": halls.throne,
    "bedroom": halls.bedroom,
    "laboratory": halls.laboratory,
    "stairs": under.stairs,
    "cave": under.cave,
    "dungeon": under.dungeon,
}

# What an unknown place may look like; its words choose.
_ANYWHERE = ("mountain", "forest", "coast", "meadow", "lighthouse", "bridge")


def paint_place(stage: Stage) -> None:
    """Paint the scene's place, or for a name nobody knows the country its letters fall on."""
    name = stage.scene.place or _ANYWHERE[stage.scene.place_key % len(_ANYWHERE)]
    PLACES.get(name, land.forest)(stage)
