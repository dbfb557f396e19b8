"""Until when files are kept: by their question's rule, else by the setting, else for ever."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from incognita_evidence.report import Item, ItemState, Report, ReportState
from incognita_evidence.rules.retention import begun, dated, finished
from incognita_shared.clock import now
from incognita_shared.questionnaire.model import Questionnaire
from support.forms import asked, form, section

Make = Callable[..., Any]
AT = now()
DAY = timedelta(days=1)


def photo(days: int | None, kind: str = "photo") -> dict[str, Any]:
    return {"kind": kind, "retention_days": days}


FORM: Questionnaire = form(
    section(
        "all",
        asked("badge", evidence=[photo(30)]),
        asked("talk", evidence=[photo(10), photo(90), photo(5, "audio")]),
        asked("shelf", evidence=[photo(None)]),
        asked("door", evidence=[photo(10), photo(None)]),
    )
)


@pytest.fixture
def completed(make_visit: Make, make_report: Make) -> Callable[..., Report]:
    """A completed report with these items."""

    def make(*items: Item, **changes: Any) -> Report:
        fields = {"state": ReportState.COMPLETED, "items": items, "version": 1} | changes
        report: Report = make_report(make_visit(), **fields)
        return report

    return make


@pytest.mark.parametrize(
    ("question_id", "default", "days"),
    [
        ("badge", None, 30),
        ("badge", 400, 30),
        ("talk", None, 90),
        ("shelf", None, None),
        ("shelf", 400, 400),
        ("door", None, None),
        ("door", 400, 400),
        ("door", 5, 10),
        (None, None, None),
        (None, 400, 400),
    ],
)
def test_the_longest_of_what_may_be_meant_holds(
    completed: Make, make_item: Make, question_id: str | None, default: int | None, days: int | None
) -> None:
    report = completed(make_item(question_id=question_id))
    (item,) = dated(report, FORM, at=AT, default_days=default).items
    assert item.remove_at == (None if days is None else AT + days * DAY)


def test_a_file_that_two_questions_share_stays_as_long_as_either_needs_it(
    completed: Make, make_item: Make
) -> None:
    both = completed(make_item(question_id="badge"), make_item(question_id="talk"))
    report = dated(both, FORM, at=AT, default_days=None)
    assert [item.remove_at for item in report.items] == [AT + 90 * DAY] * 2
    for_ever = completed(make_item(question_id="badge"), make_item(question_id="shelf"))
    report = dated(for_ever, FORM, at=AT, default_days=None)
    assert [item.remove_at for item in report.items] == [None, None]
    assert report.next_removal_at is None


def test_a_report_waits_for_the_first_of_its_items(completed: Make, make_item: Make) -> None:
    early, late = (
        make_item(question_id="badge", file="a"),
        make_item(question_id="talk", file="b"),
    )
    report = dated(completed(late, early), FORM, at=AT, default_days=None)
    assert report.next_removal_at == AT + 30 * DAY
    assert begun(report, at=AT + 29 * DAY) == report
    first = begun(report, at=AT + 31 * DAY)
    assert [item.state for item in first.items] == [ItemState.STORED, ItemState.REMOVING]
    assert first.next_removal_at == AT + 30 * DAY
    gone = finished(first, first.in_state(ItemState.REMOVING), at=AT + 31 * DAY)
    assert gone.next_removal_at == AT + 90 * DAY
    assert gone.items[0] == report.items[0]
    link = gone.items[1].custody[-1]
    assert (link.what, link.by, link.why) == ("removed", "evidence", gone.items[1].cause)
    assert "retention" in (link.why or "")


def test_what_is_neither_stored_nor_dated_is_not_begun(completed: Make, make_item: Make) -> None:
    past = AT - DAY
    report = completed(
        make_item(file="a", state=ItemState.REFUSED, remove_at=past),
        make_item(file="b", state=ItemState.DECLARED, remove_at=past),
        make_item(file="c"),
        make_item(file="d", remove_at=past),
        make_item(file="d"),
        next_removal_at=past,
    )
    assert begun(report, at=AT).items == report.items
    assert begun(report, at=AT).next_removal_at == past


def test_a_report_that_was_given_up_loses_its_items_as_a_completed_one_does(
    completed: Make, make_item: Make
) -> None:
    given_up = completed(
        make_item(question_id="badge"), state=ReportState.INCOMPLETE, given_up_at=AT
    )
    report = dated(given_up, FORM, at=AT, default_days=None)
    assert report.next_removal_at == AT + 30 * DAY
    assert begun(report, at=AT + 29 * DAY).in_state(ItemState.REMOVING) == ()
    assert len(begun(report, at=AT + 30 * DAY).in_state(ItemState.REMOVING)) == 1


@pytest.mark.parametrize("state", [ReportState.OPEN, ReportState.INCOMPLETE])
def test_an_open_report_loses_nothing_but_what_was_begun(
    completed: Make, make_item: Make, state: ReportState
) -> None:
    past = AT - DAY
    stored = make_item(file="a", remove_at=past)
    report = begun(completed(stored, state=state, next_removal_at=past), at=AT)
    assert (report.items, report.next_removal_at) == ((stored,), None)
    begun_before = make_item(file="b", remove_at=past, state=ItemState.REMOVING)
    report = begun(completed(stored, begun_before, state=state), at=AT)
    assert report.next_removal_at == past
