"""Deliveries as a queue that several senders share.

A claim moves ``next_attempt_at`` behind the lease and notes the sender's token. Whoever dies while
sending leaves it to be claimed again when the lease has run out: it is sent at least once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from opentelemetry.context import attach, detach
from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from incognita_notification.deliveries import Outcome, cancelled
from incognita_notification.repository import (
    BRANCHES,
    CHAINS,
    DELIVERIES,
    READ_MAX_MS,
    SUBSCRIPTIONS,
)
from incognita_notification.repository.recorder import Recorder
from incognita_shared.ids import new_id
from incognita_shared.mongo.pending import append_events
from incognita_shared.telemetry import context_of

Document = dict[str, Any]


def due_anywhere(moment: datetime) -> Document:
    """What is due for any subscription.

    By the condition on the index's leading field MongoDB reads one entry for each subscription,
    however much waits; without it, every delivery.
    """
    return {"subscription_id": {"$gt": ""}, "next_attempt_at": {"$lte": moment}}


class Queue:
    """What senders do to deliveries and to the health of their subscriptions, for all chains."""

    def __init__(self, db: AsyncDatabase[Document], *, lease_s: float) -> None:
        self._deliveries = db[DELIVERIES]
        self._recorder = Recorder(self._deliveries)
        self._subscriptions = db[SUBSCRIPTIONS]
        self._branches = db[BRANCHES]
        self._chains = db[CHAINS]
        self._lease = timedelta(seconds=lease_s)

    async def due_subscriptions(self, moment: datetime) -> list[str]:
        """The subscriptions that have something to send."""
        found: list[str] = await self._deliveries.distinct(
            "subscription_id", due_anywhere(moment), maxTimeMS=READ_MAX_MS
        )
        return found

    async def claim(self, subscription_id: str, limit: int, moment: datetime) -> list[Document]:
        """Up to ``limit`` due deliveries, the oldest first, leased to the caller."""
        due = {"subscription_id": subscription_id, "next_attempt_at": {"$lte": moment}}
        cursor = self._deliveries.find(due, {"_id": 1}, max_time_ms=READ_MAX_MS, hint="due")
        oldest = await cursor.sort("next_attempt_at", ASCENDING).limit(limit).to_list()
        if not oldest:
            return []
        ids, token = [found["_id"] for found in oldest], new_id()
        await self._deliveries.update_many(
            {"_id": {"$in": ids}, "next_attempt_at": {"$lte": moment}},
            {"$set": {"lease": token, "next_attempt_at": moment + self._lease}},
        )
        claimed = self._deliveries.find(
            {"_id": {"$in": ids}, "lease": token},
            {"attempts": 0, "pending": 0},
            max_time_ms=READ_MAX_MS,
        )
        return await claimed.to_list()

    async def release(self, claimed: Sequence[Document], due: datetime) -> None:
        """Give back what was claimed and not sent."""
        await self._deliveries.update_many(
            {
                "_id": {"$in": [delivery["_id"] for delivery in claimed]},
                "lease": {"$in": list({delivery["lease"] for delivery in claimed})},
            },
            {"$set": {"lease": None, "next_attempt_at": due}},
        )

    async def record(
        self, delivery: Mapping[str, Any], outcome: Outcome, trace: Mapping[str, str]
    ) -> None:
        """Write the attempt and, in the same write, the event that follows from it in its trace.

        Nothing is written if the lease was lost meanwhile: then another sender has the last word.
        """
        events = (outcome.event,) if outcome.event else ()
        token = attach(context_of(trace))
        try:
            update = append_events(outcome.update, *events)
        finally:
            detach(token)
        mine = {"_id": delivery["_id"], "lease": delivery["lease"]}
        await self._recorder.write(UpdateOne(mine, update))

    async def cancel_waiting(self, subscription_id: str, reason: str, moment: datetime) -> None:
        """Take what waits for an ended subscription off the queue, but what is being sent."""
        idle = [{"lease": None}, {"next_attempt_at": {"$lte": moment}}]
        await self._deliveries.update_many(
            {
                "subscription_id": subscription_id,
                "next_attempt_at": {"$exists": True},
                "$or": idle,
            },
            cancelled(reason, moment),
        )

    async def find_subscription(self, subscription_id: str) -> Document | None:
        """The subscription, as it is now."""
        return await self._subscriptions.find_one({"_id": subscription_id}, max_time_ms=READ_MAX_MS)

    async def note_failure(self, subscription_id: str, moment: datetime) -> None:
        """From now on every attempt has failed, unless that was so before."""
        await self._subscriptions.update_one(
            {"_id": subscription_id, "failing_since": None}, {"$set": {"failing_since": moment}}
        )

    async def note_success(self, subscription_id: str) -> None:
        """An attempt has succeeded again."""
        await self._subscriptions.update_one(
            {"_id": subscription_id}, {"$set": {"failing_since": None}}
        )

    async def disable(self, subscription_id: str, reason: str, moment: datetime) -> None:
        """End an active subscription for a reason that its owner can read."""
        await self._subscriptions.update_one(
            {"_id": subscription_id, "active": True},
            {
                "$set": {"active": False, "disabled_reason": reason, "changed_at": moment},
                "$inc": {"version": 1},
            },
        )

    async def names(self, chain_id: str, branch_id: str | None) -> tuple[Document, Document]:
        """What is known of the chain and the branch, for letters; empty where nothing is."""
        chain = await self._chains.find_one({"_id": chain_id}, max_time_ms=READ_MAX_MS)
        branch = None
        if branch_id is not None:
            branch = await self._branches.find_one(
                {"_id": branch_id, "chain_id": chain_id}, max_time_ms=READ_MAX_MS
            )
        return chain or {}, branch or {}
