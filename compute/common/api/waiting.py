"""`?wait_s=`: an answer that says it is not the last word yet.

The view answers at once and marks the answer; luna_site.long_poll, outside Django, holds the request and asks the view
again when something happens. So a waiting request holds neither a thread nor a database connection.
"""

from __future__ import annotations

from rest_framework.response import Response

WAIT_MOST_S = 30
# Inside LUNA only: long_poll takes these away.
GROUP_HEADER = "Luna-Wait-Group"
ABOUT_HEADER = "Luna-Wait-About"


def still_going(response: Response, *, group: str, about: str) -> None:
    """Mark an answer: it may change when an event about `about` (as `turn:7`) comes to the channel-layer group."""
    response.headers[GROUP_HEADER] = group
    response.headers[ABOUT_HEADER] = about
