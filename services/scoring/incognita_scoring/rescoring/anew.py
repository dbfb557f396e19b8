"""The next revision of a report that is scored again, with its events. Pure."""

from dataclasses import dataclass, fields
from datetime import datetime

from incognita_scoring.corrected import Corrected, score_anew
from incognita_scoring.engine import ENGINE_VERSION, VisitScore
from incognita_scoring.review_queue import placed
from incognita_scoring.rules import OPEN, ReviewState, Verb
from incognita_scoring.score import DecidedBy, Revision, Score, Scored
from incognita_scoring.scoring import context_of, report_approved, visit_scored
from incognita_shared.events.envelope import VisitEvent

_FROM_ENGINE = tuple(
    each.name
    for each in fields(VisitScore)
    if each.name in Revision.model_fields and each.name != "doubts"
)


@dataclass(frozen=True, slots=True)
class Rescored:
    """What a rescore makes of a report; the events are in order."""

    score: Score
    revision: Revision
    events: tuple[VisitEvent, ...]


def rescored(
    score: Score,
    revision: Revision,
    corrected: Corrected,
    *,
    reason: str,
    author: str,
    at: datetime,
) -> Rescored:
    """The next revision of ``score``, whose newest is ``revision``.

    An approved report is approved again with its new score; one that waits, was returned or
    rejected is scored only. A first reviewer's approval was of another score, so it lapses.
    """
    new = next_revision(score, revision, corrected, reason=reason, author=author, at=at)
    change = {name: getattr(new, name) for name in Scored.model_fields}
    after = score.model_copy(update={**change, "seq": score.seq + 1})
    events: tuple[VisitEvent, ...] = (visit_scored(after, new),)
    if score.state is ReviewState.APPROVED:
        by = DecidedBy.RESCORE
        after = after.decided(Verb.APPROVE, by=by, key_id=author, text=reason, at=at)
        events += (report_approved(after, by=by, at=at),)
    elif score.state in OPEN:
        waiting = {"state": ReviewState.WAITING, "endorsed_by": None, "second_grounds": ()}
        after = placed(after.model_copy(update=waiting))
    return Rescored(after, new, events)


def next_revision(
    score: Score,
    revision: Revision,
    corrected: Corrected,
    *,
    reason: str,
    author: str,
    at: datetime,
) -> Revision:
    """The same report by the corrected version. What else a revision holds is carried over."""
    context = context_of(score, revision)
    visit, doubts = score_anew(corrected, revision.answers, context, rulings=revision.ruled)
    asked_version = revision.asked_version or revision.questionnaire_version
    change = {
        **{name: getattr(visit, name) for name in _FROM_ENGINE},
        "doubts": doubts,
        "score_revision": revision.score_revision + 1,
        "questionnaire_version": corrected.version,
        "asked_version": None if asked_version == corrected.version else asked_version,
        "engine_version": ENGINE_VERSION,
        "hidden_questions": tuple(
            question.id
            for _, question in corrected.questionnaire.questions()
            if not question.visible_to_client
        ),
        "scored_at": at,
        "reason": reason,
        "author": author,
    }
    return revision.model_copy(update=change)
