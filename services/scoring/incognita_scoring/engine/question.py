"""One question: does it count, what did it earn, and why."""

from decimal import Decimal
from typing import NamedTuple

from incognita_scoring.engine.methods import Immeasurable, verdict
from incognita_scoring.engine.phrases import Phrases, phrases_in
from incognita_scoring.engine.rulings import RulingKind
from incognita_scoring.engine.words import points
from incognita_shared.events.scoring import Outcome, QuestionScore
from incognita_shared.questionnaire.answers import Scope, not_applicable
from incognita_shared.questionnaire.model import (
    NotApplicablePolicy,
    Question,
    QuestionType,
    ScoringMethod,
    Section,
)

ZERO = Decimal(0)
# a member read through its class costs a call each time, and 60 questions read many
MET, PARTIAL, MISSED = Outcome.MET, Outcome.PARTIAL, Outcome.MISSED
NOT_ASKED, NOT_APPLICABLE, UNSCORED = Outcome.NOT_ASKED, Outcome.NOT_APPLICABLE, Outcome.UNSCORED
NO_METHOD, TIMED_STANDARD = ScoringMethod.NONE, ScoringMethod.TIMED_STANDARD
EXCLUDE, FULL = NotApplicablePolicy.EXCLUDE, NotApplicablePolicy.FULL


class ScoredQuestion(NamedTuple):
    """A question's score; ``doubt`` says why a person should look, where the engine could not tell.

    The score's reason is for the branch, in its language; a doubt is for reviewers, in English.
    ``missed_critical`` is set for a critical question that earned nothing although it counted.
    """

    question: Question
    score: QuestionScore
    doubt: str | None = None

    @property
    def missed_critical(self) -> bool:
        return self.score.critical and self.score.outcome is MISSED


def score_question(
    section: Section,
    question: Question,
    scope: Scope,
    *,
    language: str,
    instance: int | None = None,
    ruling: RulingKind | None = None,
) -> ScoredQuestion:
    """The points of one question. What does not count has 0 earned of 0 possible."""
    phrases = phrases_in(language)
    scorer = _Scorer(section, question, scope, instance, phrases)
    if question.scoring.method is NO_METHOD:
        return scorer.left_out(UNSCORED, phrases.not_scored)
    if ruling is RulingKind.FULL_POINTS:
        return scorer.counted(question.scoring.points, met=True, fact=phrases.granted)
    if ruling is RulingKind.DOES_NOT_COUNT:
        return scorer.left_out(UNSCORED, phrases.left_out_on_appeal)
    return _unanswerable(scorer) or _answered(scorer, language)


def _unanswerable(scorer: "_Scorer") -> ScoredQuestion | None:
    """The score where there is no answer to judge, for whatever reason; None where there is."""
    question, scope, phrases = scorer.question, scorer.scope, scorer.phrases
    if question.id in scope.irrelevant:
        return scorer.left_out(NOT_ASKED, phrases.not_asked)
    if question.id in scope.faulty:
        doubt = f"Whether it applies is unknown: {scope.faulty[question.id]}."
        return scorer.doubtful(doubt, phrases.relevance_unknown)
    if question.id in scope.unreadable:
        doubt = f"The answer {scope.unreadable[question.id]}."
        return scorer.doubtful(doubt, phrases.unreadable)
    if not_applicable(question, scope.answers):
        return scorer.not_applicable()
    return None if scope.has(question.id) else _blank(scorer)


def _blank(scorer: "_Scorer") -> ScoredQuestion:
    phrases = scorer.phrases
    if scorer.scope.required(scorer.question):
        return scorer.counted(ZERO, met=False, fact=phrases.not_answered)
    if scorer.question.type is QuestionType.CALCULATED:
        return scorer.left_out(UNSCORED, phrases.nothing_to_reckon)
    return scorer.left_out(UNSCORED, phrases.optional)


def _answered(scorer: "_Scorer", language: str) -> ScoredQuestion:
    question, scope = scorer.question, scorer.scope
    if _starts_at_nothing(question, scope):
        return scorer.left_out(NOT_APPLICABLE, scorer.phrases.start_not_applicable)
    try:
        found = verdict(question, scope.values[question.id], scope.values, language)
    except Immeasurable as error:
        return scorer.doubtful(str(error), error.reason)
    return scorer.counted(found.earned, met=found.met, fact=found.fact)


def _starts_at_nothing(question: Question, scope: Scope) -> bool:
    """Whether a timed standard's start was not asked or not applicable."""
    if question.scoring.method is not TIMED_STANDARD:
        return False
    standard = question.scoring.standard
    start_id = standard.start_question_id if standard else None
    if start_id is None:
        return False
    outer = scope.within
    return scope.left_out(start_id) or (outer is not None and outer.left_out(start_id))


class _Scorer(NamedTuple):
    section: Section
    question: Question
    scope: Scope
    instance: int | None
    phrases: Phrases

    def counted(self, earned: Decimal, *, met: bool, fact: str) -> ScoredQuestion:
        possible = self.question.scoring.points
        short = PARTIAL if earned > 0 else MISSED
        outcome = MET if met else short
        told = points(earned, possible, self.phrases)
        if self.question.scoring.bonus:
            return self._bonus(earned, outcome, self.phrases.bonus.format(fact=fact, points=told))
        why = self.phrases.total.format(fact=fact, points=told)
        return ScoredQuestion(self.question, self._score(earned, possible, outcome, why))

    def _bonus(self, earned: Decimal, outcome: Outcome, why: str) -> ScoredQuestion:
        """What is earned beyond what is possible; who misses a bonus has missed nothing."""
        missed = outcome is MISSED
        score = self._score(earned, ZERO, UNSCORED if missed else outcome, why)
        return ScoredQuestion(self.question, score)

    def not_applicable(self) -> ScoredQuestion:
        policy, possible = self.section.not_applicable, self.question.scoring.points
        if policy is EXCLUDE or self.question.scoring.bonus:
            return self.left_out(NOT_APPLICABLE, self.phrases.not_applicable)
        earned = possible if policy is FULL else ZERO
        told = points(earned, possible, self.phrases)
        why = self.phrases.not_applicable_counts.format(points=told)
        score = self._score(earned, possible, NOT_APPLICABLE, why)
        return ScoredQuestion(self.question, score)

    def left_out(self, outcome: Outcome, why: str) -> ScoredQuestion:
        return ScoredQuestion(self.question, self._score(ZERO, ZERO, outcome, why))

    def doubtful(self, doubt: str, reason: str) -> ScoredQuestion:
        why = self.phrases.unclear.format(reason=reason)
        score = self._score(ZERO, ZERO, UNSCORED, why)
        return ScoredQuestion(
            self.question, score, doubt=f"{self.scope.path(self.question.id)}: {doubt}"
        )

    def _score(
        self, earned: Decimal, possible: Decimal, outcome: Outcome, why: str
    ) -> QuestionScore:
        return QuestionScore(
            question_id=self.question.id,
            section_id=self.section.id,
            earned=earned,
            possible=possible,
            outcome=outcome,
            critical=self.question.scoring.critical is not None,
            why=why,
            instance=self.instance,
        )
