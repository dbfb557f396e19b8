"""What it takes to take reports in for one chain."""

from dataclasses import dataclass

from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules.findings import Limits
from incognita_evidence.verification import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The chain's reports, who looks at objects, from when on something looks wrong, and where."""

    reports: Reports
    verifier: Verifier
    limits: Limits
    bucket: str
