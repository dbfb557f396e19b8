"""Saving a draft, and submitting a report: one revision, however often it is sent."""

import hashlib
from datetime import datetime

import orjson

from incognita_evidence.attempts import until_written
from incognita_evidence.checking import elsewhere, look
from incognita_evidence.errors import AnswersInvalid, ItemsRefused, KeyUsedOtherwise, ReportClosed
from incognita_evidence.report import (
    Item,
    ItemState,
    Report,
    ReportState,
    Submission,
    SubmitAnswer,
)
from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules import verdicts
from incognita_evidence.rules.completion import Said, settle
from incognita_evidence.rules.findings import Limits
from incognita_evidence.rules.verdicts import Verdict
from incognita_evidence.schemas.given import ReportSubmission
from incognita_evidence.verification import Verifier
from incognita_evidence.visit import Visit
from incognita_shared.clock import now
from incognita_shared.questionnaire.answers import check_answers
from incognita_shared.values import Answers


async def save_draft(visit: Visit, answers: Answers, *, reports: Reports) -> Report:
    """Keep the answers given so far. Raises AnswersInvalid, ReportClosed once it was submitted."""
    questionnaire = await reports.get_questionnaire(visit)
    if errors := check_answers(questionnaire, answers, partial=True):
        raise AnswersInvalid(errors)

    async def attempt() -> Report | None:
        report = await reports.find_report(visit.id) or Report.of(visit)
        if report.state is not ReportState.OPEN:
            allowed = ["submit"] if report.state is ReportState.INCOMPLETE else []
            raise ReportClosed(visit.id, report.state, allowed)
        report = report.model_copy(update={"answers": answers, "updated_at": now()})
        return report if await reports.save(report) else None

    return await until_written(visit.id, attempt)


async def submit(
    visit: Visit,
    content: ReportSubmission,
    key: str,
    *,
    reports: Reports,
    verifier: Verifier,
    limits: Limits,
    bucket: str,
) -> SubmitAnswer:
    """Submit the report: verify what is outstanding, and complete it if nothing is missing.

    The same key with the same content gets the same answer; one of ``incomplete`` is brought up to
    date, so that no report stays behind because its shopper repeats the request instead of
    verifying the last item. Raises KeyUsedOtherwise, AnswersInvalid, ItemsRefused, ReportClosed.
    """
    digest = _digest(content)
    told: dict[str, Verdict] = {}

    async def attempt() -> Report | SubmitAnswer | None:
        report = await reports.find_report(visit.id) or Report.of(visit)
        if answer := _earlier_answer(report, key, digest):
            return answer
        questionnaire = await reports.get_questionnaire(visit)
        if errors := check_answers(questionnaire, content.answers):
            raise AnswersInvalid(errors)
        new = tuple(i for i in report.in_state(ItemState.DECLARED) if i.item_id not in told)
        told.update(await look(visit, report, new, reports=reports, verifier=verifier))
        at = now()
        report, events = verdicts.apply(report, told, at=at, bucket=bucket)
        done: Said = ()
        if not _refused(report, told):
            report, done = settle(
                _submitted(report, content, key=key, digest=digest, at=at),
                visit,
                questionnaire,
                elsewhere=await elsewhere(report, reports),
                at=at,
                limits=limits,
                bucket=bucket,
            )
        report = report.model_copy(update={"updated_at": at})
        return report if await reports.save(report, (*events, *done)) else None

    outcome: Report | SubmitAnswer = await until_written(visit.id, attempt)
    if isinstance(outcome, SubmitAnswer):
        return outcome
    if refused := _refused(outcome, told):
        raise ItemsRefused(refused)
    return _answer_of(outcome, key)


def _earlier_answer(report: Report, key: str, digest: str) -> SubmitAnswer | None:
    """What this submission, or the same content under another key, was answered for good."""
    known = report.submission(key)
    if known is not None:
        if known.content_sha256 != digest:
            raise KeyUsedOtherwise
        superseded = (
            known.answer.report_revision != report.revision or report.content_sha256 != digest
        )
        final = known.answer.state is ReportState.COMPLETED or superseded
        return known.answer if final or not report.in_state(ItemState.DECLARED) else None
    if report.state is not ReportState.COMPLETED:
        return None
    if report.content_sha256 != digest:
        raise ReportClosed(report.id, report.state)
    return SubmitAnswer(visit_id=report.id, state=report.state, report_revision=report.revision)


def _submitted(
    report: Report, content: ReportSubmission, *, key: str, digest: str, at: datetime
) -> Report:
    """The report with what was submitted, not settled yet."""
    again = report.state is ReportState.INCOMPLETE and report.content_sha256 == digest
    answer = SubmitAnswer(
        visit_id=report.id, state=ReportState.INCOMPLETE, report_revision=report.revision
    )
    report = report.model_copy(
        update={
            "answers": content.answers,
            "started_at": content.started_at,
            "ended_at": content.ended_at,
            "position": content.position,
            "missing_evidence_reasons": content.missing_evidence_reasons,
            "content_sha256": digest,
            "submitted_at": report.submitted_at if again else at,
        }
    )
    return report.with_submission(Submission(key=key, content_sha256=digest, answer=answer, at=at))


def _refused(report: Report, told: dict[str, Verdict]) -> tuple[Item, ...]:
    """Which of the items that this request looked at are no evidence."""
    return tuple(item for item in report.in_state(ItemState.REFUSED) if item.item_id in told)


def _answer_of(report: Report, key: str) -> SubmitAnswer:
    known = report.submission(key)
    if known is None:
        raise LookupError(f"report {report.id} does not know the submission just written")
    return known.answer


def _digest(content: ReportSubmission) -> str:
    """SHA-256 of the content, whatever the order and spelling of its JSON."""
    data = orjson.dumps(content.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(data).hexdigest()
