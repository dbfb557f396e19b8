"""The functions of forms, one by one; any other is refused by its name."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from incognita_shared.questionnaire.operators import pattern_of
from incognita_xlsform.xpath.own_operators import ANCHORED
from incognita_xlsform.xpath.relations import negated, plain_truth, related
from incognita_xlsform.xpath.scope import Untranslatable, Value
from incognita_xlsform.xpath.terms import Kind
from incognita_xlsform.xpath.tree import Node, Path
from incognita_xlsform.xpath.values import (
    NOTHING,
    TRUTHS,
    as_number,
    as_text,
    as_truth,
    joinable,
    plain,
)

if TYPE_CHECKING:
    from incognita_xlsform.xpath.reading import XPathReader

ANY_COUNT = 100
_MOST_NAMED_CHOICES = 40


def call(reader: "XPathReader", name: str, operands: tuple[Node, ...]) -> Value:
    """The function's value. Raises Untranslatable for one that questionnaires cannot carry."""
    if name in NODE_FUNCTIONS:
        return NODE_FUNCTIONS[name](reader, operands)
    if name not in FUNCTIONS:
        raise Untranslatable(f"uses {name}(), which questionnaires cannot carry")
    least, most, run = FUNCTIONS[name]
    if not least <= len(operands) <= most:
        raise Untranslatable(f"gives {name}() {len(operands)} operands")
    return run([reader.value(each) for each in operands])


def _truth(value: Value) -> Any:
    return as_truth(plain_truth(value)).rule


def _not(values: list[Value]) -> Value:
    return negated(_truth(values[0]))


def _boolean(values: list[Value]) -> Value:
    if values[0].kind is Kind.NUMBER:
        return Value({"!!": [values[0].rule]}, Kind.TRUTH)
    return Value(_truth(values[0]), Kind.TRUTH)


def _if(values: list[Value]) -> Value:
    test, then, otherwise = values
    if {then.kind, otherwise.kind} == {Kind.LITERAL} and (then.rule, otherwise.rule) == (
        "true",
        "false",
    ):
        return Value(_truth(test), Kind.TRUTH)
    outcomes = [plain(then), plain(otherwise)]
    kinds = {_kind(each) for each in outcomes} - {Kind.NOTHING}
    kind = kinds.pop() if len(kinds) == 1 else Kind.ANY
    if kind in TRUTHS:
        kind = Kind.TRUTH
    last = outcomes[1].rule
    nested = isinstance(last, dict) and "if" in last
    tail = last["if"] if nested else [last]  # type: ignore[index]
    return Value({"if": [_truth(test), outcomes[0].rule, *tail]}, kind)


def _kind(value: Value) -> Kind:
    if value.kind is not Kind.LITERAL:
        return value.kind
    if isinstance(value.rule, bool):
        return Kind.TRUTH
    return Kind.NUMBER if isinstance(value.rule, int | float) else Kind.TEXT


def _selected(values: list[Value]) -> Value:
    stack, needle = values
    if stack.kind is Kind.LITERAL and needle.kind is Kind.LITERAL:
        return Value(str(needle.rule) in str(stack.rule).split(), Kind.TRUTH)
    if stack.kind is Kind.LITERAL:
        return Value({"in": [as_text(needle), str(stack.rule).split()]}, Kind.TRUTH)
    if stack.kind in (Kind.CHOICES, Kind.VALUES):
        return Value({"in": [as_text(needle), stack.rule]}, Kind.TRUTH)
    return related("=", stack, needle)


def _count_selected(values: list[Value]) -> Value:
    (value,) = values
    if value.kind is Kind.CHOICES:
        return Value({"size": [value.rule]}, Kind.NUMBER)
    return Value({"if": [{"===": [plain(value).rule, None]}, 0, 1]}, Kind.NUMBER)


def _length(values: list[Value]) -> Value:
    return Value({"size": [as_text(values[0])]}, Kind.NUMBER)


