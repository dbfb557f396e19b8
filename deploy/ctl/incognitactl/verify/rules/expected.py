"""What must have been said of a visit, by what the stores hold of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from incognitactl.verify.dossier import Dossier
from incognitactl.verify.ledger import Kind

NOT_FOR_EVIDENCE = "payout."
_MOVES: Mapping[str, str] = {
    "offer": "visit.offered",
    "accept": "visit.accepted",
    "decline": "visit.declined",
    "expire": "visit.expired",
    "cancel": "visit.cancelled",
    "replace": "visit.cancelled",
    "return": "visit.returned",
    "approve": "payout.due",
    "unapprove": "payout.withdrawn",
    "pay": "payout.paid",
}
_VERBS: Mapping[str, str] = {
    "approve": "report.approved", "return": "report.returned", "reject": "report.rejected",
    "unapprove": "report.unapproved",
}  # fmt: skip


def events_of_visit(dossier: Dossier) -> list[str]:
    """What assignment has said, in order."""
    visit = dossier.one(Kind.VISIT)
    if visit is None:
        return []
    said = [_MOVES[move] for move in visit["moves"] if move in _MOVES]
    if "pay" in visit["moves"]:
        return said
    paid = sum(each["state"] == "paid" for each in dossier.all(Kind.PAYOUT))
    return [*said, *["payout.paid"] * paid]  # of a release whose histories did not tell of payments


def events_of_score(dossier: Dossier) -> list[str]:
    """What scoring has said, in order: each revision, followed by the decisions about it."""
    score = dossier.one(Kind.SCORE)
    if score is None:
        return []
    said = []
    for revision in range(1, score["score_revision"] + 1):
        said.append(f"visit.scored {revision}")
        said += [f"{_VERBS[verb]} {about}" for verb, about, of in score["decisions"]
                 if of == revision]  # fmt: skip
    return said


def events_of_result(dossier: Dossier) -> list[str]:
    """What comparison has said, in order, as it follows from scoring's decisions."""
    score = dossier.one(Kind.SCORE)
    if score is None:
        return []
    alerts = {each["score_revision"]: each["alert"] for each in dossier.all(Kind.REVISION)}
    said, counts = [], False
    for verb, _, revision in score["decisions"]:
        if verb == "approve":
            said.append("standing.changed")
            said += ["branch.alerted"] if alerts.get(revision) else []
        elif counts:
            said.append("standing.changed")
        counts = verb == "approve"
    return said


def events_of_report(dossier: Dossier, flagged: Sequence[int]) -> Counter[str]:
    """What evidence has said, in whichever order: items come when they come.

    ``flagged``: the revisions whose ``report.completed`` has a finding above ``info``.
    """
    report: Mapping[str, Any] | None = dossier.one(Kind.REPORT)
    if report is None:
        return Counter()
    stored = [f"evidence.stored {item[0]}" for item in report["items"]]
    completed = [f"report.completed {number}" for number in range(1, dossier.completed + 1)]
    return Counter([*stored, *completed, *(f"report.flagged {number}" for number in flagged)])
