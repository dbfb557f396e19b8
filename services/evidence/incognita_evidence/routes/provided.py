"""What the routes need of the app."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Path, Request

from incognita_evidence.access import open_visit
from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules.findings import Limits
from incognita_evidence.settings import EvidenceSettings
from incognita_evidence.verification import Verifier
from incognita_evidence.visit import Visit
from incognita_shared.auth import Principal, Role, allow
from incognita_shared.objects import ObjectStore
from incognita_shared.values import Id

VisitId = Annotated[Id, Path(description="The visit's id")]
Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Reader = Annotated[Principal, Depends(allow(Role.REVIEWER, Role.AGENCY))]


def reports_of(request: Request, principal: Principal) -> Reports:
    """The caller's chain, and nothing else."""
    return Reports(request.app.state.db, principal.chain, request.app.state.questionnaires)


async def visit_handed_in(request: Request, visit_id: VisitId, shopper: Shopper) -> Visit:
    """The shopper's own visit, open for handing in."""
    return await open_visit(reports_of(request, shopper), visit_id, shopper.shopper_id)


OpenVisit = Annotated[Visit, Depends(visit_handed_in)]


def own_reports(request: Request, shopper: Shopper) -> Reports:
    """The reports of the shopper's chain."""
    return reports_of(request, shopper)


def read_reports(request: Request, reader: Reader) -> Reports:
    """The reports of the reader's chain."""
    return reports_of(request, reader)


def limits(request: Request) -> Limits:
    """From when on something looks wrong."""
    settings: EvidenceSettings = request.app.state.settings.evidence
    return Limits(
        exif_tolerance=timedelta(seconds=settings.exif_tolerance_s),
        accuracy_allowance_m=settings.accuracy_allowance_m,
    )


def settings(request: Request) -> EvidenceSettings:
    """The service's own settings."""
    found: EvidenceSettings = request.app.state.settings.evidence
    return found


def store(request: Request) -> ObjectStore:
    """The object store."""
    found: ObjectStore = request.app.state.store
    return found


def verifier(request: Request) -> Verifier:
    """The one verifier of this process, which bounds how much it does at once."""
    found: Verifier = request.app.state.verifier
    return found


OwnReports = Annotated[Reports, Depends(own_reports)]
ReadReports = Annotated[Reports, Depends(read_reports)]
GivenLimits = Annotated[Limits, Depends(limits)]
GivenSettings = Annotated[EvidenceSettings, Depends(settings)]
GivenStore = Annotated[ObjectStore, Depends(store)]
GivenVerifier = Annotated[Verifier, Depends(verifier)]
