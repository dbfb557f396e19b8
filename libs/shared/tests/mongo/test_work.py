"""What a handler reads and writes, on the real MongoDB."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events, with_events
from incognita_shared.mongo.work import Cause, Work
from support.delivery import approved

Database = AsyncDatabase[dict[str, Any]]
SOURCE = Source("scoring.events.v1", 0)


@pytest.fixture
async def work(database: Database) -> AsyncIterator[Work]:
    await database.create_collection("things")
    async with database.client.start_session() as session:
        yield Work("test", database, session)


async def test_a_read_sees_every_write_of_the_batch_before_it(work: Work) -> None:
    work.insert("things", {"_id": "a", "n": 1})
    work.update("things", {"_id": "a"}, {"$inc": {"n": 1}})
    assert await work.find_one("things", {"_id": "a"}) == {"_id": "a", "n": 2}
    work.update("things", {"n": 2}, {"$inc": {"n": 1}})
    assert await work.find_one("things", {"_id": "a"}) == {"_id": "a", "n": 3}
    work.replace("things", {"_id": "a"}, {"n": 7})
    assert await work.find("things", {"n": 7}) == [{"_id": "a", "n": 7}]
    work.delete("things", {"_id": "a"})
    assert await work.find_one("things", {"_id": "a"}) is None


async def test_a_read_of_another_document_sends_nothing_yet(work: Work, database: Database) -> None:
    work.insert("things", {"_id": "a"})
    assert await work.find_one("things", {"_id": "b"}) is None
    assert await database["things"].count_documents({}) == 0
    await work.flush()
    assert await database["things"].count_documents({}) == 1


async def test_handling_a_record_again_says_the_same_events_again(work: Work) -> None:
    async def said() -> list[str]:
        again = Work("test", work.db, work.session)
        again.caused_by(Cause(SOURCE, "cause-1"))
        again.publish(approved("v", 1))
        again.publish(approved("v", 2))
        return [record.id for record in again.records()[SOURCE]]

    first = await said()
    assert first == await said()
    assert len(set(first)) == 2


async def test_nothing_is_said_outside_of_a_handler(work: Work) -> None:
    with pytest.raises(RuntimeError, match="outside of a handler"):
        work.publish(approved("v", 1))


async def test_a_document_that_is_put_again_is_written_once(work: Work, database: Database) -> None:
    for n in range(3):
        work.put("things", {"_id": "a"}, {"_id": "a", "n": n})
    assert len(work._writes["things"]) == 1
    work.update("things", {"_id": "a"}, {"$inc": {"n": 10}})
    work.put("things", {"_id": "b"}, {"_id": "b", "n": 1})
    work.put("things", {"_id": "a"}, {"_id": "a", "n": 7, "after": "the update"})
    await work.flush()
    found = await database["things"].find({}).sort("_id").to_list()
    assert found == [{"_id": "a", "n": 7, "after": "the update"}, {"_id": "b", "n": 1}]


@pytest.mark.parametrize("waiting", [0, 1])
async def test_an_event_goes_out_with_the_batch_where_its_document_has_nothing_to_say(
    work: Work, database: Database, waiting: int
) -> None:
    earlier = [approved("v", 1)] * waiting
    await database["things"].insert_one(with_events({"_id": "v", "n": 1}, *earlier))
    await work.load({"things": {"v"}})
    work.caused_by(Cause(SOURCE, "cause-1"))
    assert await work.find_one("things", {"_id": "v"}, WITHOUT_PENDING) == {"_id": "v", "n": 1}
    for seq in (2, 3):
        work.update_saying("things", {"_id": "v"}, {"$inc": {"n": 1}}, [approved("v", seq)])
    await work.flush()
    found = await database["things"].find_one({"_id": "v"})
    assert found is not None
    published = work.records().get(SOURCE, ())
    assert (found["n"], len(found["pending"]), len(published)) == (
        (3, 3, 0) if waiting else (3, 0, 2)
    )


async def test_an_event_queues_up_behind_one_that_the_same_batch_left_in_its_document(
    work: Work, database: Database
) -> None:
    await database["things"].insert_one(with_events({"_id": "v"}))
    await work.load({"things": {"v"}})
    work.caused_by(Cause(SOURCE, "cause-1"))
    work.update("things", {"_id": "v"}, append_events({}, approved("v", 1)))
    work.update_saying("things", {"_id": "v"}, {"$set": {"n": 1}}, [approved("v", 2)])
    await work.flush()
    found = await database["things"].find_one({"_id": "v"})
    assert found is not None
    assert len(found["pending"]) == 2
    assert not work.records()


async def test_a_new_document_that_is_put_again_is_still_inserted_once(
    work: Work, database: Database
) -> None:
    work.put("things", {"_id": "a"}, {"_id": "a", "n": 1}, is_new=True)
    work.put("things", {"_id": "a"}, {"_id": "a", "n": 2})
    await work.flush()
    assert await database["things"].find({}).to_list() == [{"_id": "a", "n": 2}]
