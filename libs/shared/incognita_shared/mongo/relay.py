"""Publishes the events that ride in documents (``pending``), in order and at least once.

The work is cut into buckets by key; each bucket has one leased owner, so that one process after the
other publishes a document's events. A relay whose lease has run out without its noticing can only
repeat events that are already published, never overtake: it read them in order, and a later event
of the same document stands behind them.

The relay looks at a small partial index every ``idle_s`` seconds and at once when the same process
says ``wake()``; a change stream would wake it for others' writes as well, at the price of a cursor
for each collection and process (docs/adr/0004).
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from incognita_shared.events.codec import Record
from incognita_shared.health import Health
from incognita_shared.kafka.producer import Producer, PublishError
from incognita_shared.kafka.spans import measure_outbox_age
from incognita_shared.mongo.outbox import Outbox
from incognita_shared.mongo.pending import BUCKETS
from incognita_shared.waiting import first_of

LEASES = "relay_leases"
LEASE_S = 10.0
RENEW_S = 2.5
GATHER_S = 0.02  # under load a round for each write costs four round trips each; one for all, four
log = logging.getLogger(__name__)


class Leases:
    """Which buckets this relay owns: a fair share of them among the relays that are alive.

    All reckon by MongoDB's clock. By its own one a process whose clock was four minutes fast held
    its buckets for four minutes after it was killed (fault run, seed 317).
    """

    def __init__(self, db: AsyncDatabase[dict[str, Any]], *, owner: str) -> None:
        self._db, self._collection = db, db[LEASES]
        self._owner = owner

    async def renew(self) -> list[int]:
        """Say that we are alive, give back what is too much, take what is free."""
        moment = (await self._db.command("hello"))["localTime"].replace(tzinfo=UTC)
        until = moment + timedelta(seconds=LEASE_S)
        await self._collection.update_one(
            {"_id": f"member:{self._owner}"}, {"$set": {"until": until}}, upsert=True
        )
        members = await self._collection.count_documents(
            {"_id": {"$regex": "^member:"}, "until": {"$gt": moment}}
        )
        share = -(-BUCKETS // max(1, members))
        await self._collection.update_many(
            {"owner": self._owner, "until": {"$gt": moment}}, {"$set": {"until": until}}
        )
        mine = self._collection.find({"owner": self._owner, "until": until}, {"bucket": 1})
        owned = sorted([document["bucket"] async for document in mine])
        await self._give_back(owned[share:])
        return [*owned[:share], *await self._take(set(owned), share - len(owned), moment)]

    async def _give_back(self, buckets: Sequence[int]) -> None:
        if buckets:
            await self._collection.delete_many(
                {"_id": {"$in": [f"bucket:{bucket}" for bucket in buckets]}, "owner": self._owner}
            )

    async def _take(self, owned: set[int], wanted: int, moment: datetime) -> list[int]:
        taken: list[int] = []
        if wanted > 0:  # members that have not been seen for long will not come back
            gone = moment - timedelta(seconds=60 * LEASE_S)
            await self._collection.delete_many({"until": {"$lt": gone}})
        for bucket in range(BUCKETS):
            if len(taken) >= wanted:
                break
            if bucket not in owned and await self._is_taken(bucket, moment):
                taken.append(bucket)
        return taken

    async def _is_taken(self, bucket: int, moment: datetime) -> bool:
        """Take the bucket if it is nobody's; False if another relay holds it."""
        until = moment + timedelta(seconds=LEASE_S)
        free = {"_id": f"bucket:{bucket}", "until": {"$lt": moment}}
        lease = {"$set": {"owner": self._owner, "until": until, "bucket": bucket}}
        try:
            await self._collection.update_one(free, lease, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    async def release(self) -> None:
        """Let others take over at once."""
        await self._collection.delete_many({"owner": self._owner})
        await self._collection.delete_one({"_id": f"member:{self._owner}"})


class Relay:
    """The relay of one process over the collections whose documents carry events."""

    def __init__(
        self,
        db: AsyncDatabase[dict[str, Any]],
        *,
        collections: Sequence[str],
        producer: Producer,
        health: Health,
        owner: str,
        idle_s: float = 0.1,
        batch: int = 200,
    ) -> None:
        self._db = db
        self._collections = tuple(collections)
        self._producer = producer
        self._health = health
        self._leases = Leases(db, owner=owner)
        self._outbox = Outbox(db)
        self._idle_s = idle_s
        self._batch = batch
        self._woken = asyncio.Event()
        self._owned: list[int] = []
        self._busy: set[str] = set()
        self._swept = 0.0

    def wake(self) -> None:
        """Something was written: look now."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop`` is set; a store that is down is waited for, never skipped."""
        self._health.expect("relay", within_s=30)
        renewed, pause = 0.0, self._idle_s
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                if loop.time() - renewed > RENEW_S:
                    self._owned = await self._leases.renew()
                    renewed = loop.time()
                published = await self.round()
                self._health.beat("relay")
                pause = self._idle_s
            except (PyMongoError, PublishError) as error:
                log.warning("relay waits for a store", extra={"error": str(error)[:300]})
                published, pause = 0, min(pause * 2, 10.0)
            if 0 < published < self._batch:
                await asyncio.sleep(GATHER_S)
            elif not published:
                await first_of(self._woken, stop, within_s=pause)
        await self._leave()

    async def round(self) -> int:
        """Publish one batch of each collection. Returns of how many documents.

        While some collections keep it busy, the others are looked at every ``idle_s`` only.
        """
        self._woken.clear()
        names, moment = self._collections, asyncio.get_running_loop().time()
        if self._busy and moment - self._swept < self._idle_s:
            names = tuple(name for name in names if name in self._busy)
        else:
            self._swept = moment
        published = {name: await self._publish_batch(name) for name in names}
        self._busy = {name for name, count in published.items() if count}
        return sum(published.values())

    async def _publish_batch(self, name: str) -> int:
        cursor = self._db[name].find(
            {"has_pending": True, "relay_bucket": {"$in": self._owned}},
            {"pending": 1},
            limit=self._batch,
            max_time_ms=5_000,
        )
        documents = await cursor.to_list()
        ready = await self._without_earlier(documents)
        if not ready:
            return 0
        records = [Record.of_document(each) for found in ready for each in found["pending"]]
        await self._producer.publish(records)
        await self._db[name].update_many(
            {"_id": {"$in": [found["_id"] for found in ready]}},
            _without_published([record.id for record in records]),
        )
        measure_outbox_age(name, records)
        return len(ready)

    async def _without_earlier(
        self, documents: Sequence[Mapping[str, Any]]
    ) -> list[Mapping[str, Any]]:
        """Leave out those of which an event decided earlier, by a handler, is still unpublished."""
        subjects = {each["subject"] for found in documents for each in found["pending"]}
        if not subjects:
            return []
        waiting = await self._outbox.unpublished(subjects)
        return [
            found
            for found in documents
            if not waiting.intersection(each["subject"] for each in found["pending"])
        ]

    async def _leave(self) -> None:
        try:
            await self._leases.release()
        except PyMongoError:
            log.info("leases not released; they run out in %s s", LEASE_S)


def _without_published(ids: Sequence[str]) -> list[dict[str, Any]]:
    """Take out exactly what was published; events appended meanwhile stay."""
    left = {"$filter": {"input": "$pending", "cond": {"$not": [{"$in": ["$$this.id", ids]}]}}}
    return [
        {"$set": {"pending": left}},
        {"$set": {"has_pending": {"$gt": [{"$size": "$pending"}, 0]}}},
    ]
