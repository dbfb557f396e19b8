"""Without a protection the checker finds fault: then what it finds nothing in means something."""

from pathlib import Path

import pytest

from tests.faults.controls import CONTROLS
from tests.faults.report import print_plan, print_verdict
from tests.faults.run import Outcome, Plan, run
from tests.faults.schedule import provocation
from tests.faults.surroundings import Surroundings

SEED, PATIENCE_S = 1, 10.0
FEWEST_FAULTS = 1


async def outcome_of(
    without: tuple[str, ...], aims: tuple[tuple[str, str], ...], servers: Surroundings, path: Path
) -> Outcome:
    """A short run without these protections, under these faults."""
    seconds = 45.0 if any(kind == "zombie" for kind, _ in aims) else 18.0
    faults = provocation(SEED, duration_s=seconds, aims=aims)
    plan = Plan(
        SEED, seconds, faults, without=without, settled_within_s=PATIENCE_S, patience_s=PATIENCE_S
    )
    print_plan(plan)
    outcome = await run(plan, servers, path, print)
    print_verdict(outcome, command=f"make chaos SEED={SEED} WITHOUT={','.join(without)}")
    assert outcome.accepted > 0
    assert not aims or outcome.faults >= FEWEST_FAULTS
    return outcome


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [name for name, each in CONTROLS.items() if each.breaks])
async def test_without_a_protection_the_checker_finds_fault(
    name: str, ordinary: Surroundings, tmp_path: Path
) -> None:
    control = CONTROLS[name]
    outcome = await outcome_of((name,), control.provoked_by, ordinary, tmp_path)
    broken = {violation.invariant for violation in outcome.found}
    assert broken & control.breaks, f"{name} is missed by nobody: {outcome.found}"


@pytest.mark.timeout(240)
async def test_without_leases_relays_repeat_each_other_and_every_event_still_counts_once(
    ordinary: Surroundings, tmp_path: Path
) -> None:
    aims = CONTROLS["relay-lease"].provoked_by
    with_leases = await outcome_of((), aims, ordinary, tmp_path / "with")
    without = await outcome_of(("relay-lease",), aims, ordinary, tmp_path / "without")
    assert with_leases.violations == without.violations == []
    assert _duplicates(without) > 10 + 10 * _duplicates(with_leases)


def _duplicates(outcome: Outcome) -> int:
    topics = ("assignment.events.v1", "evidence.events.v1")
    return sum(outcome.counts.get(f"duplicates on {topic}", 0) for topic in topics)
