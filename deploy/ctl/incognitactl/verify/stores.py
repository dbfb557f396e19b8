"""Reads the five databases: of each document only what some invariant is about.

``TABLES`` at the foot says which collections, and what is kept of each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incognitactl.connections import Connections
from incognitactl.verify.arithmetic import sums_of_branch_wave, sums_of_revision
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind, Ledger
from incognitactl.verify.objects import PROVED

Document = Mapping[str, Any]
Tell = Callable[[str, int], None]
"""What is being done, and how many of it are done."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Table:
    """One collection: which of its documents and fields, and the fact that each gives."""

    service: str
    collection: str
    fields: Document
    kind: Kind
    subject: Callable[[Document], str]
    fact: Callable[[Document], Any]
    where: Document | None = None
    position: Callable[[Document], int] = lambda _: 0


async def read_stores(
    connections: Connections, ledger: Ledger, findings: Findings, tell: Tell
) -> None:
    """Put every document's fact into the ledger."""
    for table in TABLES:
        name = f"{table.service} {table.collection}"
        db = connections.databases[table.service]
        cursor = db[table.collection].find(table.where or {}, table.fields, batch_size=BATCH)
        async for document in cursor:
            ledger.add(
                table.subject(document), table.kind, table.fact(document), table.position(document)
            )
            findings.counts[name] += 1
            tell(f"reading {name}", findings.counts[name])


def _fields(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, 1)


def _id(document: Document) -> str:
    return str(document["_id"])


def _kept(*names: str) -> Callable[[Document], dict[str, Any]]:
    return lambda document: {name: document.get(name) for name in names}


def _visit(document: Document) -> dict[str, Any]:
    moves = [(step["move"], step.get("reason")) for step in document["history"]]
    return {
        **_kept("chain_id", "branch_id", "wave_id", "state", "seq", "report_revision",
                "payout_id")(document),
        "moves": [move for move, _ in moves if move != "note"],
        "notes": [reason for move, reason in moves if move == "note"],
    }  # fmt: skip


def _report(document: Document) -> dict[str, Any]:
    items = [
        [item["item_id"], item["object_key"], item["version_id"], item["sha256"],
         item["size_bytes"], item["state"]]
        for item in document["items"]
        if item["state"] in PROVED
    ]  # fmt: skip
    return {**_kept("chain_id", "branch_id", "wave_id", "seq", "revision", "state", "flagged")(
        document
    ), "items": items}  # fmt: skip


def _score(document: Document) -> dict[str, Any]:
    names = ("verb", "report_revision", "score_revision")
    return {
        **_kept("chain_id", "branch_id", "wave_id", "seq", "score_revision", "report_revision",
                "state")(document),
        "decisions": [[each[name] for name in names] for each in document["decisions"]],
    }  # fmt: skip


def _revision(document: Document) -> dict[str, Any]:
    return {
        **_kept("score_revision", "report_revision")(document),
        "alert": bool(document["critical_failed"]) or document["passed"] is False,
        "sums": list(sums_of_revision(document)),
    }


def _appeal(document: Document) -> dict[str, Any]:
    files = [
        [document["_id"], each["object_key"], each["version_id"], each["sha256"],
         each["size_bytes"]]
        for each in document["attachments"]
    ]  # fmt: skip
    return {**_kept("_id", "seq", "decided_seq")(document), "items": files}


def _result(document: Document) -> dict[str, Any]:
    kept = _kept("chain_id", "branch_id", "wave_id", "seq", "said", "counted")(document)
    return {**kept, "revisions": sorted(int(each) for each in document["revisions"])}


def _delivery(document: Document) -> dict[str, Any]:
    return {
        **_kept("subscription_id", "event_id", "state", "attempt_count", "test")(document),
        "id": document["_id"],
    }


def _branch_wave(document: Document) -> list[int]:
    return list(sums_of_branch_wave(document))


def _source(kind: str, *fields: str) -> Callable[[Document], dict[str, Any]]:
    return lambda document: {
        "kind": kind, "version": document["version"], "fields": _kept(*fields)(document),
    }  # fmt: skip


def _copy(service: str, kind: str, *fields: str) -> Callable[[Document], dict[str, Any]]:
    return lambda document: {
        "service": service,
        "kind": kind,
        "version": document.get("version"),
        "fields": _kept(*fields)(document),
    }


