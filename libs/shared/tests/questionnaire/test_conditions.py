import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.questionnaire.conditions import (
    ConditionError,
    checked_rule,
    holds,
    named_questions,
    names,
)

ANSWERS = {"greeted": "yes", "minutes": 12, "brands": ["ours", "theirs"], "note": None}


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (True, None, True),
        (False, None, False),
        ({"==": [{"var": "answers.greeted"}, "yes"]}, None, True),
        ({"==": [{"var": "answers.unknown"}, "yes"]}, None, False),
        ({"<": [{"var": "answers.minutes"}, 15]}, None, True),
        ({"<": [{"var": "answers.unknown"}, 15]}, None, False),
        ({"<=": [5, {"var": "value"}, 9]}, 9, True),
        ({"in": ["ours", {"var": "answers.brands"}]}, None, True),
        ({"in": [{"var": "answers.greeted"}, ["no", "unclear"]]}, None, False),
        ({"and": [{"!!": {"var": "answers.greeted"}}, {">": [{"var": "value"}, 0]}]}, 1, True),
        ({"!": {"missing": ["answers.greeted"]}}, None, True),
        ({"missing": ["answers.note"]}, None, True),
        ({"missing_some": [1, ["answers.note", "answers.greeted"]]}, None, False),
        ({"if": [{"var": "answers.note"}, False, True]}, None, True),
        ({"==": [{"var": ["answers.unknown", "x"]}, "x"]}, None, True),
    ],
)
def test_a_rule_is_evaluated_as_json_logic(rule, value, expected):
    assert holds(rule, ANSWERS, value) is expected


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({}, "exactly one operator"),
        ({"==": [1, 1], "!=": [1, 1]}, "exactly one operator"),
        ({"__import__": ["os"]}, "unknown operator"),
        ({"$where": "1"}, "unknown operator"),
        ({"\ud800": 1}, "unknown operator"),
        ({"matches": [{"var": "value"}, {"var": "answers.a"}]}, "written out"),
        ({"matches": [{"var": "value"}, "(a"]}, "is no pattern"),
        ({"var": "branch."}, "names 'value'"),
        ({"var": "visit.shopper_id"}, "names 'value'"),
        ({"map": [{"var": "answers"}, 1]}, "unknown operator"),
        ({"log": "x"}, "unknown operator"),
        ({"==": [1]}, "takes 2 operands"),
        ({"!": []}, "takes 1 operand"),
        ({"var": "answers"}, "names 'value'"),
        ({"var": "__class__"}, "names 'value'"),
        ({"var": ""}, "names 'value'"),
        ({"var": {"cat": ["answers.", "greeted"]}}, "names 'value'"),
        ({"missing": [{"var": "value"}]}, "names 'value'"),
        ({"missing_some": [1, "answers.a"]}, "a number and a list"),
        ({"==": [float("nan"), 1]}, "finite"),
        ({"==": [10**400, 1]}, "within"),
        ({"==": ["x" * 1001, 1]}, "at most 1000 characters"),
        ({"==": ["\ud800", 1]}, "not allowed"),
        ({"==": [object(), 1]}, "cannot hold"),
        ({"or": [True] * 301}, "at most 300 parts"),
        ({"or": [{"and": [True] * 200}, {"and": [True] * 200}]}, "at most 300 parts"),
        ([True], "is an operation like"),
    ],
)
def test_a_faulty_rule_is_refused_with_its_cause(rule, cause):
    with pytest.raises(ConditionError, match=cause):
        checked_rule(rule)
    with pytest.raises(ConditionError, match=cause):
        holds(rule, ANSWERS)


def test_a_rule_that_nests_too_deep_is_refused_before_it_exhausts_the_stack():
    rule = True
    for _ in range(5000):
        rule = {"!": [rule]}
    with pytest.raises(ConditionError, match="at most 20 deep"):
        holds(rule, {})


@pytest.mark.parametrize(
    "rule",
    [
        {"<": [{"var": "answers.greeted"}, 5]},
        {"/": [1, 0]},
        {"+": ["a", 1]},
        {"in": [{"var": "answers.minutes"}, "abc"]},
        {"-": [{"var": "answers.brands"}, 1]},
    ],
)
def test_operands_that_do_not_go_together_are_a_condition_error(rule):
    with pytest.raises(ConditionError, match="cannot be evaluated"):
        holds(rule, ANSWERS)


def test_names_are_the_paths_that_a_rule_reads():
    rule = {
        "or": [
            {"==": [{"var": "answers.a"}, {"var": ["answers.b", 1]}]},
            {"missing": ["answers.c"]},
            {"missing_some": [1, ["answers.d", "answers.e"]]},
            {"!!": {"var": "value"}},
        ]
    }
    assert named_questions(rule) == {"a", "b", "c", "d", "e"}
    assert "value" in names(rule)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["answers.greeted", "answers.minutes", "value", "%9999999999d"])
)
OPERATOR = st.sampled_from(
    [
        "var",
        "missing",
        "==",
        "<",
        ">=",
        "and",
        "or",
        "if",
        "in",
        "cat",
        "+",
        "*",
        "-",
        "/",
        "!",
        "%",
    ]
)
RULES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(OPERATOR, st.lists(inner, max_size=3), max_size=2)
        | st.dictionaries(OPERATOR, inner, min_size=1, max_size=1)
    ),
    max_leaves=30,
)


@given(RULES, st.dictionaries(st.sampled_from(["greeted", "minutes"]), SCALARS), SCALARS)
def test_any_rule_ends_soon_in_a_verdict_or_a_condition_error(rule, answers, value):
    begin = time.perf_counter()
    with contextlib.suppress(ConditionError):
        assert holds(rule, answers, value) in (True, False)
    assert time.perf_counter() - begin < 1
