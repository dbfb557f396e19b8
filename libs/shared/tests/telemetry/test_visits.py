import json
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from opentelemetry import trace

from incognita_shared.ids import derived_id, new_id, root_span_id
from incognita_shared.settings import TelemetrySettings
from incognita_shared.telemetry import (
    context_of,
    instruments,
    link_of,
    start_telemetry,
    start_visit_root_span,
    trace_headers,
    tracer,
    visit_context,
)
from incognita_shared.telemetry.visits import is_sampled


def _settings(folder: Path, sample_ratio: float = 1.0) -> TelemetrySettings:
    return TelemetrySettings(traces_dir=folder, sample_ratio=sample_ratio)


def _lines(folder: Path, pattern: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.glob(pattern))
        for line in path.read_text().splitlines()
    ]


def test_the_root_span_has_the_visits_id_and_all_else_descends_from_it(tmp_path: Path) -> None:
    visit_id = new_id()
    with start_telemetry("assignment", _settings(tmp_path)):
        with tracer().start_as_current_span("planning"):
            start_visit_root_span(visit_id, attributes={"incognita.branch.id": "b"}).end()
        with tracer().start_as_current_span("accept", context=visit_context(visit_id)):
            headers = trace_headers()
        with tracer().start_as_current_span("consume", context=context_of(headers)):
            pass
    planning, root, accept, consume = sorted(
        _lines(tmp_path, "assignment-*"), key=lambda one: one["start_unix_ns"]
    )
    assert (root["trace_id"], root["span_id"]) == (visit_id, root_span_id(visit_id))
    assert root["parent_id"] is None
    assert root["attributes"] == {"incognita.visit.id": visit_id, "incognita.branch.id": "b"}
    assert planning["trace_id"] != visit_id
    assert len({one["span_id"] for one in (planning, root, accept, consume)}) == 4
    assert (accept["trace_id"], accept["parent_id"]) == (visit_id, root["span_id"])
    assert (consume["trace_id"], consume["parent_id"]) == (visit_id, accept["span_id"])


def test_an_id_that_is_no_trace_id_gives_no_trace() -> None:
    assert trace_headers(visit_context("not-a-visit")) == {}
    with pytest.raises(ValueError, match="32 hexadecimal"):
        start_visit_root_span("not-a-visit")


@pytest.mark.parametrize(
    "headers", [{}, {"traceparent": "nonsense"}, {"traceparent": f"00-{'0' * 32}-{'1' * 16}-01"}]
)
def test_headers_that_name_no_trace_are_harmless(headers: dict[str, str]) -> None:
    assert trace_headers(context_of(headers)) == {}
    assert link_of(headers) is None


def test_a_link_leads_to_the_span_that_the_headers_name() -> None:
    link = link_of({"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    assert link is not None
    assert f"{link.context.trace_id:x}" == "a" * 32


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("kind", ["planned", "fresh"])
def test_the_kept_share_of_visits_is_the_ratio(ratio: float, kind: str) -> None:
    made = (derived_id("w", str(n)) if kind == "planned" else new_id() for n in range(5_000))
    kept = sum(is_sampled(int(one, 16), ratio) for one in made)
    assert abs(kept / 5_000 - ratio) < 0.04


def test_every_service_decides_alike_and_says_so_in_the_flags(tmp_path: Path) -> None:
    visits = [new_id() for _ in range(50)]
    with start_telemetry("a", _settings(tmp_path, 0.5)):
        flags = [trace_headers(visit_context(one))["traceparent"][-2:] for one in visits]
        for one in visits:
            start_visit_root_span(one).end()
    kept = {line["trace_id"] for line in _lines(tmp_path, "a-*")}
    assert kept == {one for one, flag in zip(visits, flags, strict=True) if flag == "01"}
    assert 0 < len(kept) < 50


def test_without_a_place_to_write_there_are_still_trace_ids() -> None:
    with start_telemetry("a", TelemetrySettings()), tracer().start_as_current_span("x") as span:
        assert span.get_span_context().is_valid
        assert trace_headers()


def test_before_the_start_nothing_is_made_but_a_trace_goes_on() -> None:
    with tracer().start_as_current_span("x", context=visit_context("a" * 32)):
        assert trace.get_current_span().get_span_context().trace_id == int("a" * 32, 16)
    instruments().dead_letters.add(1)


def test_a_folder_that_can_not_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with start_telemetry("a", _settings(tmp_path / "file")):
        instruments().dead_letters.add(1)


def test_measurements_are_written_with_their_names(tmp_path: Path) -> None:
    with start_telemetry("a", _settings(tmp_path)):
        instruments().consumer_lag.set(7, {"messaging.destination.partition.id": "3"})
        instruments().process_duration.record(0.2)
        instruments().dead_letters.add(2)
    lines = {line["name"]: line for line in _lines(tmp_path, "metrics-a-*")}
    assert lines["incognita.consumer.lag"]["value"] == 7
    assert lines["incognita.consumer.lag"]["attributes"] == {
        "messaging.destination.partition.id": "3"
    }
    assert lines["messaging.process.duration"]["count"] == 1
    assert lines["incognita.dead_letters"]["value"] == 2


def test_grpc_and_the_collectors_client_cost_nothing_where_they_are_not_used() -> None:
    check = (
        "import sys, incognita_shared.telemetry as t, incognita_shared.settings as s\n"
        "with t.start_telemetry('a', s.TelemetrySettings()): pass\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('grpc', 'requests')])"
    )
    done = run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
