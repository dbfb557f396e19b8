"""Reads topics to the end they have when the reading begins."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from incognitactl.connections import UnreachableError

STALLED_S = 30.0


async def records_of(
    reader: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> AsyncIterator[ConsumerRecord]:
    """The records of these partitions, in order in each. Raises UnreachableError at a stop."""
    if not partitions:
        return
    begins = await reader.beginning_offsets(partitions)
    ends = await reader.end_offsets(partitions)
    left = {each for each in partitions if begins[each] < ends[each]}
    if left:
        reader.assign(sorted(left))
    for each in left:
        reader.seek(each, begins[each])
        reader.resume(each)
    progress_at = time.monotonic()
    while left:
        for partition, records in (await reader.getmany(timeout_ms=500)).items():
            progress_at = time.monotonic()
            for record in records:
                if record.offset < ends[partition]:
                    yield record
        for each in [each for each in left if await reader.position(each) >= ends[each]]:
            left.discard(each)
            reader.pause(each)
        if time.monotonic() - progress_at > STALLED_S:
            raise UnreachableError(f"Kafka: nothing came of {sorted(left)[:3]} for {STALLED_S} s")


async def partitions_of(
    reader: AIOKafkaConsumer, partitions: Mapping[str, int]
) -> list[TopicPartition]:
    """All partitions of those topics that exist; topic as on the broker → number, as declared.

    The reader is given them, at rest: it then knows their leaders, at one request for all.
    """
    known = await reader.topics()
    found = [
        TopicPartition(name, number)
        for name, count in partitions.items()
        if name in known
        for number in range(count)
    ]
    if found:
        reader.assign(found)
        reader.pause(*found)
    return found
