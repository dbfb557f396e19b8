"""The collection ``payouts``. Their events ride in the documents of their visits."""

from datetime import datetime
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_assignment.payout import Payout, PayoutState
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection

PAYOUTS = "payouts"
_UNAPPROVED: dict[str, Any] = {"unapproved_at": {"$type": "date"}}


async def create_indexes(db: Database) -> None:
    """Lists by chain, state, shopper and wave, and the few whose approval was taken back."""
    for name, fields in {
        "chain": ("chain_id", "_id"),
        "state": ("chain_id", "state", "_id"),
        "shopper": ("chain_id", "shopper_id", "_id"),
        "wave": ("chain_id", "wave_id", "_id"),
    }.items():
        await db[PAYOUTS].create_index([(field, ASCENDING) for field in fields], name=name)
    await db[PAYOUTS].create_index(
        [("chain_id", ASCENDING), ("_id", ASCENDING)],
        name="unapproved",
        partialFilterExpression=_UNAPPROVED,
    )


async def find_payout(
    db: Database, chain_id: str, payout_id: str, *, session: AsyncClientSession | None = None
) -> Payout | None:
    """The payout, if it is the chain's."""
    payouts = ChainCollection(db[PAYOUTS], chain_id)
    found = await payouts.find_one({"_id": payout_id}, session=session)
    return Payout.of_document(found) if found else None


async def list_payouts(
    db: Database,
    chain_id: str,
    *,
    shopper_id: str | None,
    wave_id: str | None,
    state: PayoutState | None,
    unapproved: bool = False,
    after: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Documents by id, from the one after ``after`` on; one more than ``limit`` if there are."""
    wanted = {
        "shopper_id": shopper_id, "wave_id": wave_id, "state": state.value if state else None,
    }  # fmt: skip
    query: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if unapproved:
        query |= _UNAPPROVED
    if after is not None:
        query["_id"] = {"$gt": after}
    return await ChainCollection(db[PAYOUTS], chain_id).find(
        query, sort=[("_id", ASCENDING)], limit=limit + 1
    )


async def mark_paid(
    db: Database,
    chain_id: str,
    payout_id: str,
    *,
    reference: str,
    at: datetime,
    session: AsyncClientSession,
) -> Payout | None:
    """The payout as paid, or None if it was no longer due; within the caller's transaction."""
    changed = await ChainCollection(db[PAYOUTS], chain_id).find_one_and_update(
        {"_id": payout_id, "state": PayoutState.DUE.value},
        {"$set": {"state": PayoutState.PAID.value, "reference": reference, "paid_at": at}},
        session=session,
    )
    return Payout.of_document(changed) if changed else None
