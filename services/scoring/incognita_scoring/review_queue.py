"""The reviewers' queue: what a report brings into it, and who has claimed what."""

from datetime import datetime, timedelta
from typing import Any, Protocol

from incognita_scoring.errors import ClaimedByAnother, NotInTheQueue, TooBusy
from incognita_scoring.rules import OPEN, ReviewState, Verb, grave
from incognita_scoring.score import Score
from incognita_scoring.urgency import Ground, grounds_of, urgency
from incognita_shared.clock import now

ATTEMPTS = 5


class Queue(Protocol):
    """What claiming needs of the repository."""

    async def get_score(self, visit_id: str) -> Score: ...
    async def claim_next(
        self, key_id: str, *, wave_id: str | None, until: datetime, at: datetime
    ) -> Score | None: ...
    async def save_review(self, before: Score, after: Score) -> bool: ...


def queued(score: Score, before: Score | None, *, wave_ends_at: datetime | None) -> Score:
    """A report that was just scored, with its place in the queue and what its past adds up to."""
    faults = len(grave(score.findings)) + len(score.doubts)
    new = score.model_copy(
        update={
            "wave_ends_at": wave_ends_at,
            "faults": faults + (before.faults if before else 0),
            "reviewed": before.reviewed if before else False,
        }
    )
    return placed(new) if new.state in OPEN else new


def placed(score: Score) -> Score:
    """The score with its place in the queue, by what it says and how it came there."""
    grounds = (
        *grounds_of(score.findings, score.doubts, score.critical_failed),
        *(ground for ground, holds in _history(score).items() if holds),
    )
    found = urgency(score.opened_at, grounds, score.wave_ends_at)
    return score.model_copy(update={"decide_by": found.decide_by, "reasons": found.reasons})


def _history(score: Score) -> dict[Ground, bool]:
    withdrawn = any(
        each.verb is Verb.UNAPPROVE and each.report_revision == score.report_revision
        for each in score.decisions
    )
    return {
        Ground.CORRECTED_REPORT: score.report_revision > 1,
        Ground.APPROVAL_TAKEN_BACK: withdrawn,
        Ground.SECOND_REVIEW: score.state is ReviewState.SECOND_REVIEW,
    }


async def claim_next(
    queue: Queue, *, key_id: str, wave_id: str | None, minutes: int
) -> Score | None:
    """Lock the most pressing report that is free, or None; never one that another holds.

    A report that this key has approved first is left to others.
    """
    at = now()
    until = at + timedelta(minutes=minutes)
    return await queue.claim_next(key_id, wave_id=wave_id, until=until, at=at)


async def claim(queue: Queue, visit_id: str, *, key_id: str, minutes: int) -> Score:
    """Lock this report, or go on holding it for so many minutes from now.

    Raises ScoreNotFound, NotInTheQueue, ClaimedByAnother.
    """
    return await _held(queue, visit_id, key_id=key_id, minutes=minutes)


async def release(queue: Queue, visit_id: str, *, key_id: str) -> Score:
    """Let others have it; nothing changes if it is not locked. Raises ClaimedByAnother."""
    return await _held(queue, visit_id, key_id=key_id, minutes=None)


async def _held(queue: Queue, visit_id: str, *, key_id: str, minutes: int | None) -> Score:
    for _ in range(ATTEMPTS):
        before, at = await queue.get_score(visit_id), now()
        if (until := before.lock_of_another(key_id, at)) is not None:
            raise ClaimedByAnother(before, until)
        if minutes is None:
            if before.locked_by != key_id:
                return before
            lock: dict[str, Any] = {"locked_by": None, "locked_until": None}
        elif before.state not in OPEN:
            raise NotInTheQueue(before)
        else:
            lock = {"locked_by": key_id, "locked_until": at + timedelta(minutes=minutes)}
        after = before.model_copy(update=lock)
        if await queue.save_review(before, after):
            return after
    raise TooBusy(visit_id)
