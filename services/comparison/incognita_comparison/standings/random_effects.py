"""The estimator: a one-way random-effects model with shrinkage towards the mean of the units.

A single score is ``mean + unit + rest``, unit effects and rests independent and normal. The share
of the total variance of one observation that lies between units is the *reliability* of one
observation. With it at r, the mean of n observations of a unit has the variance
``total · (r + (1 - r) / n)``, and its estimate is pulled towards the mean of all units by
``1 - n r / (n r + 1 - r)`` (the posterior mean of the normal model: C. Morris, "Parametric
empirical Bayes inference", JASA 78, 1983, 47-55).

Neither variance is set: r is averaged over its posterior on a grid, the mean and the total variance
are integrated out in closed form (restricted likelihood of the unbalanced one-way layout: S.
Searle, G. Casella, C. McCulloch, "Variance Components", 1992, ch. 3 and 6; the averaging: R. Kass
and D. Steffey, JASA 84, 1989, 717-726). So the standard error holds what is not known of the
variances, and there is no singular case: where the data can't tell, the priors below speak and the
answer is wide.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, log, sqrt

from incognita_comparison.standings.units import Unit, Within

# Prior of the total variance: as if 3 more scores had been seen, 5 points from the mean (scaled
# inverse chi-square). It matters for a handful of units only, and keeps equal scores from claiming
# certainty.
PRIOR_DEGREES = 3
PRIOR_DEVIATION = 5.0
# Prior of the reliability: Beta(1, 2), mean 1/3, nine tenths of it between 0.03 and 0.78. In real
# audits past visits correlated with the next one by -0.05 to 0.63, depending on the chain.
PRIOR_RELIABILITY = (1, 2)
# No visit measures finer than a point: a questionnaire has a few dozen questions. Without it two
# equal visits, at full marks for example, would pass for visits without any chance in them.
RESOLUTION = 1.0

COARSE_NODES = 161
FINE_NODES = 121
LOGIT_RANGE = (-14.0, 7.0)
NEGLIGIBLE = 25.0  # a node whose log density lies so far below the best one adds nothing


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """What all units with the same number of observations share; ``u`` is mean - centre.

    The estimate is ``centre + shift + weight·u``; its variance ``own + mean + v0 + 2·v1·u +
    v2·u²``, where ``own`` belongs to the unit alone, ``mean`` comes from the mean of all units, and
    the rest from the reliability that is not known.
    """

    weight: float
    shift: float
    own: float
    mean: float
    v0: float
    v1: float
    v2: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A unit's estimate and its standard error, in points, not yet clamped to the scale."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Fit:
    """The fitted model. ``identified``: whether any unit or wave showed a score twice."""

    centre: float
    mean: float
    mean_error: float
    reliability: float
    reliability_low: float
    reliability_high: float
    deviation: float
    identified: bool
    posterior: "Posterior"
    shrinkage: dict[int, Shrinkage]

    def estimate(self, unit: Unit) -> Estimate:
        """The estimate of a unit, also of one that was not fitted."""
        by = self.shrinkage.get(unit.count) or self.posterior.shrinkage(unit.count)
        u = unit.mean - self.centre
        variance = by.own + by.mean + by.v0 + 2 * by.v1 * u + by.v2 * u * u
        return Estimate(self.centre + by.shift + by.weight * u, sqrt(max(variance, 0.0)))


@dataclass(frozen=True, slots=True)
class _Sums:
    """The units with ``count`` observations: how many, and the sums of u and u²."""

    count: int
    units: int
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class _Node:
    """The model at one reliability: log density, offset of the mean, its precision, variance."""

    reliability: float
    log_density: float
    offset: float
    precision: float
    variance: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is known of the reliability: nodes of a grid with their probabilities."""

    weights: Sequence[float]
    nodes: Sequence[_Node]

    def shrinkage(self, count: int) -> Shrinkage:
        """How units of ``count`` observations are shrunk."""
        weights, nodes = self.weights, self.nodes
        kept = [count * n.reliability / (1 + (count - 1) * n.reliability) for n in nodes]
        pulls = [(1 - k) * n.offset for k, n in zip(kept, nodes, strict=True)]
        weight, shift = _mean(weights, kept), _mean(weights, pulls)
        own = (
            n.variance * (1 - n.reliability) / count * k for k, n in zip(kept, nodes, strict=True)
        )
        mean = ((1 - k) ** 2 * n.variance / n.precision for k, n in zip(kept, nodes, strict=True))
        pairs = list(zip(kept, pulls, strict=True))
        return Shrinkage(
            weight=weight,
            shift=shift,
            own=_mean(weights, own),
            mean=_mean(weights, mean),
            v0=_mean(weights, ((p - shift) ** 2 for _, p in pairs)),
            v1=_mean(weights, ((p - shift) * (k - weight) for k, p in pairs)),
            v2=_mean(weights, ((k - weight) ** 2 for k, _ in pairs)),
        )


