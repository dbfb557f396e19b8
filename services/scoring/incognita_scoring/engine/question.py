"""One question: does it count, what did it earn, and why."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from incognita_scoring.engine.methods import Immeasurable, verdict
from incognita_scoring.engine.words import points
from incognita_shared.events.scoring import Outcome, QuestionScore
from incognita_shared.questionnaire.answers import ReadAnswers, is_blank, not_applicable
from incognita_shared.questionnaire.model import Question, ScoringMethod, Section

ZERO = Decimal(0)
# a member read through its class costs a call each time, and 60 questions read many
MET, PARTIAL, MISSED = Outcome.MET, Outcome.PARTIAL, Outcome.MISSED
NOT_ASKED, NOT_APPLICABLE, UNSCORED = Outcome.NOT_ASKED, Outcome.NOT_APPLICABLE, Outcome.UNSCORED
NO_METHOD, TIMED_STANDARD = ScoringMethod.NONE, ScoringMethod.TIMED_STANDARD


class ScoredQuestion(NamedTuple):
    """A question's score; ``doubt`` says why a person should look, where the engine could not tell.

    ``missed_critical`` is set for a critical question that earned nothing although it counted.
    """

    question: Question
    score: QuestionScore
    doubt: str | None = None

    @property
    def missed_critical(self) -> bool:
        return self.score.critical and self.score.outcome is MISSED


def score_question(
    section: Section, question: Question, answers: Mapping[str, Any], read: ReadAnswers
) -> ScoredQuestion:
    """The points of one question. What does not count has 0 earned of 0 possible."""
    scorer = _Scorer(section, question)
    return _unanswerable(scorer, answers, read) or _answered(scorer, answers, read)


def _unanswerable(
    scorer: "_Scorer", answers: Mapping[str, Any], read: ReadAnswers
) -> ScoredQuestion | None:
    """The score where there is no answer to judge, for whatever reason; None where there is."""
    question = scorer.question
    if question.scoring.method is NO_METHOD:
        return scorer.left_out(UNSCORED, "Not scored.")
    if question.id in read.irrelevant:
        return scorer.left_out(NOT_ASKED, "Not asked: it did not apply to this visit.")
    if question.id in read.faulty:
        return scorer.doubtful(f"Whether it applies is unknown: {read.faulty[question.id]}.")
    if question.id in read.unreadable:
        return scorer.doubtful(f"The answer {read.unreadable[question.id]}.")
    if not_applicable(question, answers):
        return scorer.left_out(NOT_APPLICABLE, "Not applicable, says the shopper.")
    return _blank(scorer) if is_blank(answers.get(question.id)) else None


def _blank(scorer: "_Scorer") -> ScoredQuestion:
    if scorer.question.required:
        return scorer.counted(ZERO, met=False, fact="Not answered, although it had to be")
    return scorer.left_out(UNSCORED, "Not scored: the answer was optional, none was given.")


def _answered(scorer: "_Scorer", answers: Mapping[str, Any], read: ReadAnswers) -> ScoredQuestion:
    question = scorer.question
    if _starts_at_nothing(question, answers, read):
        return scorer.left_out(NOT_APPLICABLE, "Not applicable: its start did not apply.")
    language = read.questionnaire.default_language
    try:
        found = verdict(question, read.values[question.id], read.values, language)
    except Immeasurable as reason:
        return scorer.doubtful(str(reason))
    return scorer.counted(found.earned, met=found.met, fact=found.fact)


def _starts_at_nothing(question: Question, answers: Mapping[str, Any], read: ReadAnswers) -> bool:
    """Whether a timed standard's start was not asked or not applicable."""
    if question.scoring.method is not TIMED_STANDARD:
        return False
    standard = question.scoring.standard
    start_id = standard.start_question_id if standard else None
    if start_id is None:
        return False
    return start_id in read.irrelevant or (start_id in answers and answers[start_id] is None)


class _Scorer(NamedTuple):
    section: Section
    question: Question

    def counted(self, earned: Decimal, *, met: bool, fact: str) -> ScoredQuestion:
        possible = self.question.scoring.points
        short = PARTIAL if earned > 0 else MISSED
        outcome = MET if met else short
        why = f"{fact}: {points(earned, possible)}."
        return ScoredQuestion(self.question, self._score(earned, possible, outcome, why))

    def left_out(self, outcome: Outcome, why: str) -> ScoredQuestion:
        return ScoredQuestion(self.question, self._score(ZERO, ZERO, outcome, why))

    def doubtful(self, why: str) -> ScoredQuestion:
        score = self._score(ZERO, ZERO, UNSCORED, f"Not scored. {why}")
        return ScoredQuestion(self.question, score, doubt=f"{self.question.id}: {why}")

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
        )
