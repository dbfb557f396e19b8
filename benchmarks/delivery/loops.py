"""The two loops: a bare one, and ours with a handler of one document and one event."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo.asynchronous.database import AsyncDatabase

from benchmarks.delivery.traffic import IN, OUT
from incognita_shared.events.comparison import StandingChanged
from incognita_shared.events.scoring import ReportApproved
from incognita_shared.health import Health
from incognita_shared.kafka.consumer import Consumer, create_delivery_indexes
from incognita_shared.kafka.incoming import Handlers, Received
from incognita_shared.kafka.producer import started_producer
from incognita_shared.mongo.client import Document, ensure_collections, mongo_database
from incognita_shared.mongo.work import Work
from incognita_shared.settings import KafkaSettings, MongoSettings, kafka_name

LEDGER = "ledger"


async def bare(settings: KafkaSettings, count: int) -> tuple[float, float]:
    """Consume, produce, commit, of ``count`` records. Returns when it began and when it ended."""
    consumer = AIOKafkaConsumer(
        kafka_name(IN), **settings.connection(), group_id=kafka_name("bare"),
        enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=50,
        max_partition_fetch_bytes=1 << 20,
    )  # fmt: skip
    producer = AIOKafkaProducer(
        **settings.connection(), acks="all", enable_idempotence=True, linger_ms=2,
        max_batch_size=262_144, compression_type="lz4",
    )  # fmt: skip
    await producer.start()
    await consumer.start()
    out, done, began = kafka_name(OUT), 0, 0.0
    try:
        while done < count:
            polled = await consumer.getmany(timeout_ms=100, max_records=settings.batch_max_records)
            began = began or (time.time() if polled else 0.0)
            futures = [
                await producer.send(out, record.value, key=record.key, headers=[*record.headers])
                for records in polled.values()
                for record in records
            ]
            await asyncio.gather(*futures)
            if futures:
                await consumer.commit()
                done += len(futures)
        return began, time.time()
    finally:
        await consumer.stop()
        await producer.stop()


async def on_report_approved(received: Received[ReportApproved], work: Work) -> None:
    """One document, one event."""
    event = received.event
    work.insert(LEDGER, {"_id": event.visit_id, "seq": event.seq, "branch_id": event.branch_id})
    work.publish(
        StandingChanged(
            chain_id=event.chain_id, visit_id=event.visit_id, branch_id=event.branch_id,
            wave_id=event.wave_id, seq=1, visits=1, mean_score=None, visit_score=None,
            changed_at=event.approved_at,
        )
    )  # fmt: skip


HANDLERS: Handlers = {ReportApproved: on_report_approved}


async def prepare(mongo: MongoSettings, service: str) -> None:
    """Collections and indexes, so that no worker makes them while another counts."""
    async with mongo_database(mongo, service) as db:
        await create_delivery_indexes(db)
        await ensure_collections(db, [LEDGER])


async def ours(
    kafka: KafkaSettings, mongo: MongoSettings, service: str, count: int, owner: str
) -> tuple[float, float]:
    """The consumer loop until ``count`` documents are there and their events are out."""
    stop = asyncio.Event()
    async with (
        mongo_database(mongo, service) as db,
        started_producer(kafka, client_id=service) as producer,
    ):
        first: list[float] = []
        consumer = Consumer(
            service, db=db, producer=producer, handlers=HANDLERS, health=Health(),
            settings=kafka, owner=owner,
            after_commit=[lambda: first.append(time.time()) if not first else None],
        )  # fmt: skip
        running = asyncio.create_task(consumer.run(stop))
        try:
            await _until_done(db, count, running)
            return first[0] if first else time.time(), time.time()
        finally:
            stop.set()
            await running


async def _until_done(db: AsyncDatabase[Document], count: int, running: asyncio.Task[None]) -> None:
    while (
        await db[LEDGER].estimated_document_count() < count
        or await db["outbox"].estimated_document_count()
    ):
        if running.done():
            running.result()
        await asyncio.sleep(0.05)
