"""How many records to take at a time, so that a transaction stays far from the server's limit.

MongoDB ends a transaction after ``transactionLifetimeLimitSeconds`` (60 by default, 15 where we set
it); a batch that ran into that would be tried again as it was, in vain.
"""

SLOW_S = 2.0
QUICK_S = 0.5
FEWEST = 10


class Pace:
    """Halves the batch when one took long or failed, doubles it when one was quick."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.records = most

    def took(self, seconds: float) -> None:
        """A batch was applied."""
        if seconds > SLOW_S:
            self.failed()
        elif seconds < QUICK_S:
            self.records = min(self._most, self.records * 2)

    def failed(self) -> None:
        """A batch was not applied, for whatever reason."""
        self.records = max(min(FEWEST, self._most), self.records // 2)
