"""From a filled form to the report: as a submission in JSON, but nothing is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from incognita_evidence import uploads
from incognita_evidence.attempts import until_written
from incognita_evidence.checking import Looks
from incognita_evidence.desk import Desk
from incognita_evidence.errors import KeyUsedOtherwise, ReportClosed, TooManyItems
from incognita_evidence.openrosa import noted
from incognita_evidence.openrosa.arrival import Arrival, ArrivedFile
from incognita_evidence.openrosa.content import content_of
from incognita_evidence.openrosa.intake import Filled
from incognita_evidence.report import ItemState, Report
from incognita_evidence.rules import verdicts
from incognita_evidence.rules.completion import Said
from incognita_evidence.rules.media_types import Fit, judge
from incognita_evidence.schemas.given import UploadDeclaration
from incognita_evidence.settings import EvidenceSettings
from incognita_evidence.submissions import (
    Given,
    answer_of,
    earlier_answer,
    handed_in,
    read_given,
)
from incognita_evidence.visit import OPEN_STATES, Visit
from incognita_shared.clock import now
from incognita_shared.events.evidence import Finding
from incognita_shared.problems import Invalid
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_xlsform.claims import ClaimedFile, claims_of

SENT_WITHOUT = "the form was sent without it"


async def hand_in(
    filled: Filled, arrival: Arrival, *, desk: Desk, settings: EvidenceSettings
) -> str:
    """Hand the form in once all its files are there; what the phone is told.

    What is wrong with it becomes findings. Handing the same in again does nothing more. Raises
    QuestionnaireNotHere, TooBusy, Unavailable: then the phone has to send it again.
    """
    visit = filled.visit
    questionnaire = await desk.reports.get_questionnaire(visit)
    claims = claims_of(questionnaire, filled.instance, arrival.sha256_of)
    key = arrival.submission_key(filled.xml_sha256)
    found = noted.of_arrival(filled, arrival)
    if visit.state not in OPEN_STATES:
        return await _too_late(visit, key, found, desk=desk)
    found += await _declare(filled, arrival, claims.files, desk=desk, settings=settings)
    to_come = sum(arrival.file(each.name) is None for each in claims.files)
    if to_come:
        return f"Received; {to_come} of {len(claims.files)} files are still to come"
    content, doubts = content_of(claims, stage_id=filled.stage_id, at=arrival.begun_at or now())
    given = Given.of(content, key, tolerant=True)
    return await _submit(filled, given, (*found, *doubts), desk=desk)


async def _declare(
    filled: Filled,
    arrival: Arrival,
    files: Sequence[ClaimedFile],
    *,
    desk: Desk,
    settings: EvidenceSettings,
) -> tuple[Finding, ...]:
    """Declare what is there, as a phone does before it uploads; find what can be no evidence."""
    found = []
    for claimed in files:
        file = arrival.file(claimed.name)
        if file is None:
            continue
        declaration = _declaration(claimed, file)
        try:
            await uploads.declare(
                filled.visit, declaration, reports=desk.reports, settings=settings
            )
        except (Invalid, TooManyItems) as problem:
            found.append(noted.unusable(claimed, file, problem))
        except ReportClosed:
            pass  # an identical one is answered as before, another is noted
    return tuple(found)


def _declaration(claimed: ClaimedFile, file: ArrivedFile) -> UploadDeclaration:
    """What an honest phone would have declared; of bytes of a wrong type, what this one did."""
    judged = judge(claimed.kind, file.declared_type, file.types)
    wrong = judged.fit is Fit.REFUSED
    return UploadDeclaration.model_construct(
        kind=claimed.kind,
        question_id=claimed.question_id,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        content_type=file.declared_type if wrong else judged.found,
        captured_at=None,
        position=None,
        duration_s=file.duration_s,
    )


async def _submit(filled: Filled, given: Given, found: Sequence[Finding], *, desk: Desk) -> str:
    visit, looks = filled.visit, Looks()

    async def attempt() -> str | None:
        report = await desk.reports.find_report(visit.id) or Report.of(visit)
        try:
            answer = earlier_answer(report, given)
        except (KeyUsedOtherwise, ReportClosed):
            await noted.note(visit, (*found, noted.another(filled)), desk=desk)
            return "Kept; a report of this visit was handed in before, and that one counts"
        if answer is not None:
            await noted.note(visit, found, desk=desk)
            return "Received before"
        questionnaire = await desk.reports.get_questionnaire(visit)
        await looks.look(visit, report.in_state(ItemState.DECLARED), desk=desk)
        at = now()
        report, events = verdicts.apply(report, looks.told, at=at, bucket=desk.bucket)
        others = await looks.where_else(report, desk.reports)
        report = noted.with_findings(report, (*found, *noted.refused(report, looks.told)))
        read = read_given(report, visit, given, questionnaire)
        report, done = _settled(report, visit, given, read, elsewhere=others, at=at, desk=desk)
        report = report.model_copy(update={"updated_at": at})
        return "Received" if await desk.reports.save(report, (*events, *done)) else None

    return await until_written(visit.id, attempt)


def _settled(
    report: Report,
    visit: Visit,
    given: Given,
    read: ReadAnswers,
    *,
    elsewhere: Mapping[str, Sequence[str]],
    at: datetime,
    desk: Desk,
) -> tuple[Report, Said]:
    """The phone has nothing more to send: what is missing is missing for good, and found."""
    outcome = handed_in(report, visit, given, read, elsewhere=elsewhere, at=at, desk=desk)
    missing = answer_of(outcome[0], given.key).missing
    if not missing:
        return outcome
    reasons = dict.fromkeys((each.kind for each in missing), SENT_WITHOUT)
    reasons |= given.content.missing_evidence_reasons
    content = given.content.model_copy(update={"missing_evidence_reasons": reasons})
    given = replace(given, content=content)
    return handed_in(report, visit, given, read, elsewhere=elsewhere, at=at, desk=desk)


async def _too_late(visit: Visit, key: str, found: Sequence[Finding], *, desk: Desk) -> str:
    report = await desk.reports.find_report(visit.id)
    if report is not None and report.submission(key) is not None:
        return "Received before"
    await noted.note(visit, (*found, noted.closed(visit)), desk=desk)
    return f"Kept; but this visit is {visit.state}, so the report does not count"
