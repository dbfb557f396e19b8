"""What the model reads: visits as columns of numbers, names replaced by codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

UNKNOWN = -1
"""The code of a blank shopper, of a branch not seen before, of an empty group."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Columns of equal length. ``score``: points from 0 to 100. ``time``: days, any origin.

    ``branch``, ``shopper`` and each of ``groups``: codes from 0, ``UNKNOWN`` where not known;
    ``groups`` are covariates such as the city, the channel or the questionnaire's version.
    """

    branch: Codes
    shopper: Codes
    time: Floats
    score: Floats
    groups: Mapping[str, Codes] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.branch)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Visits":
        """Some of the rows."""
        groups = {name: codes[rows] for name, codes in self.groups.items()}
        return Visits(
            self.branch[rows], self.shopper[rows], self.time[rows], self.score[rows], groups
        )


def codes_of(
    names: Sequence[str | None], known: Sequence[str] | None = None
) -> tuple[Codes, list[str]]:
    """Codes for names, and the names by code.

    Without ``known``, codes follow the order of the sorted names, so that the order of rows has no
    say. With it, any other name is ``UNKNOWN``. None and "" always are.
    """
    labels = list(known) if known is not None else sorted({name for name in names if name})
    places = {name: code for code, name in enumerate(labels)}
    codes = np.fromiter(
        (places.get(name, UNKNOWN) if name else UNKNOWN for name in names), np.int64, len(names)
    )
    return codes, labels