GROUPS = ("city", "region", "ownership", "franchisee_id")
"""What sums per branch are added up by: the branch's place and owner."""

_PLACE = ("chain_id", "branch_id", "wave_id")
_COPIES = {
    "chain": (("notification", "chains"),),
    "branch": (("scoring", "branches"), ("comparison", "branches"), ("notification", "branches")),
    "questionnaire": (
        ("evidence", "questionnaires"), ("scoring", "questionnaires"),
        ("comparison", "questionnaires"),
    ),
    "wave": (("scoring", "waves"), ("comparison", "waves")),
    "api_key": tuple(
        (service, "api_keys") for service in ("evidence", "scoring", "comparison", "notification")
    ),
}  # fmt: skip
COPIED_TO: Mapping[str, frozenset[str]] = {
    kind: frozenset(service for service, _ in copies) for kind, copies in _COPIES.items()
}
"""Kind of a catalog entry → the services that keep a copy of it."""


def _groups(service: str, kind: str) -> tuple[str, ...]:
    return GROUPS if (service, kind) == ("comparison", "branch") else ()


def _questionnaire_key(document: Document) -> str:
    return f"{document['questionnaire_id']}:{document['version']}"


TABLES: tuple[Table, ...] = (
    Table("assignment", "visits",
          _fields(*_PLACE, "state", "seq", "report_revision", "payout_id", "history.move",
                  "history.reason"), Kind.VISIT, _id, _visit),
    Table("assignment", "payouts", _fields("visit_id", "state"), Kind.PAYOUT,
          lambda each: str(each["visit_id"]), _kept("_id", "state")),
    Table("evidence", "visits", _fields("state", "last_seq"), Kind.OPEN_VISIT, _id,
          _kept("state", "last_seq")),
    Table("evidence", "reports",
          _fields(*_PLACE, "seq", "revision", "state", "flagged", "items.item_id", "items.state",
                  "items.object_key", "items.version_id", "items.sha256", "items.size_bytes"),
          Kind.REPORT, _id, _report),
    Table("scoring", "scores",
          _fields(*_PLACE, "seq", "score_revision", "report_revision", "state", "decisions"),
          Kind.SCORE, _id, _score),
    Table("scoring", "score_revisions",
          _fields("visit_id", "score_revision", "report_revision", "critical_failed", "passed",
                  "score", "sections", "questions.question_id", "questions.section_id",
                  "questions.earned",
                  "questions.possible", "questions.outcome"),
          Kind.REVISION, lambda each: str(each["visit_id"]), _revision,
          position=lambda each: int(each["score_revision"])),
    Table("scoring", "cancelled_visits", _fields("_id"), Kind.CALLED_OFF, _id, lambda _: True),
    Table("scoring", "appeals", _fields("visit_id", "seq", "decided_seq", "attachments"),
          Kind.APPEAL, lambda each: str(each["visit_id"]), _appeal),
    Table("comparison", "results",
          {**_fields(*_PLACE, "seq", "said", "counted"),
           "revisions": {"$map": {"input": {"$objectToArray": "$revisions"}, "in": "$$this.k"}}},
          Kind.RESULT, _id, _result),
    Table("comparison", "branch_waves", {}, Kind.SUMS, _id, _branch_wave),
    Table("notification", "deliveries",
          _fields("subject", "subscription_id", "event_id", "state", "attempt_count", "test"),
          Kind.DELIVERY, lambda each: str(each["subject"]), _delivery),
    Table("assignment", "chains", _fields("version"), Kind.SOURCE, _id, _source("chain")),
    Table("assignment", "branches", _fields("version", *GROUPS), Kind.SOURCE, _id,
          _source("branch", *GROUPS)),
    Table("assignment", "waves", _fields("version", "state", "chain_id"), Kind.SOURCE, _id,
          _source("wave", "state", "chain_id")),
    Table("assignment", "api_keys", _fields("version"), Kind.SOURCE, _id, _source("api_key")),
    Table("assignment", "questionnaires", _fields("version", "questionnaire_id"), Kind.SOURCE,
          _questionnaire_key, _source("questionnaire"), {"state": "published"}),
    *(
        Table(service, collection, _fields("version", *GROUPS, "state"), Kind.COPY, _id,
              _copy(service, kind, *_groups(service, kind)))
        for kind, copies in _COPIES.items()
        for service, collection in copies
    ),
)  # fmt: skip
