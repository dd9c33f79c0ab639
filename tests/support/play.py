"""A queue that is worked off in the test's own process."""

from __future__ import annotations

from compute.models import Slot
from compute.services.keeper import keeper
from compute.services.runner import slot_run
from compute.services.slots import slots_mend


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
