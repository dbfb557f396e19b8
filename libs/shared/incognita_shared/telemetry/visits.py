"""One visit, one trace: the visit's id is the trace id, and its root span's id follows from it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.util.types import Attributes, AttributeValue

from incognita_shared.ids import is_trace_id, root_span_id
from incognita_shared.telemetry.attributes import VISIT_ID
from incognita_shared.telemetry.state import providers

_RANDOM_BITS = 56
_root_ids: ContextVar[tuple[int, int] | None] = ContextVar("visit_root_ids", default=None)


def is_sampled(trace_id: int, ratio: float) -> bool:
    """Whether the trace is kept, decided alike by every service that knows its id.

    Only the lowest 56 bits count, those that W3C Trace Context calls random: in a UUID the bits
    above them hold its variant, by which the SDK's own sampler would keep all visits or none.
    """
    return (trace_id & (1 << _RANDOM_BITS) - 1) < ratio * (1 << _RANDOM_BITS)


def visit_context(visit_id: str) -> Context:
    """A context within the visit's trace, below its root span; empty if the id is no trace id."""
    if not is_trace_id(visit_id):
        return Context()
    trace_id = int(visit_id, 16)
    kept = is_sampled(trace_id, providers().sample_ratio)
    root = SpanContext(
        trace_id=trace_id,
        span_id=int(root_span_id(visit_id), 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED if kept else TraceFlags.DEFAULT),
    )
    return set_span_in_context(NonRecordingSpan(root), Context())


@contextmanager
def on_trace_of(visit_id: str) -> Iterator[None]:
    """What is done within belongs to the visit's trace, whatever request it is part of."""
    token = attach(visit_context(visit_id))
    try:
        yield
    finally:
        detach(token)


def start_visit_root_span(
    visit_id: str,
    name: str = "visit",
    *,
    attributes: Mapping[str, AttributeValue] | None = None,
    links: Sequence[Link] = (),
) -> Span:
    """The span from which all of the visit's other spans descend; the caller ends it.

    Made once, by the service that makes the visit. Raises ``ValueError`` if the id is no trace id.
    """
    if not is_trace_id(visit_id):
        raise ValueError("a visit's id has 32 hexadecimal digits, not all zero")
    token = _root_ids.set((int(visit_id, 16), int(root_span_id(visit_id), 16)))
    try:
        return providers().tracer.start_span(
            name,
            context=Context(),
            attributes={VISIT_ID: visit_id, **(attributes or {})},
            links=links,
        )
    finally:
        _root_ids.reset(token)


class VisitIds(RandomIdGenerator):
    """Random ids, but for the root span of a visit."""

    def generate_trace_id(self) -> int:
        ids = _root_ids.get()
        return ids[0] if ids else super().generate_trace_id()

    def generate_span_id(self) -> int:
        ids = _root_ids.get()
        return ids[1] if ids else super().generate_span_id()

    def is_trace_id_random(self) -> bool:
        return False


class VisitRatio(Sampler):
    """Keeps the share ``ratio`` of the traces."""

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if is_sampled(trace_id, self._ratio):
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, trace_state)
        return SamplingResult(Decision.DROP, None, trace_state)

    def get_description(self) -> str:
        return f"VisitRatio{{{self._ratio}}}"
