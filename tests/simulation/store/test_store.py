"""The stand-in says what MongoDB says: the same questions and changes put to both."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pymongo import DeleteMany, InsertOne, ReadPreference, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from tests.simulation.chance import Chance
from tests.simulation.loop import Process, SimulatedLoop
from tests.simulation.network import Fate, Network
from tests.simulation.store.client import SimulatedClient
from tests.simulation.store.documents import Unmodelled
from tests.simulation.store.server import StoreServer

Script = Callable[[Any], Awaitable[object]]
OPTIONS: dict[str, Any] = {
    "read_concern": ReadConcern("snapshot"),
    "write_concern": WriteConcern("majority"),
    "read_preference": ReadPreference.PRIMARY,
}
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENTS: list[dict[str, Any]] = [
    {"_id": "a", "n": 1, "tags": ["x", "y"], "sub": {"k": 1}, "on": True, "at": MOMENT},
    {"_id": "b", "n": 2, "tags": [], "items": [{"id": "1"}, {"id": "2"}], "on": False},
    {"_id": "c", "n": 2.0, "gone": None, "raw": b"\x00\x01", "who": UUID(int=7)},
    {"_id": "member:d", "n": "2", "items": [{"id": "2", "k": 2}]},
]
FILTERS: list[dict[str, Any]] = [
    {}, {"_id": "a"}, {"_id": {"$in": ["a", "c", "z"]}}, {"n": 2}, {"n": {"$gt": 1}},
    {"n": {"$lt": 2}}, {"n": {"$gte": 2, "$lte": 2}}, {"n": {"$ne": 2}}, {"tags": "x"},
    {"tags": {"$in": ["y", "q"]}}, {"tags": []}, {"tags": ["x", "y"]}, {"gone": None},
    {"gone": {"$exists": True}}, {"gone": {"$exists": False}}, {"sub.k": 1}, {"items.id": "2"},
    {"_id": {"$regex": "^member:"}}, {"on": True}, {"on": 1}, {"n": True}, {"at": MOMENT},
    {"at": {"$lt": MOMENT}}, {"raw": b"\x00\x01"}, {"who": UUID(int=7)}, {"n": {"$nin": [1, "2"]}},
    {"$or": [{"n": 1}, {"on": False}]}, {"$and": [{"n": 2}, {"on": {"$exists": False}}]},
    {"items": {"$elemMatch": {"id": "2", "k": 2}}}, {"tags": {"$exists": True, "$ne": "x"}},
    {"_id": "a", "n": 2}, {"sub": {"k": 1}}, {"tags": {"$size": 2}}, {"items": {"$size": 1}},
]  # fmt: skip
_LEFT = {"$filter": {"input": "$items", "cond": {"$not": [{"$in": ["$$this.id", ["2", "9"]]}]}}}
CHANGES: list[Any] = [
    UpdateOne({"_id": "a"}, {"$set": {"n": 5, "sub.j": 2}, "$inc": {"m": 1}}),
    UpdateOne({"_id": "a"}, {"$unset": {"sub": 1}, "$push": {"tags": "z"}}),
    UpdateOne({"_id": "a"}, {"$push": {"new": {"$each": [1, 2]}}, "$addToSet": {"tags": "x"}}),
    UpdateOne({"_id": "b"}, {"$pull": {"items": {"id": "2"}}}),
    UpdateOne({"_id": "a"}, {"$pull": {"tags": {"$in": ["x"]}}, "$max": {"n": 9}}),
    UpdateOne({"_id": "a"}, {"$min": {"n": 0, "k": 1}}),
    UpdateOne({"_id": "q", "n": 3}, {"$set": {"x": 1}, "$setOnInsert": {"y": 2}}, upsert=True),
    UpdateOne({"_id": "b"}, {"$set": {"x": 1}, "$setOnInsert": {"y": 2}}, upsert=True),
    UpdateOne({"_id": "a", "n": {"$lt": 0}}, {"$set": {"x": 1}}, upsert=True),
    UpdateOne({"_id": "z"}, {"$set": {"x": 1}}),
    UpdateMany({"n": 2}, {"$set": {"seen": True}}),
    UpdateMany({"_id": {"$in": ["b", "member:d"]}},
               [{"$set": {"items": _LEFT}}, {"$set": {"on": {"$gt": [{"$size": "$items"}, 0]}}}]),
    ReplaceOne({"_id": "a"}, {"only": 1}), ReplaceOne({"_id": "r"}, {"only": 1}, upsert=True),
    InsertOne({"_id": "a"}), InsertOne({"_id": "new", "n": 1}), DeleteMany({"n": {"$gte": 2}}),
]  # fmt: skip
PROJECTIONS: list[dict[str, int]] = [{"n": 1}, {"n": 0, "tags": 0}, {"_id": 0, "n": 1}]


class _NoFaults:
    def fate_of(self, process: Process, server: str, what: str) -> Fate | None:
        return None

    def crash(self, process: Process) -> None:
        raise AssertionError


async def simulated(script: Script) -> object:
    """What the script says of the stand-in; in a thread, for it has a loop of its own."""

    def run() -> object:
        chance = Chance(1)
        loop = SimulatedLoop(chance)  # type: ignore[abstract]
        server = StoreServer(loop, chance)
        numbers = iter(range(1, 1_000))
        client = SimulatedClient(
            server, Network(loop, chance, _NoFaults(), server),
            new_session=lambda: next(numbers), server_is_slow=lambda: 0.0,
        )  # fmt: skip
        try:
            return loop.run(_script(client), turns=100_000)
        finally:
            loop.dispose()

    async def _script(client: Any) -> object:
        return await script(client["test"])

    return await asyncio.to_thread(run)


async def _all(db: Any, where: Any = None, projection: Any = None) -> list[Any]:
    found = await db["things"].find(where or {}, projection).to_list()
    return sorted(found, key=repr)


async def _filled(db: Any) -> None:
    await db["things"].insert_many([dict(each) for each in DOCUMENTS])


async def _asked(db: Any) -> object:
    await _filled(db)
    return {
        repr(where): (await _all(db, where), await db["things"].count_documents(where))
        for where in FILTERS
    }


async def _shown(db: Any) -> object:
    await _filled(db)
    return {repr(each): await _all(db, {}, each) for each in PROJECTIONS}


async def _changed_alone(db: Any) -> object:
    return {repr(change): await _after(db, change, inside=False) for change in CHANGES}


async def _changed_inside(db: Any) -> object:
    return {repr(change): await _after(db, change, inside=True) for change in CHANGES}


async def _after(db: Any, change: Any, *, inside: bool) -> object:
    await db["things"].delete_many({})
    await _filled(db)
    if inside:
        said = await _in_transaction(db, lambda session: _changed(db, change, session))
    else:
        said = await _changed(db, change, None)
    return said, await _all(db)


async def _changed(db: Any, change: Any, session: Any) -> object:
    try:
        result = await db["things"].bulk_write([change], session=session)
    except OperationFailure as error:
        return type(error).__name__
    return {
        name: getattr(result, name)
        for name in ("inserted_count", "matched_count", "modified_count", "upserted_count",
                     "deleted_count")
    }  # fmt: skip


async def _in_transaction(db: Any, body: Callable[[Any], Awaitable[object]]) -> object:
    async with db.client.start_session() as session:
        await session.start_transaction(**OPTIONS)
        said = await body(session)
        try:
            await session.commit_transaction()
        except OperationFailure as error:
            return said, error.has_error_label("TransientTransactionError")
        return said, "committed"


async def _meeting(db: Any) -> object:
    """Two transactions change one document; then an outsider changes what the first has read."""
    things, said = db["things"], list[object]()
    await _filled(db)
    async with db.client.start_session() as one, db.client.start_session() as two:
        for session in (one, two):
            await session.start_transaction(**OPTIONS)
        await things.update_one({"_id": "a"}, {"$set": {"n": 10}}, session=one)
        said.append(await things.find_one({"_id": "a"}, {"n": 1}))
        said.append(await things.find_one({"_id": "a"}, {"n": 1}, session=one))
        try:
            await things.update_one({"_id": "a"}, {"$set": {"n": 20}}, session=two)
        except OperationFailure as error:
            said.append((error.code, error.has_error_label("TransientTransactionError")))
        await two.abort_transaction()
        await things.update_one({"_id": "b"}, {"$set": {"n": 30}})
        said.append(await things.find_one({"_id": "b"}, {"n": 1}, session=one))
        try:
            await things.update_one({"_id": "b"}, {"$set": {"n": 40}}, session=one)
        except OperationFailure as error:
            said.append((error.code, error.has_error_label("TransientTransactionError")))
        await one.abort_transaction()
    return said, await _all(db)


async def _killed(db: Any) -> object:
    """A transaction left open blocks a writer outside until its session is killed."""
    things = db["things"]
    await _filled(db)
    async with db.client.start_session() as session:
        await session.start_transaction(**OPTIONS)
        await things.update_one({"_id": "a"}, {"$set": {"n": 10}}, session=session)
        outside = asyncio.ensure_future(things.update_one({"_id": "a"}, {"$inc": {"n": 1}}))
        await asyncio.sleep(0.3)
        blocked = not outside.done()
        await db.client.admin.command({"killSessions": [session.session_id]})
        await outside
        try:
            await session.commit_transaction()
        except OperationFailure as error:
            lost = (error.code, error.has_error_label("TransientTransactionError"))
        again = await _in_transaction(db, lambda inside: _changed(db, CHANGES[0], inside))
        await session.start_transaction(**OPTIONS)  # a killed session can be used on
        await things.update_one({"_id": "b"}, {"$set": {"n": 50}}, session=session)
        await session.commit_transaction()
    return blocked, lost, again, await _all(db)


@pytest.mark.parametrize(
    "script", [_asked, _shown, _changed_alone, _changed_inside, _meeting, _killed]
)
async def test_the_stand_in_says_what_the_server_says(database: Any, script: Script) -> None:
    assert await simulated(script) == await script(database)


@pytest.mark.parametrize("where", [{"n": {"$mod": [2, 0]}}, {"$where": "1"}, {"n": {"$not": {}}}])
async def test_what_is_not_modelled_is_refused(where: dict[str, Any]) -> None:
    async def script(db: Any) -> object:
        await _filled(db)
        return await _all(db, where)

    with pytest.raises(Unmodelled):
        await simulated(script)
