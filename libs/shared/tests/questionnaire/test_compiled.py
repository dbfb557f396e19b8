"""Rules made ready to run; what operators give stands in ``schemas/conditions/vectors.json``."""

import pytest

from incognita_shared.questionnaire.compiled import compiled
from incognita_shared.questionnaire.conditions import (
    OPERATORS,
    ConditionError,
    calculate,
    data_of,
)


def outcome(rule, value=None, **answers):
    return calculate(compiled(rule), data_of(answers), value)


BY_ZERO = {"/": [1, 0]}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"if": [True, "a", BY_ZERO]}, "a"),
        ({"if": [False, BY_ZERO, "b"]}, "b"),
        ({"if": [False, BY_ZERO, True, "c", BY_ZERO]}, "c"),
        ({"?:": [0, BY_ZERO, "b"]}, "b"),
        ({"and": [True, 0, BY_ZERO]}, 0),
        ({"or": [None, "x", BY_ZERO]}, "x"),
        ({"var": ["answers.x", BY_ZERO]}, 1),
    ],
)
def test_nothing_is_evaluated_before_it_is_needed(rule, expected):
    assert outcome(rule, x=1) == expected


@pytest.mark.parametrize(
    "rule",
    [{"if": [BY_ZERO, 1, 2]}, {"and": [1, BY_ZERO]}, {"or": [0, BY_ZERO]}, {"cat": ["a", BY_ZERO]}],
)
def test_what_is_needed_and_cannot_be_evaluated_is_a_condition_error(rule):
    with pytest.raises(ConditionError):
        outcome(rule)


def test_a_rule_sees_answers_that_come_after_it_was_made_ready():
    answers = {}
    test, data = compiled({"==": [{"var": "answers.x"}, 1]}), data_of(answers)
    assert calculate(test, data) is False
    answers["x"] = 1
    assert calculate(test, data) is True


def test_rules_within_a_list_are_run():
    assert outcome({"in": [2, [1, {"+": [{"var": "value"}, 1]}]]}, value=1) is True


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_that_may_be_used_can_be_run(operator):
    least, _ = OPERATORS[operator]
    operands = {"var": ["value"], "missing": ["value"], "missing_some": [1, ["value"]]}
    outcome({operator: operands.get(operator, [None] * least)})
