"""Invariant 5: what lies in the dead letters is the poison, once for each reader of its topic."""

from collections.abc import Collection, Iterable
from importlib import import_module

from aiokafka.structs import ConsumerRecord

from incognita_shared.kafka.incoming import Handlers, Reader
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections
from incognitactl.dead_letters.letters import Origin
from incognitactl.dead_letters.resolutions import dead_letters
from incognitactl.verify.findings import Findings


async def check_dead_letters(
    connections: Connections,
    findings: Findings,
    *,
    unreadable: Iterable[ConsumerRecord],
    poison: Collection[tuple[str, int, int]],
) -> None:
    """``unreadable``: the poison, and whatever else on the topics is no event.

    A dead letter that is no poison is right only once an operator has replayed or discarded it.
    """
    missing = _expected(connections, unreadable)
    findings.checked(5, len(missing))
    async for each in dead_letters(connections):
        origin = each.letter.origin
        findings.checked(5)
        findings.counts["dead letters"] += 1
        if origin in missing:
            missing.discard(origin)
        elif (origin.source.topic, origin.source.partition, origin.offset) in poison:
            findings.add(5, f"{origin.consumer} refused what it should read", str(origin))
        if (origin.source.topic, origin.source.partition, origin.offset) in poison:
            continue
        if each.resolution.state.is_open:
            what = f"{origin.consumer} has a dead letter that is no known poison"
            findings.add(5, what, f"{origin}: {each.letter.reason[:80]}")
    for origin in sorted(missing):
        what = f"{origin.consumer} can't read a record, and it is not among the dead letters"
        findings.add(5, what, str(origin))


def _expected(connections: Connections, unreadable: Iterable[ConsumerRecord]) -> set[Origin]:
    """Each unreadable record, once for each service that reads its topic and can't read it."""
    names = {kafka_name(topic.topic): topic for topic in connections.topics}
    readers: dict[str, Reader] = {}
    expected: set[Origin] = set()
    for record in unreadable:
        topic = names[record.topic]
        source = Source(topic.topic, record.partition)
        for service in topic.consumers:
            reader = readers.setdefault(service, Reader(_handlers_of(service)))
            read = reader.read(
                source, record.offset, key=record.key, value=record.value, headers=record.headers
            )
            if read.fault is not None:
                expected.add(Origin(service, source, record.offset))
    return expected


def _handlers_of(service: str) -> Handlers:
    """The service's own table: what it can't read follows from it."""
    handlers: Handlers = import_module(f"incognita_{service}.handlers").HANDLERS
    return handlers
