"""Operators between translated parts: equality, order, sums, and, or."""

import re
from typing import Any

from incognita_xlsform.xpath.scope import Untranslatable, Value
from incognita_xlsform.xpath.terms import Kind, number_text
from incognita_xlsform.xpath.values import NOTHING, TRUTHS, as_number, as_truth, plain

CHAINED = ("and", "or", "+", "*")
_ARITHMETIC = {"-": "-", "div": "/", "mod": "%"}
_CLOCKS = (Kind.DATE, Kind.TIME, Kind.MOMENT)
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.0+)?)?")


def chained(operator: str, operands: list[Value]) -> Value:
    """``and``, ``or``, ``+``, ``*`` of any number of operands."""
    if operator in ("and", "or"):
        return joined(operator, [as_truth(plain_truth(each)).rule for each in operands])
    return Value({operator: [as_number(each) for each in operands]}, Kind.NUMBER)


def joined(operator: str, rules: list[Any]) -> Value:
    """Truth values joined, without those that decide nothing."""
    deciding = operator == "or"
    if deciding in [rule for rule in rules if isinstance(rule, bool)]:
        return Value(deciding, Kind.TRUTH)
    kept = [rule for rule in rules if not isinstance(rule, bool)]
    if not kept:
        return Value(not deciding, Kind.TRUTH)
    return Value(kept[0] if len(kept) == 1 else {operator: kept}, Kind.TRUTH)


def negated(rule: Any) -> Value:
    """``not`` of a truth value."""
    return Value(not rule if isinstance(rule, bool) else {"!": [rule]}, Kind.TRUTH)


def plain_truth(value: Value) -> Value:
    """A list of values holds where it is not empty."""
    if value.kind in (Kind.VALUES, Kind.REPETITIONS):
        return Value({">": [{"size": [value.rule]}, 0]}, Kind.TRUTH)
    return value


def related(operator: str, left: Value, right: Value) -> Value:
    """``=``, ``!=``, the orders, ``-``, ``div`` and ``mod``. Raises Untranslatable."""
    if operator in _ARITHMETIC:
        return Value({_ARITHMETIC[operator]: [as_number(left), as_number(right)]}, Kind.NUMBER)
    if operator == "|":
        raise Untranslatable("joins sets of nodes by '|'")
    left, right = plain(left), plain(right)
    if left.kind is Kind.LITERAL and right.kind is Kind.LITERAL:
        return Value(_of_literals(operator, left.rule, right.rule), Kind.TRUTH)
    if operator in ("=", "!="):
        return _equal(operator, left, right)
    return _ordered(operator, left, right)


def _of_literals(operator: str, left: Any, right: Any) -> bool:
    same = left == right if type(left) is type(right) else str(left) == str(right)
    if operator in ("=", "!="):
        return same is (operator == "=")
    try:
        one, other = float(left), float(right)
    except ValueError:
        return False
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[operator]


def _equal(  # noqa: PLR0911 - one a kind of value
    operator: str, left: Value, right: Value
) -> Value:
    if left.kind in (Kind.LITERAL, Kind.NOTHING) or (left.kind is Kind.TRUTH is not right.kind):
        left, right = right, left
    sign, strict = ("==", "===") if operator == "=" else ("!=", "!==")
    if right.kind is Kind.NOTHING:
        if left.kind is Kind.TRUTH:
            raise Untranslatable("compares a truth value with an empty text")
        return Value({strict: [left.rule, None]}, Kind.TRUTH)
    if left.kind is Kind.ANY and isinstance(right.rule, bool):
        return Value({sign: [left.rule, right.rule]}, Kind.TRUTH)
    if left.kind in TRUTHS:
        return _same_truth(operator, left, right)
    if left.kind is Kind.CHOICES:
        return Value({sign: [left.rule, _choices(right)]}, Kind.TRUTH)
    if left.kind in _CLOCKS or right.kind in _CLOCKS:
        return _clocks(sign, left, right)
    if left.kind in (Kind.FILES, Kind.POSITION):
        raise Untranslatable(f"compares {left.kind.value}")
    if left.kind is Kind.NUMBER or right.kind is Kind.NUMBER:
        return Value({sign: [as_number(left), as_number(right)]}, Kind.TRUTH)
    other = right.rule
    if left.kind is Kind.TEXT and right.kind is Kind.LITERAL and isinstance(other, int | float):
        other = number_text(other)
    return Value({sign: [left.rule, other]}, Kind.TRUTH)


