"""What evidence keeps of the visits, whatever comes twice."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from incognita_evidence.report import ReportState
from incognita_evidence.repository.reports import Questionnaires, Reports
from incognita_evidence.visit import Visit, VisitState
from incognita_shared.clock import now
from incognita_shared.events.assignment import (
    QuestionnairePublished,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitExpired,
    VisitOffered,
    VisitReturned,
)

Make = Callable[..., Any]
Handle = Callable[..., Awaitable[None]]


def fields(visit: Visit, seq: int) -> dict[str, Any]:
    return {
        "chain_id": visit.chain_id,
        "visit_id": visit.id,
        "branch_id": visit.branch_id,
        "wave_id": visit.wave_id,
        "seq": seq,
    }


@pytest.fixture
def reports(db: Any) -> Reports:
    return Reports(db, "chain-a", Questionnaires())


async def test_an_offer_is_kept_with_what_was_agreed_on(
    handle: Handle, reports: Reports, make_visit: Make, offered: Callable[..., VisitOffered]
) -> None:
    visit = make_visit(state=VisitState.OFFERED, last_seq=1)
    await handle(offered(visit), times=2)
    assert await reports.find_visit(visit.id) == visit


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (lambda f: VisitAccepted(**f, accepted_at=now()), VisitState.ACCEPTED),
        (lambda f: VisitDeclined(**f, reason="no time", declined_at=now()), VisitState.DECLINED),
        (lambda f: VisitExpired(**f, expired_at=now()), VisitState.EXPIRED),
        (lambda f: VisitCancelled(**f, reason="wave", cancelled_at=now()), VisitState.CANCELLED),
    ],
)
async def test_each_move_is_followed(
    handle: Handle, reports: Reports, make_visit: Make, offered: Make, *, event: Make,
    state: VisitState,
) -> None:  # fmt: skip
    visit = make_visit()
    await handle(offered(visit), event(fields(visit, 2)), times=2)
    found = await reports.find_visit(visit.id)
    assert found is not None
    assert (found.state, found.last_seq) == (state, 2)


async def test_an_event_from_the_past_changes_nothing(
    handle: Handle, reports: Reports, make_visit: Make, offered: Make
) -> None:
    visit = make_visit()
    accepted = VisitAccepted(**fields(visit, 2), accepted_at=now())
    cancelled = VisitCancelled(**fields(visit, 3), reason="closed", cancelled_at=now())
    await handle(offered(visit), accepted, cancelled)
    await handle(offered(visit), accepted)
    found = await reports.find_visit(visit.id)
    assert found is not None
    assert found.state is VisitState.CANCELLED


async def test_a_return_opens_the_report_once(
    handle: Handle,
    reports: Reports,
    make_visit: Make,
    make_report: Make,
    offered: Make,
) -> None:
    visit = make_visit()
    due_at = now() + timedelta(days=3)
    returned = VisitReturned(
        **fields(visit, 3), report_revision=1, reason="no receipt", due_at=due_at
    )
    await handle(offered(visit))
    assert await reports.save(make_report(visit, state=ReportState.COMPLETED))
    await handle(returned, times=2)
    found, report = await reports.find_visit(visit.id), await reports.find_report(visit.id)
    assert found is not None
    assert report is not None
    assert (found.state, found.due_at) == (VisitState.RETURNED, due_at)
    assert found.return_reason == "no receipt"
    assert (report.state, report.revision) == ("open", 2)
    assert report.answers == {"greeted": True, "rings": 2}


async def test_a_questionnaire_is_kept_as_published(
    handle: Handle, reports: Reports, make_visit: Make, published: QuestionnairePublished
) -> None:
    await handle(published, times=2)
    assert await reports.get_questionnaire(make_visit()) == published.definition


async def test_another_chain_sees_none_of_it(
    db: Any, handle: Handle, make_visit: Make, offered: Make
) -> None:
    visit = make_visit()
    await handle(offered(visit))
    assert await Reports(db, "chain-b", Questionnaires()).find_visit(visit.id) is None
