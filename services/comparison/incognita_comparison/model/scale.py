"""The scale on which effects add up, and the way back to points.

Scores end at full marks and pile up there, so a lenient shopper adds less at the top than in the
middle. On the scale of Box and Cox (1964) of the distance from full marks, effects are closer to
additive and the noise closer to even. Back in points, a mean is the average over the residuals
themselves (Duan 1983, "smearing"), so no distribution is assumed.
"""

from dataclasses import dataclass

import numpy as np

from incognita_comparison.model.visits import Floats

FULL_MARKS = 100.0


@dataclass(frozen=True, slots=True)
class Scale:
    """``power`` 1: points as they are; 0: the logarithm. ``offset``: points added to the distance.

    Larger values are better scores on every scale.
    """

    power: float = 1.0
    offset: float = 1.0

    def of_points(self, points: Floats) -> Floats:
        """From points, 0 to 100."""
        if self.power == 1.0:
            return np.asarray(points, dtype=np.float64)
        distance = FULL_MARKS - points + self.offset
        if self.power == 0.0:
            return np.asarray(-np.log(distance))
        return np.asarray(-(distance**self.power))

    def to_points(self, values: Floats) -> Floats:
        """Back to points, cut off at both ends of the scale."""
        return np.clip(self.beyond_points(values), 0.0, FULL_MARKS)

    def beyond_points(self, values: Floats) -> Floats:
        """Back to points, not cut off: for means, whose errors were cut off by life already."""
        if self.power == 1.0:
            return np.asarray(values, dtype=np.float64)
        if self.power == 0.0:
            distance = np.exp(np.minimum(-values, 20.0))
        else:
            distance = np.maximum(-values, 0.0) ** (1 / self.power)
        return np.asarray(FULL_MARKS - (distance - self.offset))


AS_POINTS = Scale()
