"""Answers of language models: analysis before the narration, the narration itself, the reading of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compute.backends.base import ChatResult, ImageResult, Preview
from compute.handlers import Rejected
from compute.models import Attempt, Job
from images import events
from images.analysis import Analysis, analyse
from images.analysis.prompts import parse_analysis, parse_reading
from images.models import Turn
from images.services import announce
from images.services.processing import analysis_apply, turn_advance, turn_fail, turn_lock
from images.services.turn_context import analysis_request

State = Turn.State
# Text shorter than that is no narration: a model that stops at once has failed.
NARRATION_LEAST_CHARS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What `prepare` found in a model's answer."""

    text: str = ""
    model: str = ""
    analysis: Analysis | None = None


class TextHandler:
    """What the three have in common: a job's subject is `story:turn`, and it moves that turn on."""

    state: State

    def started(self, job: Job, attempt: Attempt) -> None:
        return

    def requeued(self, job: Job) -> None:
        return

    def discard(self, prepared: Any) -> None:
        return

    def cancelled(self, job: Job) -> None:
        return

    def progress(self, job: Job, fraction: float, eta_s: float | None, preview: Preview | None) -> None:
        return

    def delta(self, job: Job, offset: int, text: str) -> None:
        return

    def prepare(self, job: Job, attempt: Attempt, result: ImageResult | ChatResult) -> Answer:
        if not isinstance(result, ChatResult):
            raise Rejected("bad_answer", "a picture came where a text was asked for")
        return self.read(job, result)

    def read(self, job: Job, result: ChatResult) -> Answer:
        raise Rejected("bad_answer", "this purpose reads no text")

    def commit(self, job: Job, attempt: Attempt, prepared: Answer) -> None:
        turn = turn_of(job, lock=True)
        # A turn that moved on meanwhile (taken back, or resumed) needs this answer no more.
        if turn is not None and turn.state == self.state:
            self.accept(turn, prepared)
            turn_advance(turn)

    def accept(self, turn: Turn, answer: Answer) -> None:
        return

    def failed(self, job: Job) -> None:
        turn = turn_of(job, lock=True)
        if turn is not None and turn.state == self.state:
            self.give_up(turn, job)

    def give_up(self, turn: Turn, job: Job) -> None:
        turn_fail(turn, code=job.error_code, detail=job.error_detail)


def turn_of(job: Job, *, lock: bool = False) -> Turn | None:
    """The turn a text job works for, or None if it is gone."""
    turn_id = int(job.subject.rpartition(":")[2])
    if lock:
        return turn_lock(turn_id)
    return Turn.objects.select_related("story", "story__owner").filter(pk=turn_id).first()


class AnalysisHandler(TextHandler):
    """Before the narration. Without a usable answer the heuristics do it: the turn goes on."""

    state = State.ANALYSING

    def read(self, job: Job, result: ChatResult) -> Answer:
        turn = turn_of(job)
        if turn is None:
            return Answer()
        try:
            return Answer(analysis=parse_analysis(result.text, analysis_request(turn)))
        except ValueError as error:
            raise Rejected("bad_answer", f"the model's analysis could not be read: {error}") from error

    def accept(self, turn: Turn, answer: Answer) -> None:
        if answer.analysis is not None:
            analysis_apply(turn, answer.analysis, before_narration=True)

    def give_up(self, turn: Turn, job: Job) -> None:
        analysis_apply(turn, analyse(analysis_request(turn)), before_narration=True)
        turn_advance(turn)


class NarrationHandler(TextHandler):
    """The text itself, streamed as it comes. Failing, the turn fails and may be retried: nobody else's words are
    put into a story that a model tells."""

    state = State.NARRATING

    def read(self, job: Job, result: ChatResult) -> Answer:
        text = result.text.strip()
        if len(text) < NARRATION_LEAST_CHARS:
            raise Rejected("bad_answer", "the model wrote next to nothing")
        return Answer(text=text[:40_000], model=result.model)

    def delta(self, job: Job, offset: int, text: str) -> None:
        story_id, _, turn_id = job.subject.rpartition(":")
        events.publish_delta(story_id=story_id, turn_id=int(turn_id), offset=offset, text=text)

    def accept(self, turn: Turn, answer: Answer) -> None:
        turn.narration, turn.narrated_by = answer.text, (answer.model or "language model")[:120]
        Turn.objects.filter(pk=turn.pk).update(narration=turn.narration, narrated_by=turn.narrated_by)
        announce.turn_changed(turn.pk, "turn.changed")


class ReadingHandler(TextHandler):
    """After the narration. Without a usable answer the heuristics read it."""

    state = State.NARRATING

    def read(self, job: Job, result: ChatResult) -> Answer:
        turn = turn_of(job)
        if turn is None:
            return Answer()
        try:
            return Answer(analysis=parse_reading(result.text, analysis_request(turn)))
        except ValueError as error:
            raise Rejected("bad_answer", f"the model's reading could not be read: {error}") from error

    def accept(self, turn: Turn, answer: Answer) -> None:
        if answer.analysis is not None:
            analysis_apply(turn, answer.analysis, before_narration=False)

    def give_up(self, turn: Turn, job: Job) -> None:
        analysis_apply(turn, analyse(analysis_request(turn)), before_narration=False)
        turn_advance(turn)