def _choices(right: Value) -> object:
    if right.kind is Kind.LITERAL and isinstance(right.rule, str):
        return right.rule.split()
    if right.kind is Kind.LITERAL and isinstance(right.rule, int | float):
        return [number_text(right.rule)]
    return right.rule


def _same_truth(operator: str, left: Value, right: Value) -> Value:
    """A yes/no question that is not answered equals neither true nor false."""
    wanted = _truth_meant(left, right)
    if wanted is None:
        sign = "==" if operator == "=" else "!="
        if left.kind is right.kind and left.kind is not Kind.TRUTH:
            return Value({sign: [left.rule, right.rule]}, Kind.TRUTH)
        return Value({sign: [as_truth(left).rule, as_truth(right).rule]}, Kind.TRUTH)
    if left.kind is Kind.TRUTH:
        same = wanted is (operator == "=")
        return left if same else negated(left.rule)
    return Value({"==" if operator == "=" else "!=": [left.rule, wanted]}, Kind.TRUTH)


def _truth_meant(left: Value, right: Value) -> bool | None:
    if right.kind is Kind.TRUTH and isinstance(right.rule, bool):
        return right.rule
    if right.kind is not Kind.LITERAL:
        return None
    meant = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
    if left.declared is not None and left.declared.ticked:
        meant |= {"OK": True, "ok": True}
    word = str(right.rule)
    names = left.declared.id if left.declared else "a truth value"
    if word not in meant or (left.kind is Kind.YES_NO and word in ("1", "0")):
        raise Untranslatable(f"compares {names} with {word!r}: its answers are 'yes' and 'no'")
    return meant[word]


def _ordered(operator: str, left: Value, right: Value) -> Value:
    if NOTHING in (left, right):
        return Value(False, Kind.TRUTH)
    if left.kind in _CLOCKS or right.kind in _CLOCKS:
        return _clocks(operator, left, right)
    return Value({operator: [as_number(left), as_number(right)]}, Kind.TRUTH)


def _clocks(operator: str, left: Value, right: Value) -> Value:
    """Dates with dates, times with times; a moment by its seconds, as zones differ."""
    kind = left.kind if left.kind in _CLOCKS else right.kind
    left, right = _clock(left, kind), _clock(right, kind)
    if left.kind is right.kind and left.kind in (Kind.DATE, Kind.TIME):
        return Value({operator: [left.rule, right.rule]}, Kind.TRUTH)
    if left.kind is right.kind is Kind.MOMENT:
        sides = [{"seconds": [left.rule]}, {"seconds": [right.rule]}]
        return Value({operator: sides}, Kind.TRUTH)
    if left.kind is Kind.DATE and right.rule == {"var": "now"}:
        return _date_and_now(operator, left)
    if right.kind is Kind.DATE and left.rule == {"var": "now"}:
        flipped = _FLIPPED.get(operator, operator)
        return _date_and_now(flipped, right)
    return Value({operator: [as_number(left), as_number(right)]}, Kind.TRUTH)


def _date_and_now(operator: str, left: Value) -> Value:
    """A date is its midnight, so it lies before now when it is today's or an earlier one."""
    sign = {"<": "<=", "<=": "<=", ">": ">", ">=": ">"}.get(operator)
    if sign is None:
        raise Untranslatable("asks whether a date is now: compare it with today()")
    return Value({sign: [left.rule, {"var": "today"}]}, Kind.TRUTH)


def _clock(value: Value, kind: Kind) -> Value:
    if value.kind is not Kind.LITERAL or not isinstance(value.rule, str):
        return value
    text = value.rule.strip()
    if kind is Kind.TIME and _TIME.fullmatch(text):
        clock = text.split(".")[0].zfill(5 if text.count(":") == 1 else 8)
        return Value(clock if clock.count(":") == 2 else f"{clock}:00", Kind.TIME)  # noqa: PLR2004
    if kind in (Kind.DATE, Kind.MOMENT) and _DATE.fullmatch(text):
        return Value(text, Kind.DATE)
    if kind is Kind.MOMENT and "T" in text:
        return Value(text, Kind.MOMENT)
    raise Untranslatable(f"compares {kind.value} with {text!r}, which is none")
