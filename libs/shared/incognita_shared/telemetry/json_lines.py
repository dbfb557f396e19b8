"""Spans and measurements as JSON lines, one file a process, where no collector is configured."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult


class _LinesFile:
    """Appends whole lines with one write each time, so that readers meet at most one torn line."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def append(self, lines: Sequence[dict[str, Any]]) -> bool:
        data = b"".join(
            orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE) for line in lines
        )
        try:
            self._file.write(data)
        except (OSError, ValueError):
            return False
        return True

    def close(self) -> None:
        self._file.close()


class SpanLines(SpanExporter):
    """One span a line; times are nanoseconds since 1970."""

    def __init__(self, path: Path) -> None:
        self._lines = _LinesFile(path)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        written = self._lines.append([span_line(span) for span in spans])
        return SpanExportResult.SUCCESS if written else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self._lines.close()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def span_line(span: ReadableSpan) -> dict[str, Any]:
    """What the trace reader needs of a span."""
    context = span.get_span_context()
    parent = span.parent
    resource = span.resource.attributes
    return {
        "trace_id": f"{context.trace_id:032x}" if context else "",
        "span_id": f"{context.span_id:016x}" if context else "",
        "parent_id": f"{parent.span_id:016x}" if parent else None,
        "name": span.name,
        "service": resource.get("service.name"),
        "kind": span.kind.name.lower(),
        "start_unix_ns": span.start_time,
        "end_unix_ns": span.end_time,
        "status": span.status.status_code.name.lower(),
        "status_description": span.status.description,
        "attributes": dict(span.attributes or {}),
        "links": [
            {
                "trace_id": f"{link.context.trace_id:032x}",
                "span_id": f"{link.context.span_id:016x}",
            }
            for link in span.links
        ],
    }


class MetricLines(MetricExporter):
    """One measured point a line: a number has ``value``, a histogram ``count`` and ``sum``."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._lines = _LinesFile(path)

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        written = self._lines.append(list(_point_lines(metrics_data)))
        return MetricExportResult.SUCCESS if written else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        self._lines.close()


def _point_lines(data: MetricsData) -> Iterator[dict[str, Any]]:
    for resource in data.resource_metrics:
        service = resource.resource.attributes.get("service.name")
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    yield {
                        "name": metric.name,
                        "unit": metric.unit,
                        "service": service,
                        "time_unix_ns": point.time_unix_nano,
                        "attributes": dict(point.attributes or {}),
                        **_value_of(point),
                    }


def _value_of(point: Any) -> dict[str, Any]:
    if isinstance(point, NumberDataPoint):
        return {"value": point.value}
    if isinstance(point, HistogramDataPoint):
        return {
            "count": point.count,
            "sum": point.sum,
            "min": point.min,
            "max": point.max,
            "bounds": list(point.explicit_bounds),
            "buckets": list(point.bucket_counts),
        }
    return {}
