"""A reviewer's decision about a scored report: one conditional write, with its event inside."""

from datetime import datetime
from typing import Protocol

from incognita_scoring.errors import DecisionNotAllowed, ReportRevisionMoved, TooBusy
from incognita_scoring.rules import ALLOWED, OUTCOME, Verb
from incognita_scoring.score import DecidedBy, Score
from incognita_scoring.scoring import report_approved, report_rejected
from incognita_shared.clock import now
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.scoring import ReportReturned

ATTEMPTS = 5


class Scores(Protocol):
    """What deciding needs of the repository."""

    async def get_score(self, visit_id: str) -> Score: ...
    async def save_decision(self, before: Score, after: Score, event: VisitEvent) -> bool: ...


async def decide(
    scores: Scores,
    visit_id: str,
    verb: Verb,
    *,
    key_id: str,
    report_revision: int,
    text: str | None,
) -> Score:
    """Decide about the report revision that the reviewer has seen, and return what holds then.

    The same decision again changes nothing. Raises ScoreNotFound, ReportRevisionMoved for another
    revision than the newest, and DecisionNotAllowed where the state has moved on.
    """
    for _ in range(ATTEMPTS):
        before = await scores.get_score(visit_id)
        if before.report_revision != report_revision:
            raise ReportRevisionMoved(before, report_revision)
        if before.state is OUTCOME[verb]:
            return before
        if verb not in ALLOWED[before.state]:
            raise DecisionNotAllowed(before, verb)
        at = now()
        after = before.decided(verb, by=DecidedBy.REVIEWER, key_id=key_id, text=text, at=at)
        event = _event(after, verb, text=text or "", at=at)
        if await scores.save_decision(before, after, event):
            return after
    raise TooBusy(visit_id)


def _event(score: Score, verb: Verb, *, text: str, at: datetime) -> VisitEvent:
    """What is said of the score as it is after the decision."""
    match verb:
        case Verb.APPROVE:
            return report_approved(score, by=DecidedBy.REVIEWER, at=at)
        case Verb.REJECT:
            return report_rejected(score, reason=text, at=at)
        case Verb.RETURN:
            return ReportReturned(
                chain_id=score.chain_id,
                visit_id=score.visit_id,
                branch_id=score.branch_id,
                wave_id=score.wave_id,
                seq=score.seq,
                report_revision=score.report_revision,
                reason=text,
                returned_at=at,
            )