def fit(units: Sequence[Unit], within: Within) -> Fit:
    """Fit the model to at least one unit; ``within`` pools what is known from replicates."""
    if not units:
        raise ValueError("nothing to fit")
    centre = fsum(unit.mean for unit in units) / len(units)
    sums = _sums(units, centre)
    nodes = _nodes(sums, within)
    best = max(node.log_density for node in nodes)
    raw = [exp(node.log_density - best) for node in nodes]
    total = fsum(raw)
    weights = [one / total for one in raw]
    offset = _mean(weights, (node.offset for node in nodes))
    variance = _mean(weights, (node.variance / node.precision for node in nodes))
    spread = _mean(weights, ((node.offset - offset) ** 2 for node in nodes))
    low, middle, high = _quantiles(weights, nodes)
    posterior = Posterior(weights, nodes)
    return Fit(
        centre=centre,
        mean=centre + offset,
        mean_error=sqrt(variance + spread),
        reliability=middle,
        reliability_low=low,
        reliability_high=high,
        deviation=sqrt(_mean(weights, (node.variance for node in nodes))),
        identified=within.degrees > 0,
        posterior=posterior,
        shrinkage={one.count: posterior.shrinkage(one.count) for one in sums},
    )


def _sums(units: Iterable[Unit], centre: float) -> list[_Sums]:
    by_count: dict[int, list[float]] = defaultdict(list)
    for unit in units:
        by_count[unit.count].append(unit.mean - centre)
    return [
        _Sums(count, len(us), fsum(us), fsum(u * u for u in us))
        for count, us in sorted(by_count.items())
    ]


def _nodes(sums: Sequence[_Sums], within: Within) -> list[_Node]:
    """A coarse grid over the logit of the reliability, then a fine one where the density is."""
    coarse = _grid(*LOGIT_RANGE, COARSE_NODES)
    tried = [(x, _node(x, sums, within).log_density) for x in coarse]
    best = max(density for _, density in tried)
    alive = [x for x, density in tried if density > best - NEGLIGIBLE]
    step = coarse[1] - coarse[0]
    low, high = max(alive[0] - step, LOGIT_RANGE[0]), min(alive[-1] + step, LOGIT_RANGE[1])
    return [_node(x, sums, within) for x in _grid(low, high, FINE_NODES)]


def _grid(low: float, high: float, nodes: int) -> list[float]:
    return [low + (high - low) * i / (nodes - 1) for i in range(nodes)]


def _node(x: float, sums: Sequence[_Sums], within: Within) -> _Node:
    r = 1 / (1 + exp(-x))
    rest = 1 / (1 + exp(x))
    precision = first = second = logs = 0.0
    units = 0
    for one in sums:
        scale = r + rest / one.count
        precision += one.units / scale
        first += one.first / scale
        second += one.second / scale
        logs += one.units * log(scale)
        units += one.units
    offset = first / precision
    squares = second - precision * offset * offset
    squares += (within.squares + within.degrees * RESOLUTION**2) / rest
    squares += PRIOR_DEGREES * PRIOR_DEVIATION**2
    degrees = units - 1 + within.degrees + PRIOR_DEGREES
    a, b = PRIOR_RELIABILITY
    log_density = (
        a * log(r)
        + b * log(rest)  # Beta prior and the Jacobian of the logit
        - (logs + log(precision) + within.degrees * log(rest) + degrees * log(squares)) / 2
    )
    return _Node(r, log_density, offset, precision, squares / (degrees - 2))


def _mean(weights: Sequence[float], values: Iterable[float]) -> float:
    return fsum(w * v for w, v in zip(weights, values, strict=True))


def _quantiles(weights: Sequence[float], nodes: Sequence[_Node]) -> tuple[float, float, float]:
    """The 5 % quantile, the mean and the 95 % quantile of the reliability."""
    passed, low, high = 0.0, nodes[0].reliability, nodes[-1].reliability
    for weight, node in zip(weights, nodes, strict=True):
        if passed < 0.05 <= passed + weight:  # noqa: PLR2004
            low = node.reliability
        if passed < 0.95 <= passed + weight:  # noqa: PLR2004
            high = node.reliability
        passed += weight
    return low, _mean(weights, (node.reliability for node in nodes)), high
