"""How often standards are met: sums of outcomes, and rows in the questionnaire's order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from incognita_comparison.proportions import Share, mean_share, wilson
from incognita_comparison.rules import SCALE, identifier_of
from incognita_comparison.schemas.compliance import ComplianceKind, ComplianceRow

METHOD = (
    "Score interval of a proportion (Wilson 1927). It takes visits as independent; visits of one"
    " branch are alike, so where branches are visited often it is a little too narrow."
)


@dataclass(frozen=True, slots=True)
class AnswerSums:
    """Id → sums of its outcomes and points, and from how many branches they come."""

    sums: Mapping[str, Mapping[str, int]]
    branches: int


def added_up(documents: Iterable[Mapping[str, Mapping[str, int]]]) -> AnswerSums:
    """The sums of several branches; branches whose every visit was taken out again don't count."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    branches = 0
    for document in documents:
        counted = False
        for name, sums in document.items():
            total = totals[name]
            for field, value in sums.items():
                if value:
                    total[field] += value
                    counted = True
        branches += counted
    return AnswerSums({identifier_of(name): sums for name, sums in totals.items()}, branches)


def section_rows(
    answers: AnswerSums,
    questionnaire: Mapping[str, Any] | None,
    *,
    language: str | None,
    everything: bool,
) -> list[ComplianceRow]:
    """A row for each section that counted; ``everything``: also one without a visible question."""
    titles = {one["id"]: one["title"] for one in _of(questionnaire, "sections")}
    shown = {
        one["section_id"]
        for one in _of(questionnaire, "questions")
        if everything or one["visible_to_client"]
    }
    wanted = [one for one in titles if one in shown] if titles else sorted(answers.sums)
    rows = []
    for section_id in wanted:
        sums = answers.sums.get(section_id)
        if sums and sums.get("n"):
            label = text(titles.get(section_id), questionnaire, language)
            rows.append(_section_row(section_id, label, sums))
    return rows


def question_rows(
    answers: AnswerSums,
    questionnaire: Mapping[str, Any] | None,
    *,
    language: str | None,
    everything: bool,
) -> list[ComplianceRow]:
    """A row for each question that was scored; ``everything``: also one hidden from the client."""
    rows = []
    known = _of(questionnaire, "questions") or [
        {"id": one, "section_id": "", "label": None, "visible_to_client": False}
        for one in sorted(answers.sums)
    ]
    for question in known:
        sums = answers.sums.get(question["id"])
        if sums is None or not (everything or question["visible_to_client"]):
            continue
        if any(sums.get(outcome) for outcome in ("met", "partial", "missed", "not_applicable")):
            label = text(question["label"], questionnaire, language)
            rows.append(_question_row(question, label, sums))
    return rows


def text(
    texts: Mapping[str, str] | None, questionnaire: Mapping[str, Any] | None, language: str | None
) -> str | None:
    """The text in ``language``, else in the questionnaire's own, else None."""
    if not texts or questionnaire is None:
        return None
    return texts.get(language or "") or texts.get(questionnaire["default_language"])


def _of(questionnaire: Mapping[str, Any] | None, field: str) -> list[dict[str, Any]]:
    return list(questionnaire[field]) if questionnaire else []


def _question_row(
    question: Mapping[str, Any], label: str | None, sums: Mapping[str, int]
) -> ComplianceRow:
    met, partial, missed = (sums.get(name, 0) for name in ("met", "partial", "missed"))
    visits = met + partial + missed
    return ComplianceRow(
        id=question["id"],
        section_id=question["section_id"],
        label=label,
        visits=visits,
        met=met,
        partial=partial,
        missed=missed,
        not_applicable=sums.get("not_applicable", 0),
        **_shares(wilson(met, visits)),
        points_share=_points_share(sums),
    )


def _section_row(section_id: str, label: str | None, sums: Mapping[str, int]) -> ComplianceRow:
    visits, met, missed = sums["n"], sums.get("full", 0), sums.get("none", 0)
    mean = mean_share(visits, sums.get("sum", 0), sums.get("squares", 0))
    return ComplianceRow(
        id=section_id,
        section_id=section_id,
        label=label,
        visits=visits,
        met=met,
        partial=visits - met - missed,
        missed=missed,
        not_applicable=sums.get("not_applicable", 0),
        **_shares(wilson(met, visits)),
        points_share=_points_share(sums),
        mean_score=round(mean.value, 2) if mean else None,
        mean_low=round(mean.low, 2) if mean else None,
        mean_high=round(mean.high, 2) if mean else None,
    )


def _shares(share: Share | None) -> dict[str, float | None]:
    if share is None:
        return {"compliance": None, "interval_low": None, "interval_high": None}
    return {
        "compliance": round(share.value, 2),
        "interval_low": round(share.low, 2),
        "interval_high": round(share.high, 2),
    }


def _points_share(sums: Mapping[str, int]) -> float | None:
    """Earned of possible in per cent, kept within the scale: bonus points may exceed it."""
    possible = sums.get("possible", 0)
    if possible <= 0:
        return None
    return round(min(max(SCALE * sums.get("earned", 0) / possible, 0.0), SCALE), 2)


ROWS = {ComplianceKind.SECTION: section_rows, ComplianceKind.QUESTION: question_rows}
FIELDS = {ComplianceKind.SECTION: "sections", ComplianceKind.QUESTION: "questions"}
