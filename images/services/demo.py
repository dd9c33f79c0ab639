"""The demo story: what a newcomer plays first."""

from __future__ import annotations

from django.db import transaction

from community.models import User
from images.models import Story
from images.services.stories import story_create
from images.services.turns import turn_submit

TITLE = "The Lighthouse of Vell"
PREMISE = (
    "On the last rock before open water stands a lighthouse that has been dark for a year. Mira, who repairs "
    "clocks, has come to light it again. Old Marrow, who kept it for forty years, rowed her over and will not go in."
)
OPENING = (
    "The boat knocks against the landing stone, once, like somebody too polite to knock twice. Above you the "
    "lighthouse of Vell goes up into the dusk until the dusk swallows it.\n\n"
    "Mira steps out first, her bag of tools held high above the spray. Old Marrow stays where he is, both hands on "
    "the oars. “The door sticks,” he says. “It always stuck. It never once stuck for the dead.”\n\n"
    "Somewhere over your heads, behind glass that nobody has cleaned for a year, something gives off a very low hum."
)


@transaction.atomic
def demo_story_create(*, owner: User) -> Story:
    """A story with its opening turn told and its first pictures on their way."""
    story = story_create(owner=owner, title=TITLE, premise=PREMISE, genre="mystery")
    turn_submit(
        story=story,
        actor=owner,
        data={
            "player_input": "I climb out of the boat and look up at the tower.",
            "narration": OPENING,
            "summary": "You land on the rock of Vell with Mira; Old Marrow stays in the boat.",
            "location": "The landing of Vell",
            "location_description": "a stone landing below a tall dark lighthouse on a sea rock",
            "time_of_day": "dusk",
            "weather": "rain coming in from the west",
            "characters": [
                {
                    "name": "Mira",
                    "description": "a young woman with copper curls",
                    "outfit": "green travel cloak",
                    "expression": "curious",
                },
                {
                    "name": "Old Marrow",
                    "description": "an old ferryman with a white beard, one eye covered by a patch",
                    "outfit": "dark blue coat and cap",
                    "expression": "grave",
                },
            ],
        },
    )
    return story
