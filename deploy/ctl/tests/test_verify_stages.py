"""What may have become of a visit, and what may not: dossiers as the stores would give them."""

from typing import Any

import pytest

from incognita_shared.ids import derived_id
from incognitactl.verify.dossier import Dossier
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind
from incognitactl.verify.rules.expected import (
    events_of_result,
    events_of_score,
    events_of_visit,
    heard_of_score,
)
from incognitactl.verify.rules.stages import check_stages

VISIT = "visit"
PLACE = {"chain_id": "c", "branch_id": "b", "wave_id": "w"}
LATE = "report completed, revision {}: too late to count"


def dossier(
    state: str,
    moves: list[str],
    *,
    reported: int = 0,
    completed: int = 0,
    decisions: tuple[tuple[str, int, int], ...] = (),
    notes: tuple[str, ...] = (),
    returned: bool = False,
    counted: int | None = None,
    revisions: tuple[int, ...] | None = None,
    appeals: tuple[tuple[int, int | None], ...] = (),
) -> dict[Kind, list[Any]]:
    """The facts of one visit whose stages agree, but for what the caller says otherwise.

    ``revisions``: of each score revision the report revision that it is of, by default one each.
    ``appeals``: the seq of opening and decision of each.
    """
    paid = "approve" in moves
    unpaid = "due" if state == "approved" else "withdrawn"
    facts: dict[Kind, list[Any]] = {
        Kind.VISIT: [{**PLACE, "state": state, "seq": 0, "report_revision": reported,
                      "payout_id": derived_id("payout", VISIT) if paid else None,
                      "moves": moves, "notes": list(notes)}],
        Kind.PAYOUT: [{"_id": derived_id("payout", VISIT), "state": unpaid}] if paid else [],
    }  # fmt: skip
    if moves[-1:] == ["pay"] or "unapprove_paid" in moves:
        facts[Kind.PAYOUT][0]["state"] = "paid"
    said = events_of_visit(Dossier(VISIT, facts))
    heard = [n for n, event in enumerate(said, 1) if not event.startswith("payout")]
    facts[Kind.OPEN_VISIT] = [{"state": state, "last_seq": max(heard)}]
    if state == "cancelled":
        facts[Kind.CALLED_OFF] = [True]
    if not completed:
        return facts
    outcome = {
        "approve": "approved",
        "endorse": "second_review",
        "return": "returned",
        "reject": "rejected",
        "correct": "waiting",
        "unapprove": "waiting",
    }
    of = revisions or tuple(range(1, completed + 1))
    last = [verb for verb, report, _ in decisions if report == completed]
    score = {**PLACE, "score_revision": len(of),
             "report_revision": completed, "decisions": [list(each) for each in decisions],
             "state": outcome[last[-1]] if last else "waiting"}  # fmt: skip
    facts[Kind.APPEAL] = [
        {"_id": f"appeal-{number}", "seq": seq, "decided_seq": decided}
        for number, (seq, decided) in enumerate(appeals)
    ]
    score["seq"] = len(events_of_score(Dossier(VISIT, {**facts, Kind.SCORE: [score]})))
    facts[Kind.REPORT] = [
        {
            **PLACE,
            "seq": 0,
            "revision": completed + returned,
            "flagged": False,
            "state": "open" if returned else "completed",
            "items": [],
        }
    ]
    facts[Kind.SCORE] = [score]
    facts[Kind.REVISION] = [
        {"score_revision": n, "report_revision": report, "alert": False, "sums": []}
        for n, report in enumerate(of, 1)
    ]
    facts[Kind.RESULT] = [
        {
            **PLACE,
            "seq": heard_of_score(Dossier(VISIT, {**facts, Kind.SCORE: [score]})),
            "said": 0,
            "counted": counted,
            "revisions": list(range(1, len(of) + 1)),
        }
    ]
    return facts


def faults(facts: dict[Kind, list[Any]]) -> list[str]:
    findings = Findings()
    check_stages(Dossier(VISIT, facts), findings)
    return [each.what.rsplit(":", 1)[0] for each in findings.verdict().violations]


