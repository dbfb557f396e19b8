"""What a question asks of the items that prove its answer: how many, how old, from where. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from incognita_evidence.report import Item, Report
from incognita_shared.events.evidence import Finding, Severity
from incognita_shared.questionnaire.model import EvidenceRule, Questionnaire
from incognita_shared.values import EvidenceKind

Rules = Mapping[tuple[str | None, EvidenceKind], EvidenceRule]
"""(question id, kind) → the first rule of the question for that kind."""


def rule_findings(report: Report, questionnaire: Questionnaire) -> Iterator[Finding]:
    """``too_many_items``, ``stale_item``, ``from_gallery``; what is missing is told elsewhere."""
    rules = _rules(questionnaire)
    stored = [item for item in report.proved if (item.question_id, item.kind) in rules]
    yield from _too_many(stored, rules)
    for item in stored:
        rule = rules[item.question_id, item.kind]
        age = _age(item, _ended_at(item, report, questionnaire))
        if rule.maximum_age_s is not None and age is not None:
            most = timedelta(seconds=rule.maximum_age_s)
            if age > most:
                detail = f"captured {age} before its visit or stage ended, at most {most}"
                yield _finding("stale_item", item, detail)
        if item.from_gallery and not rule.gallery_allowed:
            yield _finding("from_gallery", item, "chosen from the gallery, not captured in the app")


def _rules(questionnaire: Questionnaire) -> Rules:
    rules: dict[tuple[str | None, EvidenceKind], EvidenceRule] = {}
    for question in questionnaire.with_evidence:
        for rule in question.evidence:
            rules.setdefault((question.id, rule.kind), rule)
    return rules


def _too_many(stored: Sequence[Item], rules: Rules) -> Iterator[Finding]:
    for (question_id, kind), count in Counter((i.question_id, i.kind) for i in stored).items():
        most = rules[question_id, kind].maximum_count
        if count > most:
            yield Finding(
                code="too_many_items",
                severity=Severity.INFO,
                question_id=question_id,
                detail=f"{count} items of kind {kind}, at most {most} were asked for",
            )


def _ended_at(item: Item, report: Report, questionnaire: Questionnaire) -> datetime | None:
    """When the stage of the item's question ended; of a visit without stages, when that did."""
    section = questionnaire.section_of[item.question_id or ""]
    ends = (each.ended_at for each in report.stages if each.stage_id == section.stage_id)
    return next(ends, report.ended_at)


def _age(item: Item, ended_at: datetime | None) -> timedelta | None:
    """How long before that end; the camera's word goes before the device's."""
    taken = item.exif.taken_at or item.captured_at
    return None if taken is None or ended_at is None else ended_at - taken


def _finding(code: str, item: Item, detail: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.MINOR,
        item_id=item.item_id,
        question_id=item.question_id,
        detail=detail,
    )
