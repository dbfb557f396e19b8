"""Events that ride in documents, on the real MongoDB and Kafka."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from incognita_shared.health import Health
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.outbox import Chunk, Outbox
from incognita_shared.mongo.pending import (
    BUCKETS,
    append_events,
    create_pending_index,
    with_events,
)
from incognita_shared.mongo.relay import Leases, Relay
from incognita_shared.settings import KafkaSettings
from support.delivery import (
    Database,
    approved,
    eventually,
    read_all,
    record_of,
)

TOPIC = "scoring.events.v1"


@pytest.fixture
async def relay(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> AsyncIterator[Relay]:
    await create_pending_index(database["visits"])
    async with started_producer(kafka_settings, client_id="test") as producer:
        relay = Relay(
            database, collections=["visits"], producer=producer, health=Health(), owner="one"
        )
        stop = asyncio.Event()
        running = asyncio.create_task(relay.run(stop))
        yield relay
        stop.set()
        await asyncio.wait_for(running, 20)


async def nothing_pending(database: Database) -> bool:
    return await database["visits"].count_documents({"has_pending": True}) == 0


async def published(settings: KafkaSettings) -> list[Any]:
    return [int(record.value.split(b'"seq":')[1].split(b",")[0])
            for record in await read_all(settings, TOPIC)]  # fmt: skip


async def test_events_go_out_in_the_order_in_which_they_were_appended(
    database: Database, kafka_settings: KafkaSettings, relay: Relay
) -> None:
    visits = database["visits"]
    await visits.insert_one(with_events({"_id": "v", "n": 1}, approved("v", 1)))
    for seq in range(2, 30):
        update = append_events({"$inc": {"n": 1}}, approved("v", seq))
        assert (await visits.update_one({"_id": "v"}, update)).modified_count == 1
        relay.wake()
    await eventually(lambda: nothing_pending(database))
    assert await published(kafka_settings) == list(range(1, 30))
    found = await visits.find_one({"_id": "v"})
    assert found is not None
    assert (found["n"], found["pending"]) == (29, [])


async def test_an_event_waits_for_those_that_a_handler_has_decided_before(
    database: Database, kafka_settings: KafkaSettings, relay: Relay
) -> None:
    outbox = Outbox(database)
    chunk = Chunk("s:0", Source("evidence.events.v1", 0), (record_of(approved("v", 1)),))
    async with database.client.start_session() as session:
        await session.with_transaction(lambda inside: outbox.add(inside, [chunk]))
    await database["visits"].insert_one(with_events({"_id": "v"}, approved("v", 2)))
    await database["visits"].insert_one(with_events({"_id": "other"}, approved("other", 7)))
    await eventually(lambda: _is_sent(database, "other"))
    assert not await _is_sent(database, "v")
    await outbox.remove([chunk])
    await eventually(lambda: nothing_pending(database))
    assert sorted(await published(kafka_settings)) == [2, 7]


async def test_two_relays_share_the_buckets_and_one_takes_over_what_another_leaves(
    database: Database,
) -> None:
    one, two = Leases(database, owner="one"), Leases(database, owner="two")
    assert len(await one.renew()) == 8
    assert await two.renew() == []
    assert len(await one.renew()) == 4
    shares = await one.renew(), await two.renew()
    assert sorted([*shares[0], *shares[1]]) == list(range(8))
    await one.release()
    assert len(await two.renew()) == 8


async def _is_sent(database: Database, name: str) -> bool:
    found = await database["visits"].find_one({"_id": name})
    return bool(found and not found["has_pending"])


async def test_while_one_collection_keeps_the_relay_busy_the_others_wait_for_their_turn(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    names = ("busy", "quiet")
    async with started_producer(kafka_settings, client_id="test") as producer:
        relay = Relay(
            database, collections=names, producer=producer, health=Health(), owner="one", idle_s=0.5
        )
        relay._owned = list(range(BUCKETS))
        for name in ("busy", "busy", "quiet"):
            await database[name].insert_one(with_events({}, approved("v", 1)))
            await relay.round()
        assert await database["busy"].count_documents({"has_pending": True}) == 0
        assert await database["quiet"].count_documents({"has_pending": True}) == 1
        await asyncio.sleep(0.5)
        assert await relay.round() == 1
    assert await database["quiet"].count_documents({"has_pending": True}) == 0
