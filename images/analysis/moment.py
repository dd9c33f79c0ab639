"""The hour and the weather that a text states. What a turn does not mention stays as it was."""

from __future__ import annotations

import re

from images.analysis.clauses import Cast, statements

_HOUR_WORDS = (
    r"dawn|sunrise|daybreak|morning|noon|midday|afternoon|dusk|sunset|twilight|evening|nightfall|midnight|night"
)
_HOURS = (
    re.compile(
        rf"\b(?:at|by|until|till|around) (?:first |the break of )?(?:early |"
        rf"late )?(?P<hour>{_HOUR_WORDS})\b",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:in|during|it is|it's|that|this|one|next|into) (?:the |now |already |still |a )?(?:next |"
               rf"following )?"
               rf"(?P<kind>early |late |deep |dark |grey |cold )?(?P<hour>{_HOUR_WORDS})\b(?! coffee| paper|"
               rf" train| watch| guard| porter)",
               re.IGNORECASE),
    re.compile(rf"\b(?P<hour>{_HOUR_WORDS}) (?:comes|falls|has fallen|has come|breaks|has broken|settles|arrives|"
               rf"draws in|gathers|"
               r"closes in|deepens|is here|passes|light (?:fills|slants|comes))\b", re.IGNORECASE),
    re.compile(rf"^(?:it is |a |the )?(?:next |early |late |deep )*(?P<hour>{_HOUR_WORDS})[,.]", re.IGNORECASE),
)  # fmt: skip
_SUN = (
    (re.compile(r"\bsun (?:rises|is rising|comes up|is coming up|peeks)\b", re.IGNORECASE), "dawn"),
    (re.compile(r"\bsun (?:sets|is setting|goes down|sinks|dips)\b", re.IGNORECASE), "dusk"),
    (
        re.compile(
            r"\b(?:the moon (?:rises|hangs|is up)|stars (?:come out|are out)|under the stars|by moonlight)\b", re.I
        ),
        "night",
    ),
    (re.compile(r"\bsun (?:stands|is) (?:high|overhead|at its height)\b", re.IGNORECASE), "noon"),
)
_SAME_HOUR = {
    "sunrise": "dawn",
    "daybreak": "dawn",
    "midday": "noon",
    "sunset": "dusk",
    "twilight": "dusk",
    "nightfall": "night",
}
_OVER = (
    r"(?:stops?|stopped|ends?|dies down|lets up|passes|clears?|eases off|lifts?|has (?:stopped|ended|passed|lifted))"
)
_WEATHERS = (
    (
        "rain",
        r"\b(?:rain|drizzle|downpour) (?:falls|is falling|begins|starts|drums|hammers|pours|beats|lashes|patters|"
        r"comes down|streams|soaks|ticks|whispers|sets in|runs)\b|"
        r"\b(?:starts?|begins?|began|continues|is starting) (?:to rain|raining)\b|\bit(?: is|'s)? rain(?:s|ing)\b|"
        r"\b(?:in|through|under|into) the (?:\w+ )?(?:rain|drizzle|downpour)\b",
    ),
    (
        "storm",
        r"\bstorm (?:breaks|rages|gathers|hits|howls|comes|rolls|is upon|begins|batters|worsens)\b|"
        r"\bthunder (?:rolls|cracks|booms|rumbles|growls)\b|\blightning (?:flashes|splits|strikes|forks)\b|"
        r"\b(?:in|through|into) the (?:\w+ )?storm\b",
    ),
    (
        "snow",
        r"\bsnow (?:falls|is falling|begins|starts|drifts|covers|swirls|comes)\b|"
        r"\b(?:starts?|begins?) (?:to snow|snowing)\b|\bit(?: is|'s)? snow(?:s|ing)\b|"
        r"\b(?:in|through|into) the (?:\w+ )?(?:snow|blizzard)\b|\bsnowflakes\b",
    ),
    (
        "fog",
        r"\b(?:fog|mist) (?:rolls|hangs|lies|thickens|creeps|comes|closes|drifts|covers|swallows|clings)\b|"
        r"\b(?:in|through|into|out of) the (?:\w+ )?(?:fog|mist)\b",
    ),
    ("wind", r"\b(?:wind|gale) (?:howls|picks up|rises|shrieks|tears|whips|blows|moans|screams)\b"),
    (
        "clear",
        r"\bsky (?:clears|is clear|is blue|is cloudless)\b|\bsun (?:shines|breaks through|comes out|blazes)\b|"
        r"\bclouds (?:part|break|clear)\b|\bunder a (?:clear|blue|cloudless) sky\b",
    ),
    (
        "overcast",
        r"\bclouds (?:gather|roll in|thicken|cover|hang)\b|\bsky (?:darkens|clouds over|is grey|is overcast)\b",
    ),
)


def find_time_of_day(text: str, cast: Cast) -> str:
    """The last hour stated: dawn, morning, noon, afternoon, dusk, evening, night or midnight; "" if none."""
    found = ""
    for clause in statements(text, cast):
        stated = re.sub(r"\b(?:last|good|every|each|yesterday|all|first thing in the) (?:\w+ )?"
                        rf"(?:{_HOUR_WORDS})\b", " ", clause.text, flags=re.IGNORECASE)  # fmt: skip
        for pattern in _HOURS:
            match = pattern.search(stated)
            if match:
                hour = match.group("hour").lower()
                found = _SAME_HOUR.get(hour, hour)
                break
        else:
            found = next((hour for pattern, hour in _SUN if pattern.search(stated)), found)
    return found


def find_weather(text: str, cast: Cast) -> str:
    """The last weather stated: rain, storm, snow, fog, wind, clear or overcast; "" if none."""
    found = ""
    for clause in statements(text, cast):
        if re.search(
            rf"\b(?:rain|storm|snow|fog|mist|wind)(?:ing|storm|fall)? {_OVER}\b|\bstops? (?:raining|snowing)\b",
            clause.text,
            re.I,
        ):
            found = "clear"
            continue
        found = next((name for name, pattern in _WEATHERS if re.search(pattern, clause.text, re.IGNORECASE)), found)
    return found
