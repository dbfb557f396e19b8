"""What a reader sees of a run: the plan before it, the verdict after it."""

from tests.faults.run import Outcome, Plan

MOST_SHOWN = 30


def print_plan(plan: Plan) -> None:
    """The faults with their times, which follow from the seed."""
    print(f"\nseed {plan.seed}: {plan.duration_s:.0f} s of load, {len(plan.faults)} faults")
    if plan.without:
        print(f"WITHOUT {', '.join(plan.without)}: the checker must find fault with this run")
    for fault in plan.faults:
        print(f"  {fault}")


def print_verdict(outcome: Outcome, *, command: str) -> None:
    """Everything that was counted, everything that was wrong, and how to see it again."""
    print(f"\nseed {outcome.plan.seed}: {outcome.accepted} reports accepted, ", end="")
    print(f"{outcome.faults} faults, settled {outcome.recovered_s:.1f} s after the last")
    for title, counts in (
        ("the load", outcome.did),
        ("requests repeated because of", outcome.asked_again),
        ("workers that ended (service, status)", outcome.ends),
        ("killed at", outcome.deaths),
        ("counted by the checker", outcome.counts),
    ):
        told = ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))
        print(f"  {title}: {told or 'nothing'}")
    for what, why in sorted(outcome.skipped.items()):
        print(f"  left out: {what}: {why}")
    if not outcome.violations:
        print(f"PASS  seed {outcome.plan.seed}: all ten invariants hold", flush=True)
        return
    print(f"FAIL  seed {outcome.plan.seed}: {len(outcome.violations)} violations")
    for violation in outcome.violations[:MOST_SHOWN]:
        print(f"  invariant {violation.invariant}: {violation.what}")
    if len(outcome.violations) > MOST_SHOWN:
        print(f"  and {len(outcome.violations) - MOST_SHOWN} more")
    print(f"again: {command}", flush=True)
