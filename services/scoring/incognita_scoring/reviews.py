"""A reviewer's decision about a scored report: one conditional write, with its event inside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incognita_scoring.errors import (
    ClaimedByAnother,
    DecisionNotAllowed,
    ReportRevisionMoved,
    SecondReviewerNeeded,
    TooBusy,
    UnknownQuestions,
)
from incognita_scoring.review_queue import placed
from incognita_scoring.review_rules import ReviewRule
from incognita_scoring.rules import ALLOWED, OUTCOME, RejectReason, Verb
from incognita_scoring.score import DecidedBy, Score, Scored
from incognita_scoring.scoring import report_approved, report_rejected
from incognita_scoring.second_review import SecondGround
from incognita_shared.clock import now
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.scoring import ReportReturned, ReportUnapproved
from incognita_shared.questionnaire.model import Questionnaire

ATTEMPTS = 5


class Scores(Protocol):
    """What deciding needs of the repository."""

    async def get_score(self, visit_id: str) -> Score: ...
    async def get_rule(self, programme_id: str) -> ReviewRule: ...
    async def find_wave_end(self, wave_id: str) -> datetime | None: ...
    async def find_questionnaire(self, scored: Scored) -> Questionnaire | None: ...
    async def save_review(self, before: Score, after: Score, *events: VisitEvent) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a reviewer says of the report revision that they have read.

    ``text`` is the note or the reason, ``question_ids`` what a return marks.
    """

    verb: Verb
    key_id: str
    report_revision: int
    text: str | None = None
    reason_code: RejectReason | None = None
    question_ids: tuple[str, ...] = ()


async def decide(scores: Scores, visit_id: str, word: Word) -> Score:
    """Decide about a report, and return what holds then.

    An approval that needs a second one leaves it in second review. The same decision again changes
    nothing. Raises ScoreNotFound, ReportRevisionMoved for another revision than the newest,
    ClaimedByAnother, SecondReviewerNeeded, UnknownQuestions, and DecisionNotAllowed where the state
    has moved on.
    """
    for _ in range(ATTEMPTS):
        before, at = await scores.get_score(visit_id), now()
        if before.report_revision != word.report_revision:
            raise ReportRevisionMoved(before, word.report_revision)
        if said_before(before, word.verb):
            return before
        check_free(before, word.verb, word.key_id, at)
        if word.question_ids:
            await _check_questions(scores, before, word.question_ids)
        after = await _after(scores, before, word, at)
        if await scores.save_review(before, after, *_events(after, word, at)):
            return after
    raise TooBusy(visit_id)


def said_before(score: Score, verb: Verb) -> bool:
    """Whether the newest decision is this one, so that repeating it has nothing to change."""
    if verb is Verb.UNAPPROVE:
        return bool(score.decisions) and score.decisions[-1].verb is verb
    return score.state is OUTCOME[verb]


def check_free(score: Score, verb: Verb, key_id: str, at: datetime) -> None:
    """Whether this reviewer may decide so now. Raises DecisionNotAllowed, ClaimedByAnother."""
    if verb not in ALLOWED[score.state]:
        raise DecisionNotAllowed(score, verb)
    until = score.lock_of_another(key_id, at)
    if until is not None:
        raise ClaimedByAnother(score, until)


async def _after(scores: Scores, before: Score, word: Word, at: datetime) -> Score:
    """The score after the word, which for an approval may be the first of two."""
    verb, grounds = word.verb, tuple[SecondGround, ...]()
    if verb is Verb.APPROVE and before.endorsed_by is not None:
        if before.endorsed_by == word.key_id:
            raise SecondReviewerNeeded(before)
    elif verb is Verb.APPROVE:
        rule = await scores.get_rule(before.programme_id)
        grounds = rule.second_review.grounds(before)
        verb = Verb.ENDORSE if grounds else verb
    after = before.decided(
        verb,
        by=DecidedBy.REVIEWER,
        key_id=word.key_id,
        text=word.text,
        at=at,
        reason_code=word.reason_code,
        question_ids=word.question_ids,
    )
    match verb:
        case Verb.ENDORSE:
            after = after.model_copy(update={"second_grounds": grounds})
            return placed(after)
        case Verb.UNAPPROVE:
            ends_at = await scores.find_wave_end(before.wave_id)
            again = {"opened_at": at, "second_grounds": (), "wave_ends_at": ends_at}
            return placed(after.model_copy(update=again))
        case _:
            return after


async def _check_questions(scores: Scores, score: Score, question_ids: tuple[str, ...]) -> None:
    questionnaire = await scores.find_questionnaire(score)
    known = questionnaire.by_id if questionnaire else {}
    unknown = {
        f"question_ids.{place}": each
        for place, each in enumerate(question_ids)
        if each not in known
    }
    if unknown:
        raise UnknownQuestions(unknown)


def _events(score: Score, word: Word, at: datetime) -> tuple[VisitEvent, ...]:
    """What is said of the score as it is after the decision; nothing of a first approval."""
    about = {
        "chain_id": score.chain_id,
        "visit_id": score.visit_id,
        "branch_id": score.branch_id,
        "wave_id": score.wave_id,
        "seq": score.seq,
        "report_revision": score.report_revision,
    }
    text = word.text or ""
    match score.decisions[-1].verb:
        case Verb.APPROVE:
            return (report_approved(score, by=DecidedBy.REVIEWER, at=at),)
        case Verb.REJECT:
            code = word.reason_code or RejectReason.OTHER
            return (report_rejected(score, reason=text, at=at, code=code),)
        case Verb.RETURN:
            marked = word.question_ids
            return (ReportReturned(**about, reason=text, question_ids=marked, returned_at=at),)
        case Verb.UNAPPROVE:
            revision = score.score_revision
            return (
                ReportUnapproved(**about, score_revision=revision, reason=text, unapproved_at=at),
            )
        case _:
            return ()
