"""Reading one trace back from the files that ``json_lines`` writes, and drawing it as a tree."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from incognita_shared.telemetry.attributes import EVENT_TYPE

_NANOSECONDS_A_SECOND = 1_000_000_000
_GAP_S = 0.05


@dataclass(frozen=True, slots=True)
class TracedSpan:
    """One span as it was written. ``links``: (trace id, span id) of each linked span."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    service: str
    start_unix_ns: int
    end_unix_ns: int
    status: str
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]

    @property
    def duration_s(self) -> float:
        return (self.end_unix_ns - self.start_unix_ns) / _NANOSECONDS_A_SECOND


def load_spans(directory: Path, trace_id: str) -> list[TracedSpan]:
    """The spans of the trace and those of other traces that link to it, oldest first.

    Lines that are torn or not spans are passed over.
    """
    wanted = trace_id.encode()
    found: list[TracedSpan] = []
    for path in sorted(directory.glob("*.jsonl")):
        if path.name.startswith("metrics-"):
            continue
        with path.open("rb") as lines:
            found.extend(_spans(line for line in lines if wanted in line))
    ours = (
        span
        for span in found
        if span.trace_id == trace_id or any(trace == trace_id for trace, _ in span.links)
    )
    return sorted(ours, key=lambda span: (span.start_unix_ns, -span.end_unix_ns))


def _spans(lines: Iterable[bytes]) -> Iterator[TracedSpan]:
    for line in lines:
        try:
            fields = orjson.loads(line)
            yield TracedSpan(
                trace_id=fields["trace_id"],
                span_id=fields["span_id"],
                parent_id=fields["parent_id"],
                name=str(fields["name"]),
                service=str(fields["service"]),
                start_unix_ns=int(fields["start_unix_ns"]),
                end_unix_ns=int(fields["end_unix_ns"]),
                status=str(fields["status"]),
                attributes=dict(fields["attributes"]),
                links=tuple((link["trace_id"], link["span_id"]) for link in fields["links"]),
            )
        except (ValueError, TypeError, KeyError):
            continue


def draw(spans: Sequence[TracedSpan]) -> str:
    """The spans as a tree, a line each: service, name, start after the first, duration.

    A span whose parent is not there is a root; one of another trace that links to a span of this
    one is shown beneath it, marked ``~``; before a span that started after a silence of the whole
    trace, the silence is named. Each span appears once, even where parents form a circle.
    """
    ordered = sorted(spans, key=lambda span: (span.start_unix_ns, -span.end_unix_ns))
    if not ordered:
        return "no spans"
    children, roots = _arrange(ordered)
    drawing = _Drawing(ordered, children)
    for root in roots:
        drawing.add(root, "", "")
    for left in range(len(ordered)):  # only reached by going round a circle
        drawing.add(left, "", "")
    return "\n".join([_heading(ordered), *drawing.lines])


def _arrange(spans: Sequence[TracedSpan]) -> tuple[dict[int, list[int]], list[int]]:
    by_id: dict[str, int] = {}
    for at, span in enumerate(spans):
        by_id.setdefault(span.span_id, at)
    children: dict[int, list[int]] = defaultdict(list)
    roots = []
    for at, span in enumerate(spans):
        parent = by_id.get(span.parent_id) if span.parent_id else None
        if parent is None:
            linked = [by_id[target] for _, target in span.links if target in by_id]
            parent = next((candidate for candidate in linked if candidate != at), None)
        if parent is None or parent == at:
            roots.append(at)
        else:
            children[parent].append(at)
    return children, roots


class _Drawing:
    def __init__(self, spans: Sequence[TracedSpan], children: dict[int, list[int]]) -> None:
        self.lines: list[str] = []
        self._spans = spans
        self._children = children
        self._begin = spans[0].start_unix_ns
        self._trace_id = _main_trace(spans)
        self._silences = _silences_s(spans)
        self._drawn: set[int] = set()

    def add(self, root: int, first: str, rest: str) -> None:
        """Draw the span and all beneath it, without recursion: a trace may be deep."""
        pending = [(root, first, rest)]
        while pending:
            at, branch, indent = pending.pop()
            if at in self._drawn:
                continue
            self._drawn.add(at)
            self.lines.append(branch + self._line(at))
            inner = [child for child in self._children[at] if child not in self._drawn]
            for place, child in reversed(list(enumerate(inner))):
                last = place == len(inner) - 1
                forks = ("└─ ", "   ") if last else ("├─ ", "│  ")
                pending.append((child, indent + forks[0], indent + forks[1]))

    def _line(self, at: int) -> str:
        span = self._spans[at]
        mark = "" if span.trace_id == self._trace_id else "~ "
        event = span.attributes.get(EVENT_TYPE)
        shown = f" ({event})" if event and str(event) not in span.name else ""
        offset_s = (span.start_unix_ns - self._begin) / _NANOSECONDS_A_SECOND
        failed = "  FAILED" if span.status == "error" else ""
        silence_s = self._silences.get(at)
        silence = f"  after {silence_s:.2f} s of silence" if silence_s else ""
        return (
            f"{mark}{span.service}: {span.name}{shown}"
            f"  +{offset_s:.3f} s  {_duration(span.duration_s)}{failed}{silence}"
        )


def _heading(spans: Sequence[TracedSpan]) -> str:
    trace_id = _main_trace(spans)
    services = {span.service for span in spans}
    whole_s = (
        max(span.end_unix_ns for span in spans) - spans[0].start_unix_ns
    ) / _NANOSECONDS_A_SECOND
    return f"trace {trace_id}: {len(spans)} spans, {len(services)} services, {whole_s:.3f} s"


def _main_trace(spans: Sequence[TracedSpan]) -> str:
    """The trace that most of the spans belong to or link to."""
    votes: dict[str, int] = defaultdict(int)
    for span in spans:
        votes[span.trace_id] += 1
        for trace, _ in span.links:
            votes[trace] += 1
    return max(votes, key=lambda trace: votes[trace])


def _silences_s(spans: Sequence[TracedSpan]) -> dict[int, float]:
    silences: dict[int, float] = {}
    latest = spans[0].end_unix_ns
    for at, span in enumerate(spans):
        gap_s = (span.start_unix_ns - latest) / _NANOSECONDS_A_SECOND
        if gap_s > _GAP_S:
            silences[at] = gap_s
        latest = max(latest, span.end_unix_ns)
    return silences


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1_000:.1f} ms"
