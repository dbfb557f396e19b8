"""Each finding appears when it should, and only then."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_evidence.inspection import Exif
from incognita_evidence.report import Item, Missing, Report
from incognita_evidence.rules.findings import Limits, distance_m, find
from incognita_evidence.visit import Visit
from incognita_shared.events.evidence import Finding, Severity
from incognita_shared.values import Channel, EvidenceKind, Position

ROME = Position(latitude=41.9028, longitude=12.4964)
Make = Callable[..., Any]


@pytest.fixture
def found(
    make_visit: Make, make_report: Make, limits: Limits
) -> Callable[..., tuple[Finding, ...]]:
    """Findings of a report with these items."""

    def run(*items: Item, **changes: Any) -> tuple[Finding, ...]:
        visit: Visit = changes.pop("visit", None) or make_visit()
        arguments: dict[str, Any] = {
            "missing": (),
            "position_required": frozenset(),
            "elsewhere": {},
            "at": visit.due_at - timedelta(days=1),
        }
        for name in list(arguments):
            arguments[name] = changes.pop(name, arguments[name])
        report: Report = make_report(visit, items=items, **changes)
        return find(report, visit, limits=limits, **arguments)

    return run


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, Severity]]:
    return [(finding.code, finding.severity) for finding in findings]


def test_a_sound_report_has_no_findings(found: Make, make_item: Make) -> None:
    assert found(make_item()) == ()


def test_a_device_elsewhere_is_outside_of_the_geofence(found: Make, make_item: Make) -> None:
    item = make_item(position=ROME)
    (finding,) = found(item)
    assert (finding.code, finding.severity) == ("outside_geofence", Severity.MAJOR)
    assert finding.item_id == item.item_id
    assert "device" in finding.detail


def test_a_photo_taken_elsewhere_is_outside_of_the_geofence(found: Make, make_item: Make) -> None:
    (finding,) = found(make_item(exif=Exif(position=ROME)))
    assert finding.code == "outside_geofence"
    assert "photo" in finding.detail


def test_a_report_from_elsewhere_is_outside_of_the_geofence(found: Make, make_item: Make) -> None:
    (finding,) = found(make_item(), position=ROME)
    assert (finding.code, finding.item_id) == ("outside_geofence", None)


@pytest.mark.parametrize(
    ("away_m", "accuracy_m", "outside"),
    [(290, None, False), (310, None, True), (340, 50, False), (360, 50, True)],
)
def test_the_claimed_accuracy_widens_the_geofence(
    found: Make,
    make_item: Make,
    make_visit: Make,
    *,
    away_m: float,
    accuracy_m: float,
    outside: bool,
) -> None:
    visit = make_visit()
    north = visit.position.latitude + away_m / 111_195
    place = Position(latitude=north, longitude=visit.position.longitude, accuracy_m=accuracy_m)
    assert bool(found(make_item(position=place), visit=visit)) is outside


def test_a_claimed_accuracy_of_a_continent_does_not_excuse_anything(
    found: Make, make_item: Make
) -> None:
    far = ROME.model_copy(update={"accuracy_m": 1_000_000.0})
    assert codes(found(make_item(position=far))) == [("outside_geofence", Severity.MAJOR)]


@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.EMAIL, Channel.WEB])
def test_calls_and_orders_may_come_from_anywhere(
    found: Make, make_item: Make, make_visit: Make, channel: Channel
) -> None:
    assert found(make_item(position=ROME), visit=make_visit(channel=channel)) == ()


def test_a_delivery_needs_no_position_but_a_given_one_is_compared(
    found: Make, make_item: Make, make_visit: Make
) -> None:
    visit = make_visit(channel=Channel.DELIVERY)
    assert found(make_item(position=None), visit=visit, position=None) == ()
    assert found(make_item(position=ROME), visit=visit, position=None) != ()


def test_a_visit_without_any_position_asks_for_a_reviewer(found: Make, make_item: Make) -> None:
    findings = found(make_item(position=None), position=None)
    assert codes(findings) == [("position_missing", Severity.MINOR)]


def test_a_branch_without_position_is_told_but_asks_for_no_reviewer(
    found: Make, make_item: Make, make_visit: Make
) -> None:
    findings = found(make_item(position=ROME), visit=make_visit(position=None))
    assert codes(findings) == [("position_missing", Severity.INFO)]


def test_a_question_may_ask_for_a_position(found: Make, make_item: Make) -> None:
    required = frozenset({("dirty", EvidenceKind.PHOTO)})
    bare = make_item(question_id="dirty", position=None)
    (finding,) = found(bare, position_required=required)
    assert (finding.code, finding.question_id) == ("position_missing", "dirty")
    placed = make_item(question_id="dirty", position=None, exif=Exif(position=AT_BRANCH))
    assert found(placed, position_required=required) == ()


AT_BRANCH = Position(latitude=43.46745, longitude=11.88513)


@pytest.mark.parametrize(
    ("offset", "severity"),
    [
        (timedelta(minutes=-14), None),
        (timedelta(minutes=-16), Severity.MINOR),
        (timedelta(minutes=34), None),
        (timedelta(minutes=36), Severity.MINOR),
        (timedelta(days=-3), Severity.MAJOR),
    ],
)
def test_a_camera_time_outside_of_the_visit_is_told(
    found: Make,
    make_item: Make,
    make_visit: Make,
    make_report: Make,
    *,
    offset: timedelta,
    severity: Severity | None,
) -> None:
    started = make_report(make_visit()).started_at
    findings = found(make_item(exif=Exif(taken_at=started + offset)))
    assert codes(findings) == ([("exif_time_outside_visit", severity)] if severity else [])


def test_one_file_for_two_items_is_told_once(found: Make, make_item: Make) -> None:
    first, second = make_item(), make_item(question_id="dirty")
    (finding,) = found(first, second)
    assert (finding.code, finding.item_id) == ("duplicate_in_visit", second.item_id)


def test_a_file_of_another_visit_is_told_with_that_visit(found: Make, make_item: Make) -> None:
    item = make_item()
    (finding,) = found(item, elsewhere={item.sha256: ("visit-2",)})
    assert (finding.code, finding.severity) == ("duplicate_in_chain", Severity.MAJOR)
    assert "visit-2" in finding.detail


def test_missing_evidence_is_told_with_the_shoppers_reason(found: Make) -> None:
    lacking = Missing(kind=EvidenceKind.PHOTO, question_id=None, needed=1, present=0)
    (finding,) = found(missing=(lacking,), missing_evidence_reasons={EvidenceKind.PHOTO: "x" * 300})
    assert (finding.code, finding.severity) == ("missing_item", Severity.MAJOR)
    assert "xxx" in finding.detail


@pytest.mark.parametrize(
    ("late", "severity"),
    [
        (timedelta(0), None),
        (timedelta(minutes=1), Severity.MINOR),
        (timedelta(hours=25), Severity.MAJOR),
    ],
)
def test_a_late_report_is_told(
    found: Make, make_item: Make, make_visit: Make, late: timedelta, severity: Severity | None
) -> None:
    visit = make_visit()
    findings = found(make_item(), visit=visit, at=visit.due_at + late)
    assert codes(findings) == ([("late_report", severity)] if severity else [])


def test_another_allowed_type_is_told_but_asks_for_no_reviewer(
    found: Make, make_item: Make
) -> None:
    findings = found(make_item(content_type="image/heic", found_type="image/jpeg"))
    assert codes(findings) == [("type_mismatch", Severity.INFO)]


def test_only_stored_items_are_looked_at(found: Make, make_item: Make) -> None:
    assert found(make_item(state="declared", stored_at=None, position=ROME)) == ()


places = st.builds(
    Position,
    latitude=st.floats(min_value=-90, max_value=90),
    longitude=st.floats(min_value=-180, max_value=180),
)


@given(places, places)
def test_distance_is_symmetric_and_no_longer_than_half_the_earth(
    one: Position, other: Position
) -> None:
    there = distance_m(one, other)
    assert math.isclose(there, distance_m(other, one), abs_tol=1e-6)
    assert 0 <= there <= math.pi * 6_371_008.8 + 1


def test_distance_of_two_known_places() -> None:
    assert distance_m(AT_BRANCH, ROME) == pytest.approx(180_900, rel=0.01)
