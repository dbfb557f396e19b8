"""Saving a draft, and submitting a report: one revision, however often it is sent."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import orjson

from incognita_evidence.attempts import until_written
from incognita_evidence.checking import Looks
from incognita_evidence.desk import Desk
from incognita_evidence.errors import (
    AnswersInvalid,
    ItemsRefused,
    KeyUsedOtherwise,
    ReportClosed,
    UnknownStage,
    VisitClosed,
)
from incognita_evidence.report import (
    Item,
    ItemState,
    Report,
    ReportState,
    Submission,
    SubmitAnswer,
)
from incognita_evidence.repository.reports import Reports
from incognita_evidence.rules import stages, verdicts
from incognita_evidence.rules.completion import Said, settle
from incognita_evidence.rules.verdicts import Verdict
from incognita_evidence.schemas.given import ReportSubmission
from incognita_evidence.visit import OPEN_STATES, Visit
from incognita_shared.clock import now
from incognita_shared.questionnaire.answers import AnswerError, ReadAnswers, check_answers
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import Answers

_CONTENT = set(ReportSubmission.model_fields)
_WHOLE = _CONTENT - {"stage_id"}
"""What makes a submission of a whole visit: the same before and after there were stages."""


async def save_draft(visit: Visit, answers: Answers, *, reports: Reports) -> Report:
    """Keep the answers given so far. Raises AnswersInvalid, ReportClosed once it was submitted."""
    questionnaire = await reports.get_questionnaire(visit)
    if errors := check_answers(questionnaire, answers, partial=True, context=visit.context(None)):
        raise AnswersInvalid(errors)

    async def attempt() -> Report | None:
        report = await reports.find_report(visit.id) or Report.of(visit)
        between = report.state is ReportState.INCOMPLETE and report.stages
        if report.state is not ReportState.OPEN and not (
            between and stages.outstanding(report, questionnaire)
        ):
            allowed = ["submit"] if report.state is ReportState.INCOMPLETE else []
            raise ReportClosed(visit.id, report.state, allowed)
        drafted = stages.drafted(report, answers, questionnaire)
        report = report.model_copy(update={"answers": drafted, "updated_at": now()})
        return report if await reports.save(report) else None

    return await until_written(visit.id, attempt)


@dataclass(frozen=True, slots=True)
class Given:
    """A submission under its Idempotency-Key, with the digest by which it is known again.

    ``tolerant``: whatever is wrong with the answers becomes a finding, for a phone would keep a
    report that is refused for ever.
    """

    content: ReportSubmission
    key: str
    digest: str
    tolerant: bool = False

    @classmethod
    def of(cls, content: ReportSubmission, key: str, *, tolerant: bool = False) -> Self:
        """The digest is a SHA-256, whatever the order and spelling of the content's JSON."""
        include = _WHOLE if content.stage_id is None else _CONTENT
        fields = content.model_dump(mode="json", include=include)
        data = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
        return cls(content, key, hashlib.sha256(data).hexdigest(), tolerant)


async def submit(visit: Visit, given: Given, *, desk: Desk) -> SubmitAnswer:
    """Submit the report: verify what is outstanding, and complete it if nothing is missing.

    The same key with the same content gets the same answer; one of ``incomplete`` is brought up to
    date, so that no report stays behind because its shopper repeats the request instead of
    verifying the last item. Raises KeyUsedOtherwise, AnswersInvalid, UnknownStage, ItemsRefused,
    ReportClosed, and VisitClosed unless this submission was taken before the visit was closed.
    """
    if visit.state not in OPEN_STATES:
        return await _taken_before(visit, given, desk=desk)
    looks = Looks()
    # Where the terms ask for no evidence, most reports are new: to write finds out as well as to
    # read does, and is needed anyway.
    presumed_new = not visit.evidence

    async def attempt() -> Report | SubmitAnswer | None:
        nonlocal presumed_new
        unread, presumed_new = presumed_new, False
        report = None if unread else await desk.reports.find_report(visit.id)
        report = report or Report.of(visit)
        if answer := earlier_answer(report, given):
            return answer
        questionnaire = await desk.reports.get_questionnaire(visit)
        try:
            read = read_given(report, visit, given, questionnaire)
        except AnswersInvalid:
            if unread:
                return None
            raise
        await looks.look(visit, report.in_state(ItemState.DECLARED), desk=desk)
        at = now()
        report, events = verdicts.apply(report, looks.told, at=at, bucket=desk.bucket)
        done: Said = ()
        if not _refused(report, looks.told):
            others = await looks.where_else(report, desk.reports)
            report, done = handed_in(report, visit, given, read, elsewhere=others, at=at, desk=desk)
        report = report.model_copy(update={"updated_at": at})
        return report if await desk.reports.save(report, (*events, *done)) else None

    outcome: Report | SubmitAnswer = await until_written(visit.id, attempt)
    if isinstance(outcome, SubmitAnswer):
        return outcome
    if refused := _refused(outcome, looks.told):
        raise ItemsRefused(refused)
    return answer_of(outcome, given.key)


async def _taken_before(visit: Visit, given: Given, *, desk: Desk) -> SubmitAnswer:
    """The answer that a phone may not have heard, to a visit that was cancelled meanwhile."""
    report = await desk.reports.find_report(visit.id)
    if report is None or report.submission(given.key) is None:
        raise VisitClosed(visit.id, visit.state)
    answer = earlier_answer(report, given)
    if answer is None:  # it was incomplete, and nothing more is taken
        raise VisitClosed(visit.id, visit.state)
    return answer


