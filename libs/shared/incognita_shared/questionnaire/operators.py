"""Operators that questionnaires need beside JsonLogic's own: of lists, texts, times, whole numbers.

``schemas/conditions/operators.js`` gives a browser the same, and ``vectors.json`` beside it says
for each what it gives on both sides. A missing operand (null) gives null, but a size of 0.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import re2

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400
_LONGEST_PATTERN = 500
_MOST_DIGITS = 9
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?")
_MOMENT = re.compile(rf"{_DATE.pattern}T{_CLOCK.pattern}(Z|[+-][0-9]{{2}}:[0-9]{{2}})?")


def _numbers(values: Any) -> list[float]:
    """Those of the list that are there; raises TypeError for what is no number."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise TypeError("a list of numbers is needed")
    found = [value for value in values if value is not None]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in found):
        raise TypeError("the list holds something that is no number")
    return found


def _sum(values: Any) -> Any:
    total: float = 0
    for number in _numbers(values):  # sum() of floats corrects itself since Python 3.12
        total += number
    return total


def _lowest(values: Any) -> Any:
    return min(_numbers(values), default=None)


def _highest(values: Any) -> Any:
    return max(_numbers(values), default=None)


def _size(value: Any) -> int:
    """How many characters (code points) or entries."""
    if value is None:
        return 0
    if not isinstance(value, str | Sequence):
        raise TypeError("a text or a list is needed")
    return len(value)


def _matches(text: Any, pattern: Any) -> bool:
    """Whether the pattern (RE2, whose time is linear) fits the whole text."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise TypeError("two texts are needed")
    return pattern_of(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1_000)
def pattern_of(pattern: str) -> Any:
    """The compiled pattern; raises ValueError for one that RE2 refuses."""
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {_LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(f"{pattern!a} is no pattern: {error}") from None


def _seconds(value: Any) -> float:
    """Of a time: since midnight. Of a moment or a date (its midnight in UTC): since 1970."""
    if not isinstance(value, str):
        raise TypeError("a date, a time or a moment is needed")
    if _MOMENT.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return _plain((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH)
    if _CLOCK.fullmatch(value):
        clock = time.fromisoformat(value)
        return clock.hour * 3600 + clock.minute * 60 + clock.second
    return _days(_whole_date(value)) * _DAY_S


def _whole_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError(f"{text[:40]!a} is no date, time or moment")
    return text


def _plain(elapsed: Any) -> float:
    seconds: float = elapsed.total_seconds()
    return int(seconds) if seconds == int(seconds) else seconds


def _days(value: Any) -> int:
    """Of a date, or of a moment's own date: since 1970-01-01."""
    if not isinstance(value, str):
        raise TypeError("a date or a moment is needed")
    day = value[:10] if _MOMENT.fullmatch(value) else _whole_date(value)
    return (date.fromisoformat(day) - _EPOCH.date()).days


def _round(number: Any, digits: Any = 0) -> float:
    """Half away from zero, of the decimal that the number is written as."""
    _numbers([number, digits])
    if not 0 <= digits <= _MOST_DIGITS or not math.isfinite(number):
        raise ValueError(f"digits are 0 to {_MOST_DIGITS}, and the number finite")
    exact = Decimal(repr(number)).quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _remainder(number: Any, divisor: Any) -> float:
    """With the sign of ``number``, as in XPath and JavaScript."""
    _numbers([number, divisor])
    return math.fmod(number, divisor)


OWN: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    "sum": (1, 1, _sum),
    "lowest": (1, 1, _lowest),
    "highest": (1, 1, _highest),
    "size": (1, 1, _size),
    "matches": (2, 2, _matches),
    "seconds": (1, 1, _seconds),
    "days": (1, 1, _days),
    "round": (1, 2, _round),
    "%": (2, 2, _remainder),
}
"""Operator → least and greatest number of its operands, and what it does with them."""

NULL_COUNTS = ("size",)
"""Operators that reckon with null; any other gives null for it."""
