"""What a client of MongoDB, behind the proxies, sees of its members' faults."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from tests.faults.servers import FaultableServers

Document = dict[str, Any]
UNKNOWN = "UnknownTransactionCommitResult"
TRANSIENT = "TransientTransactionError"
NETWORK_TIMEOUT = 89
INTERNAL_ERROR = 1
WRITE_CONCERN_FAILED = 64


@pytest.fixture
async def kept(servers_at_risk: FaultableServers) -> AsyncIterator[AsyncCollection[Document]]:
    """A collection of this test alone; afterwards the set is whole again."""
    uri = servers_at_risk.environment["MONGO_URI"]
    async with AsyncMongoClient[Document](uri, serverSelectionTimeoutMS=20_000) as client:
        database = client[f"t{secrets.token_hex(5)}"]
        yield await database.create_collection("kept")
        await servers_at_risk.link("mongo").heal()
        await servers_at_risk.mongo.start_dead()
        await servers_at_risk.mongo.heal_commits()
        await client.drop_database(database)


async def test_a_killed_primary_is_replaced_and_comes_back_with_what_it_missed(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    mongo = servers_at_risk.mongo
    await kept.insert_one({"_id": 1})
    dead = await mongo.kill_primary()
    assert not mongo.members[dead].alive
    await kept.insert_one({"_id": 2})
    assert await mongo.primary() != dead
    await mongo.start_dead()
    assert mongo.members[dead].alive
    assert await kept.count_documents({}) == 2


async def test_a_primary_that_steps_down_leaves_its_place_to_another(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    before = await servers_at_risk.mongo.primary()
    direct = servers_at_risk.direct["MONGO_URI"]
    await servers_at_risk.mongo.step_down()
    assert await servers_at_risk.mongo.primary() != before
    assert servers_at_risk.direct["MONGO_URI"] != direct
    await kept.insert_one({"_id": 1})


async def test_a_refused_commit_is_not_there_until_it_is_repeated(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    async with kept.database.client.start_session() as session:
        await session.start_transaction()
        await kept.insert_one({"_id": 1}, session=session)
        await servers_at_risk.mongo.fail_commits(2, NETWORK_TIMEOUT)
        with pytest.raises(PyMongoError) as refused:
            await session.commit_transaction()
        assert refused.value.has_error_label(UNKNOWN)
        assert await kept.count_documents({}) == 0
        await session.commit_transaction()
    assert await kept.count_documents({}) == 1


async def test_a_transient_error_runs_the_transaction_again(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    runs = 0

    async def body(session: Any) -> None:
        nonlocal runs
        runs += 1
        await kept.insert_one({"_id": runs}, session=session)

    await servers_at_risk.mongo.fail_commits(2, INTERNAL_ERROR, labels=[TRANSIENT])
    async with kept.database.client.start_session() as session:
        await session.with_transaction(body)
    assert runs == 3
    assert [document["_id"] async for document in kept.find()] == [3]


async def test_a_commit_may_be_done_although_its_answer_is_an_error(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    await servers_at_risk.mongo.fail_commits(2, WRITE_CONCERN_FAILED, done=True)
    async with kept.database.client.start_session() as session:
        await session.start_transaction()
        await kept.insert_one({"_id": 1}, session=session)
        with pytest.raises(PyMongoError) as doubtful:
            await session.commit_transaction()
    assert doubtful.value.has_error_label(UNKNOWN)
    assert await kept.count_documents({}) == 1


async def test_healed_commits_fail_no_more(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    await servers_at_risk.mongo.fail_commits(1_000, NETWORK_TIMEOUT)
    await servers_at_risk.mongo.heal_commits()
    async with kept.database.client.start_session() as session, await session.start_transaction():
        await kept.insert_one({"_id": 1}, session=session)
    assert await kept.count_documents({}) == 1


async def test_the_set_finds_together_again_after_every_way_was_cut(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    uri = servers_at_risk.environment["MONGO_URI"]
    await servers_at_risk.link("mongo").cut()
    async with AsyncMongoClient[Document](uri, serverSelectionTimeoutMS=1_000) as client:
        with pytest.raises(PyMongoError):
            await client.admin.command("ping")
    await servers_at_risk.link("mongo").heal()
    await kept.insert_one({"_id": 1})


async def test_a_member_started_while_nobody_reaches_it_joins_later(
    servers_at_risk: FaultableServers, kept: AsyncCollection[Document]
) -> None:
    index = await servers_at_risk.mongo.kill_primary()
    await servers_at_risk.link("mongo").cut()
    await servers_at_risk.mongo.members[index].start()
    await servers_at_risk.link("mongo").heal()
    await servers_at_risk.mongo.whole()
    await kept.insert_one({"_id": 1})
