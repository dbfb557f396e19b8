"""What looking at an uploaded object told, and what that makes of its item."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from incognita_evidence import said
from incognita_evidence.inspection import Exif
from incognita_evidence.report import Custody, Item, ItemState, Report
from incognita_shared.events.evidence import EvidenceStored

SERVICE = "evidence"
"""Who did it, in the chain of custody, when nobody asked for it by name."""


@dataclass(frozen=True, slots=True)
class Proved:
    """The store holds the declared bytes, of an allowed type, under ``version_id``."""

    version_id: str
    found_type: str | None
    exif: Exif


@dataclass(frozen=True, slots=True)
class Refused:
    """The object is there and is no evidence."""

    cause: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing has been uploaded under the key yet."""


Verdict = Proved | Refused | Absent


def apply(
    report: Report, verdicts: Mapping[str, Verdict], *, at: datetime, bucket: str
) -> tuple[Report, tuple[EvidenceStored, ...]]:
    """The report after the verdicts on its declared items, with an event for each stored one.

    Items that are no longer ``declared`` stay as they are: another request was first.
    """
    events: list[EvidenceStored] = []
    for item in report.in_state(ItemState.DECLARED):
        match verdicts.get(item.item_id):
            case Proved() as proved:
                new = _stored(item, proved, at)
                seq = report.seq + 1
                events.append(said.stored(report, new, seq=seq, bucket=bucket))
                report = report.with_item(new).model_copy(update={"seq": seq})
            case Refused(cause):
                report = report.with_item(_refused(item, cause, at))
            case _:
                pass
    return report, tuple(events)


def _stored(item: Item, proved: Proved, at: datetime) -> Item:
    link = Custody(
        at=at, what="stored", by=SERVICE, version_id=proved.version_id, sha256=item.sha256
    )
    return item.model_copy(
        update={
            "state": ItemState.STORED,
            "version_id": proved.version_id,
            "stored_at": at,
            "found_type": proved.found_type,
            "exif": proved.exif,
            "cause": None,
            "custody": (*item.custody, link),
        }
    )


def _refused(item: Item, cause: str, at: datetime) -> Item:
    link = Custody(at=at, what="refused", by=SERVICE)
    return item.model_copy(
        update={"state": ItemState.REFUSED, "cause": cause, "custody": (*item.custody, link)}
    )
