"""Which event goes to which subscription, and what it says."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from incognita_notification.audiences import (
    HEARD_BY,
    OUTSIDE_EVENTS,
    WITHHELD_FROM_CHAIN,
    Audience,
    VisitScored,
    heard,
    shown_to,
)
from incognita_notification.rules import Filter, message, passes, wants
from incognita_notification.samples import sample
from incognita_shared.events import EVENT_TYPES
from incognita_shared.events.scoring import AppealDecided

AGENCY, CHAIN = Audience.AGENCY, Audience.CHAIN
INSIDE = {
    "incognita.chain.changed.v1",
    "incognita.branch.changed.v1",
    "incognita.questionnaire.published.v1",
    "incognita.api_key.changed.v1",
    "incognita.delivery.succeeded.v1",
    "incognita.delivery.failed.v1",
}
PLACE = {"region": "MI", "city": "Detroit", "franchisee_id": "f-1"}


def test_every_event_type_is_either_for_the_outside_or_known_to_stay_inside() -> None:
    outside = {event.type_name() for event in OUTSIDE_EVENTS}
    assert outside | INSIDE == set(EVENT_TYPES)
    assert not outside & INSIDE


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in _names(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in _names(inner)}
    return set()


@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_no_message_names_the_shopper(event_type: str, audience: Audience) -> None:
    if event_type in INSIDE:
        assert event_type not in HEARD_BY[audience]
        return
    event = sample(event_type, "chain-1")
    data = shown_to(audience, event)
    if event_type not in HEARD_BY[audience]:
        assert data is None
        return
    text = message(event_type, datetime(2026, 3, 14, tzinfo=UTC), data or {})
    assert "shopper" not in text
    assert not any("shopper" in name for name in _names(orjson.loads(text)))


def test_the_sample_itself_names_the_shopper_so_the_test_above_can_fail() -> None:
    named = [
        event.type_name()
        for event in OUTSIDE_EVENTS
        if "sample-shopper" in sample(event.type_name(), "c").model_dump_json()
    ]
    assert len(named) >= 4


def test_the_chain_sees_neither_money_nor_reasons_nor_anything_before_approval() -> None:
    for event in WITHHELD_FROM_CHAIN:
        data = shown_to(CHAIN, sample(event.type_name(), "chain-1")) or {}
        told = {"reason"} if event is AppealDecided else set()  # written for the branch to read
        assert not _names(data) & (
            {"terms", "fee", "reason", "answers", "items", "findings"} - told
        )
    for name in ("visit.scored", "report.completed", "report.flagged", "payout.due"):
        assert f"incognita.{name}.v1" not in HEARD_BY[CHAIN]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("incognita.report.approved.v1", 1),
        ("incognita.report.approved.*", 1),
        ("incognita.report.*", 6),
        ("incognita.*", len(OUTSIDE_EVENTS)),
        ("incognita.rep.*", 0),
        ("incognita.report.approved.v2", 0),
        ("incognita.delivery.*", 0),
        ("incognita.api_key.changed.v1", 0),
        ("incognita.branch.*", 1),
        ("*", 0),
    ],
)
def test_a_pattern_names_a_type_or_all_below_a_prefix(pattern: str, count: int) -> None:
    assert len(heard(pattern, AGENCY)) == count


def test_a_subscription_wants_what_any_of_its_patterns_names() -> None:
    patterns = ("incognita.payout.*", "incognita.report.approved.v1")
    assert wants(patterns, AGENCY, "incognita.payout.due.v1")
    assert wants(patterns, AGENCY, "incognita.report.approved.v1")
    assert not wants(patterns, AGENCY, "incognita.report.flagged.v1")
    assert not wants(patterns, CHAIN, "incognita.payout.due.v1")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), True),
        (Filter(branch_ids=("sample-branch",)), True),
        (Filter(branch_ids=("other",)), False),
        (Filter(wave_ids=("sample-wave", "other")), True),
        (Filter(wave_ids=("other",)), False),
        (Filter(regions=("MI", "OH")), True),
        (Filter(regions=("mi",)), False),
        (Filter(cities=("Detroit",)), True),
        (Filter(cities=("Detroit",), regions=("OH",)), False),
        (Filter(franchisee_ids=("f-1",)), True),
        (Filter(franchisee_ids=("f-2",)), False),
        (Filter(only_failed=True), True),
    ],
)
def test_each_list_of_a_filter_must_hold_the_events_own_value(
    wanted: Filter, expected: bool
) -> None:
    event = sample("incognita.report.approved.v1", "chain-1")
    assert passes(wanted, event, PLACE) is expected


def test_only_failed_drops_what_passed_and_leaves_what_does_not_say() -> None:
    wanted = Filter(only_failed=True)
    approved = sample("incognita.report.approved.v1", "chain-1")
    passed = approved.model_copy(update={"passed": True, "critical_failed": ()})
    critical = approved.model_copy(update={"passed": True})
    assert not passes(wanted, passed, None)
    assert passes(wanted, critical, None)
    assert passes(wanted, sample("incognita.visit.accepted.v1", "chain-1"), None)


def test_an_event_without_a_branch_passes_no_filter_by_place() -> None:
    wave = sample("incognita.wave.changed.v1", "chain-1")
    assert passes(Filter(wave_ids=("sample-wave",)), wave, None)
    assert not passes(Filter(regions=("MI",)), wave, None)
    assert not passes(Filter(branch_ids=("sample-branch",)), wave, None)


def test_a_message_says_type_time_and_data() -> None:
    text = message("incognita.x.y.v1", datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC), {"a": "ü"})
    assert text == (
        '{"type":"incognita.x.y.v1","timestamp":"2026-03-14T15:09:26+00:00","data":{"a":"ü"}}'
    )


def test_a_score_goes_out_with_its_points_as_they_came_and_without_the_shopper():
    full = sample("incognita.visit.scored.v1", "chain-1")
    read = VisitScored.model_validate_json(full.model_dump_json())
    assert read.public() == full.public()
    assert "shopper_id" not in read.public()
