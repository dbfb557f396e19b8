"""What a rescore changes in one report: two scores of the same answers, side by side. Pure."""

from decimal import Decimal

from incognita_scoring.rules import ReviewState
from incognita_scoring.score import Revision, Score
from incognita_shared.events.scoring import Outcome, QuestionScore
from incognita_shared.values import Exact, Id, Moment, Value

MOST_QUESTIONS = 100
UNITS = Decimal(10_000)
"""A score has at most four decimals, so a difference is a whole number of these."""


class Result(Value):
    """What a report was given, and by which versions."""

    score: Exact | None
    passed: bool | None
    critical_failed: tuple[str, ...]
    questionnaire_version: int
    engine_version: str


class Points(Value):
    """Points of one question in one of the two scores."""

    earned: Exact
    possible: Exact
    outcome: Outcome


NO_POINTS = Points(earned=Decimal(0), possible=Decimal(0), outcome=Outcome.NOT_ASKED)


class QuestionChange(Value):
    """One question that is scored otherwise; None where a version does not have it.

    ``why`` is the reason in the new score.
    """

    question_id: Id
    section_id: Id
    instance: int | None
    before: Points | None
    after: Points | None
    why: str


class Applied(Value):
    """The revision that the report was given; ``score`` may differ from the preview's.

    It does where the report was corrected after the preview: then its newest answers were scored.
    """

    score_revision: int
    score: Exact | None
    applied_at: Moment


class Change(Value):
    """One report of a rescore. ``questions`` are the first hundred that changed."""

    rescore_id: Id
    visit_id: Id
    branch_id: Id
    wave_id: Id
    state: ReviewState
    score_revision: int
    before: Result
    after: Result
    difference: Exact | None
    questions_changed: int
    questions: tuple[QuestionChange, ...]
    doubts: tuple[str, ...]
    applied: Applied | None = None

    @property
    def units(self) -> int:
        """The difference as a whole number, to sort by; 0 where there is none."""
        return int((self.difference or Decimal(0)) * UNITS)

    @property
    def changed(self) -> bool:
        """Whether score, verdict or critical misses are other than before."""
        same = (
            self.before.score == self.after.score
            and self.before.passed == self.after.passed
            and self.before.critical_failed == self.after.critical_failed
        )
        return not same


def change_of(rescore_id: str, score: Score, old: Revision, new: Revision) -> Change:
    """What ``new`` makes of the report whose newest revision is ``old``."""
    questions = question_changes(old, new)
    known = set(old.doubts)
    return Change(
        rescore_id=rescore_id,
        visit_id=score.visit_id,
        branch_id=score.branch_id,
        wave_id=score.wave_id,
        state=score.state,
        score_revision=old.score_revision,
        before=_result(old),
        after=_result(new),
        difference=(None if old.score is None or new.score is None else new.score - old.score),
        questions_changed=len(questions),
        questions=questions[:MOST_QUESTIONS],
        doubts=tuple(doubt for doubt in new.doubts if doubt not in known),
    )


def question_changes(old: Revision, new: Revision) -> tuple[QuestionChange, ...]:
    """The questions whose points or outcome differ, in the order of the new questionnaire."""
    before = {_place(each): each for each in old.questions}
    after = {_place(each): each for each in new.questions}
    gone = [each for each in old.questions if _place(each) not in after]
    changed = [
        _question_change(before.get(place), each)
        for place, each in after.items()
        if _points(before.get(place)) != _points(each)
    ]
    return (*changed, *(_question_change(each, None) for each in gone))


def _place(question: QuestionScore) -> tuple[str, int | None]:
    return question.question_id, question.instance


def _points(question: QuestionScore | None) -> Points | None:
    if question is None:
        return None
    return Points(earned=question.earned, possible=question.possible, outcome=question.outcome)


def _question_change(old: QuestionScore | None, new: QuestionScore | None) -> QuestionChange:
    one = new or old
    if one is None:
        raise ValueError("a change is of a question in at least one of two scores")
    return QuestionChange(
        question_id=one.question_id,
        section_id=one.section_id,
        instance=one.instance,
        before=_points(old),
        after=_points(new),
        why=new.why if new else "Not asked in this version.",
    )


def _result(revision: Revision) -> Result:
    return Result(
        score=revision.score,
        passed=revision.passed,
        critical_failed=revision.critical_failed,
        questionnaire_version=revision.questionnaire_version,
        engine_version=revision.engine_version,
    )
