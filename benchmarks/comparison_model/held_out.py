"""Forecasts of the next visit of each outlet from all before, at four times (rolling origin)."""

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import statsmodels.api as sm
from scipy.stats import spearmanr

from benchmarks.comparison_model.detroit import routine_visits
from incognita_comparison.model.forecasts import Forecast
from incognita_comparison.model.leniency import shoppers_of
from incognita_comparison.model.posterior import Targets
from incognita_comparison.model.training import Trained, next_visits, train
from incognita_comparison.model.visits import UNKNOWN, Floats, Visits

ORIGINS = (0.6, 0.7, 0.8, 0.9)
NEAR_CEILING = 97.0


@dataclass(slots=True)
class Row:
    """What one forecaster said, all origins together."""

    said: list[Floats]
    inside: list[Floats]


def main() -> None:
    """Print the table, coverage near the ceiling, and how well leniency holds."""
    visits = routine_visits()
    borders = [*np.quantile(visits.time, ORIGINS), np.inf]
    rows: dict[str, Row] = {}
    came: list[Floats] = []
    for begin, end in pairwise(borders):
        before, after = visits.take(visits.time < begin), next_visits(visits, begin, end)
        came.append(after.score)
        for name, said in simple(before, after).items():
            rows.setdefault(name, Row([], [])).said.append(said)
        trained = train(before)
        for name, shopper in (
            ("model, shopper known", after.shopper),
            ("model, shopper not known", np.full(len(after), UNKNOWN)),
        ):
            row = rows.setdefault(name, Row([], []))
            found = trained.forecast(Targets(after.branch, shopper, after.time, {}))
            row.said.append(found.prediction)
            row.inside.append(inside(found, after.score))
    score = np.concatenate(came)
    print(f"{len(score):,} forecasts; scores at 100: {np.mean(score == 100):.0%}")
    for name, row in rows.items():
        print(line(name, row, score))
    _leniency(visits)


def line(name: str, row: Row, score: Floats) -> str:
    """RMSE, rank correlation, and coverage in all, below and above the ceiling's neighbourhood."""
    said = np.concatenate(row.said)
    error = np.sqrt(np.mean((score - said) ** 2))
    constant = np.ptp(said) < 1e-9
    rank = np.nan if constant else spearmanr(score, said).statistic
    text = f"{name:28} RMSE {error:6.3f}  rank correlation {rank:6.3f}"
    if row.inside:
        held = np.concatenate(row.inside)
        high = said >= NEAR_CEILING
        text += f"  coverage {held.mean():.1%}"
        text += f", forecasts from {NEAR_CEILING:g} on {held[high].mean():.1%}"
    return text


def inside(found: Forecast, score: Floats) -> Floats:
    """1 where the interval holds what came."""
    return np.asarray((found.lower - 1e-9 <= score) & (score <= found.upper + 1e-9), float)


def simple(before: Visits, after: Visits) -> dict[str, Floats]:
    """What one would do without a model, and statsmodels' random intercept."""
    count = int(max(before.branch.max(), after.branch.max())) + 1
    number = np.maximum(np.bincount(before.branch, minlength=count), 1)
    mean = np.bincount(before.branch, before.score, count) / number
    last = np.full(count, np.nan)
    order = np.argsort(before.time, kind="stable")
    last[before.branch[order]] = before.score[order]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = sm.MixedLM(before.score, np.ones(len(before)), groups=before.branch).fit(reml=True)
    centre, noise = float(fitted.fe_params[0]), float(fitted.scale)
    between = float(fitted.cov_re[0, 0])
    shrunk = centre + (mean - centre) * between / (between + noise / number)
    return {
        "grand mean": np.full(len(after), before.score.mean()),
        "last score": last[after.branch],
        "branch mean": mean[after.branch],
        "MixedLM, branch intercept": shrunk[after.branch],
    }


def _leniency(visits: Visits) -> None:
    """Leniency from the first half against the second: it must be the shoppers', not chance."""
    middle = np.median(visits.time)
    halves = [visits.take(visits.time < middle), visits.take(visits.time >= middle)]
    fits: list[Trained] = [train(half) for half in halves]
    first, second = (shoppers_of(trained.fit) for trained in fits)
    shared = min(len(first.points), len(second.points))
    enough = (first.visits[:shared] >= 30) & (second.visits[:shared] >= 30)
    one, other = first.points[:shared][enough], second.points[:shared][enough]
    print(
        f"leniency of {enough.sum()} shoppers in the first half against the second: "
        f"correlation {np.corrcoef(one, other)[0, 1]:.2f}, "
        f"from {one.min():.1f} to {one.max():.1f} points"
    )


if __name__ == "__main__":
    main()
