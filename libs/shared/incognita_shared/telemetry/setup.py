"""Where spans and measurements go: a collector, files, or nowhere."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased

from incognita_shared.settings import TelemetrySettings
from incognita_shared.telemetry import state
from incognita_shared.telemetry.json_lines import MetricLines, SpanLines
from incognita_shared.telemetry.visits import VisitIds, VisitRatio

_FLUSH_LIMIT_MS = 5_000
_log = logging.getLogger(__name__)


@contextmanager
def start_telemetry(service: str, settings: TelemetrySettings) -> Iterator[None]:
    """Collect the spans and measurements of this process until the block ends; then flush them."""
    resource = _resource(service)
    tracers = TracerProvider(
        sampler=ParentBased(VisitRatio(settings.sample_ratio)),
        resource=resource,
        id_generator=VisitIds(),
        shutdown_on_exit=False,
    )
    spans, metrics = _exporters(service, settings)
    if spans is not None:
        # The queue holds what a busy second makes; what does not fit is dropped, and counted there.
        tracers.add_span_processor(
            BatchSpanProcessor(
                spans,
                max_queue_size=16_384,
                schedule_delay_millis=1_000,
                max_export_batch_size=1_024,
            )
        )
    readers = []
    if metrics is not None:
        interval_ms = settings.metrics_interval_s * 1_000
        readers.append(PeriodicExportingMetricReader(metrics, interval_ms))
    meters = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
    state.enter(state.Providers(tracers, meters, settings.sample_ratio))
    try:
        yield
    finally:
        state.leave()
        tracers.force_flush(_FLUSH_LIMIT_MS)
        tracers.shutdown()
        meters.shutdown(_FLUSH_LIMIT_MS)


def flush() -> None:
    """Write out what is queued now; blocks for up to 5 s if a collector does not answer."""
    tracers = state.providers().tracers
    if isinstance(tracers, TracerProvider):
        tracers.force_flush(_FLUSH_LIMIT_MS)


def _resource(service: str) -> Resource:
    try:
        release = version("incognita-shared")
    except PackageNotFoundError:
        release = "unknown"
    return Resource.create(
        {
            "service.name": service,
            "service.namespace": "incognita",
            "service.version": release,
            "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
        }
    )


def _exporters(
    service: str, settings: TelemetrySettings
) -> tuple[SpanExporter | None, MetricExporter | None]:
    if settings.exporter_otlp_endpoint:
        # Imported here: requests and protobuf cost memory that only this branch needs.
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        address = settings.exporter_otlp_endpoint.rstrip("/")
        return (
            OTLPSpanExporter(endpoint=f"{address}/v1/traces", timeout=5),
            OTLPMetricExporter(endpoint=f"{address}/v1/metrics", timeout=5),
        )
    if settings.traces_dir:
        name = f"{service}-{os.getpid()}.jsonl"
        try:
            return (
                SpanLines(settings.traces_dir / name),
                MetricLines(settings.traces_dir / f"metrics-{name}"),
            )
        except OSError as error:
            _log.warning("OTEL_TRACES_DIR can't be written to, so nothing is traced: %s", error)
    return None, None
