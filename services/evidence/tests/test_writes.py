"""Writes of a moment go together, and each has its own outcome."""

import asyncio
from typing import Any

import pytest
from bson.errors import InvalidDocument
from pymongo.errors import WriteError

from incognita_evidence.repository.writes import Writes
from incognita_shared.mongo.tenant import ChainCollection

Documents = Any


@pytest.fixture
async def documents(database: Any) -> Documents:
    return database["documents"]


@pytest.fixture
def writes(documents: Documents) -> Writes:
    return Writes(ChainCollection(documents, "chain-a"))


async def test_of_inserts_at_once_with_one_id_exactly_one_is_written(
    writes: Writes, documents: Documents
) -> None:
    ids = ["a", "b", "a", "a", "c"]
    done = await asyncio.gather(
        *(writes.insert({"_id": each, "n": n}) for n, each in enumerate(ids))
    )
    assert done == [True, True, False, False, True]
    kept = {each["_id"]: each["n"] async for each in documents.find()}
    assert kept == {"a": 0, "b": 1, "c": 4}


async def test_of_updates_at_once_of_one_version_exactly_one_is_written(
    writes: Writes, documents: Documents
) -> None:
    await documents.insert_many(
        [{"_id": each, "chain_id": "chain-a", "version": 1} for each in "ab"]
    )

    async def change(each: str, by: int) -> bool:
        where = {"_id": each, "version": 1}
        return await writes.upsert(where, {"$set": {"by": by, "version": 2}})

    done = await asyncio.gather(*(change("a", n) for n in range(5)), change("b", 5))
    assert done == [True, False, False, False, False, True]
    kept = {each["_id"]: (each["version"], each["by"]) async for each in documents.find()}
    assert kept == {"a": (2, 0), "b": (2, 5)}


async def test_an_update_of_what_is_not_there_makes_it(
    writes: Writes, documents: Documents
) -> None:
    assert await writes.upsert({"_id": "new", "version": {"$ne": 9}}, {"$set": {"by": 1}})
    assert await documents.find_one() == {"_id": "new", "chain_id": "chain-a", "by": 1}


async def test_a_document_of_another_chain_is_neither_changed_nor_told_of(
    writes: Writes, documents: Documents
) -> None:
    await documents.insert_one({"_id": "theirs", "chain_id": "chain-b", "version": 1})
    assert not await writes.insert({"_id": "theirs"})
    assert not await writes.upsert({"_id": "theirs", "version": 1}, {"$set": {"version": 2}})
    assert (await documents.find_one())["version"] == 1


async def test_what_the_server_refuses_of_one_is_written_of_the_others(
    writes: Writes, documents: Documents
) -> None:
    await documents.insert_one({"_id": "text", "chain_id": "chain-a", "n": "no number"})
    done = await asyncio.gather(
        writes.upsert({"_id": "text"}, {"$inc": {"n": 1}}),
        writes.upsert({"_id": "number"}, {"$inc": {"n": 1}}),
        return_exceptions=True,
    )
    assert isinstance(done[0], WriteError)
    assert done[1] is True


async def test_what_cannot_be_encoded_of_one_is_written_of_the_others(
    writes: Writes, documents: Documents
) -> None:
    done = await asyncio.gather(
        writes.insert({"_id": "a"}),
        writes.insert({"_id": "strange", "value": object()}),
        writes.insert({"_id": "b"}),
        return_exceptions=True,
    )
    assert isinstance(done[1], InvalidDocument)
    assert (done[0], done[2]) == (True, True)
    assert await documents.count_documents({}) == 2
