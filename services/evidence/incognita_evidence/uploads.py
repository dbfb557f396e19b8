"""Declaring an evidence item: for a while the object store then takes exactly these bytes."""

from datetime import datetime, timedelta

from incognita_evidence.attempts import until_written
from incognita_evidence.errors import ReportClosed, TooManyItems
from incognita_evidence.report import PROVED, Custody, Item, ItemState, Report, ReportState
from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules.media_types import ALLOWED, canonical
from incognita_evidence.schemas.given import UploadDeclaration
from incognita_evidence.schemas.shown import UploadPolicy
from incognita_evidence.settings import EvidenceSettings
from incognita_evidence.visit import Visit
from incognita_shared.clock import now
from incognita_shared.ids import derived_id
from incognita_shared.objects import ObjectStore
from incognita_shared.problems import Invalid, field_error
from incognita_shared.questionnaire.model import Questionnaire

_DECLARED = {"size_bytes", "content_type", "captured_at", "position", "duration_s", "from_gallery"}
"""What a declaration says beyond what makes the item's id."""


async def declare(
    visit: Visit, declaration: UploadDeclaration, *, reports: Reports, settings: EvidenceSettings
) -> tuple[Item, bool]:
    """Note the item. The same file for the same question and kind is the same item.

    Returns the item and whether it is new. Raises Invalid for a type, size or question that is not
    taken, TooManyItems, ReportClosed.
    """
    _check(declaration, settings)
    if declaration.question_id is not None:
        _check_question(declaration.question_id, await reports.get_questionnaire(visit))
    item = _item(visit, declaration, now())

    # Most are declared once: to write finds out as well as to read does, and is needed anyway.
    if await reports.add_item(Report.of(visit), item, most=settings.items_per_visit):
        return item, True

    async def attempt() -> tuple[Item, bool] | None:
        report = await reports.find_report(visit.id) or Report.of(visit)
        known = report.item(item.item_id)
        if known is not None and (known.state in PROVED or _same(known, item)):
            return known, False
        if report.state is ReportState.COMPLETED:
            raise ReportClosed(visit.id, report.state)
        if known is None and len(report.items) >= settings.items_per_visit:
            raise TooManyItems(settings.items_per_visit)
        new = item if known is None else _again(known, item)
        written = await reports.save(report.with_item(new).model_copy(update={"updated_at": now()}))
        return (new, known is None) if written else None

    return await until_written(visit.id, attempt)


def policy(item: Item, *, store: ObjectStore, expiry_s: int) -> UploadPolicy | None:
    """A presigned POST for the item's bytes and no others; None once they are stored or refused."""
    if item.state is not ItemState.DECLARED:
        return None
    upload = store.presign_upload(
        item.object_key,
        content_type=item.content_type,
        size=item.size_bytes,
        sha256=item.sha256,
        expires=timedelta(seconds=expiry_s),
    )
    return UploadPolicy(url=upload.url, fields=upload.fields, expires_at=upload.expires_at)


def _check(declaration: UploadDeclaration, settings: EvidenceSettings) -> None:
    kind = declaration.kind
    errors = []
    if canonical(declaration.content_type) not in ALLOWED[kind]:
        cause = f"a {kind} is one of: {', '.join(sorted(ALLOWED[kind]))}"
        errors.append(field_error("content_type", cause))
    if declaration.size_bytes > settings.limit_bytes(kind):
        cause = f"a {kind} has at most {settings.limit_bytes(kind):,} bytes"
        errors.append(field_error("size_bytes", cause))
    if errors:
        raise Invalid("This file is not taken", errors=errors)


def _check_question(question_id: str, questionnaire: Questionnaire) -> None:
    if all(question.id != question_id for _, question in questionnaire.questions()):
        cause = f"{question_id!r} is not a question of this visit's questionnaire"
        raise Invalid("Unknown question", errors=[field_error("question_id", cause)])


def _item(visit: Visit, declaration: UploadDeclaration, at: datetime) -> Item:
    named = (visit.id, declaration.kind, declaration.question_id or "", declaration.sha256)
    return Item(
        item_id=derived_id(*named),
        kind=declaration.kind,
        question_id=declaration.question_id,
        sha256=declaration.sha256,
        size_bytes=declaration.size_bytes,
        content_type=canonical(declaration.content_type),
        captured_at=declaration.captured_at,
        position=declaration.position,
        duration_s=declaration.duration_s,
        from_gallery=declaration.from_gallery,
        object_key=f"{visit.chain_id}/{visit.id}/{declaration.sha256}",
        declared_at=at,
        custody=(Custody(at=at, what="declared", by="shopper", sha256=declaration.sha256),),
    )


def _same(known: Item, item: Item) -> bool:
    """Whether all is declared as before: then a fresh policy is all that is asked for."""
    return known.model_dump(include=_DECLARED) == item.model_dump(include=_DECLARED)


def _again(known: Item, item: Item) -> Item:
    """The item by its new declaration, with its history."""
    return item.model_copy(update={"custody": (*known.custody, *item.custody)})
