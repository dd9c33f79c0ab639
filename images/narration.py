"""The customer's turn processor: narration and pictures of a turn in one awaited call.

A thin face of images.services.turns; LUNA itself uses that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from images.orchestrator import ImageGenerationOrchestrator, in_thread
from images.standalone import ensure_django

ensure_django()

from images import faces  # noqa: E402

__all__ = ["TurnProcessor"]


class TurnProcessor:
    """Tells a turn and illustrates it. Arguments: see ImageGenerationOrchestrator."""

    def __init__(self, db_pool: Any = None, settings: Mapping[str, Any] | None = None) -> None:
        self.image_orchestrator = ImageGenerationOrchestrator(db_pool, settings)

    async def process_turn(self, turn_data: Mapping[str, Any]) -> dict[str, Any]:
        """The result of `generate_narration`, with `images` as `generate_images_for_turn` returns them.

        turn_data: player_input, and what else is known (images.faces.turn_for); turn_id of an existing turn, or
        story_id for a new one. Pictures are asked for as soon as the text is there.
        """
        narration = await self.generate_narration(turn_data)
        orchestrator = self.image_orchestrator
        if orchestrator.settings.enabled:
            narration["images"] = await orchestrator.generate_images_for_turn(
                turn_id=narration["turn_id"], turn_data={}
            )
        return narration

    async def generate_narration(self, turn_data: Mapping[str, Any]) -> dict[str, Any]:
        """Tell the turn. Returns turn_id, story_id, turn_number, narration, narrated_by, summary, the scene,
        characters and suggested_actions. Raises DomainError, ImageGenerationError."""
        turn = await in_thread(faces.turn_for, turn_data.get("turn_id"), turn_data)
        return await self.image_orchestrator.wait_until_told(turn.pk)
