"""What rules may ask beside the answers: the branch, the visit, and the time of the report."""

from datetime import UTC, date, datetime

import pytest

from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.conditions import ConditionError, Context, checked_rule, holds
from support.forms import answers, form, question

CONTEXT = Context(
    branch={"drive_through": True, "city": "Şişli", "tables": 12, "rating": 4.5},
    visit={"scenario": "return of goods", "channel": "visit"},
    now=datetime(2026, 11, 22, 21, 30, tzinfo=UTC),
    today=date(2026, 11, 23),
)


@pytest.mark.parametrize(
    ("rule", "known", "unknown"),
    [
        ({"==": [{"var": "branch.drive_through"}, True]}, True, False),
        ({"==": [{"var": "branch.city"}, "Şişli"]}, True, False),
        ({">": [{"var": "branch.tables"}, 10]}, True, False),
        ({"<": [{"var": "branch.rating"}, 4.6]}, True, False),
        ({"!": {"var": "branch.terrace"}}, True, True),
        ({"==": [{"var": "visit.scenario"}, "return of goods"]}, True, False),
        ({"in": [{"var": "visit.channel"}, ["visit", "delivery"]]}, True, False),
        ({"==": [{"var": "today"}, "2026-11-23"]}, True, False),
        ({"<": [{"var": "now"}, "2026-11-23T00:00:00+03:00"]}, False, False),
        ({"<": [{"var": "now"}, "2026-11-23T01:00:00+03:00"]}, True, False),
        ({"missing": ["branch.city", "today"]}, False, True),
    ],
)
def test_a_rule_asks_the_context(rule, known, unknown):
    assert holds(rule, {}, context=CONTEXT) is known
    assert holds(rule, {}) is unknown


@pytest.mark.parametrize(
    "path", ["branch", "branch.", "visit", "visit.", "visit.shopper", "now.year", "later", "todays"]
)
def test_a_rule_asks_for_nothing_else(path):
    with pytest.raises(ConditionError, match="names 'value'"):
        checked_rule({"var": path})


def test_a_question_is_shown_by_an_attribute_of_the_branch():
    questionnaire = form(
        question("lane", relevant={"==": [{"var": "branch.drive_through"}, True]}), question("x")
    )
    for context, shown in ((CONTEXT, True), (Context(), False)):
        assert ("lane" not in ReadAnswers(questionnaire, {}, context).irrelevant) is shown


def test_a_scenario_switches_questions():
    returns = {"==": [{"var": "visit.scenario"}, "return of goods"]}
    questionnaire = form(question("refund", relevant=returns), question("x"))
    assert not ReadAnswers(questionnaire, {}, CONTEXT).irrelevant
    walk_in = Context(visit={"scenario": "walk-in guest", "channel": "visit"})
    assert ReadAnswers(questionnaire, {}, walk_in).irrelevant == {"refund"}


def test_a_constraint_can_bound_an_answer_by_the_time_of_the_report():
    bought = question("bought_on", "date", constraint={"<=": [{"var": "value"}, {"var": "today"}]})
    questionnaire = form(bought)
    for day, wrong in (("2026-11-23", 0), ("2026-11-24", 1)):
        read = ReadAnswers(questionnaire, {"bought_on": day}, CONTEXT)
        assert len(read.errors()) == wrong


def test_the_attributes_of_a_branch_are_no_answers():
    questionnaire = form(question("city", "text", required=False), question("x"))
    assert ReadAnswers(questionnaire, {}, CONTEXT).seen.get("city") is None
    assert not holds({"!!": answers("city")}, {}, context=CONTEXT)
