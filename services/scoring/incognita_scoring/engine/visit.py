"""A whole visit: the score from its sections, those of its stages, and what critical misses do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from incognita_scoring.engine.question import ScoredQuestion
from incognita_scoring.engine.ratings import Rating, ratings_of
from incognita_scoring.engine.rounding import rounded
from incognita_scoring.engine.rulings import NO_RULINGS, Rulings
from incognita_scoring.engine.section import (
    ZERO,
    ScoredSection,
    has_effect,
    missed,
    score_section,
)
from incognita_shared.events.scoring import QuestionScore, SectionScore, StageScore
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.conditions import NO_CONTEXT, Context
from incognita_shared.questionnaire.model import CriticalEffect, Questionnaire


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
    stages: tuple[StageScore, ...]
    questions: tuple[QuestionScore, ...]
    doubts: tuple[str, ...]
    ratings: tuple[Rating, ...]
    read: ReadAnswers = field(compare=False, repr=False)
    """The answers as they were read."""


def score_visit(
    questionnaire: Questionnaire,
    answers: Mapping[str, Any],
    context: Context = NO_CONTEXT,
    *,
    rulings: Rulings = NO_RULINGS,
) -> VisitScore:
    """Scores the answers of one report.

    The visit's score is the mean of the sections that have one, by their weights; a stage's the
    same over its own sections. A critical miss fails the visit (0), fails its section (0, which
    then counts) or caps the visit. Sections about a competitor have a score and count for nothing.
    What appeals ruled goes before what was answered.
    Never raises for answers of any kind.
    """
    read = ReadAnswers(questionnaire, answers, context)
    sections = [score_section(section, read, rulings) for section in questionnaire.sections]
    failed = missed(one for section in sections if section.counts for one in section.questions)
    decimals = questionnaire.score.decimals
    score = _score(sections, failed)
    final = None if score is None else rounded(score, decimals)
    return VisitScore(
        score=final,
        passed=_passed(final, questionnaire.score.pass_mark, failed),
        critical_failed=tuple(dict.fromkeys(one.question.id for one in failed)),
        sections=tuple(section.told(decimals) for section in sections),
        stages=_stages(questionnaire, sections),
        questions=tuple(one.score for section in sections for one in section.questions),
        doubts=tuple(_doubts(sections, read)),
        ratings=ratings_of(read, rulings),
        read=read,
    )


def _score(sections: Iterable[ScoredSection], failed: Sequence[ScoredQuestion]) -> Fraction | None:
    if has_effect(CriticalEffect.FAIL_VISIT, failed):
        return ZERO
    mean = _mean(sections)
    return None if mean is None else min([mean, *_caps(failed)])


def _mean(sections: Iterable[ScoredSection]) -> Fraction | None:
    counting = [
        (Fraction(one.section.weight), one.exact)
        for one in sections
        if one.counts and one.exact is not None
    ]
    total = sum((weight for weight, _ in counting), ZERO)
    return sum((weight * value for weight, value in counting), ZERO) / total if total else None


def _caps(failed: Iterable[ScoredQuestion]) -> list[Fraction]:
    return [
        Fraction(one.question.scoring.cap)
        for one in failed
        if one.question.scoring.critical is CriticalEffect.CAP_VISIT
        and one.question.scoring.cap is not None
    ]


def _stages(
    questionnaire: Questionnaire, sections: Sequence[ScoredSection]
) -> tuple[StageScore, ...]:
    decimals = questionnaire.score.decimals
    means = [
        (stage.id, _mean(one for one in sections if one.section.stage_id == stage.id))
        for stage in questionnaire.stages
    ]
    return tuple(
        StageScore(stage_id=stage_id, score=None if mean is None else rounded(mean, decimals))
        for stage_id, mean in means
    )


def _passed(
    score: Decimal | None, pass_mark: Decimal | None, failed: Sequence[ScoredQuestion]
) -> bool | None:
    if has_effect(CriticalEffect.FAIL_VISIT, failed):
        return False
    # the rounded score decides: the number that a branch reads is the number that is judged
    return None if score is None or pass_mark is None else score >= pass_mark


def _doubts(sections: Iterable[ScoredSection], read: ReadAnswers) -> Iterable[str]:
    for section in sections:
        if section.section.id in read.malformed:
            yield f"{section.section.id}: The answer {read.malformed[section.section.id]}."
        yield from (one.doubt for one in section.questions if one.doubt)
