"""Claims and fences on the real MongoDB."""

import time
from contextlib import suppress
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from incognita_shared.mongo.checkpoint import Advance, Checkpoints, Claim, FencedError, Source

SOURCE = Source("scoring.events.v1", 3)
Database = AsyncDatabase[dict[str, Any]]


async def advance(db: Database, claim: Claim, to: int, owner: str = "x") -> None:
    async with db.client.start_session() as session:
        await session.with_transaction(
            lambda inside: Checkpoints(db, owner=owner).advance(
                inside, [Advance(SOURCE, claim, to)]
            )
        )


async def claim(db: Database, owner: str) -> Claim:
    async with db.client.start_session() as session:
        await db.command("ping", session=session)
        return await Checkpoints(db, owner=owner).claim(SOURCE, session.session_id["id"].as_uuid())


async def test_a_new_owner_goes_on_where_the_last_one_ended(database: Database) -> None:
    await advance(database, await claim(database, "one"), 7)
    assert await claim(database, "two") == Claim(epoch=2, next=7)


async def test_a_former_owner_changes_nothing(database: Database) -> None:
    former = await claim(database, "one")
    current = await claim(database, "two")
    with pytest.raises(FencedError, match=r"scoring\.events\.v1:3"):
        await advance(database, former, 5)
    await advance(database, current, 5)
    assert await Checkpoints(database, owner="x").positions() == {"scoring.events.v1:3": 5}


async def test_the_same_step_cannot_be_made_twice(database: Database) -> None:
    held = await claim(database, "one")
    await advance(database, held, 5)
    with pytest.raises(FencedError):
        await advance(database, held, 9)


async def test_the_open_transaction_of_a_dead_owner_does_not_hold_up_its_successor(
    database: Database,
) -> None:
    async with database.client.start_session() as dead:
        await database.command("ping", session=dead)
        former = await Checkpoints(database, owner="dead").claim(
            SOURCE, dead.session_id["id"].as_uuid()
        )
        await dead.start_transaction()
        await Checkpoints(database, owner="dead").advance(dead, [Advance(SOURCE, former, 5)])
        async with database.client.start_session() as alive:
            await database.command("ping", session=alive)
            lsid = alive.session_id["id"].as_uuid()
            started = time.monotonic()
            checkpoints = Checkpoints(database, owner="alive")
            await checkpoints.end_former_sessions([SOURCE])
            assert await checkpoints.claim(SOURCE, lsid) == Claim(epoch=2, next=0)
            assert time.monotonic() - started < 5


async def test_an_own_transaction_whose_abort_was_lost_does_not_hold_up_the_next_claim(
    database: Database,
) -> None:
    checkpoints = Checkpoints(database, owner="one")
    async with database.client.start_session() as session:
        await database.command("ping", session=session)
        lsid = session.session_id["id"].as_uuid()
        held = await checkpoints.claim(SOURCE, lsid)
        await session.start_transaction()
        await checkpoints.advance(session, [Advance(SOURCE, held, 5)])
        started = time.monotonic()
        await checkpoints.end_former_sessions([SOURCE])
        again = await checkpoints.claim(SOURCE, lsid)
        assert again == Claim(epoch=2, next=0)
        assert time.monotonic() - started < 5
        with suppress(PyMongoError):  # the server has ended it
            await session.abort_transaction()
        await session.with_transaction(
            lambda inside: checkpoints.advance(inside, [Advance(SOURCE, again, 7)])
        )
    assert await checkpoints.positions() == {"scoring.events.v1:3": 7}
