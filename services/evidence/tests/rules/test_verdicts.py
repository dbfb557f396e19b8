"""What a verdict makes of an item."""

from collections.abc import Callable
from typing import Any

from incognita_evidence.inspection import Exif
from incognita_evidence.report import ItemState
from incognita_evidence.rules.verdicts import Absent, Proved, Refused, apply
from incognita_shared.clock import now

Make = Callable[..., Any]
PROVED = Proved(version_id="v2", found_type=None, exif=Exif())


def test_a_proved_item_is_stored_and_said_with_the_next_number(
    make_visit: Make, make_report: Make, make_item: Make
) -> None:
    items = tuple(make_item(state="declared", stored_at=None, file=n) for n in range(2))
    report = make_report(make_visit(), items=items, seq=4)
    told = {item.item_id: PROVED for item in items}
    report, events = apply(report, told, at=now(), bucket="evidence")
    assert [event.seq for event in events] == [5, 6]
    assert report.seq == 6
    assert {item.state for item in report.items} == {ItemState.STORED}
    assert events[0].item.version_id == "v2"


def test_a_refused_item_is_never_said(make_visit: Make, make_report: Make, make_item: Make) -> None:
    item = make_item(state="declared", stored_at=None)
    report = make_report(make_visit(), items=(item,))
    report, events = apply(report, {item.item_id: Refused("a script")}, at=now(), bucket="evidence")
    assert events == ()
    assert (report.items[0].state, report.items[0].cause) == (ItemState.REFUSED, "a script")


def test_what_another_request_has_stored_stays_as_it_is(
    make_visit: Make, make_report: Make, make_item: Make
) -> None:
    item = make_item()
    report = make_report(make_visit(), items=(item,))
    for verdict in (PROVED, Refused("a script"), Absent()):
        assert apply(report, {item.item_id: verdict}, at=now(), bucket="b") == (report, ())
