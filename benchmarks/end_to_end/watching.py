"""Notices when each stage is done with a report: events on the topics, webhooks at the door."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

import httptools
from aiokafka import AIOKafkaConsumer, TopicPartition

from incognita_shared.kafka.topics import declared_topics
from incognita_shared.settings import KafkaSettings, kafka_name

STAGES = {
    "evidence": "incognita.report.completed.v1",
    "scoring": "incognita.report.approved.v1",
    "assignment": "incognita.payout.due.v1",
    "comparison": "incognita.standing.changed.v1",
    "notification": "incognita.delivery.succeeded.v1",
}
"""Service → the event by which it is done with a report."""
CATALOG = "assignment.catalog.v1"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Seen:
    """What has come so far. Times are ``time.perf_counter()`` of this process."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.last: dict[str, float] = {}
        self.standing: dict[str, float] = {}
        self.webhook: dict[str, float] = {}
        self._stages = {type_name.encode(): name for name, type_name in STAGES.items()}

    def event(self, type_name: bytes, subject: bytes) -> None:
        """A record on a topic."""
        stage = self._stages.get(type_name)
        if stage is None:
            return
        self.counts[stage] += 1
        self.last[stage] = time.perf_counter()
        if stage == "comparison":
            self.standing.setdefault(subject.decode(), self.last[stage])

    def message(self, body: bytes) -> None:
        """A webhook."""
        start = body.index(b'"visit_id":"') + 12
        self.last["webhook"] = time.perf_counter()
        self.webhook.setdefault(body[start : start + 32].decode(), self.last["webhook"])
        self.counts["webhook"] += 1

    def done(self, wanted: int) -> bool:
        """Whether every stage is done with ``wanted`` reports in all."""
        return all(self.counts[stage] >= wanted for stage in (*STAGES, "webhook"))


@asynccontextmanager
async def watching(kafka: KafkaSettings, seen: Seen) -> AsyncIterator[str]:
    """Watch topics and door; gives the URL for the webhooks."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Door(seen), "127.0.0.1", 0)
    reader = AIOKafkaConsumer(**kafka.connection(), fetch_max_wait_ms=20)
    await reader.start()
    reader.assign([
        TopicPartition(kafka_name(topic.topic), partition)
        for topic in declared_topics() if topic.topic != CATALOG
        for partition in range(topic.partitions)
    ])  # fmt: skip
    await reader.seek_to_end()
    reading = asyncio.create_task(_read(reader, seen))
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await reader.stop()
        server.close()


async def _read(reader: AIOKafkaConsumer, seen: Seen) -> None:
    while True:
        for records in (await reader.getmany(timeout_ms=100)).values():
            for record in records:
                headers = dict(record.headers)
                seen.event(headers["ce_type"], headers["ce_subject"])


class _Door(asyncio.Protocol):
    """Takes webhooks and answers 200: it must cost little beside what is measured."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._seen.message(b"".join(self._body))
        self._body = []
        self._transport.write(ANSWER)
