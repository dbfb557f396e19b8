from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.telemetry.tree import TracedSpan, draw, load_spans

TRACE = "a" * 32
OTHER = "b" * 32
MS = 1_000_000


def _span(
    span_id: str,
    parent_id: str | None,
    start_ms: int,
    end_ms: int,
    *,
    service: str = "evidence",
    trace_id: str = TRACE,
    links: tuple[tuple[str, str], ...] = (),
    status: str = "unset",
) -> TracedSpan:
    return TracedSpan(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=parent_id,
        name=f"work {span_id}",
        service=service,
        start_unix_ns=start_ms * MS,
        end_unix_ns=end_ms * MS,
        status=status,
        attributes={},
        links=links,
    )


def test_a_tree_shows_services_offsets_durations_and_silences() -> None:
    spans = [
        _span("root", None, 0, 10, service="assignment"),
        _span("accept", "root", 5, 8, service="assignment"),
        _span("submit", "root", 2_000, 3_500),
        _span("score", "submit", 2_100, 2_200, service="scoring", status="error"),
        _span("batch", None, 3_600, 3_700, service="comparison", trace_id=OTHER,
              links=((TRACE, "score"),)),
    ]  # fmt: skip
    assert draw(spans).splitlines() == [
        f"trace {TRACE}: 5 spans, 4 services, 3.700 s",
        "assignment: work root  +0.000 s  10.0 ms",
        "├─ assignment: work accept  +0.005 s  3.0 ms",
        "└─ evidence: work submit  +2.000 s  1.50 s  after 1.99 s of silence",
        "   └─ scoring: work score  +2.100 s  100.0 ms  FAILED",
        "      └─ ~ comparison: work batch  +3.600 s  100.0 ms  after 0.10 s of silence",
    ]


def test_a_span_whose_parent_is_missing_is_a_root() -> None:
    lines = draw([_span("x", "lost", 0, 1), _span("y", "x", 0, 1)]).splitlines()
    assert [line[:3] for line in lines[1:]] == ["evi", "└─ "]


def test_a_trace_that_nobody_wrote_has_no_spans() -> None:
    assert draw([]) == "no spans"


def test_a_span_written_twice_is_shown_twice_and_its_children_once() -> None:
    spans = [_span("r", None, 0, 1), _span("r", None, 0, 1), _span("c", "r", 0, 1)]
    assert len(draw(spans).splitlines()) == 4


_ids = st.sampled_from("abcde")


@given(st.lists(st.tuples(_ids, st.none() | _ids, st.integers(0, 99), _ids), max_size=12))
def test_every_span_is_drawn_once_whatever_the_parents_say(
    made: list[tuple[str, str | None, int, str]],
) -> None:
    spans = [
        _span(name, parent, start, start + 1, links=((TRACE, link),))
        for name, parent, start, link in made
    ]
    lines = draw(spans).splitlines()
    assert len(lines) == 1 + len(spans)
    for span in spans:
        assert sum(f"work {span.span_id} " in line for line in lines) == sum(
            other.span_id == span.span_id for other in spans
        )


def test_a_chain_of_thousands_is_drawn_without_recursion() -> None:
    spans = [_span(str(n), str(n - 1) if n else None, n, n + 1) for n in range(5_000)]
    assert len(draw(spans).splitlines()) == 5_001


def test_only_the_traces_own_spans_and_those_linked_to_it_are_read(tmp_path: Path) -> None:
    def line(span: TracedSpan, **changes: object) -> bytes:
        links = [{"trace_id": trace, "span_id": target} for trace, target in span.links]
        fields = {name: getattr(span, name) for name in TracedSpan.__slots__}
        return orjson.dumps({**fields, "links": links, **changes}) + b"\n"

    ours = _span("a", None, 2, 3)
    linked = _span("b", None, 1, 2, trace_id=OTHER, links=((TRACE, "a"),))
    mentions = _span("c", None, 0, 1, trace_id=OTHER)
    (tmp_path / "x-1.jsonl").write_bytes(
        line(ours)
        + line(mentions, attributes={"incognita.visit.id": TRACE})
        + b'{"trace_id": "' + TRACE.encode() + b'"}\n'
        + line(ours)[:-30]
    )  # fmt: skip
    (tmp_path / "y-2.jsonl").write_bytes(line(linked))
    (tmp_path / "metrics-y-2.jsonl").write_bytes(line(ours))
    assert load_spans(tmp_path, TRACE) == [linked, ours]
