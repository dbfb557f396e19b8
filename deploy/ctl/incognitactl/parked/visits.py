"""What is parked, in every service's database."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pymongo import ASCENDING

from incognita_shared.mongo.client import Database, Document
from incognita_shared.mongo.parking import RECORDS, SUBJECTS
from incognitactl.connections import Connections

LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class ParkedVisit:
    """One subject that waits in a service, and on which partition."""

    service: str
    source: str
    subject: str
    reason: str | None
    since: datetime
    unpark: bool
    waiting: int

    @property
    def id(self) -> str:
        """Its key in the service's database."""
        return f"{self.source}:{self.subject}"


class Outcome(StrEnum):
    """What came of a wish to have a visit back."""

    HANDLED = "handled"
    FAILED = "failed again"
    NOBODY = "nobody took it"
    """Its partition has no owner who looks: the service does not run, or can't reach a store."""


async def parked_visits(
    connections: Connections, services: Collection[str], subjects: Collection[str] | None = None
) -> AsyncIterator[ParkedVisit]:
    """All that are parked in these services, those that wait longest first; of ``subjects`` only,
    if given."""
    where = {} if subjects is None else {"subject": {"$in": list(subjects)}}
    for service in services:
        db = connections.databases[service]
        counts = await _counts(db, where)
        async for found in db[SUBJECTS].find(where).sort("since", ASCENDING):
            waiting = counts.get((found["source"], found["subject"]), 0)
            yield ParkedVisit(
                service, found["source"], found["subject"], found["reason"], found["since"],
                found["unpark"], waiting,
            )  # fmt: skip


async def _counts(db: Database, where: Mapping[str, object]) -> dict[tuple[str, str], int]:
    groups = await db[RECORDS].aggregate(
        [
            {"$match": where},
            {"$group": {"_id": {"source": "$source", "subject": "$subject"}, "n": {"$sum": 1}}},
        ]
    )
    return {(each["_id"]["source"], each["_id"]["subject"]): each["n"] async for each in groups}


async def records_of(db: Database, visit: ParkedVisit) -> list[Document]:
    """What waits for the visit, in order."""
    where = {"source": visit.source, "subject": visit.subject}
    return await db[RECORDS].find(where).sort("_id", ASCENDING).to_list()


async def unpark(db: Database, visit: ParkedVisit) -> bool:
    """Ask the owner of its partition to handle it; False if it is not parked any more."""
    result = await db[SUBJECTS].update_one({"_id": visit.id}, {"$set": {"unpark": True}})
    return result.matched_count == 1


async def followed(
    connections: Connections,
    visits: Sequence[ParkedVisit],
    *,
    within_s: float,
    told: Callable[[ParkedVisit, Outcome, str | None], None],
) -> bool:
    """Wait until each has been handled or has failed again, and tell at once. True if all went.

    One that is parked anew, later than the one that was asked back, has been handled in between.
    """
    left = {(visit.service, visit.id): visit for visit in visits}
    deadline = time.monotonic() + within_s
    went = True
    while left:
        for (service, name), visit in list(left.items()):
            found = await connections.databases[service][SUBJECTS].find_one({"_id": name})
            if found is None or found["since"] != visit.since:
                told(visit, Outcome.HANDLED, None)
            elif not found["unpark"]:
                told(visit, Outcome.FAILED, found["reason"])
                went = False
            else:
                continue
            del left[service, name]
        if left and time.monotonic() > deadline:
            for visit in left.values():
                told(visit, Outcome.NOBODY, f"within {within_s:g} s; does {visit.service} run?")
            return False
        if left:
            await asyncio.sleep(LOOK_EVERY_S)
    return went
