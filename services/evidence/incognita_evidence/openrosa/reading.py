"""Reading what phones sent, as reviewer or agency: each form and file as it came."""

import mimetypes
from collections.abc import Mapping
from datetime import timedelta

from incognita_evidence.errors import ReportNotFound
from incognita_evidence.openrosa.arrival import Arrival, ArrivedFile
from incognita_evidence.openrosa.intake import key_of
from incognita_evidence.openrosa.phone_desk import PhoneDesk
from incognita_evidence.openrosa.standing import Stood, standings
from incognita_evidence.report import Item, ItemState, Report
from incognita_evidence.reviews import noted_report
from incognita_evidence.schemas.arrivals import (
    ArrivalsView,
    ArrivalView,
    ArrivedFileView,
    VersionView,
)
from incognita_evidence.visit import Visit
from incognita_shared.auth import Principal, Role

MOST_ARRIVALS = 50
MOST_FILES = 100


async def read_arrivals(visit_id: str, reader: Principal, desk: PhoneDesk) -> ArrivalsView:
    """What came for the visit, with links; that items are handed out is noted in their custody.

    A form holds what the phone tells of itself, and a file's name may tell a name: so the XML and
    the names are for the agency alone. Raises ReportNotFound for no visit of the chain.
    """
    reports = desk.desk.reports
    visit = await reports.find_visit(visit_id)
    if visit is None:
        raise ReportNotFound(visit_id)
    found = await desk.phones.list_arrivals(visit_id, limit=MOST_ARRIVALS + 1)
    shown = found[:MOST_ARRIVALS]
    sha256s = {file.sha256 for each in shown for file in each.files[-MOST_FILES:]}
    report = await reports.find_report(visit_id)
    if report is not None:
        report = await noted_report(visit_id, reader, reports=reports, sha256s=sha256s)
    stood = standings(found, report, visit)
    links = _Links(desk, visit, report, whole=reader.role is Role.AGENCY)
    return ArrivalsView(
        visit_id=visit_id,
        visit_state=visit.state,
        arrivals=[_arrival(each, stood[each.id], links) for each in shown],
        more=len(found) > len(shown),
    )


class _Links:
    """Makes links to what came for one visit. ``whole``: also to what may tell the shopper."""

    def __init__(
        self, desk: PhoneDesk, visit: Visit, report: Report | None, *, whole: bool
    ) -> None:
        self._store, self._visit = desk.store, visit
        self._expires = timedelta(seconds=desk.settings.download_expiry_s)
        self.whole = whole
        items = report.items if report else ()
        self._items: Mapping[str, Item] = {each.sha256: each for each in items}

    def removed(self, file: ArrivedFile) -> bool:
        """Whether its retention has ended."""
        item = self._items.get(file.sha256)
        return item is not None and item.state in (ItemState.REMOVING, ItemState.REMOVED)

    def xml(self, sha256: str) -> str:
        return self._link(sha256, f"form-{sha256[:12]}.xml")

    def file(self, file: ArrivedFile) -> str:
        extension = mimetypes.guess_extension(file.types[0]) if file.types else None
        return self._link(file.sha256, f"file-{file.sha256[:12]}{extension or ''}")

    def _link(self, sha256: str, filename: str) -> str:
        """A link that saves the file: foreign bytes are not for the reader's own origin."""
        return self._store.presign_download(
            key_of(self._visit, sha256),
            version_id=None,
            expires=self._expires,
            filename=filename,
        )


def _arrival(arrival: Arrival, stood: Stood, links: _Links) -> ArrivalView:
    return ArrivalView(
        arrival_id=arrival.id,
        instance_id=arrival.instance_id,
        stage_id=arrival.stage_id,
        form_version=arrival.form_version,
        state=stood.standing,
        first_received_at=arrival.begun_at,
        last_received_at=arrival.updated_at,
        versions=[_version(each, arrival, stood, links) for each in arrival.versions],
        files=[_file(each, links) for each in arrival.files[-MOST_FILES:]],
    )


def _version(sha256: str, arrival: Arrival, stood: Stood, links: _Links) -> VersionView:
    submission = stood.handed_in.get(sha256)
    return VersionView(
        sha256=sha256,
        first=sha256 == arrival.xml_sha256,
        handed_in_at=submission.at if submission else None,
        report_revision=submission.answer.report_revision if submission else None,
        download_url=links.xml(sha256) if links.whole else None,
    )


def _file(file: ArrivedFile, links: _Links) -> ArrivedFileView:
    removed = links.removed(file)
    return ArrivedFileView(
        name=file.name if links.whole else None,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        found_type=file.types[0] if file.types else None,
        duration_s=file.duration_s,
        removed=removed,
        download_url=None if removed else links.file(file),
    )
