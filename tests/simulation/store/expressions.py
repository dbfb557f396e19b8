"""Aggregation expressions, as far as updates by pipeline use them."""

from collections.abc import Callable, Mapping
from typing import Any


class UnmodelledExpression(BaseException):
    """The code under test uses an expression that the stand-in does not have."""


def evaluated(
    document: Mapping[str, Any], expression: Any, variables: Mapping[str, Any] | None = None
) -> Any:
    """The value of the expression for the document."""
    bound = variables or {}
    if isinstance(expression, str):
        return _path(document, expression, bound)
    if isinstance(expression, list):
        return [evaluated(document, each, bound) for each in expression]
    if isinstance(expression, dict):
        names = [name for name in expression if name.startswith("$")]
        if not names:
            return {name: evaluated(document, each, bound) for name, each in expression.items()}
        if len(expression) != 1:
            raise UnmodelledExpression(str(expression))
        return _applied(document, names[0], expression[names[0]], bound)
    return expression


def _path(document: Mapping[str, Any], text: str, variables: Mapping[str, Any]) -> Any:
    if text.startswith("$$"):
        name, *path = text[2:].split(".")
        if name not in variables:
            raise UnmodelledExpression(text)
        place = variables[name]
    elif text.startswith("$"):
        place, path = document, text[1:].split(".")
    else:
        return text
    for step in path:
        place = place.get(step) if isinstance(place, Mapping) else None
    return place


def _applied(
    document: Mapping[str, Any], name: str, operand: Any, variables: Mapping[str, Any]
) -> Any:
    if name == "$literal":
        return operand
    if name == "$filter":
        if set(operand) - {"input", "cond", "as"}:
            raise UnmodelledExpression(f"$filter {sorted(operand)}")
        items = evaluated(document, operand["input"], variables)
        each = operand.get("as", "this")
        return [
            item
            for item in items
            if evaluated(document, operand["cond"], {**variables, each: item})
        ]
    if name not in _FUNCTIONS:
        raise UnmodelledExpression(name)
    given = evaluated(document, operand, variables)
    return _FUNCTIONS[name](given)


def _single(given: Any) -> Any:
    return given[0] if isinstance(given, list) and len(given) == 1 else given


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "$not": lambda given: not _single(given),
    "$in": lambda given: given[0] in given[1],
    "$eq": lambda given: given[0] == given[1],
    "$ne": lambda given: given[0] != given[1],
    "$gt": lambda given: given[0] > given[1],
    "$gte": lambda given: given[0] >= given[1],
    "$lt": lambda given: given[0] < given[1],
    "$size": len,
    "$and": all,
    "$or": any,
    "$add": sum,
    "$ifNull": lambda given: next((each for each in given if each is not None), None),
    "$concatArrays": lambda given: [item for each in given for item in each],
    "$setDifference": lambda given: [each for each in given[0] if each not in given[1]],
}
