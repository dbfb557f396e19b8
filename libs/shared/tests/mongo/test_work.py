"""What a handler reads and writes, on the real MongoDB."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.mongo.checkpoint import Source
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
