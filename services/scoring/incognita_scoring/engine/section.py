"""One section: what its questions earned, also over repetitions, and what a critical miss does."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from incognita_scoring.engine.question import ScoredQuestion, score_question
from incognita_scoring.engine.rounding import percentage, rounded
from incognita_scoring.engine.rulings import NO_RULINGS, Rulings
from incognita_shared.events.scoring import SectionScore
from incognita_shared.questionnaire.answers import ReadAnswers, Scope
from incognita_shared.questionnaire.model import Aggregation, CriticalEffect, Section, Subject

ZERO = Fraction(0)


class ScoredSection(NamedTuple):
    """A section with its questions, those of one repetition after those of another.

    ``exact`` is its score, 0 to 100, or None where nothing in it counts.
    """

    section: Section
    questions: Sequence[ScoredQuestion]
    exact: Fraction | None

    @property
    def counts(self) -> bool:
        """Whether it is about the branch: what is seen at a competitor is not its doing."""
        return self.section.subject is Subject.BRANCH

    def told(self, decimals: int) -> SectionScore:
        """The section as events and callers are told of it."""
        earned, possible = _sums(self.questions)
        return SectionScore(
            section_id=self.section.id,
            earned=earned,
            possible=possible,
            weight=self.section.weight if self.counts else Decimal(0),
            score=None if self.exact is None else rounded(self.exact, decimals),
            stage_id=self.section.stage_id,
            subject=self.section.subject,
        )


def score_section(
    section: Section, read: ReadAnswers, rulings: Rulings = NO_RULINGS
) -> ScoredSection:
    """The section's score is 100 · earned / possible over the questions that count, from 0 to 100.

    One that repeats pools all points, or takes the mean, worst or best of its repetitions' scores.
    """
    language = read.questionnaire.default_language
    repetitions = [
        [
            score_question(
                section,
                question,
                scope,
                language=language,
                instance=instance,
                ruling=rulings.get((question.id, instance)) if rulings else None,
            )
            for question in section.questions
        ]
        for instance, scope in _numbered(section, read)
    ]
    questions = [one for repetition in repetitions for one in repetition]
    if has_effect(CriticalEffect.FAIL_SECTION, missed(questions)):
        return ScoredSection(section, questions, ZERO)
    return ScoredSection(section, questions, _exact(section, questions, repetitions))


def missed(questions: Iterable[ScoredQuestion]) -> list[ScoredQuestion]:
    """The critical questions that earned nothing although they counted."""
    return [one for one in questions if one.missed_critical]


def has_effect(effect: CriticalEffect, questions: Iterable[ScoredQuestion]) -> bool:
    """Whether a miss of one of these critical questions has that effect."""
    return any(one.question.scoring.critical is effect for one in questions)


def _numbered(section: Section, read: ReadAnswers) -> Iterable[tuple[int | None, Scope]]:
    return enumerate(read.scopes(section)) if section.repeat else ((None, read),)


def _exact(
    section: Section,
    questions: Sequence[ScoredQuestion],
    repetitions: Sequence[Sequence[ScoredQuestion]],
) -> Fraction | None:
    if section.repeat is None or section.repeat.aggregation is Aggregation.POOL:
        return _percentage(questions)
    scores = [one for one in map(_percentage, repetitions) if one is not None]
    if not scores:
        return None
    match section.repeat.aggregation:
        case Aggregation.WORST:
            return min(scores)
        case Aggregation.BEST:
            return max(scores)
        case _:
            return sum(scores, ZERO) / len(scores)


def _percentage(questions: Iterable[ScoredQuestion]) -> Fraction | None:
    earned, possible = _sums(questions)
    return percentage(earned, possible) if possible > 0 else None


def _sums(questions: Iterable[ScoredQuestion]) -> tuple[Decimal, Decimal]:
    """Points are decimals of few digits, so these sums are exact."""
    earned = possible = Decimal(0)
    for one in questions:
        earned += one.score.earned
        possible += one.score.possible
    return earned, possible
