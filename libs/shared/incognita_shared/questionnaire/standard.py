"""JsonLogic's own operators, with one meaning on the server and in a browser.

The libraries of both sides differ from each other and surprise authors: ``null == false``, a list
that equals no list, ``None`` in a joined text. ``schemas/conditions/README.md`` says what is
settled here; ``operators.js`` beside it gives a browser the same, and one file of vectors is run on
both.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_EXACT_BELOW = 2**53
_WRITTEN_OUT_FROM, _WRITTEN_OUT_BELOW = 1e-6, 1e21
"""Between these, JavaScript writes a number without an exponent."""


def same(one: Any, other: Any) -> bool:
    """``==``: null equals null alone; true counts as 1; a text that is a number equals it."""
    if one is None or other is None:
        return one is other
    if isinstance(one, str):
        if isinstance(other, str):
            return one == other or _same_moment(one, other)
        one, other = other, one
    if isinstance(other, str):
        return _is_number(one) and bool(_NUMBER.fullmatch(other)) and float(other) == one
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return identical(one, other)


def identical(one: Any, other: Any) -> bool:
    """``===``: of one kind and equal, lists entry by entry; 2 and 2.0 are one number."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(identical, one, other))
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Any) -> float:
    """The number that a value is or that a text writes. Raises TypeError, ValueError."""
    if isinstance(value, int | float):
        return int(value) if isinstance(value, bool) else value
    if not isinstance(value, str):
        raise TypeError("a number is needed")
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"{value[:40]!a} is no number")
    return float(value) if "." in value else int(value)


def _moment(text: str) -> datetime | None:
    looks_so = len(text) > 19 and text[10] == "T" and _MOMENT.fullmatch(text)  # noqa: PLR2004
    return datetime.fromisoformat(text) if looks_so else None


def _same_moment(one: str, other: str) -> bool:
    moment = _moment(one)
    return moment is not None and moment == _moment(other)


def _below(one: Any, other: Any) -> bool:
    """Texts by their code points, moments as such whatever their zones, else as numbers."""
    if isinstance(one, str) and isinstance(other, str):
        first, second = _moment(one), _moment(other)
        return first < second if first and second else one < other
    return number(one) < number(other)


def _rising(*values: Any) -> bool:
    return all(_below(one, other) for one, other in pairwise(values))


def _not_falling(*values: Any) -> bool:
    return not any(_below(other, one) for one, other in pairwise(values))


def _contains(one: Any, many: Any) -> bool:
    if isinstance(many, str):
        if not isinstance(one, str | None):
            raise TypeError("a text holds texts only")
        return one is not None and one in many
    return isinstance(many, list | tuple) and any(identical(one, each) for each in many)


def _joined(*values: Any) -> str:
    return "".join(map(_written, values))


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return _digits(value)
        case list() | tuple():
            return ",".join(map(_written, value))
        case _:
            raise TypeError("a text, a number or a truth value is needed")


def _digits(value: float) -> str:
    """A number as JavaScript writes it."""
    if not math.isfinite(value):
        raise ValueError("the number is not finite")
    size = abs(value)
    if size < _EXACT_BELOW and value == int(value):
        return str(int(value))
    text = repr(float(value))
    if _WRITTEN_OUT_FROM <= size < _WRITTEN_OUT_BELOW:
        written = format(Decimal(text), "f")
        return written.rstrip("0").rstrip(".") if "." in written else written
    return re.sub(r"e([+-])0*", r"e\1", text)


def _plus(*values: Any) -> float:
    total: float = 0
    for value in values:  # sum() of floats corrects itself since Python 3.12; no browser does
        total += number(value)
    return total


def _times(*values: Any) -> float:
    product: float = 1
    for value in values:
        product *= float(number(value))
    return product


def _minus(one: Any, other: Any = None) -> float:
    return -number(one) if other is None else number(one) - number(other)


def _over(one: Any, other: Any) -> float:
    return float(number(one)) / float(number(other))


def _least(*values: Any) -> Any:
    return min(_comparable(values))


def _greatest(*values: Any) -> Any:
    return max(_comparable(values))


def _comparable(values: tuple[Any, ...]) -> list[Any]:
    """All texts, such as dates, or else all numbers."""
    return list(values) if all(isinstance(each, str) for each in values) else [*map(number, values)]


def _merged(*values: Any) -> list[Any]:
    merged: list[Any] = []
    for value in values:
        merged += value if isinstance(value, list | tuple) else [value]
    return merged


STANDARD: Mapping[str, Callable[..., Any]] = {
    "==": same,
    "===": identical,
    "!=": lambda one, other: not same(one, other),
    "!==": lambda one, other: not identical(one, other),
    "<": _rising,
    "<=": _not_falling,
    ">": lambda one, other: _below(other, one),
    ">=": lambda one, other: not _below(one, other),
    "!": lambda value: not value,
    "!!": bool,
    "in": _contains,
    "cat": _joined,
    "merge": _merged,
    "+": _plus,
    "*": _times,
    "-": _minus,
    "/": _over,
    "min": _least,
    "max": _greatest,
}
"""Operator → what it does with its operands. ``if``, ``and`` and ``or`` evaluate no more than they
need, so ``compiled`` does them."""

NULL_GIVES_NULL = frozenset(["<", "<=", ">", ">=", "+", "*", "-", "/", "min", "max"])
"""Operators that give null where an operand is null."""
