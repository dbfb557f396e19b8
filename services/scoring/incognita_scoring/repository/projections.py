"""What handlers read and write, inside their transaction."""

from datetime import datetime

from incognita_scoring.repository import BRANCHES, CALLED_OFF, REVISIONS, SCORES, WAVES
from incognita_scoring.repository.documents import (
    read_score,
    revision_document,
    score_document,
)
from incognita_scoring.score import Score
from incognita_scoring.scoring import Outcome
from incognita_shared.events.assignment import BranchChanged, VisitCancelled, WaveChanged
from incognita_shared.events.scoring import ReportRejected
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events
from incognita_shared.mongo.work import Work

_DECIDED = ("state", "decisions", "seq", "locked_by", "locked_until", "endorsed_by")


def save_branch(work: Work, event: BranchChanged) -> None:
    """Keep whose branch it is; an older state that comes late changes nothing."""
    state = {
        "chain_id": event.chain_id,
        "franchisee_id": event.franchisee_id,
        "version": event.version,
    }
    work.keep_newest(BRANCHES, event.branch_id, state)


def save_wave(work: Work, event: WaveChanged) -> None:
    """Keep when it ends; an older state that comes late changes nothing."""
    kept = ("chain_id", "programme_id", "ends_at", "version")
    work.keep_newest(WAVES, event.wave_id, {name: getattr(event, name) for name in kept})


class _WaveEnds:
    """Ends of waves as one batch has read them: its reports are mostly of one wave."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._known: dict[str, datetime | None] = {}

    async def of(self, work: Work, wave_id: str) -> datetime | None:
        """When the wave ends, as far as it is known here."""
        if self._work is not work:
            self._work, self._known = work, {}
        if wave_id not in self._known:
            document = await work.find_one(WAVES, {"_id": wave_id})
            self._known[wave_id] = None if document is None else document["ends_at"]
        return self._known[wave_id]


wave_end = _WaveEnds().of


async def find_score(work: Work, visit_id: str) -> Score | None:
    """The visit's score as it is now."""
    document = await work.find_one(SCORES, {"_id": visit_id}, WITHOUT_PENDING)
    return None if document is None else read_score(document)


async def find_called_off(work: Work, visit_id: str) -> str | None:
    """Why the visit was cancelled, if it was."""
    document = await work.find_one(CALLED_OFF, {"_id": visit_id})
    return None if document is None else document["reason"]


def keep_called_off(work: Work, event: VisitCancelled) -> None:
    """Remember it for a report that comes later."""
    kept = {"chain_id": event.chain_id, "reason": event.reason, "at": event.cancelled_at}
    work.update(CALLED_OFF, {"_id": event.visit_id}, {"$setOnInsert": kept}, upsert=True)


def collide_with_first_score(work: Work, visit_id: str) -> None:
    """Leave nothing, but let no other transaction that began before insert this visit's score.

    Cancellation and report come on two topics, perhaps to two processes at one moment, and neither
    would see the other. MongoDB refuses the later of two transactions that wrote the same document;
    it runs again and sees what the first one did.
    """
    work.insert(SCORES, {"_id": visit_id})
    work.delete(SCORES, {"_id": visit_id})


def reject_score(work: Work, score: Score, event: ReportRejected) -> None:
    """The score after its visit was cancelled."""
    document = score_document(score)
    changed = {name: document[name] for name in _DECIDED}
    work.update(SCORES, {"_id": score.visit_id}, append_events({"$set": changed}, event))


def insert_outcome(work: Work, outcome: Outcome) -> None:
    """The first score of a visit. Nothing is pending yet, so its events go out with the batch."""
    score = outcome.score
    marks = {"pending": [], "has_pending": False, "relay_bucket": 0}
    work.insert(SCORES, {"_id": score.visit_id, **score_document(score), **marks})
    work.insert(REVISIONS, revision_document(outcome.revision))
    for event in outcome.events:
        work.publish(event)


def replace_outcome(work: Work, outcome: Outcome) -> None:
    """A further score of a visit. Its events stand behind those that a reviewer's request left."""
    score = outcome.score
    update = append_events({"$set": score_document(score)}, *outcome.events)
    work.update(SCORES, {"_id": score.visit_id}, update)
    work.insert(REVISIONS, revision_document(outcome.revision))
