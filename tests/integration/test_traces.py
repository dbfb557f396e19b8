"""One visit is one trace through all services, by its own id."""

from collections.abc import Sequence
from typing import Any

import pytest

from incognita_demo.reconcile import STANDING
from incognita_demo.trace import tree
from incognita_shared.ids import root_span_id
from tests.stage import Stage
from tests.system import eventually

Span = dict[str, Any]
EDGES = {
    ("assignment", "evidence", "incognita.visit.accepted.v1"),
    ("evidence", "scoring", "incognita.report.completed.v1"),
    ("evidence", "assignment", "incognita.report.completed.v1"),
    ("scoring", "comparison", "incognita.visit.scored.v1"),
    ("scoring", "comparison", "incognita.report.approved.v1"),
    ("scoring", "assignment", "incognita.report.approved.v1"),
    ("assignment", "notification", "incognita.payout.due.v1"),
    ("comparison", "notification", "incognita.standing.changed.v1"),
}
"""Producer, consumer, and the event between them."""


@pytest.fixture(scope="module")
async def told(stage: Stage) -> tuple[Stage, str, list[Span]]:
    """A visit whose webhook has come, and all of its spans."""
    phone = stage.next_visit()
    await phone.do()

    async def arrived() -> int:
        return stage.inbox.visits[STANDING][phone.visit_id]

    await eventually(arrived, "the webhook has come")

    async def written() -> list[Span] | None:
        spans = stage.system.spans(phone.visit_id)
        found = edges(spans)
        delivered = any("deliver webhook" in span["name"] for span in spans)
        return spans if found >= EDGES and delivered else None

    try:
        spans = await eventually(written, "all edges of the trace are written", within_s=15)
    except AssertionError:
        spans = stage.system.spans(phone.visit_id)
    return stage, phone.visit_id, spans or []


def edges(spans: Sequence[Span]) -> set[tuple[str, str, str]]:
    """From the service of a sending span to that of the processing span below it."""
    by_id = {span["span_id"]: span for span in spans}
    found = set()
    for span in spans:
        parent = by_id.get(span["parent_id"])
        if parent and span["kind"] == "consumer" and parent["kind"] == "producer":
            event = str(span["attributes"]["incognita.event.type"])
            found.add((parent["service"], span["service"], event))
    return found


Told = tuple[Stage, str, list[Span]]


def test_each_service_hands_the_visit_on_to_the_next(told: Told) -> None:
    _, visit_id, spans = told
    assert EDGES - edges(spans) == set(), tree(visit_id, told[0].system.traces)


def test_every_span_of_the_visit_has_its_id_as_trace_id_and_descends_from_its_root(
    told: Told,
) -> None:
    _, visit_id, spans = told
    own = {span["span_id"]: span for span in spans if span["trace_id"] == visit_id}
    assert root_span_id(visit_id) in own
    for span in own.values():
        seen, at = set(), span
        while at["parent_id"] and at["span_id"] not in seen:
            seen.add(at["span_id"])
            assert at["parent_id"] in own, (
                f"{at['service']}: {at['name']} has a parent that nobody wrote"
            )
            at = own[at["parent_id"]]
        assert at["span_id"] == root_span_id(visit_id), f"{span['service']}: {span['name']}"
    others = {span["name"].split(" ")[0] for span in spans if span["trace_id"] != visit_id}
    assert others <= {"process"}, "only a batch, which serves many visits, is linked from outside"


def test_requests_the_object_store_and_the_webhook_are_in_the_trace(told: Told) -> None:
    _, visit_id, spans = told
    found = {
        (span["service"], span["kind"], span["name"])
        for span in spans
        if span["trace_id"] == visit_id
    }
    for service, name in (
        ("assignment", "POST /v1/visits/{visit_id}:accept"),
        ("evidence", "POST /v1/visits/{visit_id}/uploads"),
        ("evidence", "POST /v1/visits/{visit_id}/report:submit"),
    ):
        assert (service, "server", name) in found
    assert ("evidence", "client", "S3/GetObject") in found
    delivered = {each for each in found if each[2].startswith("deliver webhook")}
    assert {(service, kind) for service, kind, _ in delivered} == {("notification", "client")}
    assert {span["status"] for span in spans} <= {"unset", "ok"}


def test_the_webhook_carries_the_visits_trace_context(told: Told) -> None:
    stage, visit_id, spans = told
    parents = stage.inbox.parents[visit_id]
    assert parents
    for parent in parents:
        version, trace_id, span_id, flags = parent.split("-")
        assert (version, trace_id, flags) == ("00", visit_id, "01")
        sender = next(span for span in spans if span["span_id"] == span_id)
        assert sender["service"] == "notification"
