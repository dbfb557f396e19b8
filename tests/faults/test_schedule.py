"""A schedule follows from its seed, and only from that."""

import subprocess
import sys

import pytest

from tests.faults.schedule import FIRST_AFTER_S, KINDS, LAST_BEFORE_S, schedule

MINUTES_S = 600.0


def test_the_same_seed_gives_the_same_faults_in_another_process() -> None:
    code = (
        "from tests.faults.schedule import schedule; "
        f"print(*schedule(5, duration_s={MINUTES_S}), sep='\\n')"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [str(fault) for fault in schedule(5, duration_s=MINUTES_S)]


def test_another_seed_gives_other_faults() -> None:
    assert schedule(1, duration_s=MINUTES_S) != schedule(2, duration_s=MINUTES_S)


def test_every_kind_comes_in_the_course_of_some_seeds() -> None:
    seen = {fault.kind for seed in range(20) for fault in schedule(seed, duration_s=120)}
    assert seen == set(KINDS)


@pytest.mark.parametrize("seed", range(10))
def test_faults_leave_the_beginning_and_the_end_of_a_run_alone(seed: int) -> None:
    faults = schedule(seed, duration_s=120)
    assert [fault.at_s for fault in faults] == sorted(fault.at_s for fault in faults)
    assert all(FIRST_AFTER_S < fault.at_s <= 120 - LAST_BEFORE_S for fault in faults)
    assert all(fault.at_s + fault.lasts_s < 120 for fault in faults)


def test_kinds_that_are_not_wanted_thin_a_schedule_and_change_nothing_else() -> None:
    without_kills = [kind for kind in KINDS if kind != "kill"]
    whole = schedule(3, duration_s=MINUTES_S)
    thinned = schedule(3, duration_s=MINUTES_S, kinds=without_kills)
    assert thinned == tuple(fault for fault in whole if fault.kind != "kill")


def test_a_kind_that_there_is_not_is_refused() -> None:
    with pytest.raises(KeyError):
        schedule(1, duration_s=60, kinds=["earthquake"])
