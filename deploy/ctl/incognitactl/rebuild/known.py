"""What no topic tells of scores, taken from the database as far as it still has it.

Who decided and with which words, a first approval of two, a reviewer's correction; the answers of a
corrected revision and what appeals ruled; the place in the reviewers' queue.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne

from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.repository.documents import read_revision, read_score, score_document
from incognita_scoring.rules import OPEN, OUTCOME, SILENT, Verb
from incognita_scoring.score import DecidedBy, Decision, Revision, Score
from incognita_shared.mongo.client import Database, Document
from incognita_shared.mongo.work import Work

KNOWN_SCORES = "known_scores"
KNOWN_REVISIONS = "known_revisions"
WITHOUT_REVIEWERS = "without_reviewers"
BATCH_DOCUMENTS = 1_000
NOT_BY_RULE = [by.value for by in DecidedBy if by is not DecidedBy.RULE]
NOT_SAID = (
    "wave_ends_at", "decide_by", "reasons", "locked_by", "locked_until", "endorsed_by",
    "second_grounds", "corrected_points", "faults", "reviewed",
)  # fmt: skip
"""What a score holds that is said in no event."""


class ReviewerUnknown(Exception):
    """What a person did that the database does not have, so that nobody knows who or what."""


async def keep_known(db: Database, staging: Database, *, without_reviewers: bool) -> None:
    """Put aside, for the handlers, what they will not find on any topic."""
    if without_reviewers:
        await _put_aside(staging, KNOWN_SCORES, [{"_id": WITHOUT_REVIEWERS}])
    where = {"$or": [
        {"decisions.by": {"$in": NOT_BY_RULE}},
        {"state": {"$in": [state.value for state in OPEN]}},
    ]}  # fmt: skip
    fields = dict.fromkeys(("decisions", *NOT_SAID), 1)
    async for batch in _batches(db[SCORES].find(where, fields)):
        await _put_aside(staging, KNOWN_SCORES, batch)
    async for batch in _batches(db[REVISIONS].find({"author": {"$ne": DecidedBy.RULE.value}})):
        await _put_aside(staging, KNOWN_REVISIONS, batch)


async def known_of(work: Work, visit_id: str) -> Document:
    """What the database had of the visit's score; empty if nothing."""
    return await work.find_one(KNOWN_SCORES, {"_id": visit_id}) or {}


def known_decision(
    known: Document, verb: Verb, report_revision: int, at: datetime
) -> Decision | None:
    """The decision that an event tells of, with who made it."""
    for each in known.get("decisions", ()):
        same = (each["verb"], each["report_revision"], each["decided_at"])
        if same == (verb.value, report_revision, at):
            return Decision.model_validate(each)
    return None


async def known_revision(work: Work, revision_id: str) -> Revision | None:
    """A revision that a person asked for."""
    document = await work.find_one(KNOWN_REVISIONS, {"_id": revision_id})
    return None if document is None else read_revision(document)


def as_known(known: Document, score: Score) -> Score:
    """The score with what was decided next without an event, and what no event says."""
    decisions = [Decision.model_validate(each) for each in known.get("decisions", ())]
    state, made = score.state, list(score.decisions)
    for each in decisions[len(made) :]:
        if each.verb not in SILENT or each.score_revision > score.score_revision:
            break
        made.append(each)
        state = OUTCOME[each.verb]
    document = score_document(score.model_copy(update={"state": state, "decisions": tuple(made)}))
    document |= {name: known[name] for name in NOT_SAID if name in known}
    return read_score({**document, "_id": score.visit_id})


async def check_may_be_unknown(work: Work, what: str) -> None:
    """Raise ReviewerUnknown unless the operator does without what only people knew."""
    if await work.find_one(KNOWN_SCORES, {"_id": WITHOUT_REVIEWERS}) is None:
        raise ReviewerUnknown(
            f"{what} is on no topic, and the database does not have it: restore a backup first, "
            "or give --without-reviewers"
        )


async def _batches(cursor: Any) -> AsyncIterator[list[Document]]:
    kept: list[Document] = []
    async for found in cursor:
        kept.append(found)
        if len(kept) == BATCH_DOCUMENTS:
            yield kept
            kept = []
    if kept:
        yield kept


async def _put_aside(staging: Database, collection: str, documents: Sequence[Document]) -> None:
    await staging[collection].bulk_write(
        [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents]
    )
