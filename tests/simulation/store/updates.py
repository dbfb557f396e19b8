"""What updates make of documents. An operator that is not modelled raises, never passes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.store.documents import Document, Unmodelled
from tests.simulation.store.expressions import evaluated
from tests.simulation.store.filters import field_matches, matches, same

Change = Callable[[Document, bool], Document]
"""What a write makes of a document; the flag says that an upsert has just made it."""


def by_update(update: Any) -> Change:
    """The change that an update makes."""
    return lambda document, new: updated(document, update, new=new)


def by_replacement(replacement: Mapping[str, Any]) -> Change:
    """The change that a replacement makes."""

    def replace(document: Document, new: bool) -> Document:
        key = {"_id": document["_id"]} if "_id" in document else {}
        return {**key, **replacement}

    return replace


def updated(
    document: Document, update: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, new: bool
) -> Document:
    """The document after the update; ``new`` when an upsert makes it."""
    if not isinstance(update, Mapping):
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
            return field_matches([item], value)
        return isinstance(item, dict) and matches(item, value)
    return same(item, value)


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
