"""Holds every count of the five services against what the simulator did, visit by visit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from incognita_demo.api import Api
from incognita_demo.cast import Keys
from incognita_demo.ledger import Ledger
from incognita_demo.receiver import Inbox

STANDING = "incognita.standing.changed.v1"


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: how many of each, and some of the visits that are missing or too many."""

    what: str
    expected: int
    found: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether both sides are the same, visit by visit."""
        return self.expected == self.found and not self.missing and not self.extra


def compare(what: str, expected: Iterable[str], found: Iterable[str]) -> Line:
    """Compare as multisets: a visit that is there twice is as wrong as one that is not there."""
    wanted, got = Counter(expected), Counter(found)
    return Line(
        what,
        wanted.total(),
        got.total(),
        tuple(sorted((wanted - got).elements())[:5]),
        tuple(sorted((got - wanted).elements())[:5]),
    )


async def reconcile(
    api: Api, keys: Keys, *, waves: Sequence[str], ledger: Ledger, inbox: Inbox
) -> list[Line]:
    """All lines of the account; every one must be whole."""
    states: dict[str, str] = {}
    offered: list[str] = []
    reports: list[str] = []
    scores: list[str] = []
    compared = 0
    for wave in waves:
        async for visit in api.pages("assignment", f"/v1/visits?wave_id={wave}", key=keys.agency):
            offered.append(visit["visit_id"])
            states[visit["visit_id"]] = visit["state"]
        async for report in api.pages(
            "evidence", f"/v1/reports?wave_id={wave}&state=completed", key=keys.agency
        ):
            reports.append(report["visit_id"])
        async for score in api.pages("scoring", f"/v1/scores?wave_id={wave}", key=keys.agency):
            scores.append(f"{score['visit_id']} {score['state']}")
        compared += await _visits_in_standings(api, keys, wave)
    completed = [entry.visit_id for entry in ledger.completed()]
    decided = {"approved", "rejected"}
    approved = [name for name, state in states.items() if state == "approved"]
    received = inbox.visits[STANDING].elements()
    unseen = [
        name for name, state in states.items() if state == "expired" and name not in ledger.visits
    ]  # an offer that ran out before its shopper looked was never the shopper's to do
    return [
        compare("assignment: visits offered", [*ledger.visits, *unseen], offered),
        compare(
            "assignment: visits declined",
            (entry.visit_id for entry in ledger.visits.values() if entry.declined),
            (name for name, state in states.items() if state == "declined"),
        ),
        compare(
            "assignment: visits decided",
            completed,
            (name for name, state in states.items() if state in decided),
        ),
        compare("evidence: reports complete", completed, reports),
        compare(
            "scoring: reports scored and decided",
            (f"{name} {states.get(name)}" for name in completed),
            scores,
        ),
        Line("comparison: visits in the standings", len(approved), compared),
        compare("notification: standing.changed received", approved, received),
        Line("notification: webhooks with a bad signature", 0, inbox.refused),
    ]


async def _visits_in_standings(api: Api, keys: Keys, wave: str) -> int:
    rows = api.pages("comparison", f"/v1/waves/{wave}/standings?by=branch", key=keys.agency)
    return sum([row["visits"] async for row in rows])
