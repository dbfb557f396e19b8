"""What came of one attempt to deliver, whatever the channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

EXCERPT_BYTES = 1_024
ERROR_CHARACTERS = 300


class Verdict(StrEnum):
    """What the attempt means for the delivery."""

    DELIVERED = "delivered"
    FAILED = "failed"  # worth another attempt
    GONE = "gone"  # the receiver wants nothing more (410): the subscription ends


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the delivery log. ``status`` is the HTTP or SMTP code, where one was given."""

    verdict: Verdict
    at: datetime
    duration_ms: int
    status: int | None = None
    error: str | None = None
    response: str | None = None
    retry_after_s: float | None = None
    trace: Mapping[str, str] = field(default_factory=dict)
    """Of the attempt's own span, for what follows from it."""

    def document(self) -> dict[str, Any]:
        """As it is kept in the delivery."""
        return {
            "at": self.at,
            "duration_ms": self.duration_ms,
            "status": self.status,
            "error": self.error[:ERROR_CHARACTERS] if self.error else None,
            "response": self.response,
        }
