"""Turns told by a language model: through jobs, over a real port, with a model that fails in every way it can."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from compute.models import Job
from compute.services.jobs import job_cancel
from images import events
from images.models import CharacterAppearance, Turn
from images.services.processing import turns_resume
from images.services.turns import turn_delete, turn_retry, turn_submit
from tests.fakes.openai import FakeOpenAI, Script
from tests.support.play import run_queue
from tests.support.queue import make_worker
from tests.support.told import told

pytestmark = pytest.mark.django_db(transaction=True)

NARRATION = (
    "You go down to the boathouse. Tam, a boy in a yellow oilskin coat, is tying up the skiff and does not look up."
)
ANALYSIS = {
    "location": "The boathouse",
    "location_description": "a tarred shed on the water",
    "time_of_day": "evening",
    "weather": "fog",
    "characters": [],
    "action_description": "somebody walks down to a boathouse",
}
READING = {
    **ANALYSIS,
    "summary": "You find Tam at the boathouse.",
    "action_description": "a boy ties up a skiff",
    "characters": [
        {
            "name": "Tam",
            "description": "a boy",
            "outfit": "yellow oilskin coat",
            "physical_features": "",
            "expression": "busy",
            "changed": True,
            "change_reason": "initial_appearance",
        }
    ],
}


@pytest.fixture
def model():
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def writer(db, model):
    """A worker for texts with two slots at the fake model."""
    return make_worker(
        "llm",
        api_type="openai",
        api_url=model.url,
        job_kinds=["llm_inference", "turn_summarization"],
        models_offered=["fake-7b-instruct"],
        max_concurrent=2,
    )


@pytest.fixture(autouse=True)
def no_pictures(settings):
    from dataclasses import replace

    settings.IMAGE_GENERATION = replace(settings.IMAGE_GENERATION, enabled=False)


def answer_well(model: FakeOpenAI, *, upto: int = 3) -> None:
    texts = [json.dumps(ANALYSIS), NARRATION, json.dumps(READING)]
    model.scripts.extend(Script(text=text) for text in texts[:upto])


def ask(story, player, line: str = "I go down to the boathouse.") -> Turn:
    return turn_submit(story=story, actor=player, data={"player_input": line})


def test_a_model_analyses_narrates_and_reads_the_turn(story, player, writer, model):
    answer_well(model)
    turn = ask(story, player)
    assert (turn.status, turn.state) == ("processing", "analysing")
    run_queue()
    turn.refresh_from_db()
    assert (turn.status, turn.narration, turn.narrated_by) == ("complete", NARRATION, "fake-7b-instruct")
    assert (turn.location, turn.weather, turn.summary) == ("The boathouse", "fog", READING["summary"])
    look = CharacterAppearance.objects.get()
    assert (look.character.name, look.outfit, look.change_reason) == (
        "Tam",
        "yellow oilskin coat",
        "initial_appearance",
    )
    assert [body.get("stream", False) for body in model.requests] == [False, True, False]


def test_the_narration_is_told_word_by_word(story, player, writer, model, monkeypatch):
    heard: list[tuple[int, str]] = []
    monkeypatch.setattr(events, "publish_delta", lambda **event: heard.append((event["offset"], event["text"])))
    answer_well(model)
    ask(story, player)
    run_queue()
    assert len(heard) > 3
    assert "".join(text for _, text in heard) == NARRATION
    assert [offset for offset, _ in heard] == [len("".join(t for _, t in heard[:n])) for n in range(len(heard))]


def test_given_fields_win_over_what_the_model_says(story, player, writer, model):
    answer_well(model)
    data = {"player_input": "I go.", "weather": "snow", "summary": "Mine."}
    turn = turn_submit(story=story, actor=player, data=data)
    run_queue()
    turn.refresh_from_db()
    assert (turn.weather, turn.summary, turn.location) == ("snow", "Mine.", "The boathouse")


def test_a_turn_with_everything_given_asks_no_model(story, player, writer, model):
    assert turn_submit(story=story, actor=player, data=told()).status == "complete"
    assert model.requests == []


def test_a_given_narration_is_read_once(story, player, writer, model):
    model.scripts.append(Script(text=json.dumps(READING)))
    turn = turn_submit(story=story, actor=player, data={"player_input": "I go.", "narration": NARRATION})
    run_queue()
    turn.refresh_from_db()
    assert (turn.status, turn.narrated_by, turn.location) == ("complete", "given", "The boathouse")
    assert len(model.requests) == 1


def test_an_analysis_that_cannot_be_had_is_replaced_by_heuristics(story, player, writer, model):
    model.answer = lambda body: NARRATION if body.get("stream") else "I would rather not."
    turn = ask(story, player, "I walk to the old mill.")
    for _ in range(12):
        Job.objects.filter(status="delayed").update(status="queued", not_before=None)
        run_queue()
    turn.refresh_from_db()
    assert (turn.status, turn.narration) == ("complete", NARRATION)
    assert turn.location


def test_a_narration_that_cannot_be_had_fails_the_turn_and_a_retry_tells_it(story, player, writer, model):
    answer_well(model, upto=1)
    model.scripts.extend(Script(status=400, body={"error": {"message": "no"}}) for _ in range(8))
    turn = ask(story, player)
    for _ in range(8):
        Job.objects.filter(status="delayed").update(status="queued", not_before=None)
        run_queue()
    turn.refresh_from_db()
    assert (turn.status, turn.player_input) == ("failed", "I go down to the boathouse.")
    assert turn.error_code
    assert turn.error_detail
    model.scripts.clear()
    answer_well(model)
    turn_retry(turn=turn, actor=player)
    run_queue()
    turn.refresh_from_db()
    assert (turn.status, turn.narration) == ("complete", NARRATION)


def test_a_turn_that_stands_still_is_taken_up_again(story, player, writer, model):
    turn = ask(story, player)
    # Its job vanished without a word, as after a restore from an older backup.
    Job.objects.all().delete()
    Turn.objects.filter(pk=turn.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    answer_well(model)
    assert turns_resume() == 1
    run_queue()
    turn.refresh_from_db()
    assert turn.status == "complete"
    assert turns_resume() == 0


def test_a_turn_with_an_open_job_is_left_alone(story, player, writer):
    turn = ask(story, player)
    Turn.objects.filter(pk=turn.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    assert turns_resume() == 0


def test_taking_back_a_turn_at_work_stops_its_job(story, player, writer):
    turn = ask(story, player)
    turn_delete(turn=turn, actor=player)
    assert Job.objects.get().status == "cancelled"
    assert not story.turns.exists()


def test_a_cancelled_narration_does_not_leave_the_turn_hanging(story, player, writer, model):
    turn = ask(story, player)
    job_cancel(job_id=Job.objects.get().pk)
    Turn.objects.filter(pk=turn.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    answer_well(model)
    turns_resume()
    run_queue()
    turn.refresh_from_db()
    assert turn.status == "complete"
