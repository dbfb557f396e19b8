"""What a rescore would do, added up: the same in any order, and every report in one bucket."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from incognita_scoring.rescoring.changes import Change, Points, QuestionChange, Result
from incognita_scoring.rescoring.summary import MOST_EXTREMES, Tally

scores = st.one_of(st.none(), st.decimals(0, 100, places=2))


def result(score: Decimal | None, mark: int = 60) -> Result:
    passed = None if score is None else score >= mark
    return Result(
        score=score, passed=passed, critical_failed=(), questionnaire_version=1, engine_version="1"
    )


def change(number: int, before: Decimal | None, after: Decimal | None, *, doubts=()) -> Change:
    question = QuestionChange(
        question_id="greeting", section_id="s", instance=None,
        before=Points(earned=1, possible=2, outcome="partial"),
        after=Points(earned=2, possible=2, outcome="met"), why="",
    )  # fmt: skip
    return Change(
        rescore_id="r", visit_id=f"v{number:03}", branch_id="b", wave_id="w", state="approved",
        score_revision=1, before=result(before), after=result(after),
        difference=None if before is None or after is None else after - before,
        questions_changed=1, questions=(question,), doubts=doubts,
    )  # fmt: skip


def summary(changes):
    tally = Tally()
    for each in changes:
        tally.add(each)
    return tally.summary()


def test_a_summary_counts_what_moves_and_who_passes():
    found = summary(
        [
            change(1, Decimal("50"), Decimal("75.5")),
            change(2, Decimal("80"), Decimal("55"), doubts=("x: is gone.",)),
            change(3, Decimal("70"), Decimal("70")),
            change(4, Decimal("70"), Decimal("69.99")),
            change(5, None, Decimal("10")),
            change(6, Decimal("10"), None),
        ]
    )
    assert (found.reports, found.changed, found.doubtful) == (6, 5, 1)
    assert (found.now_passed, found.no_longer_passed) == (1, 1)
    assert (found.newly_scored, found.newly_unscored) == (1, 1)
    assert (found.mean_before, found.mean_after) == (Decimal("67.5000"), Decimal("67.6225"))
    buckets = {(each.above, each.up_to): each.reports for each in found.distribution}
    assert buckets[None, Decimal(-20)] == 1
    assert buckets[Decimal(-1), Decimal(0)] == 1
    assert buckets[Decimal(0), Decimal(0)] == 1
    assert buckets[Decimal(20), None] == 1
    assert [each.visit_id for each in found.worst_losses] == ["v002", "v004"]
    assert [each.visit_id for each in found.best_gains] == ["v001"]
    (question,) = found.questions
    assert (question.question_id, question.reports, question.earned) == ("greeting", 6, 6)


@given(st.lists(st.tuples(scores, scores), max_size=60), st.randoms())
def test_the_order_of_reports_is_of_no_matter(pairs, chance: random.Random):
    changes = [change(number, *pair) for number, pair in enumerate(pairs)]
    found = summary(changes)
    chance.shuffle(changes)
    assert summary(changes) == found
    compared = [each for each in changes if each.difference is not None]
    assert sum(each.reports for each in found.distribution) == len(compared)
    losses = sorted(each.difference for each in compared if each.difference < 0)
    assert [each.difference for each in found.worst_losses] == losses[:MOST_EXTREMES]
    gains = sorted((each.difference for each in compared if each.difference > 0), reverse=True)
    assert [each.difference for each in found.best_gains] == gains[:MOST_EXTREMES]
