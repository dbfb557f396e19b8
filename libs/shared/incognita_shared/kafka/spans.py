"""Spans and measurements of sending and handling events, by the messaging conventions.

A span for each record costs 0.1 ms and more, so there is one only where the record's trace is
sampled; every batch has one span of its own, linked to what it holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    set_span_in_context,
)

from incognita_shared.clock import now
from incognita_shared.events.codec import TRACE_FIELDS, Record
from incognita_shared.events.envelope import Envelope
from incognita_shared.kafka.incoming import Incoming
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.telemetry import (
    HandedOn,
    context_of,
    instruments,
    link_of,
    trace_headers,
    tracer,
)
from incognita_shared.telemetry.attributes import EVENT_ID, EVENT_TYPE, OUTBOX_COLLECTION

SAMPLED = "-01"
LINKS_MAX = 128  # the SDK drops what is beyond
MESSAGING = {"messaging.system": "kafka"}


def send_span(record: Record) -> Span | None:
    """The span of sending a record, below the trace context that the record carries."""
    trace = _trace_of(record.headers)
    if not trace.get("traceparent", "").endswith(SAMPLED):
        return None
    return tracer().start_span(
        f"send {record.topic}",
        context=context_of(trace),
        kind=SpanKind.PRODUCER,
        attributes={
            **MESSAGING,
            "messaging.operation.type": "send",
            "messaging.destination.name": record.topic,
            EVENT_ID: record.id,
        },
    )


def sent_headers(record: Record, span: Span | None) -> list[tuple[str, bytes]]:
    """The record's headers, with the trace context of its sending where that has a span."""
    if span is None:
        return list(record.headers)
    trace = trace_headers(set_span_in_context(span))
    kept = [header for header in record.headers if header[0] not in trace]
    return [*kept, *((name, value.encode()) for name, value in trace.items())]


def handling(envelope: Envelope, source: Source, offset: int) -> AbstractContextManager[object]:
    """The span of handling one event; what the handler says belongs to the same trace."""
    if not envelope.trace.get("traceparent", "").endswith(SAMPLED):
        return HandedOn(envelope.trace)  # as it is, so that the next service decides alike
    return tracer().start_as_current_span(
        f"process {envelope.type}",
        context=context_of(envelope.trace),
        kind=SpanKind.CONSUMER,
        attributes={
            **MESSAGING,
            "messaging.operation.type": "process",
            "messaging.destination.name": source.topic,
            "messaging.destination.partition.id": str(source.partition),
            "messaging.kafka.offset": offset,
            EVENT_ID: envelope.id,
            EVENT_TYPE: envelope.type,
        },
    )


@contextmanager
def batch_span(service: str, records: Sequence[Incoming]) -> Iterator[None]:
    """The span of one transaction, linked to the traces of the events in it."""
    links: list[Link] = []
    for record in records:
        if len(links) == LINKS_MAX:
            break
        trace = record.received.envelope.trace if record.received else {}
        if trace.get("traceparent", "").endswith(SAMPLED) and (link := link_of(trace)):
            links.append(link)
    with tracer().start_as_current_span(
        f"process batch {service}",
        kind=SpanKind.CONSUMER,
        links=links,
        attributes={
            **MESSAGING,
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": service,
            "messaging.batch.message_count": len(records),
        },
    ):
        yield


def measure_batch(service: str, *, records: int, seconds: float) -> None:
    """One batch has been committed."""
    attributes = {**MESSAGING, "messaging.consumer.group.name": service}
    measured = instruments()
    measured.consumed_messages.add(records, attributes)
    measured.batch_size.record(records, attributes)
    measured.process_duration.record(seconds, attributes)


def measure_lag(service: str, lags: Mapping[Source, int]) -> None:
    """Records not handled yet, by partition."""
    for source, lag in lags.items():
        instruments().consumer_lag.set(
            lag,
            {
                "messaging.consumer.group.name": service,
                "messaging.destination.name": source.topic,
                "messaging.destination.partition.id": str(source.partition),
            },
        )


def measure_outbox_age(name: str, records: Sequence[Record]) -> None:
    """How long the oldest of the records just published had waited."""
    times = [
        value.decode() for record in records for key, value in record.headers if key == "ce_time"
    ]
    if times:
        waited = now() - min(datetime.fromisoformat(time) for time in times)
        instruments().outbox_age.set(waited.total_seconds(), {OUTBOX_COLLECTION: name})


def _trace_of(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    return {name: value.decode() for name, value in headers if name in TRACE_FIELDS}
