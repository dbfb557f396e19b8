"""How much more or less than others a shopper gives for the same: for the agency alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from incognita_comparison.model.fitting import Fit
from incognita_comparison.model.forecasts import LEVEL, leniency
from incognita_comparison.model.standing import expected_points
from incognita_comparison.model.visits import UNKNOWN, Codes, Floats

QUANTILE = float(ndtri((1 + LEVEL) / 2))
FAR = 1.5
"""Standard deviations of shoppers: 13 % are that far from the average, on either side."""
CERTAIN = 0.95


@dataclass(frozen=True, slots=True)
class Shoppers:
    """One entry a shopper, by code. Points that the shopper adds at an average branch.

    ``flag``: lenient or strict where the shopper is with ``CERTAIN`` further from the average than
    ``FAR`` standard deviations of all shoppers; else "".
    """

    points: Floats
    lower: Floats
    upper: Floats
    visits: Codes
    flag: NDArray[np.str_]


def shoppers_of(fit: Fit) -> Shoppers:
    """Of shoppers 0, 1, …, at the end of the data."""
    known = fit.design.visits.shopper
    visits = np.bincount(known[known != UNKNOWN])
    mean, variance = leniency(fit, np.arange(len(visits)))
    deviation = fit.widening * np.sqrt(variance)
    middle = np.array([fit.centre])
    usual = float(expected_points(fit, middle)[0])
    ends = [
        expected_points(fit, middle + mean + side * QUANTILE * deviation) - usual
        for side in (-1, 0, 1)
    ]
    by = fit.components
    far = FAR * np.sqrt((by.shopper + by.shopper_drift) * by.noise)
    with np.errstate(divide="ignore"):
        beyond = ndtr((np.abs(mean) - far) / np.maximum(deviation, 1e-12))
    flag = np.where(beyond < CERTAIN, "", np.where(mean > 0, "lenient", "strict"))
    return Shoppers(ends[1], ends[0], ends[2], visits, flag)
