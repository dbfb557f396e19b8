"""Rows of a GeoJSON FeatureCollection (RFC 7946), read event by event."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

import ijson

from incognita_assignment.attributes import MOST
from incognita_assignment.imports.columns import COLUMN_OF, PREFERENCE, normalise
from incognita_assignment.imports.rows import LONGEST_CELL, BrokenFile, Fault, Row
from incognita_assignment.imports.text import encoding_of

_FEATURE = ["features", "*"]
_AXES = 2  # longitude, latitude; a height is left out
_DEEPEST = 32
_LONGEST_TOKEN = 1_000_000
_LONGEST_NAME = 80
_QUOTE = re.compile(rb'\\(?:.|\Z)|"', re.DOTALL)
_LONG_NUMBER = re.compile(rb"[0-9.eE+-]{400,}")


def geojson_rows(file: BinaryIO) -> Iterator[Row]:
    """One row a feature, in order. Raises ``BrokenFile`` where the text stops being GeoJSON."""
    number = 0
    try:
        for row in _Reader().rows(_Guarded(file)):
            number = row.number
            yield row
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        cause = " ".join(str(error).split())[:200]
        raise BrokenFile(
            f"not JSON after feature {number}: {cause}", field=f"feature {number + 1}"
        ) from None


class _Guarded:
    """The file, refusing a token that would fill the parser's memory before it ends."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        encoding, skip = encoding_of(file.read(4))
        if encoding != "utf-8":
            raise BrokenFile("GeoJSON must be UTF-8 (RFC 8259, 8.1)")
        file.seek(skip)
        self._file = file
        self._inside = False
        self._escaped = False
        self._length = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        if _LONG_NUMBER.search(chunk):
            raise BrokenFile("a number has more than 400 digits")
        since = 0
        start, self._escaped = int(self._escaped), False
        for found in _QUOTE.finditer(chunk, start):
            if found[0] == b'"':
                self._grow(found.start() - since)
                self._inside, self._length, since = not self._inside, 0, found.end()
            elif len(found[0]) == 1:
                self._escaped = True
        self._grow(len(chunk) - since)
        return chunk

    def _grow(self, length: int) -> None:
        if self._inside:
            self._length += length
            if self._length > _LONGEST_TOKEN:
                raise BrokenFile(
                    f"a text is longer than {_LONGEST_TOKEN:,} bytes; "
                    f"a value may have {LONGEST_CELL:,} characters"
                )


@dataclass(slots=True)
class _Feature:
    cells: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Column → the property it came from."""
    kind: Any = None
    identity: Any = None
    geometry: Any = None
    coordinates: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None


class _Reader:
    """Keeps the path to the current value and the one feature that is being read."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._feature: _Feature | None = None
        self._number = 0
        self._type: Any = None
        self._has_features = False

    def rows(self, file: _Guarded) -> Iterator[Row]:
        for event, value in ijson.basic_parse(file):
            row = self._step(event, value)
            if row is not None:
                yield row
        if self._type != "FeatureCollection":
            found = "nothing" if self._type is None else repr(self._type)[:80]
            raise BrokenFile(f"type must be 'FeatureCollection', found {found}", field="type")
        if not self._has_features:
            raise BrokenFile("there is no list 'features'", field="features")

    def _step(self, event: str, value: Any) -> Row | None:
        path = self._path
        if event == "map_key":
            path[-1] = value
        elif event.startswith("end_"):
            path.pop()
            if event == "end_map" and path == _FEATURE and self._feature is not None:
                return self._end_feature(self._feature)
        else:
            if path == _FEATURE:
                return self._begin_feature(event)
            if event == "start_array" and path == ["features"]:
                self._has_features = True
            if event.startswith("start_"):
                self._open(event)
            else:
                self._take(value)
        return None

    def _open(self, event: str) -> None:
        self._path.append("*" if event == "start_array" else "")
        if len(self._path) > _DEEPEST:
            raise BrokenFile(f"nested deeper than {_DEEPEST} levels")

    def _begin_feature(self, event: str) -> Row | None:
        self._number += 1
        if event == "start_map":
            self._feature = _Feature()
            self._path.append("")
            return None
        if event == "start_array":
            self._open(event)
        return Row(self._number, None, fault=Fault("feature", "is not an object"))

    def _take(self, value: Any) -> None:
        path, feature = self._path, self._feature
        if path == ["type"]:
            self._type = value
        if feature is None or path[:2] != _FEATURE:
            return
        match path[2:]:
            case ["type"]:
                feature.kind = value
            case ["id"]:
                feature.identity = value
            case ["geometry", "type"]:
                feature.geometry = value
            case ["geometry", "coordinates", "*"] if len(feature.coordinates) < _AXES:
                feature.coordinates.append(str(value))
            case ["properties", "attributes", *keys]:
                _take_attribute(feature, keys, value)
            case ["properties", *keys]:
                _take_property(feature, "_".join(keys), value)

    def _end_feature(self, feature: _Feature) -> Row:
        self._feature = None
        cells = feature.cells
        if feature.geometry == "Point" and len(feature.coordinates) == _AXES:
            cells["longitude"], cells["latitude"] = feature.coordinates
        elif feature.geometry is not None and "latitude" not in cells:
            cells["latitude"] = cells["longitude"] = str(feature.geometry)[:80]
        if feature.identity is not None:
            cells.setdefault("store_id", str(feature.identity))
        if feature.kind != "Feature":
            fault = Fault("type", "must be 'Feature'", str(feature.kind)[:80])
            return Row(self._number, None, fault=fault)
        return Row(self._number, None, cells, feature.attributes, fault=feature.fault)


def _take_attribute(feature: _Feature, keys: list[str], value: Any) -> None:
    if value is None:
        return
    if len(keys) != 1 or keys[0] == "*":
        shown = ".".join(["attributes", *keys])[:80]
        cause = "must be an object of names with a text, a number, true or false"
        feature.fault = Fault(shown, cause, str(value)[:80])
    elif len(feature.attributes) <= MOST:
        feature.attributes[keys[0][:_LONGEST_NAME]] = _plain(value)


def _plain(value: Any) -> Any:
    """ijson gives a decimal for what is written with a point or an exponent."""
    if isinstance(value, Decimal):
        return float(value)
    return value[: LONGEST_CELL + 1] if isinstance(value, str) else value


def _take_property(feature: _Feature, name: str, value: Any) -> None:
    alias = normalise(name[:200])
    column = COLUMN_OF.get(alias)
    if column is None or value is None:
        return
    earlier = feature.names.get(column)
    if earlier is not None and PREFERENCE[earlier] <= PREFERENCE[alias]:
        return
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > LONGEST_CELL:
        cause = f"{len(text):,} characters; a value may have {LONGEST_CELL:,}"
        feature.fault = Fault(column, cause, text[:80])
    feature.names[column] = alias
    feature.cells[column] = text[:LONGEST_CELL]
