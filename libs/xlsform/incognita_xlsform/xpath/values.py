"""Translated parts as truth values, numbers and texts."""

import re
from typing import Any

from incognita_xlsform.xpath.scope import Untranslatable, Value
from incognita_xlsform.xpath.terms import Kind

NUMERIC = r"-?[0-9]+(\.[0-9]+)?"
_NUMERIC = re.compile(NUMERIC)
TRUTHS = (Kind.TRUTH, Kind.YES_NO, Kind.TRUE_FALSE)
NOTHING = Value(None, Kind.NOTHING)


def plain(value: Value) -> Value:
    """The value, refused where only one answer can be meant and there are many."""
    if value.kind in (Kind.VALUES, Kind.REPETITIONS):
        what = value.declared.id if value.declared else "a repeated question"
        raise Untranslatable(
            f"takes {what} as one value, and it is repeated: use sum, min, max, count"
        )
    return NOTHING if value.rule == "" and value.kind is Kind.LITERAL else value


def as_truth(value: Value) -> Value:
    """As forms see it: a text that is there holds, whatever it says."""
    match value.kind:
        case Kind.TRUTH:
            return value
        case Kind.LITERAL:
            return Value(bool(value.rule), Kind.TRUTH)
        case Kind.NOTHING:
            return Value(False, Kind.TRUTH)
        case Kind.YES_NO | Kind.TRUE_FALSE:
            return Value({"!==": [value.rule, None]}, Kind.TRUTH)
    return Value({"!!": [value.rule]}, Kind.TRUTH)


def as_number(value: Value) -> Any:  # noqa: PLR0911 - one a kind of value
    """The rule of the value as a number; what is none is null, with which no order holds."""
    value = plain(value)
    match value.kind:
        case Kind.NUMBER | Kind.ANY | Kind.NOTHING:
            return value.rule
        case Kind.LITERAL:
            return _literal(value.rule)
        case Kind.TRUTH:
            return {"if": [value.rule, 1, 0]}
        case Kind.YES_NO | Kind.TRUE_FALSE:
            return {"if": [{"===": [value.rule, None]}, None, value.rule, 1, 0]}
        case Kind.DATE:
            return {"days": [value.rule]}
        case Kind.MOMENT | Kind.TIME:
            return {"/": [{"seconds": [value.rule]}, 86_400]}
        case Kind.TEXT:
            return _number_of_text(value)
    raise Untranslatable(f"reckons with {value.kind.value}")


def _literal(rule: object) -> object:
    if isinstance(rule, bool):
        return int(rule)
    if isinstance(rule, int | float):
        return rule
    if isinstance(rule, str) and _NUMERIC.fullmatch(rule.strip()):
        number = float(rule)
        return int(number) if number == int(number) else number
    raise Untranslatable(f"takes {rule!r} as a number")


def _number_of_text(value: Value) -> Any:
    """A choice may be named by a number, a text may hold one; anything else is no number."""
    choices = value.declared.choices if value.declared else {}
    if choices and all(_NUMERIC.fullmatch(choice) for choice in choices):
        return {"+": [value.rule]}
    if not isinstance(value.rule, dict) or "var" not in value.rule:
        raise Untranslatable("takes a text as a number")
    looks = {"and": [{"!!": [value.rule]}, {"matches": [value.rule, NUMERIC]}]}
    return {"if": [looks, {"+": [value.rule]}, None]}


def as_text(value: Value) -> Any:
    """The rule of the value as a text."""
    value = plain(value)
    if value.kind is Kind.LITERAL and isinstance(value.rule, str):
        return value.rule
    if value.kind is Kind.LITERAL:
        return str(value.rule)
    if value.kind is Kind.NOTHING:
        return ""
    if value.kind in (Kind.TEXT, Kind.ANY, Kind.DATE):
        return value.rule
    if value.kind is Kind.NUMBER:
        if value.rule == {"var": "value"}:
            return {"cat": [value.rule]}
        return {"if": [{"===": [value.rule, None]}, None, {"cat": [value.rule]}]}
    raise Untranslatable(f"takes {value.kind.value} as a text")


def joinable(value: Value) -> Any:
    """The same, with an empty text for nothing: JsonLogic would join the word for it."""
    text = as_text(value)
    if isinstance(text, dict) and "var" in text and isinstance(text["var"], str):
        return {"var": [text["var"], ""]}
    if value.kind is Kind.NUMBER:
        return {"if": [{"===": [value.rule, None]}, "", {"cat": [value.rule]}]}
    return text
