"""The life of one turn: received → analysing → narrating → illustrating → complete.

`turn_advance` moves a turn as far as it can go now, inside the caller's transaction. Where a model is needed it
submits a job and returns; the job's handler stores the answer and calls it again. Nothing here waits.
"""

from __future__ import annotations

import logging
from datetime import timedelta
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
    """Move a locked turn on until it is complete or waits for a model."""
    for _ in range(6):
        match turn.state:
            case State.RECEIVED:
                _analyse(turn)
            case State.NARRATING:
                _narrate(turn)
            case State.ILLUSTRATING:
                _illustrate(turn)
            case _:
                return
        if turn.state in (State.RECEIVED, State.NARRATING, State.ILLUSTRATING) and _has_open_job(turn):
            return


def _save(turn: Turn, **fields: Any) -> None:
    for key, value in fields.items():
        setattr(turn, key, value)
    Turn.objects.filter(pk=turn.pk).update(**fields)


def _has_open_job(turn: Turn) -> bool:
    return (
        Job.objects.filter(subject=_subject(turn), purpose__in=("analysis", "narration", "reading"))
        .exclude(status__in=Job.TERMINAL)
        .exists()
    )


def _subject(turn: Turn) -> str:
    return f"{turn.story_id}:{turn.pk}"


def _analyse(turn: Turn) -> None:
    """Before the narration: where and when, who is there. A given narration is read afterwards instead."""
    if "narration" in turn.given or _scene_given(turn):
        _carry_over(turn)
        _save(turn, state=State.NARRATING)
    elif llm_configured():
        messages, schema = analysis_messages(analysis_request(turn))
        _ask_model(turn, "analysis", messages, ANALYSIS_TOKENS, schema=schema)
        _save(turn, state=State.ANALYSING)
    else:
        analysis_apply(turn, analyse(analysis_request(turn)), before_narration=True)


def _scene_given(turn: Turn) -> bool:
    return "location" in turn.given and "characters" in turn.given


def _carry_over(turn: Turn) -> None:
    """What was not told goes on as it was: the same evening, the same rain, in the same place."""
    before = turn_before(turn)
    if before is None:
        return
    same_place = not turn.location or turn.location == before.location
    carried = {
        key: getattr(before, key)
        for key in _SCENE
        if key not in turn.given
        and not getattr(turn, key)
        and getattr(before, key)
        # A description belongs to its place, the hour and the weather do not.
        and (key != "location_description" or same_place)
    }
    if carried:
        _save(turn, **carried)


def analysis_apply(turn: Turn, analysis: Analysis, *, before_narration: bool) -> None:
    """Store what an analysis found, leaving given fields alone, and move on. Inside a transaction, turn locked."""
    found: dict[str, Any] = {
        key: value[:most] for key, most in _SCENE.items() if key not in turn.given and (value := getattr(analysis, key))
    }
    if analysis.action_description:
        found["action_description"] = analysis.action_description[:500]
    if "summary" not in turn.given and analysis.summary and not before_narration:
        found["summary"] = analysis.summary[:1000]
    _save(turn, **found)
    if "characters" not in turn.given:
        cast_record(turn=turn, readings=analysis.characters, given=False, told=not before_narration)
    if before_narration:
        _save(turn, state=State.NARRATING)
        if llm_configured() and settings.IMAGE_GENERATION.enabled and _wants_early_background(turn):
            # The place is known before the text is: its picture is made while the model writes.
            background_ask(turn=turn, actor=turn.story.owner)


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


def _narrate(turn: Turn) -> None:
    if turn.narration:
        _read(turn)
    elif llm_configured():
        pairs = history(turn)
        messages = narration_messages(analysis_request(turn), history=pairs)
        _ask_model(turn, "narration", messages, NARRATION_TOKENS, temperature=0.8)
    else:
        narration = narrate(narration_request(turn))
        _save(turn, narration=narration.text, narrated_by=NARRATED_BY)
        _read(turn)


def _read(turn: Turn) -> None:
    """After the narration: what the picture shows, and what the text adds to place and people."""
    if "location" in turn.given and "characters" in turn.given:
        _save(turn, state=State.ILLUSTRATING)
    elif llm_configured() and turn.narrated_by != NARRATED_BY:
        messages, schema = reading_messages(analysis_request(turn))
        _ask_model(turn, "reading", messages, ANALYSIS_TOKENS, schema=schema)
    else:
        analysis_apply(turn, analyse(analysis_request(turn)), before_narration=False)
        _save(turn, state=State.ILLUSTRATING)


def _illustrate(turn: Turn) -> None:
    """The words are there: write the summary, ask for the pictures, and be done."""
    fields: dict[str, Any] = {}
    if not turn.summary:
        fields["summary"] = summarise(player_input=turn.player_input, narration=turn.narration)
    if not turn.action_description:
        fields["action_description"] = (turn.summary or fields.get("summary") or turn.player_input)[:500]
    if not turn.suggested_actions:
        fields["suggested_actions"] = [
            {"text": text} for text in suggest_actions(narration_request(turn), turn.narration)
        ]
    _save(turn, **fields)
    pictures_for_turn(turn=turn, actor=turn.story.owner, image_types=turn.image_types, force=turn.force_regenerate)
    _save(turn, state=State.COMPLETE, finished_at=timezone.now(), lease_until=None, error_code="", error_detail="")
    announce.turn_changed(turn.pk, "turn.complete")


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
    _save(
        turn,
        state=State.FAILED,
        finished_at=timezone.now(),
        lease_until=None,
        error_code=code[:40],
        error_detail=detail[:1000],
    )
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
            _save(turn, tries=turn.tries + 1, state=state)
            log.warning("turn %s stood still in %s; taking it up", turn.pk, state)
            turn_advance(turn)
            resumed += 1
    return resumed
