"""What handlers read and write, inside their transaction."""

from incognita_scoring.repository import BRANCHES, REVISIONS, SCORES
from incognita_scoring.repository.documents import (
    HIDDEN,
    read_score,
    revision_document,
    score_document,
)
from incognita_scoring.score import Score
from incognita_scoring.scoring import Outcome
from incognita_shared.events.assignment import BranchChanged
from incognita_shared.mongo.pending import append_events
from incognita_shared.mongo.work import Work


def save_branch(work: Work, event: BranchChanged) -> None:
    """Keep whose branch it is; an older state that comes late changes nothing."""
    newer = {"$lt": [{"$ifNull": ["$version", -1]}, event.version]}
    state = {
        "chain_id": event.chain_id,
        "franchisee_id": event.franchisee_id,
        "version": event.version,
    }
    document = {"$mergeObjects": [{"_id": event.branch_id}, {"$literal": state}]}
    update = [{"$replaceWith": {"$cond": [newer, document, "$$ROOT"]}}]
    work.update(BRANCHES, {"_id": event.branch_id}, update, upsert=True)


async def find_score(work: Work, visit_id: str) -> Score | None:
    """The visit's score as it is now."""
    document = await work.find_one(SCORES, {"_id": visit_id}, HIDDEN)
    return None if document is None else read_score(document)


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
