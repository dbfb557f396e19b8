"""What was measured, in words."""

from collections.abc import Mapping

from benchmarks.end_to_end.system import Measured


def tell(title: str, measured: Measured) -> None:
    """Rates, waits and CPU time."""
    outcome, last = measured.outcome, max(measured.done_s.values())
    print(
        f"{title}: {outcome.accepted:,} accepted at {outcome.accepted / outcome.took_s:,.0f}/s "
        f"{dict(outcome.statuses)}, HTTP p50 {outcome.milliseconds(0.5):.1f} "
        f"p99 {outcome.milliseconds(0.99):.1f} ms\n"
        f"  all stages caught up {last - outcome.took_s:+.2f} s after the last answer: "
        f"{measured.per_s:,.0f}/s"
    )
    rates = {stage: outcome.accepted / s for stage, s in measured.done_s.items()}
    print("  each stage: " + "  ".join(f"{stage} {rate:,.0f}/s" for stage, rate in rates.items()))
    for stage, waits in measured.waits_s.items():
        middle, late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        print(f"  accepted → {stage}: p50 {middle:.3f} s, p99 {late:.3f} s, most {waits[-1]:.3f} s")
    tell_cpu(measured.cpu_ms)


def tell_cpu(cpu_ms: Mapping[str, float]) -> None:
    """CPU time of each process for a report."""
    parts = "  ".join(f"{name} {ms:.2f}" for name, ms in cpu_ms.items())
    print(f"  CPU ms a report: {parts}  together {sum(cpu_ms.values()):.2f}", flush=True)
