"""JsonLogic conditions, within bounds that keep them harmless.

A rule is data from an author, so it is checked before it is run: known operators with the right
number of operands, paths that name an answer, a bounded size. What runs then is linear in the size
of rule and answers. Of JsonLogic's operators (``standard.STANDARD``) these are left out: ``map``,
``reduce`` and their like (time grows with nesting), ``log`` (writes answers to the log) and
``today`` (a score would change by itself: the paths ``now`` and ``today`` are those of the report).
Added: ``operators.OWN``.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from incognita_shared.questionnaire.compiled import Test, compiled
from incognita_shared.questionnaire.operators import OWN, pattern_of

MAXIMUM_NODES = 300
MAXIMUM_DEPTH = 20
MAXIMUM_LITERAL = 1000

ANY_NUMBER = MAXIMUM_NODES
OPERATORS: Mapping[str, tuple[int, int]] = {
    "var": (1, 2),
    "missing": (1, ANY_NUMBER),
    "missing_some": (2, 2),
    "==": (2, 2),
    "===": (2, 2),
    "!=": (2, 2),
    "!==": (2, 2),
    "<": (2, 3),
    "<=": (2, 3),
    ">": (2, 2),
    ">=": (2, 2),
    "!": (1, 1),
    "!!": (1, 1),
    "and": (1, ANY_NUMBER),
    "or": (1, ANY_NUMBER),
    "if": (2, ANY_NUMBER),
    "?:": (3, 3),
    "in": (2, 2),
    "cat": (1, ANY_NUMBER),
    "merge": (1, ANY_NUMBER),
    "min": (1, ANY_NUMBER),
    "max": (1, ANY_NUMBER),
    "+": (1, ANY_NUMBER),
    "*": (1, ANY_NUMBER),
    "-": (1, 2),
    "/": (2, 2),
    **{operator: (least, most) for operator, (least, most, _) in OWN.items()},
}
"""Operator → the least and the greatest number of its operands."""

VALUE = "value"
NOW = "now"
TODAY = "today"
ANSWER = "answers."
VISIT_FACTS = ("scenario", "channel")


class ConditionError(ValueError):
    """A condition is not a rule that can be run, or could not be run on these answers."""


@dataclass(frozen=True, slots=True)
class Context:
    """What conditions may ask beside the answers.

    ``branch``: attribute → its value, as it was when the visit was offered. ``visit``: scenario
    and channel. ``now``: when the report was made, and ``today`` that day at the branch;
    None (and so null in a rule) where nobody has said.
    """

    branch: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    visit: Mapping[str, str] = field(default_factory=dict)
    now: datetime | None = None
    today: date | None = None


NO_CONTEXT = Context()


def holds(
    rule: dict[str, Any] | bool,
    answers: Mapping[str, Any],
    value: Any = None,
    context: Context = NO_CONTEXT,
) -> bool:
    """Whether the rule is true of ``{"answers": answers, "value": value}`` and the context.

    Raises ConditionError for a rule that is not allowed and for operands that do not go together
    (a text where a number is needed, a division by zero).
    """
    return evaluate(compiled(checked_rule(rule)), data_of(answers, context), value)


def data_of(answers: Mapping[str, Any], context: Context = NO_CONTEXT) -> dict[str, Any]:
    """What rules are evaluated on; ``answers`` is not copied, so it may still grow."""
    return {
        "answers": answers,
        "branch": context.branch,
        "visit": context.visit,
        NOW: None if context.now is None else context.now.isoformat(),
        TODAY: None if context.today is None else context.today.isoformat(),
        VALUE: None,
    }


def evaluate(test: Test, data: dict[str, Any], value: Any = None) -> bool:
    """The same for a rule that has been checked and compiled before."""
    outcome = calculate(test, data, value)
    return not _is_nan(outcome) and bool(outcome)


def calculate(test: Test, data: dict[str, Any], value: Any = None) -> Any:
    """What the rule gives. Raises ConditionError."""
    data[VALUE] = value
    try:
        return test(data)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise ConditionError(f"the condition cannot be evaluated: {error}") from error


def checked_rule(rule: dict[str, Any] | bool) -> dict[str, Any] | bool:
    """The rule itself, if it may be run. Raises ConditionError that says what is wrong."""
    if not isinstance(rule, dict | bool):
        raise ConditionError("a condition is an operation like {'==': [...]}, or true or false")
    nodes = sum(1 for _ in _walk(rule, 1))
    if nodes > MAXIMUM_NODES:
        raise ConditionError(f"a condition has at most {MAXIMUM_NODES} parts, this one has {nodes}")
    return rule


def names(rule: dict[str, Any] | bool) -> set[str]:
    """The paths that the rule reads, like ``value`` and ``answers.<question id>``."""
    return {path for node in _walk(rule, 1) for path in _paths(node)}


def named_questions(rule: dict[str, Any] | bool) -> set[str]:
    """The ids of the questions whose answers the rule reads."""
    return {path[len(ANSWER) :] for path in names(rule) if path.startswith(ANSWER)}


def _walk(node: object, depth: int) -> Iterator[object]:
    if depth > MAXIMUM_DEPTH:
        raise ConditionError(f"a condition is nested at most {MAXIMUM_DEPTH} deep")
    yield node
    for operand in _operands(node):
        yield from _walk(operand, depth + 1)


def _operands(node: object) -> list[object]:
    if isinstance(node, dict):
        return _operation(node)
    if isinstance(node, list):
        _check_count(node)
        return node
    if isinstance(node, str):
        _check_text(node)
    elif isinstance(node, float) and not math.isfinite(node):
        raise ConditionError("a number in a condition must be finite")
    elif isinstance(node, int) and abs(node) > 2**53:
        raise ConditionError("an integer in a condition lies within ±2^53")
    elif node is not None and not isinstance(node, int | float):
        raise ConditionError(f"a condition cannot hold a {type(node).__name__}")
    return []


def _operation(node: dict[Any, Any]) -> list[object]:
    if len(node) != 1:
        raise ConditionError(f"an operation has exactly one operator, not {len(node)}")
    operator, given = next(iter(node.items()))
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise ConditionError(f"unknown operator {str(operator)[:40]!a}")
    operands = given if isinstance(given, list) else [given]
    _check_count(operands)
    least, most = OPERATORS[operator]
    if not least <= len(operands) <= most:
        raise ConditionError(f"{operator!r} takes {_count(least, most)}, not {len(operands)}")
    for path in _paths(node):
        if not isinstance(path, str) or not _is_path(path):
            raise ConditionError(
                f"{operator!r} names 'value', 'answers.<question id>', 'branch.<attribute>', "
                f"'visit.scenario', 'now' or 'today', not {str(path)[:40]!a}"
            )
    if operator == "matches":
        _check_pattern(operands[1])
    return operands


def _is_path(path: str) -> bool:
    if path in (VALUE, NOW, TODAY) or path.startswith(ANSWER):
        return True
    part, _, name = path.partition(".")
    return (part == "branch" and bool(name)) or (part == "visit" and name in VISIT_FACTS)


def _check_pattern(pattern: object) -> None:
    """A pattern must be written out, never computed, so that a bad one is found before it runs."""
    if not isinstance(pattern, str):
        raise ConditionError("'matches' takes a text and a pattern that is written out")
    try:
        pattern_of(pattern)
    except ValueError as error:
        raise ConditionError(str(error)) from None


def _paths(node: object) -> list[Any]:
    """What an operation names, unchecked: a path must be written out, never computed."""
    if not isinstance(node, dict):
        return []
    operator, given = next(iter(node.items()))
    operands = given if isinstance(given, list) else [given]
    match operator:
        case "var":
            return operands[:1]
        case "missing":
            return operands[0] if len(operands) == 1 and isinstance(operands[0], list) else operands
        case "missing_some":
            if not (isinstance(operands[0], int) and isinstance(operands[1], list)):
                raise ConditionError("'missing_some' takes a number and a list of paths")
            return operands[1]
        case _:
            return []


def _check_count(operands: list[object]) -> None:
    if len(operands) > MAXIMUM_NODES:
        raise ConditionError(f"a condition has at most {MAXIMUM_NODES} parts")


def _check_text(text: str) -> None:
    if len(text) > MAXIMUM_LITERAL:
        raise ConditionError(f"a text in a condition has at most {MAXIMUM_LITERAL} characters")
    if "\0" in text or (not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text)):
        raise ConditionError("a text in a condition holds a character that is not allowed")


def _count(least: int, most: int) -> str:
    if least == most:
        return f"{least} operand" + "s" * (least != 1)
    return f"at least {least} operands" if most == ANY_NUMBER else f"{least} to {most} operands"


def _is_nan(outcome: object) -> bool:
    return isinstance(outcome, float) and math.isnan(outcome)
