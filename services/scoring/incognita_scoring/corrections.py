"""A reviewer's correction of single answers: a new score revision, the old answers kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from incognita_scoring.corrected import Corrected
from incognita_scoring.errors import (
    AnswersRefused,
    ReportRevisionMoved,
    TooBusy,
)
from incognita_scoring.review_queue import placed
from incognita_scoring.reviews import ATTEMPTS, check_free
from incognita_scoring.revising import revised
from incognita_scoring.rules import Verb
from incognita_scoring.score import DecidedBy, Revision, Score
from incognita_scoring.scoring import context_of
from incognita_scoring.second_review import moved
from incognita_shared.clock import now
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.questionnaire.answers import AnswerError, ReadAnswers
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire


class Scores(Protocol):
    """What correcting needs of the repository."""

    async def get_score(self, visit_id: str) -> Score: ...
    async def get_revision(self, score: Score) -> Revision: ...
    async def get_versions(self, revision: Revision) -> Corrected: ...
    async def save_revision(
        self, before: Score, after: Score, revision: Revision, *events: VisitEvent
    ) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """``answers``: question id (or that of a section that repeats) → the right answer.

    None is "not applicable" where the question allows that, and else takes the answer away.
    """

    key_id: str
    report_revision: int
    answers: Mapping[str, Any]
    reason: str


class Change(NamedTuple):
    """One answer that differs between two revisions; None where there is none."""

    question_id: str
    before: Any
    after: Any


async def correct(scores: Scores, visit_id: str, correction: Correction) -> Score:
    """Score the report anew with the corrected answers; it goes on waiting for its decision.

    The same correction again changes nothing. Raises ScoreNotFound, ReportRevisionMoved,
    DecisionNotAllowed, ClaimedByAnother, QuestionnaireGone, and AnswersRefused for answers that the
    questionnaire does not take.
    """
    for _ in range(ATTEMPTS):
        before, at = await scores.get_score(visit_id), now()
        if before.report_revision != correction.report_revision:
            raise ReportRevisionMoved(before, correction.report_revision)
        check_free(before, Verb.CORRECT, correction.key_id, at)
        revision = await scores.get_revision(before)
        versions = await scores.get_versions(revision)
        answers = with_answers(versions.questionnaire, revision.answers, correction.answers)
        if answers == revision.answers:
            return before
        context = context_of(before, revision)
        check_answers(versions.questionnaire, revision.answers, answers, context)
        new = revised(
            before,
            revision,
            versions,
            answers=answers,
            rulings=revision.rulings,
            reason=correction.reason,
            author=correction.key_id,
            at=at,
        )
        after = new.score.decided(
            Verb.CORRECT,
            by=DecidedBy.REVIEWER,
            key_id=correction.key_id,
            text=correction.reason,
            at=at,
            question_ids=tuple(each.question_id for each in changes(revision.answers, answers)),
        )
        points = before.corrected_points + moved(before.score, after.score)
        after = placed(after.model_copy(update={"corrected_points": points, "second_grounds": ()}))
        if await scores.save_revision(before, after, new.revision, new.event):
            return after
    raise TooBusy(visit_id)


def with_answers(
    questionnaire: Questionnaire, answers: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """``answers`` with those given in their place; None is N/A where that is allowed, else none."""
    dropped = {
        name
        for name, answer in given.items()
        if answer is None
        and name in questionnaire.by_id
        and not questionnaire.by_id[name].scoring.not_applicable_allowed
    }
    return {name: each for name, each in {**answers, **given}.items() if name not in dropped}


def check_answers(
    questionnaire: Questionnaire,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    context: Context,
) -> None:
    """Refuse changed answers that are wrong, and what they make wrong elsewhere.

    What was wrong with the shopper's own answers is no fault of the correction. Raises
    AnswersRefused, which names each.
    """
    touched = {
        name
        for name in {*before, *after}
        if name not in before or name not in after or after[name] != before[name]
    }
    former = ReadAnswers(questionnaire, before, context).errors()
    known = {(each.question_id, each.kind) for each in former}
    wrong = [
        each
        for each in ReadAnswers(questionnaire, after, context).errors()
        if _place(each) in touched or (each.question_id, each.kind) not in known
    ]
    if wrong:
        raise AnswersRefused(wrong)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every answer that differs, within repetitions named like ``staff[0].greeted``."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in {**old, **new}
        if name not in old or name not in new or old[name] != new[name]
    )


def _flat(answers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, answer in answers.items():
        if isinstance(answer, list) and answer and all(isinstance(one, dict) for one in answer):
            for number, repetition in enumerate(answer):
                yield from ((f"{name}[{number}].{inner}", one) for inner, one in repetition.items())
        else:
            yield name, answer


def _place(error: AnswerError) -> str:
    """``staff`` of ``staff[0].greeted``: under which name the answer was given."""
    return error.question_id.partition("[")[0]
