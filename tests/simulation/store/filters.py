"""Which documents a filter means. An operator that is not modelled raises, never passes."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.store.documents import Document, Unmodelled

_MISSING = object()


def matches(document: Document, where: Mapping[str, Any]) -> bool:
    """Whether the document matches the filter."""
    for name, wanted in where.items():
        value = document.get(name, _MISSING)
        if value.__class__ is str and wanted.__class__ is str:  # most of all questions
            if value != wanted:
                return False
        elif name[0] == "$":
            if not _joined(document, name, wanted):
                return False
        elif "." in name or value.__class__ is list:
            if not field_matches(_values(document, name.split(".")), wanted):
                return False
        elif not field_matches([] if value is _MISSING else [value], wanted):
            return False
    return True


def _joined(document: Document, name: str, parts: Sequence[Mapping[str, Any]]) -> bool:
    if name == "$and":
        return all(matches(document, part) for part in parts)
    if name == "$or":
        return any(matches(document, part) for part in parts)
    raise Unmodelled(f"filter {name}")


def _values(document: Any, path: Sequence[str]) -> list[Any]:
    """What stands at the path: an array both as a whole and by its elements; empty if missing."""
    if not path:
        return [document, *document] if isinstance(document, list) else [document]
    if isinstance(document, list):
        return [each for item in document if isinstance(item, dict) for each in _values(item, path)]
    if not isinstance(document, dict) or path[0] not in document:
        return []
    return _values(document[path[0]], path[1:])


def field_matches(values: list[Any], wanted: Any) -> bool:
    if isinstance(wanted, dict) and wanted and next(iter(wanted))[0] == "$":
        for name, operand in wanted.items():
            if name not in _OPERATORS:
                raise Unmodelled(f"filter {name}")
            if not _OPERATORS[name](values, operand):
                return False
        return True
    return _equals(values, wanted)


def _equals(values: list[Any], wanted: Any) -> bool:
    if wanted is None and not values:
        return True
    for value in values:  # noqa: SIM110 - the most frequent question of all
        if same(value, wanted):
            return True
    return False


def same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _compares(test: Callable[[Any, Any], bool]) -> Callable[[list[Any], Any], bool]:
    def compare(values: list[Any], wanted: Any) -> bool:
        return any(_comparable(value, wanted) and test(value, wanted) for value in values)

    return compare


def _comparable(one: Any, other: Any) -> bool:
    numbers = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    return type(one) is type(other) or (isinstance(one, numbers) and isinstance(other, numbers))


def _regex(values: list[Any], pattern: Any) -> bool:
    if not isinstance(pattern, str):
        raise Unmodelled(f"$regex {pattern!r}")
    return any(isinstance(value, str) and re.search(pattern, value) for value in values)


def _element(values: list[Any], wanted: Mapping[str, Any]) -> bool:
    return any(isinstance(value, dict) and matches(value, wanted) for value in values)


_OPERATORS: dict[str, Callable[[list[Any], Any], bool]] = {
    "$eq": _equals,
    "$ne": lambda values, wanted: not _equals(values, wanted),
    "$in": lambda values, wanted: any(_equals(values, each) for each in wanted),
    "$nin": lambda values, wanted: not any(_equals(values, each) for each in wanted),
    "$lt": _compares(lambda one, other: one < other),
    "$lte": _compares(lambda one, other: one <= other),
    "$gt": _compares(lambda one, other: one > other),
    "$gte": _compares(lambda one, other: one >= other),
    "$exists": lambda values, wanted: bool(values) is bool(wanted),
    "$size": lambda values, wanted: any(
        isinstance(value, list) and len(value) == wanted for value in values[:1]
    ),
    "$regex": _regex,
    "$elemMatch": _element,
}
