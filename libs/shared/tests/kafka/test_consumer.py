"""The consumer loop on the real Kafka and MongoDB."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from incognita_shared.events.codec import Record
from incognita_shared.events.comparison import StandingChanged
from incognita_shared.events.scoring import ReportApproved, ReportReturned
from incognita_shared.kafka.incoming import NotReady, Received
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.outbox import Chunk, Outbox
from incognita_shared.mongo.parking import ParkedRecord, Parking
from incognita_shared.mongo.work import Work
from incognita_shared.settings import KafkaSettings, kafka_name
from support.delivery import (
    Database,
    approved,
    consuming,
    eventually,
    on_report_approved,
    read_all,
    record_of,
)

TOPIC = "scoring.events.v1"
OUT = "comparison.events.v1"
DEAD = "scoring.events.v1.comparison.dlq"


async def send(settings: KafkaSettings, records: Sequence[Record]) -> None:
    async with started_producer(settings, client_id="test") as producer:
        await producer.publish(records)


async def counted(db: Database, visit_id: str) -> list[int]:
    found = await db["visits"].find_one({"_id": visit_id})
    return list(found["seqs"]) if found else []


async def test_each_event_counts_once_and_in_order_although_sent_twice(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    records = [
        record_of(approved(f"visit-{number}", seq, branch_id=f"branch-{number}"))
        for seq in range(1, 21)
        for number in range(10)
    ]
    await send(kafka_settings, [*records, *records[::7]])
    async with consuming(database, kafka_settings):
        for number in range(10):
            await eventually(
                lambda number=number: _equal(counted(database, f"visit-{number}"), range(1, 21))
            )
        await eventually(lambda: _equal(database["outbox"].count_documents({}), 0))
    said = await read_all(kafka_settings, OUT)
    assert len({dict(record.headers)["ce_id"] for record in said}) == 200


async def test_a_second_owner_goes_on_where_the_first_ended(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    await send(kafka_settings, [record_of(approved("v", seq)) for seq in range(1, 6)])
    async with consuming(database, kafka_settings, owner="one"):
        await eventually(lambda: _equal(counted(database, "v"), range(1, 6)))
    await send(kafka_settings, [record_of(approved("v", seq)) for seq in range(6, 11)])
    async with consuming(database, kafka_settings, owner="two"):
        await eventually(lambda: _equal(counted(database, "v"), range(1, 11)))


async def test_records_for_nobody_here_are_passed_over_without_a_transaction(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    await send(kafka_settings, [record_of(approved("v", seq)) for seq in range(1, 6)])
    passed = {StandingChanged: on_report_approved, ReportReturned: on_report_approved}
    async with consuming(database, kafka_settings, passed, owner="one") as consumer:
        await eventually(lambda: _next_of(database, TOPIC, 5))
        transactions = consumer._applier._commit
        consumer._applier._commit = None  # type: ignore[method-assign,assignment]
        await send(kafka_settings, [record_of(approved("v", 6))])
        await eventually(lambda: _next_of(database, TOPIC, 6))
        consumer._applier._commit = transactions  # type: ignore[method-assign]
    await send(kafka_settings, [record_of(approved("v", 7))])
    async with consuming(database, kafka_settings, owner="two"):
        await eventually(lambda: _equal(counted(database, "v"), [7]))


async def test_who_has_lost_a_partition_does_not_move_it_past_what_is_for_nobody(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    passed = {StandingChanged: on_report_approved, ReportReturned: on_report_approved}
    async with consuming(database, kafka_settings, passed, owner="one"):
        await send(kafka_settings, [record_of(approved("v", 1))])
        await eventually(lambda: _next_of(database, TOPIC, 1))
        await database["checkpoints"].update_many(
            {"next": 1}, {"$inc": {"epoch": 1}, "$set": {"owner": "two"}}
        )
        await send(kafka_settings, [record_of(approved("v", 2))])
        await eventually(lambda: _next_of(database, TOPIC, 2))  # only after a claim of its own
        found = await database["checkpoints"].find_one({"next": 2})
        assert found is not None
        assert (found["owner"], found["epoch"]) == ("one", 3)


async def _next_of(db: Database, topic: str, offset: int) -> bool:
    where = {"_id": {"$regex": f"^{topic}:"}, "next": offset}
    return await db["checkpoints"].count_documents(where) == 1


async def test_what_cannot_be_read_becomes_a_dead_letter_and_blocks_nothing(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    good = record_of(approved("v", 1))
    newer = tuple(
        (name, b"incognita.report.approved.v9" if name == "ce_type" else value)
        for name, value in good.headers
    )
    await send(
        kafka_settings,
        [
            good._replace(value=b"\xff{bad"),
            good._replace(headers=()),
            good._replace(headers=newer),
            good._replace(value=b"{}"),
            good,
        ],
    )
    async with consuming(database, kafka_settings):
        await eventually(lambda: _equal(counted(database, "v"), [1]))
        await eventually(lambda: _equal(database["outbox"].count_documents({}), 0))
    dead = [
        dict(record.headers)["dlq_reason"].decode()
        for record in await read_all(kafka_settings, DEAD)
    ]
    assert len(dead) == 4
    assert any("ce_id" in reason for reason in dead)
    assert any("v9" in reason for reason in dead)
    assert any("visit_id: Field required" in reason for reason in dead)


async def test_an_event_whose_facts_come_later_waits_for_them(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    calls = 0

    async def waits(received: Received[ReportApproved], work: Work) -> None:
        nonlocal calls
        calls += 1
        if received.event.seq == 2 and calls < 5:
            raise NotReady("the questionnaire has not come yet")
        await on_report_approved(received, work)

    await send(kafka_settings, [record_of(approved("v", seq)) for seq in (1, 2, 3)])
    async with consuming(database, kafka_settings, {ReportApproved: waits}):
        await eventually(lambda: _equal(counted(database, "v"), [1, 2, 3]))


async def test_a_record_that_fails_five_times_parks_its_visit_until_it_is_unparked(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    broken = True

    async def fails(received: Received[ReportApproved], work: Work) -> None:
        if received.event.visit_id == "bad" and broken:
            raise ZeroDivisionError("a bug of ours")
        await on_report_approved(received, work)

    await send(
        kafka_settings,
        [record_of(approved(visit, seq)) for seq in (1, 2, 3) for visit in ("good", "bad")],
    )
    parking = Parking(database)
    async with consuming(database, kafka_settings, {ReportApproved: fails}):
        await eventually(lambda: _equal(counted(database, "good"), [1, 2, 3]), within_s=60)
        assert await counted(database, "bad") == []
        assert await parking.count() == 1
        found = await database["parked_subjects"].find_one({})
        assert found is not None
        assert "a bug of ours" in found["reason"]
        broken = False
        assert await parking.unpark("bad") == 1
        await eventually(lambda: _equal(counted(database, "bad"), [1, 2, 3]))
        await send(kafka_settings, [record_of(approved("bad", 4))])
        await eventually(lambda: _equal(counted(database, "bad"), [1, 2, 3, 4]))
        assert await parking.count() == 0
        await eventually(lambda: _equal(database["outbox"].count_documents({}), 0))
    said = await read_all(kafka_settings, OUT)
    assert len({dict(record.headers)["ce_id"] for record in said}) == 7


async def test_a_write_that_the_store_refuses_is_traced_to_its_record(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    await database["taken"].insert_one({"_id": "bad"})

    async def collides(received: Received[ReportApproved], work: Work) -> None:
        if received.event.visit_id == "bad":
            work.insert("taken", {"_id": "bad"})
        await on_report_approved(received, work)

    await send(kafka_settings, [record_of(approved(visit, 1)) for visit in ("a", "bad", "c")])
    async with consuming(database, kafka_settings, {ReportApproved: collides}):
        await eventually(lambda: _equal(counted(database, "c"), [1]), within_s=60)
        assert await counted(database, "a") == [1]
        assert await counted(database, "bad") == []
        assert await Parking(database).count() == 1


async def _equal(value: object, wanted: object) -> bool:
    got = await value  # type: ignore[misc]
    return bool(list(got) == list(wanted) if isinstance(wanted, range | list) else got == wanted)  # type: ignore[call-overload]


async def test_records_that_the_topic_has_dropped_hold_nobody_up(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    await send(kafka_settings, [record_of(approved("old", seq)) for seq in (1, 2, 3)])
    partition = (await read_all(kafka_settings, TOPIC))[0].partition
    admin = AIOKafkaAdminClient(**kafka_settings.connection())
    await admin.start()
    try:
        dropped = TopicPartition(kafka_name(TOPIC), partition)
        await admin.delete_records({dropped: RecordsToDelete(2)})
    finally:
        await admin.close()
    async with consuming(database, kafka_settings):
        await eventually(lambda: _equal(counted(database, "old"), [3]))


async def test_a_new_owner_publishes_what_the_last_one_had_committed_but_not_sent(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    left = record_of(approved("v", 1))._replace(topic=OUT, id="left-over")
    outbox = Outbox(database)
    chunks = [
        Chunk(f"{TOPIC}:{number}:{0:015d}:0000", Source(TOPIC, number), (left,))
        for number in (0, 7)
    ]
    async with database.client.start_session() as session:
        await session.with_transaction(lambda inside: outbox.add(inside, chunks))
    async with consuming(database, kafka_settings):
        await eventually(lambda: _equal(database["outbox"].count_documents({}), 0))
    assert len(await read_all(kafka_settings, OUT)) == 2


async def test_records_that_a_fetch_left_out_are_asked_for_again(
    database: Database, kafka_settings: KafkaSettings, topics: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled, left_out = AIOKafkaConsumer.getmany, []

    async def forgetful(self: AIOKafkaConsumer, **options: Any) -> dict[TopicPartition, Any]:
        """As after a seek that meets a fetch under way: the first records of a poll are missing."""
        found: dict[TopicPartition, Any] = await polled(self, **options)
        if found and not left_out:
            left_out.extend(records.pop(0) for records in found.values())
        return {partition: records for partition, records in found.items() if records}

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", forgetful)
    await send(kafka_settings, [record_of(approved("v", seq)) for seq in range(1, 6)])
    async with consuming(database, kafka_settings):
        await eventually(lambda: _equal(counted(database, "v"), range(1, 6)))
    assert left_out


async def test_a_parked_record_that_cannot_be_read_stays_parked_and_says_why(
    database: Database, kafka_settings: KafkaSettings, topics: None
) -> None:
    source, parking = Source(TOPIC, 0), Parking(database)
    unreadable = ParkedRecord(source, 0, "v", b"branch-1", b"{bad", (), reason="sent back")
    async with consuming(database, kafka_settings):
        async with database.client.start_session() as session:
            await session.with_transaction(lambda inside: parking.add(inside, [unreadable]))
        await eventually(lambda: parking.unpark("v"))
        await eventually(
            lambda: database["parked_subjects"].find_one({"reason": {"$regex": "ce_"}})
        )
    assert await database["parked_records"].count_documents({}) == 1
