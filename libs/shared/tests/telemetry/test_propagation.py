"""Trace context from an event to those that follow from it."""

from datetime import UTC, datetime

from opentelemetry.sdk.trace import TracerProvider

from incognita_shared.events.envelope import Envelope
from incognita_shared.kafka.spans import handling
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.telemetry import trace_headers

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SOURCE = Source("scoring.events.v1", 0)


def said_under(trace: dict[str, str]) -> dict[str, str]:
    """The context of what a handler says of an event that came with this one."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    envelope = Envelope("id", "type", "source", moment, "visit", "topic", "key", b"", trace)
    batch = TracerProvider().get_tracer("test").start_as_current_span("batch")
    with batch, handling(envelope, SOURCE, 0):
        return trace_headers()


def test_a_trace_that_is_not_sampled_is_handed_on_as_it_came() -> None:
    came = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00", "tracestate": "a=1"}
    assert said_under(came) == came


def test_what_came_outside_of_a_trace_does_not_enter_that_of_its_batch() -> None:
    assert said_under({}) == {}


def test_a_sampled_trace_goes_on() -> None:
    came = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    assert said_under(came)["traceparent"].split("-")[1] == TRACE


def test_after_the_handler_the_context_is_what_it_was() -> None:
    before = trace_headers()
    said_under({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"})
    assert trace_headers() == before
