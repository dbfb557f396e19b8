"""How repetitions make one section, and what neither device nor ruling can do to it."""

from decimal import Decimal

import pytest

from incognita_scoring.engine import score_visit
from incognita_scoring.engine.rulings import RulingKind
from support.forms import answers, asked, form, question, section

ROWS = [{"a": True, "b": True}, {"a": True, "b": None}, {"a": False, "b": True}]


@pytest.mark.parametrize(
    ("aggregation", "rows", "score"),
    [
        ("pool", [0, 1, 2], "75.00"),  # 6 of 8
        ("mean", [0, 1, 2], "77.78"),  # 100, 100 and a third
        ("worst", [0, 1, 2], "33.33"),
        ("best", [0, 1, 2], "100.00"),
        ("best", [2], "33.33"),
        ("mean", [2, 0], "66.67"),
        ("mean", [], None),
        ("worst", [], None),
    ],
)
def test_repetitions_make_one_section(aggregation, rows, score):
    def asked_for(question_id, points):
        return asked(question_id, points, scoring={"not_applicable_allowed": True})

    one = section("s", asked_for("a", 2), asked_for("b", 1), repeat={"aggregation": aggregation})
    visit = score_visit(form(one), {"s": [ROWS[number] for number in rows]})
    expected = None if score is None else Decimal(score)
    assert (visit.score, visit.sections[0].score) == (expected, expected)


@pytest.mark.parametrize("aggregation", ["mean", "worst", "best"])
def test_a_repetition_in_which_nothing_counts_is_none(aggregation):
    one = section(
        "s",
        asked("a", scoring={"not_applicable_allowed": True}),
        repeat={"aggregation": aggregation},
    )
    assert score_visit(form(one), {"s": [{"a": True}, {"a": None}]}).score == 100
    assert score_visit(form(one), {"s": [{"a": False}, {"a": None}]}).score == 0


def points(visit, question_id):
    return [(one.earned, one.possible) for one in visit.questions if one.question_id == question_id]


@pytest.mark.parametrize("claimed", [None, 100, "100", True, [100]])
def test_no_device_decides_on_what_is_calculated(claimed):
    scoring = {
        "method": "bands", "points": 2, "bands": [{"minimum": 9, "points": 2}],
        "not_applicable_allowed": True,
    }  # fmt: skip
    rule = {"+": [answers("n"), 1]}
    total = question("total", "calculated", calculation=rule, scoring=scoring)
    questionnaire = form(section("s", question("n", "integer"), total))
    visit = score_visit(questionnaire, {"n": 1, "total": claimed})
    assert (visit.score, points(visit, "total")) == (0, [(0, 2)])


def test_a_question_that_is_not_scored_stays_so_whatever_is_ruled():
    questionnaire = form(section("s", question("r", "text"), asked("ok")))
    rulings = {("r", None): RulingKind.FULL_POINTS}
    visit = score_visit(questionnaire, {"r": "x", "ok": False}, rulings=rulings)
    assert (visit.score, points(visit, "r")) == (0, [(0, 0)])
