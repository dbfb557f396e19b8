"""Traces and metrics by OpenTelemetry. A visit's id is the trace id of all that happens to it."""

from incognita_shared.telemetry.metrics import Instruments, instruments
from incognita_shared.telemetry.propagation import HandedOn, context_of, link_of, trace_headers
from incognita_shared.telemetry.setup import flush, start_telemetry
from incognita_shared.telemetry.state import tracer
from incognita_shared.telemetry.visits import on_trace_of, start_visit_root_span, visit_context

__all__ = [
    "HandedOn",
    "Instruments",
    "context_of",
    "flush",
    "instruments",
    "link_of",
    "on_trace_of",
    "start_telemetry",
    "start_visit_root_span",
    "trace_headers",
    "tracer",
    "visit_context",
]
