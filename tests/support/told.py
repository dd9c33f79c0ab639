"""A turn with everything given, for tests that play a story."""

from __future__ import annotations

from typing import Any

MIRA = {"name": "Mira", "description": "a young woman with copper curls", "outfit": "green travel cloak"}


def told(**more: Any) -> dict[str, Any]:
    """A turn with everything given."""
    return {
        "player_input": "I climb the stairs.",
        "narration": "The iron is cold enough to bite. Mira lifts the lantern and the dark steps back.",
        "summary": "Mira climbs the stairs with a lantern",
        "location": "The lantern stairs",
        "location_description": "iron stairs inside a lighthouse",
        "time_of_day": "nightfall",
        "weather": "rain",
        "characters": [MIRA],
        **more,
    }
