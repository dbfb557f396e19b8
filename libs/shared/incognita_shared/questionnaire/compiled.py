"""Conditions made ready to run: to walk a rule's dicts each time takes longer than to run it.

The operators are the library's own; ``test_compiled.py`` compares both ways on any rule.
"""

from collections.abc import Callable, Mapping
from typing import Any

from json_logic import (
    empty_operand_values_for_operators,
    get_var,
    missing,
    missing_some,
    operations,
)

from incognita_shared.questionnaire.operators import NULL_COUNTS, OWN

Test = Callable[[Mapping[str, Any]], Any]
"""The data that ``conditions.data_of`` makes → the outcome of the rule."""

_ON_DATA: Mapping[str, Callable[..., Any]] = {
    "var": get_var,
    "missing": missing,
    "missing_some": missing_some,
}


def compiled(rule: Any) -> Test:
    """The rule, which ``checked_rule`` must have passed, as a function of its data."""
    if isinstance(rule, list):
        items = [compiled(item) for item in rule]
        return lambda data: [item(data) for item in items]
    if not isinstance(rule, dict):
        return lambda _: rule
    ((operator, given),) = rule.items()
    operands = given if isinstance(given, list) else [given]
    if operator == "var" and len(operands) == 1:
        return _variable(operands[0])
    tests = [compiled(operand) for operand in operands]
    if operator in _ON_DATA:
        look = _ON_DATA[operator]
        return lambda data: look(data, *[test(data) for test in tests])
    return _operation(operator, tests)


def _variable(path: str) -> Test:
    steps = path.split(".")
    if len(steps) != 2:  # noqa: PLR2004 - "value", "now", or an id that holds a dot
        return lambda data: get_var(data, path)  # type: ignore[no-untyped-call]
    part, name = steps
    return lambda data: data[part].get(name)


def _operation(operator: str, tests: list[Test]) -> Test:
    if operator in OWN:
        run = OWN[operator][2]
        empty: Any = () if operator in NULL_COUNTS else (None,)
    else:
        run = operations[operator]
        empty = empty_operand_values_for_operators.get(operator)
    if empty:
        return lambda data: _unless_empty(run, [test(data) for test in tests], empty)
    if len(tests) == 2:  # noqa: PLR2004
        one, other = tests
        return lambda data: run(one(data), other(data))
    return lambda data: run(*[test(data) for test in tests])


def _unless_empty(run: Callable[..., Any], values: list[Any], empty: list[Any]) -> Any:
    return None if any(value in empty for value in values) else run(*values)
