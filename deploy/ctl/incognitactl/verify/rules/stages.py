"""Invariant 1: a completed report is once in every stage, and each stage says the same of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from incognita_shared.ids import derived_id
from incognitactl.verify.dossier import ENDED, Dossier
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind
from incognitactl.verify.rules.expected import (
    NOT_FOR_EVIDENCE,
    events_of_visit,
    heard_of_score,
)

AFTER: Mapping[str | None, frozenset[str]] = {
    None: frozenset({"reported"}),
    "approve": frozenset({"approved"}),
    "reject": frozenset({"rejected"}),
    "return": frozenset({"returned", "expired", "cancelled"}),
}
"""The decision that holds about a revision → where it can have brought the visit."""
WITHOUT_REPORT = ENDED | {"offered", "accepted"}
OUTCOME = {
    "approve": "approved", "endorse": "second_review", "return": "returned", "reject": "rejected",
    "correct": "waiting", "unapprove": "waiting",
}  # fmt: skip
UNHEARD = ("endorse", "correct")
"""Decisions that assignment is not told of."""
OF_ONE_SCORE = ("approve", "endorse")
"""Decisions that do not outlive the score revision that they are about."""


def check_stages(dossier: Dossier, findings: Findings) -> bool:
    """All stages of one visit; False if one lacks it, so that nothing more follows from them."""
    visit, report = dossier.one(Kind.VISIT), dossier.one(Kind.REPORT)
    if visit is None:
        strays = [kind.name.lower() for kind in (Kind.REPORT, Kind.SCORE, Kind.RESULT, Kind.PAYOUT)
                  if dossier.one(kind) is not None]  # fmt: skip
        if strays:
            findings.add(
                1, f"assignment visits has none, but there is {strays[0]}", dossier.subject
            )
            return False
        return True
    findings.checked(1)
    if report is not None and dossier.completed:
        findings.counts["reports completed"] += 1
    if lacking := _lacking(dossier):
        for stage in lacking:
            findings.add(1, f"{stage} lacks a visit", dossier.subject)
        return False
    _check_open_visit(dossier, visit, findings)
    _check_scores(dossier, findings)
    _check_result(dossier, findings)
    _check_visit(dossier, visit, findings)
    _check_payout(dossier, visit, findings)
    return True


def _lacking(dossier: Dossier) -> list[str]:
    """The stages that should have the visit, by what the stage before has."""
    stages = {Kind.OPEN_VISIT: "evidence visits"}
    if dossier.completed:
        stages |= {Kind.SCORE: "scoring scores", Kind.RESULT: "comparison results"}
    return [name for kind, name in stages.items() if dossier.one(kind) is None]


def _check_open_visit(dossier: Dossier, visit: Mapping[str, Any], findings: Findings) -> None:
    """Evidence knows the visit, up to the last event that is for evidence."""
    known = dossier.one(Kind.OPEN_VISIT)
    if known is None:
        return
    heard = [
        number
        for number, event in enumerate(events_of_visit(dossier), 1)
        if not event.startswith(NOT_FOR_EVIDENCE)
    ]
    if known["last_seq"] != max(heard, default=0):
        findings.add(1, "evidence visits is not at assignment's last event", dossier.subject)
    report = dossier.one(Kind.REPORT)
    returns = sum(move == "return" for move in visit["moves"])
    if returns and (report is None or report["revision"] <= returns):
        findings.add(1, "evidence reports was not opened again by a return", dossier.subject)


def _check_scores(dossier: Dossier, findings: Findings) -> None:
    """Scoring has the completed revisions, each scored once or, by rescores, corrections and
    appeals, more often; and its state follows from its decisions."""
    score, completed = dossier.one(Kind.SCORE), dossier.completed
    revisions = dossier.all(Kind.REVISION)
    numbers = [each["score_revision"] for each in revisions]
    reports = [each["report_revision"] for each in revisions]
    if numbers != list(range(1, len(numbers) + 1)):
        findings.add(1, "scoring score_revisions has a gap", dossier.subject)
    if reports != sorted(reports) or set(reports) != set(range(1, completed + 1)):
        findings.add(
            1, "scoring score_revisions are not evidence's completed revisions", dossier.subject
        )
    if score is None:
        return
    if (score["score_revision"], score["report_revision"]) != (len(revisions), completed):
        findings.add(1, "scoring scores is not at the last completed revision", dossier.subject)
    if score["state"] != _state_of(score):
        findings.add(1, "scoring scores: the state is not that of its decisions", dossier.subject)


def _state_of(score: Mapping[str, Any]) -> str:
    """What the last decision about the newest report has made of it, if it still holds."""
    about = [(verb, of) for verb, report, of in score["decisions"]
             if report == score["report_revision"]]  # fmt: skip
    if not about:
        return "waiting"
    verb, revision = about[-1]
    lapsed = verb in OF_ONE_SCORE and revision != score["score_revision"]
    return "waiting" if lapsed else OUTCOME[verb]


def _check_result(dossier: Dossier, findings: Findings) -> None:
    """Comparison has the same revisions, and counts the approved one."""
    score, result = dossier.one(Kind.SCORE), dossier.one(Kind.RESULT)
    if score is None:
        if result is not None:
            findings.add(1, "comparison results has what scoring has not", dossier.subject)
        return
    if result is None:
        return
    wanted = score["score_revision"] if score["state"] == "approved" else None
    if result["counted"] != wanted:
        findings.add(1, "comparison results counts another revision", dossier.subject)
    if result["revisions"] != list(range(1, score["score_revision"] + 1)):
        findings.add(1, "comparison results has other revisions than scoring", dossier.subject)
    if result["seq"] != heard_of_score(dossier):
        findings.add(1, "comparison results is not at scoring's last event", dossier.subject)
    places = ("chain_id", "branch_id", "wave_id")
    if any(result[name] != score[name] for name in places):
        findings.add(1, "comparison results has another branch or wave", dossier.subject)


def _check_visit(dossier: Dossier, visit: Mapping[str, Any], findings: Findings) -> None:
    """The visit is where report and decisions have brought it."""
    score, reported, state = dossier.one(Kind.SCORE), visit["report_revision"], visit["state"]
    decisions = score["decisions"] if score else []
    if state == "cancelled":
        if dossier.one(Kind.CALLED_OFF) is None:
            findings.add(1, "scoring cancelled_visits lacks a visit", dossier.subject)
        if score is not None and score["state"] != "rejected":
            findings.add(1, "scoring scores counts a cancelled visit's report", dossier.subject)
    late = [f"report completed, revision {number}: too late to count"
            for number in range(reported + 1, dossier.completed + 1)]  # fmt: skip
    if reported > dossier.completed or any(each not in visit["notes"] for each in late):
        findings.add(1, "assignment visits is not at the last completed revision", dossier.subject)
    elif "replace" in visit["moves"]:
        return
    elif reported == 0:
        if state not in WITHOUT_REPORT:
            findings.add(1, f"assignment visits is {state} without a report", dossier.subject)
    else:
        held = _holding([verb for verb, about, _ in decisions
                         if about == reported and verb not in UNHEARD])  # fmt: skip
        if state not in AFTER[held]:
            said = f"after the decision {held}" if held else "before any decision"
            findings.add(1, f"assignment visits is {state} {said}", dossier.subject)


def _holding(verbs: Sequence[str]) -> str | None:
    """Assignment goes by the first decision, and by the next one when that was taken back."""
    held: str | None = None
    for verb in verbs:
        if verb == "unapprove":
            held = None
        elif held is None:
            held = verb
    return held


def _check_payout(dossier: Dossier, visit: Mapping[str, Any], findings: Findings) -> None:
    """Once approved, and only then, there is one payout: withdrawn or paid if that is no more."""
    payouts = dossier.all(Kind.PAYOUT)
    wanted = [derived_id("payout", dossier.subject)] if "approve" in visit["moves"] else []
    if [each["_id"] for each in payouts] != wanted:
        findings.add(
            1, f"assignment payouts has {len(payouts)}, not {len(wanted)}, of a visit that is "
            f"{visit['state']}", dossier.subject,
        )  # fmt: skip
    if visit["payout_id"] != (wanted[0] if wanted else None):
        findings.add(1, "assignment visits names another payout", dossier.subject)
    unpaid = "due" if visit["state"] == "approved" else "withdrawn"
    if any(each["state"] not in (unpaid, "paid") for each in payouts):
        findings.add(
            1, f"assignment payouts has one that is not {unpaid} of a visit that is "
            f"{visit['state']}", dossier.subject,
        )  # fmt: skip
