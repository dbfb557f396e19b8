"""Exact arithmetic of results: what one visit adds to the sums of its branch in its wave."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

from incognita_shared.events.scoring import QuestionScore, ReportApproved, SectionScore, VisitScored
from incognita_shared.questionnaire.model import Subject

UNITS_PER_POINT = 10_000
"""Sums are in ten-thousandths of a point: questionnaires allow four decimals, so all is exact."""
SCALE = 100.0

Contribution = Mapping[str, int]
"""Path in a branch's sums → what a visit adds there."""


@lru_cache(maxsize=10_000)
def to_units(points: Decimal) -> int:
    """Points as a whole number of ten-thousandths, half to even where there are more decimals."""
    return int((points * UNITS_PER_POINT).to_integral_value(ROUND_HALF_EVEN))


def to_points(units: int) -> Decimal:
    """The points that ``units`` ten-thousandths are, with at least two decimals."""
    points = Decimal(units) / UNITS_PER_POINT
    rounded = points.quantize(Decimal("0.01"))
    return rounded if rounded == points else points


def mean_points(total: int, count: int) -> Decimal | None:
    """The mean of ``count`` scores with the sum ``total`` in units, to two decimals."""
    if count == 0:
        return None
    return (Decimal(total) / (count * UNITS_PER_POINT)).quantize(Decimal("0.01"))


def is_failure(event: VisitScored | ReportApproved) -> bool:
    """Whether the branch must hear of it: a critical question was missed, or the pass mark."""
    return bool(event.critical_failed) or event.passed is False


def revision_of(event: VisitScored) -> dict[str, Any]:
    """What is kept of one score revision; points in units.

    What was seen at a competitor is left out: it is not the branch's doing.
    """
    own = {one.section_id for one in event.sections if one.subject is Subject.BRANCH}
    return {
        "score": None if event.score is None else to_units(event.score),
        "failed": is_failure(event),
        "sections": [_section(one) for one in event.sections if one.section_id in own],
        "questions": [_question(one) for one in event.questions if one.section_id in own],
    }


def contribution(revision: Mapping[str, Any]) -> dict[str, int]:
    """What an approved revision adds to the sums of its branch in its wave."""
    added = {"approved": 1}
    score = revision["score"]
    if score is not None:
        added.update({"n": 1, "sum": score, "squares": score * score})
    for section in revision["sections"]:
        added.update(_section_sums(f"sections.{field_name(section['id'])}", section))
    for question in revision["questions"]:
        path = f"questions.{field_name(question['id'])}"
        for name, value in _question_sums(path, question).items():
            added[name] = added.get(name, 0) + value  # a section that repeats asks it again
    return added


def difference(new: Contribution, old: Contribution) -> dict[str, int]:
    """What must be added to sums that hold ``old`` so that they hold ``new``; no zeros."""
    changed = {path: new.get(path, 0) - old.get(path, 0) for path in {**old, **new}}
    return {path: value for path, value in changed.items() if value}


def field_name(identifier: str) -> str:
    """An id as part of a path: a dot would split it, and ``%`` is not in the alphabet of ids."""
    return identifier.replace(".", "%2E")


def identifier_of(name: str) -> str:
    """The id that ``field_name`` made the name from."""
    return name.replace("%2E", ".")


def _section(section: SectionScore) -> dict[str, Any]:
    return {
        "id": section.section_id,
        "earned": to_units(section.earned),
        "possible": to_units(section.possible),
        "score": None if section.score is None else to_units(section.score),
    }


def _question(question: QuestionScore) -> dict[str, Any]:
    return {
        "id": question.question_id,
        "section": question.section_id,
        "earned": to_units(question.earned),
        "possible": to_units(question.possible),
        "outcome": question.outcome.value,
    }


def _section_sums(path: str, section: Mapping[str, Any]) -> dict[str, int]:
    added = {f"{path}.earned": section["earned"], f"{path}.possible": section["possible"]}
    score = section["score"]
    if score is None:
        added[f"{path}.not_applicable"] = 1
    else:
        earned, possible = section["earned"], section["possible"]
        added[f"{path}.n"] = 1
        added[f"{path}.sum"] = score
        added[f"{path}.squares"] = score * score
        added[f"{path}.full"] = int(earned >= possible)
        added[f"{path}.none"] = int(earned <= 0 < possible)
    return added


def _question_sums(path: str, question: Mapping[str, Any]) -> dict[str, int]:
    return {
        f"{path}.{question['outcome']}": 1,
        f"{path}.earned": question["earned"],
        f"{path}.possible": question["possible"],
    }
