"""Filters and updates of documents. An operator that is not modelled raises, never passes."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bson import CodecOptions, decode, encode
from bson.binary import UuidRepresentation

from tests.simulation.store.expressions import evaluated

Document = dict[str, Any]
CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True, uuid_representation=UuidRepresentation.STANDARD
)


class Unmodelled(BaseException):
    """The code under test uses something that the stand-in does not have."""


class Stored:
    """One version of a document: as bytes, which every reader decodes for itself, and decoded."""

    __slots__ = ("raw", "value")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.raw = encode(document, codec_options=CODEC)
        self.value: Document = decode(self.raw, codec_options=CODEC)

    def copy(self) -> Document:
        return decode(self.raw, codec_options=CODEC)


def matches(document: Document, where: Mapping[str, Any]) -> bool:
    """Whether the document matches the filter."""
    for name, wanted in where.items():
        if type(wanted) is str and (value := document.get(name)).__class__ is str:
            if value != wanted:
                return False
        elif name == "$and":
            if not all(matches(document, part) for part in wanted):
                return False
        elif name == "$or":
            if not any(matches(document, part) for part in wanted):
                return False
        elif name.startswith("$"):
            raise Unmodelled(f"filter {name}")
        elif not _field_matches(_values(document, name.split(".")), wanted):
            return False
    return True


def _values(document: Any, path: Sequence[str]) -> list[Any]:
    """What stands at the path: an array both as a whole and by its elements; empty if missing."""
    if not path:
        return [document, *document] if isinstance(document, list) else [document]
    if isinstance(document, list):
        return [each for item in document if isinstance(item, dict) for each in _values(item, path)]
    if not isinstance(document, dict) or path[0] not in document:
        return []
    return _values(document[path[0]], path[1:])


def _field_matches(values: list[Any], wanted: Any) -> bool:
    if isinstance(wanted, dict) and any(name.startswith("$") for name in wanted):
        return all(_operator(name)(values, operand) for name, operand in wanted.items())
    return _equals(values, wanted)


def _equals(values: list[Any], wanted: Any) -> bool:
    if wanted is None and not values:
        return True
    return any(_same(value, wanted) for value in values)


def _same(one: Any, other: Any) -> bool:
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
    "$regex": _regex,
    "$elemMatch": _element,
}


def _operator(name: str) -> Callable[[list[Any], Any], bool]:
    if name not in _OPERATORS:
        raise Unmodelled(f"filter {name}")
    return _OPERATORS[name]


def updated(
    document: Document, update: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, new: bool
) -> Document:
    """The document after the update; ``new`` when an upsert makes it."""
    if isinstance(update, list):
        return _piped(document, update)
    for operator, changes in update.items():
        if operator == "$setOnInsert":
            if new:
                _each(document, changes, _set)
        elif operator in _CHANGES:
            _each(document, changes, _CHANGES[operator])
        else:
            raise Unmodelled(f"update {operator}")
    return document


def upserted(where: Mapping[str, Any]) -> Document:
    """What an upsert begins with: the filter's equalities."""
    return {
        name: value
        for name, value in where.items()
        if not name.startswith("$")
        and not (isinstance(value, dict) and any(key.startswith("$") for key in value))
    }


def _piped(document: Document, stages: Sequence[Mapping[str, Any]]) -> Document:
    for stage in stages:
        for operator, changes in stage.items():
            if operator not in ("$set", "$addFields"):
                raise Unmodelled(f"pipeline {operator}")
            values = {name: evaluated(document, each) for name, each in changes.items()}
            _each(document, values, _set)
    return document


def _each(
    document: Document, changes: Mapping[str, Any], change: Callable[[Document, str, Any], None]
) -> None:
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = document
        for name in parents:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise Unmodelled(f"path {path} into {type(place).__name__}")
        change(place, last, value)


def _set(place: Document, name: str, value: Any) -> None:
    place[name] = value


def _unset(place: Document, name: str, _: Any) -> None:
    place.pop(name, None)


def _increase(place: Document, name: str, value: Any) -> None:
    place[name] = place.get(name, 0) + value


def _least(place: Document, name: str, value: Any) -> None:
    place[name] = min(place.get(name, value), value)


def _most(place: Document, name: str, value: Any) -> None:
    place[name] = max(place.get(name, value), value)


def _push(place: Document, name: str, value: Any) -> None:
    place.setdefault(name, []).extend(_pushed(value))


def _add_to_set(place: Document, name: str, value: Any) -> None:
    there = place.setdefault(name, [])
    there.extend(each for each in _pushed(value) if each not in there)


def _pushed(value: Any) -> list[Any]:
    if not isinstance(value, dict) or not any(key.startswith("$") for key in value):
        return [value]
    if set(value) != {"$each"}:
        raise Unmodelled(f"$push {sorted(value)}")
    return list(value["$each"])


def _pull(place: Document, name: str, value: Any) -> None:
    if name in place:
        place[name] = [each for each in place[name] if not _pulled(each, value)]


def _pulled(item: Any, value: Any) -> bool:
    if isinstance(value, dict):
        if any(key.startswith("$") for key in value):
            return _field_matches([item], value)
        return isinstance(item, dict) and matches(item, value)
    return _same(item, value)


_CHANGES: dict[str, Callable[[Document, str, Any], None]] = {
    "$set": _set,
    "$unset": _unset,
    "$inc": _increase,
    "$min": _least,
    "$max": _most,
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pull": _pull,
}


def projected(document: Document, projection: Mapping[str, Any] | Sequence[str] | None) -> Document:
    """The document with the named top-level fields alone, or without those named by 0."""
    if not projection:
        return document
    chosen = projection if isinstance(projection, Mapping) else dict.fromkeys(projection, 1)
    if any(isinstance(value, (dict, list, str)) for value in chosen.values()):
        raise Unmodelled(f"projection {chosen}")
    tops = {name.split(".")[0]: bool(value) for name, value in chosen.items()}
    shown = {name for name, value in tops.items() if value}
    if shown:
        keep = shown if tops.get("_id", True) is False else {*shown, "_id"}
        return {name: value for name, value in document.items() if name in keep}
    return {name: value for name, value in document.items() if name not in tops}
