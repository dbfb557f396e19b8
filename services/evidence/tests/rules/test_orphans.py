"""What needs an object, and what becomes of one that nothing needs."""

from datetime import timedelta

import pytest

from incognita_evidence.report import ItemState, ReportState
from incognita_evidence.rules.orphans import Fate, Patience, Place, Referring, fate
from incognita_evidence.versions import Listed, Version
from incognita_evidence.visit import VisitState
from incognita_shared.clock import now
from incognita_shared.ids import new_id

AT = now()
SHA256 = "a" * 64
KEY = f"chain/visit/{SHA256}"
DAY = timedelta(days=1)
PATIENCE = Patience(before=7 * DAY)
OPEN, INCOMPLETE, COMPLETED = ReportState
DECLARED, STORED, REFUSED, REMOVING, REMOVED = ItemState
ACCEPTED, RETURNED = VisitState.ACCEPTED, VisitState.RETURNED


@pytest.mark.parametrize(
    ("visit_state", "report_state", "items", "needed"),
    [
        (ACCEPTED, OPEN, [STORED], True),
        (VisitState.EXPIRED, OPEN, [STORED], True),
        (VisitState.CANCELLED, COMPLETED, [STORED], True),
        (ACCEPTED, COMPLETED, [REMOVING], True),
        (ACCEPTED, COMPLETED, [REMOVED, STORED], True),
        (ACCEPTED, OPEN, [DECLARED], True),
        (RETURNED, INCOMPLETE, [DECLARED], True),
        (ACCEPTED, OPEN, [REFUSED, DECLARED], True),
        (ACCEPTED, COMPLETED, [DECLARED], False),
        (VisitState.EXPIRED, OPEN, [DECLARED], False),
        (VisitState.CANCELLED, INCOMPLETE, [DECLARED], False),
        (ACCEPTED, OPEN, [REFUSED], False),
        (ACCEPTED, COMPLETED, [REMOVED], False),
        (ACCEPTED, OPEN, [], False),
        (ACCEPTED, None, [], False),
    ],
)
def test_an_item_needs_its_object_as_long_as_it_counts_or_may_yet(
    visit_state: VisitState, report_state: ReportState | None, items: list[ItemState], needed: bool
) -> None:
    referring = Referring(visit_state, report_state, {KEY: items} if items else {})
    assert referring.to(KEY, SHA256) is needed


def test_what_a_phone_sent_is_needed_but_for_a_file_that_was_removed() -> None:
    assert Referring(ACCEPTED, forms={SHA256}).to(KEY, SHA256)
    assert Referring(ACCEPTED, files={SHA256}).to(KEY, SHA256)
    assert Referring(ACCEPTED, COMPLETED, {KEY: [REFUSED]}, files={SHA256}).to(KEY, SHA256)
    assert not Referring(ACCEPTED, COMPLETED, {KEY: [REMOVED]}, files={SHA256}).to(KEY, SHA256)
    assert not Referring(ACCEPTED, files={"b" * 64}).to(KEY, SHA256)


def test_nothing_is_judged_of_a_visit_for_which_more_came_than_is_noted() -> None:
    assert Referring(ACCEPTED, untracked=True).to(KEY, SHA256)


@pytest.mark.parametrize(
    "key",
    [
        f"chain/visit/appeals/{SHA256}",
        f"chain/appeals/visit/{SHA256}",
        f"chain/visit/{SHA256}.jpg",
        f"visit/{SHA256}",
        "chain/visit/photo",
        "chain/incoming/photo",
        SHA256,
    ],
)
def test_a_key_that_evidence_does_not_give_has_no_place(key: str) -> None:
    assert Place.of(key) is None


def test_evidences_keys_tell_chain_visit_and_hash() -> None:
    assert Place.of(KEY) == Place("chain", "visit", SHA256)
    assert Place.of(f"chain/incoming/{new_id()}") == Place("chain")


def listed(*days: float, hidden_days: float | None = None) -> Listed:
    """An object with versions so many days old, hidden for so many."""
    versions = [Version(str(age), AT - age * DAY, is_marker=False) for age in days]
    if hidden_days is not None:
        versions.insert(0, Version("marker", AT - hidden_days * DAY, is_marker=True))
    return Listed(KEY, tuple(versions))


@pytest.mark.parametrize(
    ("found", "hidden_days", "needed", "expected"),
    [
        (listed(8), None, True, Fate.KEEP),
        (listed(6.9), None, False, Fate.KEEP),
        (listed(6.9, 30), None, False, Fate.KEEP),
        (listed(8), None, False, Fate.HIDE),
        (listed(8, 30), None, False, Fate.HIDE),
        (listed(8), 3, False, Fate.HIDE),
        (listed(8, hidden_days=3), None, False, Fate.HIDE),
        (listed(8, hidden_days=0.9), 0.9, False, Fate.KEEP),
        (listed(8, hidden_days=0.9), 3, False, Fate.KEEP),
        (listed(8, hidden_days=3), 0.9, False, Fate.KEEP),
        (listed(8, hidden_days=1.1), 1.1, False, Fate.REMOVE),
        (listed(hidden_days=9), 1.1, False, Fate.REMOVE),
        (listed(8, hidden_days=1.1), 1.1, True, Fate.SHOW),
        (listed(0.5, 8), 1.1, False, Fate.SHOW),
        (listed(8, hidden_days=3), None, True, Fate.KEEP),
    ],
)
def test_an_orphan_is_old_then_hidden_then_removed_unless_it_is_needed_again(
    found: Listed, hidden_days: float | None, needed: bool, expected: Fate
) -> None:
    hidden_at = None if hidden_days is None else AT - hidden_days * DAY
    told = fate(found, needed=needed, hidden_at=hidden_at, at=AT, patience=PATIENCE)
    assert told is expected
