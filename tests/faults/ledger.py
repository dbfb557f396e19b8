"""What an outside observer knows: what was sent, what was answered, what came back."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from incognitactl.verify import Known


@dataclass
class Ledger:
    """The account that the checker holds the stores against."""

    accepted: dict[str, int] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    answers: dict[str, list[str]] = field(default_factory=dict)
    poison: set[tuple[str, int, int]] = field(default_factory=set)
    injected: set[str] = field(default_factory=set)
    """Ids of events of which the runner sent another wording."""
    webhooks: list[tuple[str, bool]] = field(default_factory=list)
    asked_again: Counter[str] = field(default_factory=Counter)
    """Why requests were repeated: a status, or the name of a transport error."""
    did: Counter[str] = field(default_factory=Counter)
    """How often the load did what."""
    wrong: list[str] = field(default_factory=list)
    """Answers that no fault excuses."""

    def answered(self, idempotency_key: str, body: Any) -> None:
        """An answer with 2xx to a request with that key."""
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        self.answers.setdefault(idempotency_key, []).append(digest)

    def known(self, recovered_within_s: float | None) -> Known:
        """All of it, as the checker takes it."""
        return Known(
            accepted=dict(self.accepted),
            uncertain=set(self.uncertain),
            answers={key: tuple(each) for key, each in self.answers.items()},
            poison=set(self.poison),
            injected=set(self.injected),
            webhooks=tuple(self.webhooks),
            recovered_within_s=recovered_within_s,
        )