def _regex(values: list[Value]) -> Value:
    text, pattern = values
    if pattern.kind is not Kind.LITERAL or not isinstance(pattern.rule, str):
        raise Untranslatable("gives regex() a pattern that is not written out")
    start, end = ANCHORED
    written = pattern.rule
    if written.startswith(start) and written.endswith(end):
        written = written[len(start) : -len(end)]
    try:
        pattern_of(written)
    except ValueError:
        cause = "which is no pattern for RE2 (it has no look-arounds and no references back)"
        raise Untranslatable(f"uses regex() with {written!r}, {cause}") from None
    return Value({"matches": [as_text(text), written]}, Kind.TRUTH)


def _coalesce(values: list[Value]) -> Value:
    first, second = (plain(each) for each in values)
    kind = first.kind if first.kind is not Kind.LITERAL else _kind(first)
    if first.kind in TRUTHS:
        raise Untranslatable("uses coalesce() on a yes/no question")
    if isinstance(first.rule, dict) and isinstance(first.rule.get("var"), str):
        return Value({"var": [first.rule["var"], second.rule]}, kind)
    return Value({"if": [{"!==": [first.rule, None]}, first.rule, second.rule]}, kind)


def _concat(values: list[Value]) -> Value:
    return Value({"cat": [joinable(each) for each in values]}, Kind.TEXT)


def _contains(values: list[Value]) -> Value:
    text, part = values
    return Value({"in": [as_text(part), as_text(text)]}, Kind.TRUTH)


def _starts_with(values: list[Value]) -> Value:
    return Value({"matches": [as_text(values[0]), f"(?s){_written(values[1])}.*"]}, Kind.TRUTH)


def _ends_with(values: list[Value]) -> Value:
    return Value({"matches": [as_text(values[0]), f"(?s).*{_written(values[1])}"]}, Kind.TRUTH)


def _written(value: Value) -> str:
    if value.kind is not Kind.LITERAL:
        raise Untranslatable("looks for a text that is not written out")
    return re.escape(str(value.rule))


def _number(values: list[Value]) -> Value:
    return Value(as_number(values[0]), Kind.NUMBER)


def _whole(values: list[Value]) -> Value:
    if values[0].kind in (Kind.DATE, Kind.MOMENT):
        return Value({"days": [values[0].rule]}, Kind.NUMBER)
    number = as_number(values[0])
    return Value({"-": [number, {"%": [number, 1]}]}, Kind.NUMBER)


def _round(values: list[Value]) -> Value:
    digits = as_number(values[1]) if len(values) > 1 else 0
    return Value({"round": [as_number(values[0]), digits]}, Kind.NUMBER)


def _absolute(values: list[Value]) -> Value:
    number = as_number(values[0])
    return Value({"if": [{"<": [number, 0]}, {"-": [number]}, number]}, Kind.NUMBER)


def _string(values: list[Value]) -> Value:
    return Value(as_text(values[0]), Kind.TEXT)


def _date(values: list[Value]) -> Value:
    (value,) = (plain(each) for each in values)
    if value.kind is Kind.LITERAL and re.fullmatch(r"\d{4}-\d{2}-\d{2}(T.*)?", str(value.rule)):
        return Value(value.rule, Kind.MOMENT if "T" in str(value.rule) else Kind.DATE)
    if value.kind is Kind.MOMENT:
        return Value({"days": [value.rule]}, Kind.NUMBER)
    if value.kind in (Kind.DATE, Kind.NUMBER):
        return value
    raise Untranslatable(f"makes a date of {value.kind.value}")


def _moment(values: list[Value]) -> Value:
    return values[0] if values[0].kind is Kind.MOMENT else _date(values)


def _fraction(values: list[Value]) -> Value:
    if values[0].kind not in (Kind.DATE, Kind.TIME, Kind.MOMENT, Kind.LITERAL):
        raise Untranslatable(f"takes {values[0].kind.value} as a date or time")
    if values[0].kind is Kind.LITERAL:
        return Value({"days": [str(values[0].rule)]}, Kind.NUMBER)
    return Value(as_number(values[0]), Kind.NUMBER)


