"""Who outside may hear what: which event types can be subscribed to, and what is left out of them.

The agency runs the programme and may hear of everything that happens to a visit. The chain hears of
a report when it counts, never before, and when it no longer does; of its branches' appeals and what
was decided; and not of what passes between agency and shopper: reasons, fees, raw answers and
evidence stay with the agency, as they do in the services' HTTP answers.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from incognita_shared.auth import Role
from incognita_shared.events import Event
from incognita_shared.events.assignment import (
    PayoutDue,
    PayoutPaid,
    PayoutWithdrawn,
    VisitAccepted,
    VisitCancelled,
    VisitDeclined,
    VisitExpired,
    VisitOffered,
    VisitReturned,
    WaveChanged,
)
from incognita_shared.events.comparison import BranchAlerted, StandingChanged
from incognita_shared.events.evidence import EvidenceStored, ReportCompleted, ReportFlagged
from incognita_shared.events.scoring import (
    AppealDecided,
    AppealOpened,
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
)
from incognita_shared.events.scoring import VisitScored as FullVisitScored


class VisitScored(FullVisitScored):
    """The event as it is read here: its points go out as they came, and mostly to nobody."""

    sections: Any
    questions: Any


class Audience(StrEnum):
    """On whose behalf a subscription listens: fixed by the key that made it."""

    AGENCY = "agency"
    CHAIN = "chain"


WITHHELD_FROM_CHAIN: Mapping[type[Event], frozenset[str]] = MappingProxyType(
    {
        WaveChanged: frozenset(),
        VisitOffered: frozenset({"terms"}),
        VisitAccepted: frozenset(),
        VisitExpired: frozenset(),
        VisitCancelled: frozenset({"reason"}),
        ReportApproved: frozenset(),
        ReportUnapproved: frozenset({"reason"}),
        AppealOpened: frozenset(),
        AppealDecided: frozenset(),
        StandingChanged: frozenset(),
        BranchAlerted: frozenset(),
    }
)
"""What the chain may hear of, and the fields that it is not shown."""

AGENCY_ONLY: tuple[type[Event], ...] = (
    VisitDeclined, VisitReturned, PayoutDue, PayoutWithdrawn, PayoutPaid, EvidenceStored,
    ReportCompleted, ReportFlagged, VisitScored, ReportReturned, ReportRejected,
)  # fmt: skip

OUTSIDE_EVENTS: tuple[type[Event], ...] = (*WITHHELD_FROM_CHAIN, *AGENCY_ONLY)
"""Left out are keys, questionnaires and chains, branches (an import changes thousands at once) and
what became of deliveries: a subscription to those would feed itself."""

HEARD_BY: Mapping[Audience, tuple[str, ...]] = MappingProxyType(
    {
        Audience.AGENCY: tuple(sorted(event.type_name() for event in OUTSIDE_EVENTS)),
        Audience.CHAIN: tuple(sorted(event.type_name() for event in WITHHELD_FROM_CHAIN)),
    }
)
"""The event types that each audience can subscribe to."""


PATTERNS: tuple[str, ...] = (
    tuple(
        sorted(
            {
                ".".join([*name.split(".")[:length], "*"])
                for name in HEARD_BY[Audience.AGENCY]
                for length in (1, 2, 3)
            }
        )
    )
    + HEARD_BY[Audience.AGENCY]
)
"""All that can stand in a subscription: each prefix, and each type itself."""


def audience_of(role: Role) -> Audience:
    """The audience that a key of this role speaks for."""
    return Audience.AGENCY if role is Role.AGENCY else Audience.CHAIN


def shown_to(audience: Audience, event: Event) -> dict[str, Any] | None:
    """The event's data as this audience may see it, or None where it may not hear of it at all."""
    if event.type_name() not in HEARD_BY[audience]:
        return None
    data = event.public()
    if audience is Audience.CHAIN:
        for name in WITHHELD_FROM_CHAIN[type(event)]:
            data.pop(name, None)
    return data


def heard(pattern: str, audience: Audience) -> tuple[str, ...]:
    """The event types that ``pattern`` names: a type itself, or all under a prefix (``a.b.*``)."""
    if pattern.endswith(".*"):
        prefix = pattern[:-1]
        return tuple(name for name in HEARD_BY[audience] if name.startswith(prefix))
    return (pattern,) if pattern in HEARD_BY[audience] else ()
