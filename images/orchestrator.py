"""The customer's orchestrator: awaited calls that ask LUNA for pictures and wait for them.

A thin face of images.services; LUNA itself uses those. Nothing here keeps a queue or a cache: pictures are rows and
jobs, made by the same workers as the players' own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async

from images.standalone import ensure_django

ensure_django()

from django.conf import settings as django_settings  # noqa: E402

from compute.selectors import worker_status  # noqa: E402
from images import faces  # noqa: E402
from images.config import configuration_from  # noqa: E402
from images.faces import ImageGenerationError, PictureState  # noqa: E402

log = logging.getLogger("luna.orchestrator")
P = ParamSpec("P")
T = TypeVar("T")

WAIT_LIMIT_S = 600.0
POLL_FIRST_S = 0.1
POLL_MOST_S = 1.0

__all__ = ["ImageGenerationError", "ImageGenerationOrchestrator", "ImageType"]


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call something that uses the database, without holding up the event loop."""
    result: T = await database_sync_to_async(function)(*args, **kwargs)
    return result


class ImageType(Enum):
    """The kinds of picture a turn has."""

    BACKGROUND = "background"
    ACTION = "action"
    CHARACTER = "character"


class ImageGenerationOrchestrator:
    """Pictures of turns, by id.

    db_pool: not used, LUNA has its own connections. settings: an object of the configuration file's shape, or None;
    it is checked (ConfigurationError), and the configuration LUNA runs with counts. wait_limit_s: for one call.
    workers: what `get_worker_status` said at `initialize`.
    """

    def __init__(
        self, db_pool: Any = None, settings: Mapping[str, Any] | None = None, *, wait_limit_s: float = WAIT_LIMIT_S
    ) -> None:
        self.db = db_pool
        self.settings = django_settings.IMAGE_GENERATION
        self.wait_limit_s = wait_limit_s
        self.workers: list[dict[str, Any]] = []
        if settings is not None and configuration_from(settings) != self.settings:
            log.warning("the settings given differ from the configuration LUNA runs with (LUNA_CONFIG), which counts")

    async def initialize(self) -> None:
        """Look at the workers. Caches need no loading: they are queries."""
        self.workers = await self.get_worker_status()

    async def generate_images_for_turn(
        self, turn_id: int, turn_data: Mapping[str, Any], force_regenerate: bool = False
    ) -> dict[str, Any]:
        """Every picture the turn needs, waited for.

        Returns {"background": path, "action": [path, …], "character_NAME": path, …}; a picture that fails is logged
        and left out, like a kind the turn does not need. turn_data: see images.faces.turn_for.
        """
        turn = await in_thread(faces.turn_for, turn_id, turn_data)
        await self.wait_until_told(turn.pk)
        image_ids = await in_thread(faces.ask_for_turn, turn.pk, force=force_regenerate)
        results: dict[str, Any] = {}
        for state in await self._wait(image_ids):
            if state.path is None:
                log.warning("picture %s (%s) is not there: %s", state.image_id, state.key, state.problem)
            elif state.key == ImageType.ACTION.value:
                results.setdefault(state.key, []).append(state.path)
            else:
                results[state.key] = state.path
        return results

    async def _generate_action_image(self, turn_id: int, turn_data: Mapping[str, Any], variant: int = 0) -> str:
        """The path of the turn's picture of the moment; variant counts from 0. Raises ImageGenerationError."""
        turn = await in_thread(faces.turn_for, turn_id, turn_data, image_types=[ImageType.ACTION.value])
        await self.wait_until_told(turn.pk)
        image_id = await in_thread(faces.ask_for_action, turn.pk, variant=variant)
        return await self._path(image_id)

    async def regenerate_image(self, image_id: int, new_prompt: str | None = None) -> str:
        """The path of a new picture of the same thing, with another seed. Raises ImageGenerationError, NotFound."""
        return await self._path(await in_thread(faces.ask_again, image_id, new_prompt))

    async def get_worker_status(self) -> list[dict[str, Any]]:
        """One dict a worker with the columns of the document's `image_workers`, and its state and reason."""
        return await in_thread(worker_status)

    async def wait_until_told(self, turn_id: int) -> dict[str, Any]:
        """The turn's text and facts once they are there. Raises ImageGenerationError, also after the limit."""
        until = time.monotonic() + self.wait_limit_s
        pause_s = POLL_FIRST_S
        while (narration := await in_thread(faces.narration_of, turn_id)) is None:
            if time.monotonic() > until:
                raise ImageGenerationError(f"turn {turn_id} was not told within {self.wait_limit_s:.0f} s")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, POLL_MOST_S)
        return narration

    async def _path(self, image_id: int) -> str:
        (state,) = await self._wait([image_id])
        if state.path is None:
            late = "" if state.is_over else f" within {self.wait_limit_s:.0f} s"
            raise ImageGenerationError(f"picture {image_id} could not be made{late}: {state.problem}")
        return state.path

    async def _wait(self, image_ids: Sequence[int]) -> list[PictureState]:
        """Until all are over or the limit has passed."""
        until = time.monotonic() + self.wait_limit_s
        pause_s = POLL_FIRST_S
        while True:
            states = await in_thread(faces.picture_states, image_ids)
            if all(state.is_over for state in states) or time.monotonic() > until:
                return states
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, POLL_MOST_S)
