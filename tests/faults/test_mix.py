"""Two minutes of every kind of fault that this machine allows, by a fixed seed."""

from pathlib import Path

import pytest

from tests.faults.report import print_plan, print_verdict
from tests.faults.run import Plan, run
from tests.faults.schedule import schedule
from tests.faults.surroundings import Surroundings

SEED, DURATION_S = 2, 120.0
FEWEST_REPORTS, FEWEST_FAULTS = 30, 20


@pytest.mark.timeout(480)
async def test_two_minutes_of_faults_lose_nothing_and_count_nothing_twice(
    breakable: Surroundings, tmp_path: Path
) -> None:
    plan = Plan(SEED, DURATION_S, schedule(SEED, duration_s=DURATION_S))
    print_plan(plan)
    outcome = await run(plan, breakable, tmp_path, print)
    print_verdict(outcome, command=f"make chaos SEED={SEED} MINUTES={DURATION_S / 60:g}")
    assert outcome.violations == []
    assert outcome.accepted >= FEWEST_REPORTS, "too little was done for the verdict to say much"
    assert outcome.faults >= FEWEST_FAULTS
