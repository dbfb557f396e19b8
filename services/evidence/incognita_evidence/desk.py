"""What it takes to take reports in for one chain."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from incognita_evidence.repository.reports import Questionnaires, Reports
from incognita_evidence.rules.findings import Limits
from incognita_evidence.settings import EvidenceSettings
from incognita_evidence.verification import Verifier
from incognita_shared.mongo.client import Database
from incognita_shared.objects import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The chain's reports, who looks at objects, from when on something looks wrong, and where."""

    reports: Reports
    verifier: Verifier
    limits: Limits
    bucket: str
    retention_days: int | None = None
    """How long an item is kept of which no question says so; None: for ever."""


def desks(db: Database, store: ObjectStore, settings: EvidenceSettings) -> Callable[[str], Desk]:
    """Chain id → its desk; all desks of a process share what knows no chain."""
    questionnaires = Questionnaires()
    verifier = Verifier(
        store, concurrency=settings.verify_concurrency, first_bytes=settings.first_bytes
    )
    limits = settings.limits()

    @lru_cache(maxsize=1_000)
    def desk(chain_id: str) -> Desk:
        reports = Reports(db, chain_id, questionnaires)
        return Desk(
            reports=reports,
            verifier=verifier,
            limits=limits,
            bucket=store.bucket,
            retention_days=settings.retention_days,
        )

    return desk