def read_given(
    report: Report, visit: Visit, given: Given, questionnaire: Questionnaire
) -> ReadAnswers:
    """The report's answers as they are with this submission.

    Raises UnknownStage, and AnswersInvalid unless the submission is taken whatever it says.
    """
    content = given.content
    try:
        stage_ids = stages.named(questionnaire, content.stage_id)
    except LookupError:
        known = (stage.id for stage in questionnaire.stages)
        raise UnknownStage(content.stage_id or "", known) from None
    made_at = stages.made_at(report, stage_ids, ended_at=content.ended_at, at=now())
    context, answers = visit.context(made_at), content.answers
    if content.stage_id is not None:
        answers = stages.merged(report.answers, answers, questionnaire, content.stage_id)
    read = ReadAnswers(questionnaire, answers, context)
    if given.tolerant:
        return read
    if errors := _errors_of(content.stage_id, report, given, read, context):
        raise AnswersInvalid(errors)
    return read


def _errors_of(
    stage_id: str | None, report: Report, given: Given, read: ReadAnswers, context: Context
) -> Sequence[AnswerError]:
    """What is wrong with the answers of the whole visit, or with those of the one stage."""
    if stage_id is None:
        return read.errors()
    questionnaire, answers = read.questionnaire, given.content.answers
    if strangers := stages.of_other_stages(answers, questionnaire, stage_id):
        return strangers
    errors = read.errors(stages=stages.asked_after(report, questionnaire, (stage_id,)))
    if not errors or report.state is not ReportState.INCOMPLETE:
        return errors
    before = ReadAnswers(questionnaire, report.answers, context)
    known = before.errors(stages=stages.asked(report, questionnaire))
    return stages.of_this_submission(errors, known, answers, questionnaire, stage_id)


def handed_in(
    report: Report,
    visit: Visit,
    given: Given,
    read: ReadAnswers,
    *,
    elsewhere: Mapping[str, Sequence[str]],
    at: datetime,
    desk: Desk,
) -> tuple[Report, Said]:
    """The report with the submission, complete if nothing is missing, and what is said then."""
    return settle(
        _submitted(report, given, read, at),
        visit,
        read,
        elsewhere=elsewhere,
        at=at,
        limits=desk.limits,
        bucket=desk.bucket,
        retention_days=desk.retention_days,
    )


def earlier_answer(report: Report, given: Given) -> SubmitAnswer | None:
    """What this submission, or the same content under another key, was answered for good.

    Raises KeyUsedOtherwise, and ReportClosed for other content after completion.
    """
    known = report.submission(given.key)
    if known is not None:
        if known.content_sha256 != given.digest:
            raise KeyUsedOtherwise
        superseded = (
            known.answer.report_revision != report.revision or report.content_sha256 != given.digest
        )
        final = known.answer.state is ReportState.COMPLETED or superseded
        return known.answer if final or not report.in_state(ItemState.DECLARED) else None
    if report.state is not ReportState.COMPLETED:
        return None
    if all(
        each.content_sha256 != given.digest or each.answer.report_revision != report.revision
        for each in report.submissions
    ):
        raise ReportClosed(report.id, report.state)
    return SubmitAnswer(visit_id=report.id, state=report.state, report_revision=report.revision)


def answer_of(report: Report, key: str) -> SubmitAnswer:
    """What the submission of that key is answered, which the report must know."""
    known = report.submission(key)
    if known is None:
        raise LookupError(f"report {report.id} does not know the submission just written")
    return known.answer


def _submitted(report: Report, given: Given, read: ReadAnswers, at: datetime) -> Report:
    """The report with what was submitted, not settled yet."""
    content, digest = given.content, given.digest
    report = stages.handed_in(
        report,
        stages.named(read.questionnaire, content.stage_id),
        started_at=content.started_at,
        ended_at=content.ended_at,
        at=at,
    )
    partial = content.stage_id is not None
    placed = stages.has_place(read.questionnaire, content.stage_id)
    position = content.position if placed else None
    reasons = dict(report.missing_evidence_reasons) if partial else {}
    again = report.state is ReportState.INCOMPLETE and report.content_sha256 == digest
    answer = SubmitAnswer(
        visit_id=report.id, state=ReportState.INCOMPLETE, report_revision=report.revision
    )
    report = report.model_copy(
        update={
            "answers": dict(read.answers),
            "started_at": min((each.started_at for each in report.stages), default=None)
            or content.started_at,
            "ended_at": max((each.ended_at for each in report.stages), default=None)
            or content.ended_at,
            "position": position or (report.position if partial else None),
            "missing_evidence_reasons": reasons | content.missing_evidence_reasons,
            "content_sha256": digest,
            "submitted_at": report.submitted_at if again else at,
        }
    )
    submission = Submission(key=given.key, content_sha256=digest, answer=answer, at=at)
    return report.with_submission(submission)


def _refused(report: Report, told: dict[str, Verdict]) -> tuple[Item, ...]:
    """Which of the items that this request looked at are no evidence."""
    return tuple(item for item in report.in_state(ItemState.REFUSED) if item.item_id in told)
