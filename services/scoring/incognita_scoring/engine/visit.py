"""A whole visit: sections from questions, the score from sections, and what critical misses do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from incognita_scoring.engine.question import ScoredQuestion, score_question
from incognita_scoring.engine.rounding import percentage, rounded
from incognita_shared.events.scoring import QuestionScore, SectionScore
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.model import CriticalEffect, Questionnaire, Section

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class VisitScore:
    """A visit's score, 0 to 100, or None where nothing counted.

    ``passed`` is None where there is no pass mark or no score, but False after a critical miss
    that fails the visit. ``critical_failed`` are question ids in order. ``doubts`` are sentences
    for a reviewer: what the engine could not decide and therefore left out.
    """

    score: Decimal | None
    passed: bool | None
    critical_failed: tuple[str, ...]
    sections: tuple[SectionScore, ...]
    questions: tuple[QuestionScore, ...]
    doubts: tuple[str, ...]


def score_visit(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> VisitScore:
    """Scores the answers of one report.

    A section's score is 100 · earned / possible over the questions that count, held within 0 to
    100; the visit's is the mean of the sections that have one, by their weights. A critical miss
    fails the visit (0), fails its section (0, which then counts) or caps the visit. Never raises
    for answers of any kind.
    """
    read = ReadAnswers(questionnaire, answers)
    by_section = [
        (section, [score_question(section, one, answers, read) for one in section.questions])
        for section in questionnaire.sections
    ]
    scored = [one for _, questions in by_section for one in questions]
    missed = [one for one in scored if one.missed_critical]
    exact = [(section, questions, _section(questions)) for section, questions in by_section]
    decimals = questionnaire.score.decimals
    score = _visit([(section.weight, value) for section, _, value in exact], missed)
    final = None if score is None else rounded(score, decimals)
    return VisitScore(
        score=final,
        passed=_passed(final, questionnaire.score.pass_mark, missed),
        critical_failed=tuple(one.question.id for one in missed),
        sections=tuple(_told(*section, decimals) for section in exact),
        questions=tuple(one.score for one in scored),
        doubts=tuple(one.doubt for one in scored if one.doubt),
    )


def _section(questions: Sequence[ScoredQuestion]) -> Fraction | None:
    if _any_effect(CriticalEffect.FAIL_SECTION, (one for one in questions if one.missed_critical)):
        return ZERO
    earned, possible = _sums(questions)
    return percentage(earned, possible) if possible > 0 else None


def _sums(questions: Iterable[ScoredQuestion]) -> tuple[Decimal, Decimal]:
    """Points are decimals of few digits, so these sums are exact."""
    earned = possible = Decimal(0)
    for one in questions:
        earned += one.score.earned
        possible += one.score.possible
    return earned, possible


def _visit(
    sections: Sequence[tuple[Decimal, Fraction | None]], missed: Sequence[ScoredQuestion]
) -> Fraction | None:
    if _any_effect(CriticalEffect.FAIL_VISIT, missed):
        return ZERO
    counting = [(Fraction(weight), value) for weight, value in sections if value is not None]
    total = sum((weight for weight, _ in counting), ZERO)
    if total == 0:
        return None
    mean = sum((weight * value for weight, value in counting), ZERO) / total
    return min([mean, *_caps(missed)])


def _caps(missed: Iterable[ScoredQuestion]) -> list[Fraction]:
    return [
        Fraction(one.question.scoring.cap)
        for one in missed
        if one.question.scoring.critical is CriticalEffect.CAP_VISIT
        and one.question.scoring.cap is not None
    ]


def _any_effect(effect: CriticalEffect, missed: Iterable[ScoredQuestion]) -> bool:
    return any(one.question.scoring.critical is effect for one in missed)


def _passed(
    score: Decimal | None, pass_mark: Decimal | None, missed: Sequence[ScoredQuestion]
) -> bool | None:
    if _any_effect(CriticalEffect.FAIL_VISIT, missed):
        return False
    # the rounded score decides: the number that a branch reads is the number that is judged
    return None if score is None or pass_mark is None else score >= pass_mark


def _told(
    section: Section, questions: Sequence[ScoredQuestion], exact: Fraction | None, decimals: int
) -> SectionScore:
    earned, possible = _sums(questions)
    return SectionScore(
        section_id=section.id,
        earned=earned,
        possible=possible,
        weight=section.weight,
        score=None if exact is None else rounded(exact, decimals),
    )
