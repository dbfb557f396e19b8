"""Facts come back by subject and in order, however they were added."""

from pathlib import Path

from incognitactl.verify.findings import MOST_NAMED, Findings
from incognitactl.verify.known import Known
from incognitactl.verify.ledger import CHUNK, Kind, Ledger


async def test_facts_come_back_by_subject_kind_and_position() -> None:
    with Ledger() as ledger:
        for number in reversed(range(CHUNK + 10)):
            ledger.add(f"visit {number % 3}", Kind.RECORD, number, number)
        ledger.add("visit 1", Kind.VISIT, {"state": "offered"})
        found = {about: facts async for about, facts in ledger.by_subject(Kind.VISIT, Kind.RECORD)}
    assert sorted(found) == ["visit 0", "visit 1", "visit 2"]
    assert found["visit 1"][Kind.VISIT] == [{"state": "offered"}]
    assert found["visit 2"][Kind.RECORD] == list(range(2, CHUNK + 10, 3))


async def test_sums_may_be_added_while_facts_are_gone_through() -> None:
    with Ledger() as ledger:
        for number in range(3 * CHUNK):
            ledger.add(f"visit {number}", Kind.VISIT, number)
        async for about, _ in ledger.by_subject(Kind.VISIT, Kind.RECORD):
            ledger.add("branch", Kind.COUNTED, about)
        [(_, facts)] = [each async for each in ledger.by_subject(Kind.SUMS, Kind.COUNTED)]
    assert len(facts[Kind.COUNTED]) == 3 * CHUNK


def test_many_faults_of_a_kind_are_one_line_with_some_names_and_their_number() -> None:
    findings = Findings()
    for number in range(1_000):
        findings.add(3, "topic: a gap", f"visit {number}")
    findings.add(1, "one")
    first, second = findings.verdict().violations
    assert (first.invariant, first.what) == (1, "one")
    assert second.what.startswith("topic: a gap: 1000 (visit 0, ")
    assert second.what.count("visit") == MOST_NAMED


def test_what_is_known_survives_its_file(tmp_path: Path) -> None:
    known = Known(
        accepted={"v": 2}, uncertain=frozenset({"u"}), answers={"k": ["a"]},
        poison=frozenset({("evidence.events.v1", 0, 7)}), injected=frozenset({"i"}),
        webhooks=[("w", True)], recovered_within_s=3.5,
    )  # fmt: skip
    known.write(tmp_path / "known.json")
    assert Known.read(tmp_path / "known.json") == known
    Known().write(tmp_path / "nothing.json")
    assert Known.read(tmp_path / "nothing.json").webhooks is None
