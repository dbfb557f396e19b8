"""The same data, beside statsmodels' MixedLM in one process, by CPU time."""

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import statsmodels.api as sm

from benchmarks.comparison_model.detroit import routine_visits
from incognita_comparison.model.components import Components
from incognita_comparison.model.design import design_of
from incognita_comparison.model.estimation import LEAST, RATIOS, SPANS, estimate
from incognita_comparison.model.training import train
from incognita_comparison.model.visits import UNKNOWN, Visits
from incognita_comparison.model.worlds import world

Found = TypeVar("Found")


def main() -> None:
    """Print CPU seconds, their ratios, and that both found the same."""
    visits = routine_visits()
    blank = replace(visits, shopper=np.full(len(visits), UNKNOWN))
    ours, found = timed(lambda: _estimate(blank, {"branch"}))
    theirs, fitted = timed(lambda: _one_way(visits))
    report(f"branch intercept, {len(visits):,} visits", ours, theirs)
    print(
        f"  variances: noise {found.noise:.3f} / {fitted.scale:.3f}, "
        f"branches {found.branch * found.noise:.3f} / {float(fitted.cov_re[0, 0]):.3f}"
    )
    small = world(1, branches=60, shoppers=12, visits=600).visits
    ours, found = timed(lambda: _estimate(small, {"branch", "shopper"}))
    theirs, crossed = timed(lambda: _crossed(small))
    report("branches crossed with shoppers, 600 visits", ours, theirs)
    branch, shopper = (float(value) for value in crossed.vcomp)
    print(
        f"  variances: noise {found.noise:.3f} / {crossed.scale:.3f}, "
        f"branches {found.branch * found.noise:.3f} / {branch:.3f}, "
        f"shoppers {found.shopper * found.noise:.3f} / {shopper:.3f}"
    )
    whole, _ = timed(lambda: train(visits))
    print(
        f"everything, scale chosen, forecasts calibrated: {whole:.1f} s for {len(visits):,} visits"
    )


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """CPU seconds, and what came of it."""
    begin = time.process_time()
    found = work()
    return time.process_time() - begin, found


def report(name: str, ours: float, theirs: float) -> None:
    """One line."""
    print(f"{name}: ours {ours:.2f} s, MixedLM {theirs:.2f} s, {theirs / ours:.1f} times as long")


def _estimate(visits: Visits, free: set[str]) -> Components:
    start = Components(
        branch=0.3, drift=LEAST, pair=LEAST, shopper=0.3 if "shopper" in free else LEAST,
        shopper_drift=LEAST, season=LEAST,
    )  # fmt: skip
    design = design_of(visits, 10_000.0)
    values = design.visits.score - design.visits.score.mean()
    fixed = frozenset({*RATIOS, *SPANS} - free)
    return estimate(design, values, start=start, fixed=fixed).components


def _one_way(visits: Visits) -> sm.regression.mixed_linear_model.MixedLMResults:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sm.MixedLM(visits.score, np.ones(len(visits)), groups=visits.branch).fit(reml=True)


def _crossed(visits: Visits) -> sm.regression.mixed_linear_model.MixedLMResults:
    import pandas as pd

    frame = pd.DataFrame({"y": visits.score, "b": visits.branch, "s": visits.shopper, "one": 1})
    formula = {"a": "0 + C(b)", "s": "0 + C(s)"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.MixedLM.from_formula("y ~ 1", frame, groups="one", vc_formula=formula)
        return model.fit(reml=True)


if __name__ == "__main__":
    main()
