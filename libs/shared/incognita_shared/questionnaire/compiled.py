"""Conditions made ready to run: to walk a rule's dicts each time takes longer than to run it."""

from collections.abc import Callable, Mapping
from typing import Any

from incognita_shared.questionnaire.operators import NULL_COUNTS, OWN
from incognita_shared.questionnaire.standard import NULL_GIVES_NULL, STANDARD

Test = Callable[[Mapping[str, Any]], Any]
"""The data that ``conditions.data_of`` makes → the outcome of the rule."""


def compiled(rule: Any) -> Test:
    """The rule, which ``checked_rule`` must have passed, as a function of its data."""
    if isinstance(rule, list):
        items = [compiled(item) for item in rule]
        return lambda data: [item(data) for item in items]
    if not isinstance(rule, dict):
        return lambda _: rule
    ((operator, given),) = rule.items()
    operands = given if isinstance(given, list) else [given]
    if operator in _ON_PATHS:
        return _ON_PATHS[operator](operands)
    tests = [compiled(operand) for operand in operands]
    if operator in _AS_NEEDED:
        return _AS_NEEDED[operator](tests)
    return _operation(operator, tests)


def _operation(operator: str, tests: list[Test]) -> Test:
    if operator in OWN:
        run, null_gives_null = OWN[operator][2], operator not in NULL_COUNTS
    else:
        run, null_gives_null = STANDARD[operator], operator in NULL_GIVES_NULL
    if null_gives_null:
        return lambda data: _unless_null(run, [test(data) for test in tests])
    if len(tests) == 2:  # noqa: PLR2004
        one, other = tests
        return lambda data: run(one(data), other(data))
    return lambda data: run(*[test(data) for test in tests])


def _unless_null(run: Callable[..., Any], values: list[Any]) -> Any:
    return None if None in values else run(*values)


def _variable(operands: list[Any]) -> Test:
    look = _look(operands[0])
    if len(operands) == 1:
        return look
    instead = compiled(operands[1])

    def run(data: Mapping[str, Any]) -> Any:
        found = look(data)
        return instead(data) if found is None else found

    return run


def _look(path: str) -> Test:
    part, dot, name = path.partition(".")
    if not dot:
        return lambda data: data[part]
    return lambda data: data[part].get(name)


def _missing(operands: list[Any]) -> Test:
    paths = operands[0] if len(operands) == 1 and isinstance(operands[0], list) else operands
    looks = [(path, _look(path)) for path in paths]
    return lambda data: [path for path, look in looks if look(data) in (None, "")]


def _missing_some(operands: list[Any]) -> Test:
    needed, paths = operands
    missing = _missing([paths])

    def run(data: Mapping[str, Any]) -> list[str]:
        gone: list[str] = missing(data)
        return [] if len(paths) - len(gone) >= needed else gone

    return run


def _if(tests: list[Test]) -> Test:
    pairs = list(zip(tests[:-1:2], tests[1::2], strict=False))
    otherwise = tests[-1] if len(tests) % 2 else None

    def run(data: Mapping[str, Any]) -> Any:
        for condition, outcome in pairs:
            if condition(data):
                return outcome(data)
        return otherwise(data) if otherwise else None

    return run


def _and(tests: list[Test]) -> Test:
    def run(data: Mapping[str, Any]) -> Any:
        value = None
        for test in tests:
            value = test(data)
            if not value:
                break
        return value

    return run


def _or(tests: list[Test]) -> Test:
    def run(data: Mapping[str, Any]) -> Any:
        value = None
        for test in tests:
            value = test(data)
            if value:
                break
        return value

    return run


_ON_PATHS: Mapping[str, Callable[[list[Any]], Test]] = {
    "var": _variable,
    "missing": _missing,
    "missing_some": _missing_some,
}
_AS_NEEDED: Mapping[str, Callable[[list[Test]], Test]] = {
    "if": _if,
    "?:": _if,
    "and": _and,
    "or": _or,
}
"""Operators that evaluate no operand before they need it: a rule can guard against a division by 0.
"""
