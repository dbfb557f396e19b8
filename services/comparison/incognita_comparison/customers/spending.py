"""Gamma-Gamma: how much customers spend at a time.

P. S. Fader, B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value" (note, 2013). A customer's
spending at each occasion is gamma distributed (shape p) about a mean of its own, and the rates of
the customers are gamma distributed too (shape q, rate gamma). It holds where what a customer spends
has nothing to do with how often: ``correlation`` shows whether that is so.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from incognita_comparison.customers.fitting import Maximum, maximum
from incognita_comparison.customers.orders import Floats

FEWEST_RETURNS = 15
"""Three parameters, and five customers who came back for each: a rule of thumb, not of the note."""
NAMES = ("p", "q", "gamma")


@dataclass(frozen=True, slots=True)
class Spending:
    """The fitted model, or in ``not_enough`` why there is none. ``gamma`` is in the currency.

    ``correlation``: of the number of repeats with their mean value, over customers who came back.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float
    correlation: float
    maximum: Maximum | None = None
    not_enough: str = ""

    @property
    def standard_errors(self) -> Floats:
        """Of p, q, gamma, by the observed information; nan where not known."""
        if self.maximum is None:
            return np.full(len(NAMES), np.nan)
        relative = self.maximum.standard_errors / self.maximum.values
        return np.asarray(relative * np.array([self.p, self.q, self.gamma]))

    @property
    def mean(self) -> float:
        """Of all customers' means, p gamma / (q - 1); nan where it is infinite (q up to 1)."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else np.nan

    def expected(self, repeats: Floats, value: Floats) -> Floats:
        """The mean that a customer is heading for, given its repeats and their mean value (ignored
        without any): equation 5 of the note, between its own mean and that of all."""
        seen = np.where(repeats > 0, repeats * np.nan_to_num(value), 0.0)
        below = self.p * repeats + self.q - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(below > 0, self.p * (self.gamma + seen) / below, np.nan))


def log_likelihood(log: Floats, repeats: Floats, value: Floats) -> tuple[float, Floats]:
    """Equation 1a of the note, of customers with repeats; its gradient by ln p, ln q, ln gamma."""
    p, q, gamma = np.exp(log)
    x, place = np.unique(repeats, return_inverse=True)  # the costly functions see only the count
    bare = (gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * log[2])[place]
    px = p * repeats
    log_all = np.log(gamma + repeats * value)
    log_sum = np.log(repeats) + np.log(value)
    total = bare + px * log_sum - np.log(value) - (px + q) * log_all
    shared = psi(p * x + q)
    by = (
        repeats * ((shared - psi(p * x))[place] + log_sum - log_all),
        (shared - psi(q))[place] + log[2] - log_all,
        q / gamma - (px + q) / (gamma + repeats * value),
    )
    return float(total.sum()), np.array([float(one.sum()) for one in by]) * np.exp(log)


def fit_spending(repeats: Floats, value: Floats) -> Spending:
    """By customers who came back and spent something; the others are left out."""
    usable = (repeats > 0) & (np.nan_to_num(value) > 0)
    x, z = repeats[usable].astype(float), value[usable]
    if cause := _too_little(x, z):
        return Spending(np.nan, np.nan, np.nan, np.nan, np.nan, not_enough=cause)
    unit = float(z.mean())  # so that the currency has no say
    starts = [
        np.log(np.array(start)) for start in ((1.0, 2.0, 1.0), (6.0, 4.0, 0.5), (20.0, 8.0, 0.3))
    ]
    found = maximum(lambda log: log_likelihood(log, x, z / unit), starts, len(x))
    spread = x.std() > 0 and z.std() > 0
    together = float(np.corrcoef(x, z)[0, 1]) if spread else np.nan
    if not found.identified:
        return Spending(np.nan, np.nan, np.nan, np.nan, together, not_enough="not_identified")
    p, q, gamma = found.values.tolist()
    total = found.log_likelihood - len(x) * float(np.log(unit))
    # up to q = 1 the mean of all customers has no limit, and nothing can be said of a new one
    cause = "" if q > 1 else "no_mean"
    return Spending(p, q, gamma * unit, total, together, found, cause)


def _too_little(repeats: Floats, value: Floats) -> str:
    if not len(repeats):
        return "nobody_came_back"
    if len(repeats) < FEWEST_RETURNS:
        return "too_few_came_back"
    if np.ptp(value) == 0:
        return "all_values_equal"
    return ""