def _over(operator: str, *, of_several: bool) -> Callable[[list[Value]], Value]:
    """Over a repeated question, or several values; either passes over what is not answered."""

    def run(values: list[Value]) -> Value:
        if len(values) == 1 and values[0].kind is Kind.VALUES:
            return Value({operator: [values[0].rule]}, Kind.NUMBER)
        if not of_several or len(values) == 1:
            raise Untranslatable(f"uses {operator} on something that is not a repeated question")
        return Value({operator: [[as_number(each) for each in values]]}, Kind.NUMBER)

    return run


def _count(values: list[Value]) -> Value:
    (value,) = values
    if value.kind is Kind.VALUES or value.kind is Kind.REPETITIONS:
        return Value({"size": [value.rule]}, Kind.NUMBER)
    raise Untranslatable("uses count() on something that is not repeated")


def _join(values: list[Value]) -> Value:
    if values[1].kind is Kind.VALUES and str(values[0].rule).isspace():
        return values[1]
    raise Untranslatable("uses join(), which questionnaires carry within selected() only")


def _once(values: list[Value]) -> Value:
    return values[0]


FUNCTIONS: Mapping[str, tuple[int, int, Callable[[list[Value]], Value]]] = {
    "true": (0, 0, lambda _: Value(True, Kind.TRUTH)),
    "false": (0, 0, lambda _: Value(False, Kind.TRUTH)),
    "not": (1, 1, _not),
    "boolean": (1, 1, _boolean),
    "if": (3, 3, _if),
    "selected": (2, 2, _selected),
    "count-selected": (1, 1, _count_selected),
    "string-length": (1, 1, _length),
    "regex": (2, 2, _regex),
    "coalesce": (2, 2, _coalesce),
    "concat": (1, ANY_COUNT, _concat),
    "contains": (2, 2, _contains),
    "starts-with": (2, 2, _starts_with),
    "ends-with": (2, 2, _ends_with),
    "number": (1, 1, _number),
    "int": (1, 1, _whole),
    "round": (1, 2, _round),
    "abs": (1, 1, _absolute),
    "string": (1, 1, _string),
    "date": (1, 1, _date),
    "date-time": (1, 1, _moment),
    "today": (0, 0, lambda _: Value({"var": "today"}, Kind.DATE)),
    "now": (0, 0, lambda _: Value({"var": "now"}, Kind.MOMENT)),
    "decimal-date-time": (1, 1, _fraction),
    "decimal-time": (1, 1, _fraction),
    "sum": (1, 1, _over("sum", of_several=False)),
    "min": (1, ANY_COUNT, _over("lowest", of_several=True)),
    "max": (1, ANY_COUNT, _over("highest", of_several=True)),
    "count": (1, 1, _count),
    "count-non-empty": (1, 1, _count),
    "join": (2, 2, _join),
    "once": (1, 1, _once),
}
"""Function → least and greatest number of operands, and its translation."""


def _choice_name(reader: "XPathReader", operands: tuple[Node, ...]) -> Value:
    """The label of a choice, in the default language: a chain of comparisons."""
    value = reader.value(operands[0]) if operands else NOTHING
    choices = value.declared.choices if value.declared else {}
    if not choices or len(choices) > _MOST_NAMED_CHOICES or value.kind is not Kind.TEXT:
        raise Untranslatable("uses jr:choice-name() on something that is not one choice of a few")
    rule: list[Any] = []
    for choice, label in choices.items():
        rule += [{"==": [value.rule, choice]}, label]
    return Value({"if": [*rule, None]}, Kind.TEXT)


def _checked_off(_: "XPathReader", operands: tuple[Node, ...]) -> Value:
    where = operands[0].text if operands and isinstance(operands[0], Path) else ".."
    raise Untranslatable(f"uses position({where}): repetitions are not numbered in questionnaires")


NODE_FUNCTIONS: Mapping[str, Callable[["XPathReader", tuple[Node, ...]], Value]] = {
    "jr:choice-name": _choice_name,
    "position": _checked_off,
}
