"""What images asks the ticker to do (settings.TICKER_CHORES)."""

from __future__ import annotations

from images.services.processing import turns_resume
from images.services.stories import stories_sweep


def resume_stale_turns() -> int:
    """Take up turns whose process died."""
    return turns_resume()


def sweep_deleted_stories() -> int:
    """Remove rows and files of deleted stories."""
    return stories_sweep()
