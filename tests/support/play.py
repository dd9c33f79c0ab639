"""Helpers for tests that play a story: turns with everything given, and a queue that is worked off in this process."""

from __future__ import annotations

from typing import Any

from compute.models import Slot
from compute.services.keeper import keeper
from compute.services.runner import slot_run
from compute.services.slots import slots_mend

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


def run_queue(rounds: int = 20) -> int:
    """Serve every woken slot until nothing waits. Returns how many jobs were worked on."""
    done = 0
    for _ in range(rounds):
        slots_mend()
        woken = list(Slot.objects.filter(state=Slot.State.WAKING).values_list("pk", flat=True))
        if not woken:
            assert keeper.wait_for_rest(10)
            return done
        done += sum(slot_run(slot_id=slot_id) for slot_id in woken)
    return done
