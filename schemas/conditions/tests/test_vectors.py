"""A rule gives the same on the server and in a browser."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incognita_shared.questionnaire.compiled import compiled
from incognita_shared.questionnaire.conditions import (
    OPERATORS,
    ConditionError,
    calculate,
    checked_rule,
)

CASES = json.loads(Path(__file__).parents[1].joinpath("vectors.json").read_text("utf-8"))["cases"]
NOTHING: dict[str, Any] = {
    "answers": {}, "branch": {}, "visit": {}, "now": None, "today": None, "value": None,
}  # fmt: skip


def on_server(rule: Any, data: dict[str, Any]) -> dict[str, Any]:
    known = NOTHING | data
    try:
        outcome = calculate(compiled(checked_rule(rule)), known, known["value"])
    except ConditionError as error:
        return {"fails": str(error)}
    if isinstance(outcome, float) and not math.isfinite(outcome):
        return {"fails": "not finite"}
    return {"outcome": outcome}


def same(one: Any, other: Any) -> bool:
    """As JSON, where 2 and 2.0 are one number and true is none."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def as_told(case: dict[str, Any], found: dict[str, Any]) -> bool:
    if case.get("fails"):
        return "fails" in found
    return "outcome" in found and same(found["outcome"], case["outcome"])


def alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if "fails" in one or "fails" in other:
        return "fails" in one and "fails" in other
    return same(one["outcome"], other["outcome"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["rule"])[:60])
def test_the_server_gives_what_the_vectors_say(case: dict[str, Any]) -> None:
    found = on_server(case["rule"], case.get("data", {}))
    assert as_told(case, found), (case, found)


def test_a_browser_gives_what_the_vectors_say(in_browser: Callable[..., Any]) -> None:
    found = in_browser([(case["rule"], case.get("data", {})) for case in CASES])
    assert len(found) == len(CASES)
    wrong = [pair for pair in zip(CASES, found, strict=True) if not as_told(*pair)]
    assert not wrong


def test_each_operator_has_vectors_with_null_and_with_what_does_not_go_together() -> None:
    rules = [(case, json.dumps(case["rule"])) for case in CASES]
    total = {"var", "missing", "missing_some", "!", "!!", "and", "or", "if", "?:", "merge"}
    total |= {"==", "===", "!=", "!=="}
    for operator in OPERATORS:
        own = [case for case, text in rules if f'{{"{operator}": ' in text]
        assert len(own) >= 2, operator
        assert any("null" in json.dumps(case) for case in own) or operator == "?:", operator
        assert operator in total or any(case.get("fails") for case in own), operator


LITERALS = st.sampled_from(
    [None, True, False, 0, 1, -1, 2.5, 0.1, 1e-7, "", "a", "7", "-2.50", "ı", "İ", "Ёлка", [],
     [1, "a"], ["a"], [None], [2, 3.5], "2026-01-01", "12:30:00", "2026-01-01T23:30:00+03:00",
     "2026-01-01T20:30:00+00:00"]
)  # fmt: skip
PATHS = st.sampled_from(["answers.a", "answers.b", "answers.toString", "value", "branch.city"])
LOOKS = (
    PATHS.map(lambda path: {"var": path})
    | st.builds(lambda path, instead: {"var": [path, instead]}, PATHS, LITERALS)
    | st.lists(PATHS, min_size=1, max_size=3).map(lambda paths: {"missing": paths})
    | st.lists(PATHS, max_size=3).map(lambda paths: {"missing_some": [1, paths]})
)
PATTERNS = st.sampled_from(["a", "[0-9]+", ".*", r"\pL+", r"(?i)A|\d", r"-?\d+\.\d\d", r"\w*\s?"])


def operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def of(operator: str) -> st.SearchStrategy[Any]:
        if operator == "matches":
            return st.builds(lambda text, pattern: {operator: [text, pattern]}, inner, PATTERNS)
        least, most = OPERATORS[operator]
        operands = st.lists(inner, min_size=least, max_size=min(most, 3))
        return operands.map(lambda given: {operator: given})

    named = sorted(set(OPERATORS) - {"var", "missing", "missing_some"})
    return st.sampled_from(named).flatmap(of)


RULES = st.recursive(LITERALS | LOOKS, operations, max_leaves=8).filter(
    lambda rule: isinstance(rule, dict)
)
DATA = st.fixed_dictionaries(
    {"answers": st.dictionaries(st.sampled_from("ab"), LITERALS), "value": LITERALS},
    optional={"branch": st.fixed_dictionaries({"city": LITERALS})},
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=st.lists(st.tuples(RULES, DATA), min_size=100, max_size=100))
def test_any_rule_gives_the_same_in_a_browser(
    in_browser: Callable[..., Any], rules: list[tuple[Any, dict[str, Any]]]
) -> None:
    for (rule, data), found in zip(rules, in_browser(rules), strict=True):
        expected = on_server(rule, data)
        assert alike(expected, found), (rule, data, expected, found)
