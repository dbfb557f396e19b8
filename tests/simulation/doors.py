"""What comes in over HTTP: documents that change together with the events they carry."""

import asyncio
from typing import Any

from pymongo.errors import DuplicateKeyError, PyMongoError

from incognita_shared.mongo.pending import append_events, with_events
from incognita_shared.mongo.relay import Relay
from tests.simulation.chance import Chance
from tests.simulation.events import Counted, Reported
from tests.simulation.handlers import CHAIN


class Visits:
    """Reports a visit's steps, one request each, guarded by the document's version."""

    def __init__(
        self, database: Any, relay: Relay, chance: Chance, accepted: set[tuple[str, int]]
    ) -> None:
        self._visits = database["visits"]
        self._relay = relay
        self._chance = chance
        self._accepted = accepted

    async def report(self, visit: str, branch: str, steps: int) -> None:
        """Go on until the visit has all its steps, whoever made them."""
        while True:
            await asyncio.sleep(self._chance.between(0, 0.5))
            try:
                done = await self._next(visit, branch, steps)
            except PyMongoError:
                continue  # the client asks what became of it, and goes on from there
            if done:
                return

    async def _next(self, visit: str, branch: str, steps: int) -> bool:
        found = await self._visits.find_one({"_id": visit})
        seq = found["seq"] + 1 if found else 1
        if seq > steps:
            return True
        points = 1 + self._chance.pick(9)
        step = Reported(chain_id=CHAIN, visit_id=visit, branch_id=branch, seq=seq, points=points)
        if found is None:
            new = {"_id": visit, "branch_id": branch, "seq": 1, "points": [points]}
            try:
                await self._visits.insert_one(with_events(new, step))
            except DuplicateKeyError:
                return False
        else:
            change = {"$set": {"seq": seq}, "$push": {"points": points}}
            result = await self._visits.update_one(
                {"_id": visit, "seq": found["seq"]}, append_events(change, step)
            )
            if not result.matched_count:
                return False
        self._accepted.add((visit, seq))
        self._relay.wake()
        return False


class Reviews:
    """Looks through each count once, by hand: a second writer of what handlers write."""

    def __init__(self, database: Any, relay: Relay, chance: Chance) -> None:
        self._counts = database["counts"]
        self._relay = relay
        self._chance = chance

    async def review(self, visit: str) -> None:
        """Go on until it is looked through, by whomever."""
        while True:
            await asyncio.sleep(self._chance.between(0.2, 3))
            try:
                found = await self._counts.find_one({"_id": visit})
                if found is not None and (found["looked_through"] or await self._look(found)):
                    return
            except PyMongoError:
                continue

    async def _look(self, found: dict[str, Any]) -> bool:
        said = Counted(
            chain_id=CHAIN, visit_id=found["_id"], branch_id=found["branch_id"], points=0,
            seq=found["out_seq"] + 1,
        )  # fmt: skip
        change = {"$set": {"looked_through": True}, "$inc": {"out_seq": 1}}
        result = await self._counts.update_one(
            {"_id": found["_id"], "out_seq": found["out_seq"]}, append_events(change, said)
        )
        self._relay.wake()
        return bool(result.matched_count)
