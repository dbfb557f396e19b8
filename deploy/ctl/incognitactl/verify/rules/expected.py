"""What must have been said of a visit, by what the stores hold of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
    """What scoring has said, in order: each revision, followed by the decisions about it.

    A first approval of two and a correction are decisions without an event: nobody acts on the
    one, and the other is told by the revision that it made. Appeals stand where they say.
    """
    score = dossier.one(Kind.SCORE)
    if score is None:
        return []
    said = []
    for revision in range(1, score["score_revision"] + 1):
        said.append(f"visit.scored {revision}")
        said += [f"{_VERBS[verb]} {about}" for verb, about, of in score["decisions"]
                 if of == revision and verb in _VERBS]  # fmt: skip
    for seq, word in sorted(_appeals(dossier)):
        said.insert(seq - 1, word)
    return said


def heard_of_score(dossier: Dossier) -> int:
    """The number of the last event of the score that comparison reads."""
    heard = [number for number, word in enumerate(events_of_score(dossier), 1)
             if not word.startswith("appeal.")]  # fmt: skip
    return max(heard, default=0)


def _appeals(dossier: Dossier) -> Iterator[tuple[int, str]]:
    for appeal in dossier.all(Kind.APPEAL):
        yield appeal["seq"], f"appeal.opened {appeal['_id']}"
        if appeal["decided_seq"] is not None:
            yield appeal["decided_seq"], f"appeal.decided {appeal['_id']}"


def events_of_result(dossier: Dossier) -> list[str]:
    """What comparison has said, in order, as it follows from scoring's decisions."""
    score = dossier.one(Kind.SCORE)
    if score is None:
        return []
    alerts = {each["score_revision"]: each["alert"] for each in dossier.all(Kind.REVISION)}
    said: list[str] = []
    counts: int | None = None
    for verb, _, revision in score["decisions"]:
        if verb == "approve":
            said.append("standing.changed")
            told = counts is not None and alerts.get(counts)
            said += ["branch.alerted"] if alerts.get(revision) and not told else []
            counts = revision
        elif verb in _VERBS:
            said += ["standing.changed"] if counts is not None else []
            counts = None
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
