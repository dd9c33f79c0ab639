"""The life of one turn: received → analysing → narrating → illustrating → complete.

`turn_advance` moves a turn as far as it can go now, inside the caller's transaction. Where a model is needed it
submits a job and returns; the job's handler stores the answer and calls it again. Nothing here waits.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from compute.models import Job, Lane
from compute.services.costs import text_cost
from compute.services.jobs import job_submit
from compute.services.needs import Needs
from images.analysis import Analysis, analyse
from images.analysis.prompts import analysis_messages, narration_messages, reading_messages
from images.models import Turn
from images.narrator import NARRATED_BY, narrate, suggest_actions, summarise
from images.services import announce
from images.services.characters import cast_record
from images.services.pictures import background_ask, pictures_for_turn
from images.services.story_settings import story_setting
from images.services.turn_context import (
    analysis_request,
    history,
    llm_configured,
    narration_request,
    suggestion_request,
    turn_before,
)

log = logging.getLogger("luna.turns")

State = Turn.State
OPEN_STATES = (State.RECEIVED, State.ANALYSING, State.NARRATING, State.ILLUSTRATING)
# A turn that nobody moves and that has no open job is taken up again after so long.
STALE_S = 5.0
TRIES_MOST = 5
ANALYSIS_TOKENS = 700
NARRATION_TOKENS = 600
# What a turn carries on from the one before, with the width of its column.
_SCENE = {"location": 255, "location_description": 1000, "time_of_day": 60, "weather": 100}


def turn_lock(turn_id: int) -> Turn | None:
    """The turn, locked, with its story; None if it or the story is gone."""
    return (
        Turn.objects.select_for_update(of=("self",))
        .select_related("story", "story__owner")
        .filter(pk=turn_id, story__deleted_at__isnull=True)
        .first()
    )


def turn_advance(turn: Turn) -> None:
    """Move a locked turn on until it is complete or waits for a model; what changed is written once, at the end."""
    steps = {State.RECEIVED: _analyse, State.NARRATING: _narrate, State.ILLUSTRATING: _illustrate}
    changes = _Changes(turn)
    for _ in range(len(steps)):
        step = steps.get(State(turn.state))
        if step is None or step(turn, changes) is Waits.FOR_MODEL:
            break
    changes.write()


class Waits(Enum):
    """What a step says about going on."""

    NOT = "not"
    FOR_MODEL = "for_model"


class _Changes:
    """Fields of a turn set one after another and written together."""

    def __init__(self, turn: Turn):
        self.turn = turn
        self.fields: dict[str, Any] = {}

    def set(self, **fields: Any) -> None:
        for key, value in fields.items():
            setattr(self.turn, key, value)
        self.fields |= fields

    def write(self) -> None:
        if self.fields:
            Turn.objects.filter(pk=self.turn.pk).update(**self.fields)
            self.fields = {}


def _has_open_job(turn: Turn) -> bool:
    open_jobs = Job.objects.filter(subject=_subject(turn), purpose__in=("analysis", "narration", "reading"))
    return open_jobs.exclude(status__in=Job.TERMINAL).exists()


def _subject(turn: Turn) -> str:
    return f"{turn.story_id}:{turn.pk}"


def _analyse(turn: Turn, changes: _Changes) -> Waits:
    """Before the narration: where and when, who is there. A given narration is read afterwards instead."""
    if "narration" in turn.given or _scene_given(turn):
        _carry_over(turn, changes)
        changes.set(state=State.NARRATING)
        return Waits.NOT
    if llm_configured():
        changes.set(state=State.ANALYSING)
        messages, schema = analysis_messages(analysis_request(turn))
        _ask_model(turn, "analysis", messages, ANALYSIS_TOKENS, schema=schema)
        return Waits.FOR_MODEL
    _apply_before(turn, analyse(analysis_request(turn)), changes)
    return Waits.NOT


def _scene_given(turn: Turn) -> bool:
    return "location" in turn.given and "characters" in turn.given


def _carry_over(turn: Turn, changes: _Changes) -> None:
    """What was not told goes on as it was: the same evening, the same rain, in the same place."""
    if all(getattr(turn, key) for key in _SCENE):
        return
    before = turn_before(turn)
    if before is None:
        return
    same_place = not turn.location or turn.location == before.location
    changes.set(
        **{
            key: getattr(before, key)
            for key in _SCENE
            if key not in turn.given
            and not getattr(turn, key)
            and getattr(before, key)
            # A description belongs to its place, the hour and the weather do not.
            and (key != "location_description" or same_place)
        }
    )


def analysis_apply(turn: Turn, analysis: Analysis, *, before_narration: bool) -> None:
    """Store what an analysis found, leaving given fields alone, and move on. Inside a transaction, turn locked."""
    changes = _Changes(turn)
    if before_narration:
        _apply_before(turn, analysis, changes)
    else:
        _apply_after(turn, analysis, changes)
    changes.write()


def _scene_found(turn: Turn, analysis: Analysis) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: value[:most] for key, most in _SCENE.items() if key not in turn.given and (value := getattr(analysis, key))
    }
    if analysis.action_description:
        found["action_description"] = analysis.action_description[:500]
    return found


def _apply_before(turn: Turn, analysis: Analysis, changes: _Changes) -> None:
    changes.set(**_scene_found(turn, analysis), state=State.NARRATING)
    if "characters" not in turn.given:
        cast_record(turn=turn, readings=analysis.characters, given=False, told=False)
    if llm_configured() and settings.IMAGE_GENERATION.enabled and _wants_early_background(turn):
        # The place is known before the text is: its picture is made while the model writes.
        background_ask(turn=turn, actor=turn.story.owner)


def _apply_after(turn: Turn, analysis: Analysis, changes: _Changes) -> None:
    changes.set(**_scene_found(turn, analysis), state=State.ILLUSTRATING)
    if "summary" not in turn.given and analysis.summary:
        changes.set(summary=analysis.summary[:1000])
    if "characters" not in turn.given:
        cast_record(turn=turn, readings=analysis.characters, given=False)


def _wants_early_background(turn: Turn) -> bool:
    config = settings.IMAGE_GENERATION.background_images
    wanted = turn.image_types is None or "background" in turn.image_types
    return (
        wanted
        and bool(turn.location)
        and config.enabled
        and config.generate_on_location_change
        and not turn.force_regenerate
        and bool(story_setting(turn.story, "backgrounds"))
        and not turn.images.filter(image_type="background").exists()
    )


def _narrate(turn: Turn, changes: _Changes) -> Waits:
    if not turn.narration and llm_configured():
        messages = narration_messages(analysis_request(turn), history=history(turn))
        _ask_model(turn, "narration", messages, NARRATION_TOKENS, temperature=0.8)
        return Waits.FOR_MODEL
    if not turn.narration:
        changes.set(narration=narrate(narration_request(turn)).text, narrated_by=NARRATED_BY)
    return _read(turn, changes)


def _read(turn: Turn, changes: _Changes) -> Waits:
    """After the narration: what the picture shows, and what the text adds to place and people."""
    if _scene_given(turn):
        changes.set(state=State.ILLUSTRATING)
    elif turn.narrated_by != NARRATED_BY and llm_configured():
        messages, schema = reading_messages(analysis_request(turn))
        _ask_model(turn, "reading", messages, ANALYSIS_TOKENS, schema=schema)
        return Waits.FOR_MODEL
    else:
        _apply_after(turn, analyse(analysis_request(turn)), changes)
    return Waits.NOT


def _illustrate(turn: Turn, changes: _Changes) -> Waits:
    """The words are there: write the summary, ask for the pictures, and be done."""
    if not turn.summary:
        changes.set(summary=summarise(player_input=turn.player_input, narration=turn.narration))
    if not turn.action_description:
        changes.set(action_description=(turn.summary or turn.player_input)[:500])
    if not turn.suggested_actions:
        suggestions = suggest_actions(suggestion_request(turn), turn.narration)
        changes.set(suggested_actions=[{"text": text} for text in suggestions])
    pictures_for_turn(turn=turn, actor=turn.story.owner, image_types=turn.image_types, force=turn.force_regenerate)
    changes.set(state=State.COMPLETE, finished_at=timezone.now(), lease_until=None, error_code="", error_detail="")
    announce.turn_changed(turn.pk, "turn.complete")
    return Waits.NOT


def _ask_model(
    turn: Turn,
    purpose: str,
    messages: Any,
    max_tokens: int,
    *,
    schema: Any = None,
    temperature: float | None = None,
) -> None:
    params: dict[str, Any] = {
        "messages": [dict(message) for message in messages],
        "max_tokens": max_tokens,
        "model": settings.LLM_MODEL,
        "stream": schema is None,
    }
    if schema is not None:
        params["json_schema"] = dict(schema)
    if temperature is not None:
        params["temperature"] = temperature
    model = "" if settings.LLM_MODEL == "auto" else settings.LLM_MODEL
    job_submit(
        kind="llm_inference",
        purpose=purpose,
        subject=_subject(turn),
        params=params,
        needs=Needs(kind="llm_inference", model=model),
        requester=f"user:{turn.story.owner_id}",
        requested_by=turn.story.owner,
        lane=Lane.INTERACTIVE,
        cost=text_cost(max_tokens=max_tokens),
    )


def turn_fail(turn: Turn, *, code: str, detail: str) -> None:
    """A locked turn cannot go on; the player may retry it and loses nothing."""
    changes = _Changes(turn)
    changes.set(
        state=State.FAILED,
        finished_at=timezone.now(),
        lease_until=None,
        error_code=code[:40],
        error_detail=detail[:1000],
    )
    changes.write()
    announce.turn_changed(turn.pk, "turn.changed")


def turns_resume(*, limit: int = 50) -> int:
    """Take up turns that nobody moves: their process died, or their job ended without them. Run by the ticker."""
    stale = timezone.now() - timedelta(seconds=STALE_S)
    resumed = 0
    candidates = Turn.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now()), state__in=OPEN_STATES, created_at__lt=stale
    )
    for turn_id in candidates.order_by("pk").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            turn = turn_lock(turn_id)
            if turn is None or turn.state not in OPEN_STATES or _has_open_job(turn):
                continue
            if turn.tries >= TRIES_MOST:
                turn_fail(turn, code="gave_up", detail=f"It was taken up {TRIES_MOST} times and never got through.")
                continue
            state = State.RECEIVED if turn.state == State.ANALYSING else turn.state
            turn.tries, turn.state = turn.tries + 1, state
            Turn.objects.filter(pk=turn.pk).update(tries=turn.tries, state=state)
            log.warning("turn %s stood still in %s; taking it up", turn.pk, state)
            turn_advance(turn)
            resumed += 1
    return resumed