TAKEN = ["offer", "accept"]
RIGHT = {
    "only offered": dossier("offered", ["offer"]),
    "reported": dossier("reported", [*TAKEN, "report"], reported=1, completed=1),
    "approved": dossier(
        "approved", [*TAKEN, "report", "approve"], reported=1, completed=1, counted=1,
        decisions=(("approve", 1, 1),),
    ),
    "approved, then rejected: the payout stays": dossier(
        "approved", [*TAKEN, "report", "approve"], reported=1, completed=1,
        decisions=(("approve", 1, 1), ("reject", 1, 1)),
    ),
    "the approval taken back: the payout is withdrawn": dossier(
        "reported", [*TAKEN, "report", "approve", "unapprove"], reported=1, completed=1,
        decisions=(("approve", 1, 1), ("unapprove", 1, 1)),
    ),
    "paid, taken back, rejected: it stays paid": dossier(
        "rejected", [*TAKEN, "report", "approve", "pay", "unapprove_paid", "reject"],
        reported=1, completed=1,
        decisions=(("approve", 1, 1), ("unapprove", 1, 1), ("reject", 1, 1)),
    ),
    "taken back and approved after all": dossier(
        "approved", [*TAKEN, "report", "approve", "unapprove", "approve"], reported=1, completed=1,
        counted=1, decisions=(("approve", 1, 1), ("unapprove", 1, 1), ("approve", 1, 1)),
    ),
    "approved, and scored anew": dossier(
        "approved", [*TAKEN, "report", "approve"], reported=1, completed=1, counted=2,
        revisions=(1, 1), decisions=(("approve", 1, 1), ("approve", 1, 2)),
    ),
    "scored anew while it waits": dossier(
        "reported", [*TAKEN, "report"], reported=1, completed=1, revisions=(1, 1)
    ),
    "returned, scored anew, corrected, approved": dossier(
        "approved", [*TAKEN, "report", "return", "report", "approve"], reported=2, completed=2,
        counted=3, revisions=(1, 1, 2), decisions=(("return", 1, 1), ("approve", 2, 3)),
    ),
    "rejected, and scored anew": dossier(
        "rejected", [*TAKEN, "report", "reject"], reported=1, completed=1, revisions=(1, 1),
        decisions=(("reject", 1, 1),),
    ),
    "corrected by a reviewer, approved by two": dossier(
        "approved", [*TAKEN, "report", "approve"], reported=1, completed=1, counted=2,
        revisions=(1, 1),
        decisions=(("correct", 1, 2), ("endorse", 1, 2), ("approve", 1, 2)),
    ),
    "approved by the first of two": dossier(
        "reported", [*TAKEN, "report"], reported=1, completed=1, decisions=(("endorse", 1, 1),)
    ),
    "an appeal upheld": dossier(
        "approved", [*TAKEN, "report", "approve"], reported=1, completed=1, counted=2,
        revisions=(1, 1), decisions=(("approve", 1, 1), ("approve", 1, 2)), appeals=((3, 4),),
    ),
    "an appeal open": dossier(
        "approved", [*TAKEN, "report", "approve"], reported=1, completed=1, counted=1,
        decisions=(("approve", 1, 1),), appeals=((3, None),),
    ),
    "returned, then expired": dossier(
        "expired", [*TAKEN, "report", "return", "expire"], reported=1, completed=1, returned=True,
        decisions=(("return", 1, 1),),
    ),
    "cancelled while its report was on the way": dossier(
        "cancelled", [*TAKEN, "cancel"], completed=1, notes=(LATE.format(1),),
        decisions=(("approve", 1, 1), ("reject", 1, 1)),
    ),
    "offered anew before its report came": dossier(
        "cancelled", [*TAKEN, "expire", "replace"], reported=1, completed=1,
        decisions=(("reject", 1, 1),),
    ),
    "expired, and the report that crossed it counts": dossier(
        "approved", [*TAKEN, "expire", "report", "approve"], reported=1, completed=1, counted=1,
        decisions=(("approve", 1, 1),),
    ),
}  # fmt: skip
WRONG = {
    "assignment visits is approved without a report": dossier("approved", TAKEN),
    "assignment visits is reported after the decision approve": dossier(
        "reported", [*TAKEN, "report"], reported=1, completed=1, counted=1,
        decisions=(("approve", 1, 1),),
    ),
    "scoring scores counts a cancelled visit's report": dossier(
        "cancelled", [*TAKEN, "cancel"], completed=1, notes=(LATE.format(1),), counted=1,
        decisions=(("approve", 1, 1),),
    ),
    "assignment visits is not at the last completed revision": dossier(
        "cancelled", [*TAKEN, "cancel"], completed=1, decisions=(("reject", 1, 1),)
    ),
    "evidence reports was not opened again by a return": dossier(
        "returned", [*TAKEN, "report", "return"], reported=1, completed=1,
        decisions=(("return", 1, 1),),
    ),
    "scoring scores: the state is not that of its decisions": dossier(
        "approved", [*TAKEN, "report", "approve"], reported=1, completed=1, counted=2,
        revisions=(1, 1), decisions=(("approve", 1, 1),),
    ),
    "scoring score_revisions are not evidence's completed revisions": dossier(
        "reported", [*TAKEN, "report"], reported=2, completed=2, revisions=(2, 1)
    ),
    "comparison results counts another revision": dossier(
        "rejected", [*TAKEN, "report", "reject"], reported=1, completed=1, counted=1,
        decisions=(("reject", 1, 1),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fate", RIGHT)
def test_a_fate_that_may_be(fate: str) -> None:
    assert faults(RIGHT[fate]) == []


@pytest.mark.parametrize("fault", WRONG)
def test_a_fate_that_may_not_be(fault: str) -> None:
    assert faults(WRONG[fault]) == [fault]


def test_a_stage_that_lacks_the_visit_is_all_that_is_said_of_it() -> None:
    facts = dict(RIGHT["approved"])
    del facts[Kind.RESULT]
    assert faults(facts) == ["comparison results lacks a visit"]


def test_a_payout_is_due_only_while_its_report_is_approved() -> None:
    facts = dict(RIGHT["the approval taken back: the payout is withdrawn"])
    facts[Kind.PAYOUT] = [{**facts[Kind.PAYOUT][0], "state": "due"}]
    assert faults(facts) == [
        "assignment payouts has one that is not withdrawn of a visit that is reported"
    ]


def test_what_is_said_of_a_payout_follows_from_the_visits_history() -> None:
    said = [
        events_of_visit(Dossier(VISIT, RIGHT[fate]))[2:]
        for fate in (
            "the approval taken back: the payout is withdrawn",
            "paid, taken back, rejected: it stays paid",
            "taken back and approved after all",
        )
    ]
    assert said == [
        ["payout.due", "payout.withdrawn"],
        ["payout.due", "payout.paid"],
        ["payout.due", "payout.withdrawn", "payout.due"],
    ]


def test_what_follows_from_decisions_is_expected_on_the_topics() -> None:
    facts = dict(RIGHT["approved, then rejected: the payout stays"])
    facts[Kind.REVISION] = [{**facts[Kind.REVISION][0], "alert": True}]
    there = Dossier(VISIT, facts)
    assert events_of_score(there) == ["visit.scored 1", "report.approved 1", "report.rejected 1"]
    assert events_of_result(there) == ["standing.changed", "branch.alerted", "standing.changed"]
    assert events_of_visit(there) == ["visit.offered", "visit.accepted", "payout.due"]


def test_what_is_said_of_a_score_follows_from_its_revisions_decisions_and_appeals() -> None:
    upheld = Dossier(VISIT, RIGHT["an appeal upheld"])
    assert events_of_score(upheld) == [
        "visit.scored 1", "report.approved 1", "appeal.opened appeal-0", "appeal.decided appeal-0",
        "visit.scored 2", "report.approved 1",
    ]  # fmt: skip
    assert heard_of_score(upheld) == 6
    assert heard_of_score(Dossier(VISIT, RIGHT["an appeal open"])) == 2
    corrected = Dossier(VISIT, RIGHT["corrected by a reviewer, approved by two"])
    assert events_of_score(corrected) == ["visit.scored 1", "visit.scored 2", "report.approved 1"]


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ((False, True), ["standing.changed", "standing.changed", "branch.alerted"]),
        ((True, True), ["standing.changed", "branch.alerted", "standing.changed"]),
        ((True, False), ["standing.changed", "branch.alerted", "standing.changed"]),
    ],
)
def test_a_failure_is_told_once_when_its_score_is_made_anew(alerts, said) -> None:
    facts = dict(RIGHT["approved, and scored anew"])
    facts[Kind.REVISION] = [
        {**each, "alert": alert} for each, alert in zip(facts[Kind.REVISION], alerts, strict=True)
    ]
    assert events_of_result(Dossier(VISIT, facts)) == said
