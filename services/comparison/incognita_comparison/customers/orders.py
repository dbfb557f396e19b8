"""Orders as columns of numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Short = NDArray[np.int32]

NOWHERE = -1
"""The branch of an order that names none."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Columns of equal length, in any order.

    ``customer``, ``branch``: places in ``customers`` and ``branches``, which are sorted; a branch
    may be ``NOWHERE``. ``day``: days since 1970 in the client's time zone. ``amount``: in
    ten-thousandths (``amounts.UNITS``) of the file's currency, below zero for a refund.
    """

    customer: Short
    day: Short
    amount: Whole
    branch: Short
    customers: list[str]
    branches: list[str]

    def __len__(self) -> int:
        return len(self.customer)

    def until(self, day: int) -> "Orders":
        """Those up to and with a day."""
        kept = self.day <= day
        return Orders(
            self.customer[kept], self.day[kept], self.amount[kept], self.branch[kept],
            self.customers, self.branches,
        )  # fmt: skip
