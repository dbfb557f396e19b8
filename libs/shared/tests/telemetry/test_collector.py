"""Spans and measurements reach a collector by OTLP over HTTP."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from incognita_shared.ids import new_id
from incognita_shared.settings import TelemetrySettings
from incognita_shared.telemetry import instruments, start_telemetry, start_visit_root_span

Received = dict[str, bytes]


@pytest.fixture
def collector() -> Iterator[tuple[str, Received]]:
    """A collector on a free port: its URL, and the last body posted to each path."""
    received: Received = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            received[self.path] = gzip.decompress(body) if packed else body
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def test_a_visits_root_span_and_a_measurement_are_exported_by_the_end_of_the_process(
    collector: tuple[str, Received],
) -> None:
    url, received = collector
    visit_id = new_id()
    with start_telemetry("scoring", TelemetrySettings(exporter_otlp_endpoint=url)):
        start_visit_root_span(visit_id).end()
        instruments().dead_letters.add(3)
    traces = ExportTraceServiceRequest.FromString(received["/v1/traces"])
    (resource,) = traces.resource_spans
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert (named["service.name"], named["service.namespace"]) == ("scoring", "incognita")
    (span,) = resource.scope_spans[0].spans
    assert (span.name, span.trace_id.hex()) == ("visit", visit_id)
    metrics = ExportMetricsServiceRequest.FromString(received["/v1/metrics"])
    names = {
        metric.name
        for each in metrics.resource_metrics
        for scope in each.scope_metrics
        for metric in scope.metrics
    }
    assert "incognita.dead_letters" in names
