"""GeoJSON as map tools and store finders export it."""

import io
import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.imports.geojson_rows import geojson_rows
from incognita_assignment.imports.rows import BrokenFile, Row


def rows(content: bytes) -> list[Row]:
    return list(geojson_rows(io.BytesIO(content)))


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def feature(properties: Any, geometry: Any = None, **members: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties, **members}


POINT = {"type": "Point", "coordinates": [-83.35, 42.25, 180.0]}


def test_a_point_and_its_properties_are_read() -> None:
    found = rows(collection(feature({"store_id": 7, "city": "Köln", "closed": False}, POINT)))
    assert [dict(row.cells) for row in found] == [
        {
            "store_id": "7",
            "city": "Köln",
            "closed": "false",
            "longitude": "-83.35",
            "latitude": "42.25",
        }
    ]


def test_open_street_map_names_nested_names_and_the_features_own_id_are_understood() -> None:
    properties = {"addr:street": "no", "addr": {"city": "D"}, "street": "Main St 1", "x": None}
    found = rows(collection(feature(properties, id="node/5")))
    assert dict(found[0].cells) == {"city": "D", "address": "Main St 1", "store_id": "node/5"}


def test_of_two_names_for_one_column_the_better_one_wins() -> None:
    for properties in ({"id": "hash", "ref": "12"}, {"ref": "12", "id": "hash"}):
        assert rows(collection(feature(properties)))[0].cells["store_id"] == "12"


def test_what_is_no_point_gives_no_position() -> None:
    polygon = {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [1, 2]]]}
    found = rows(collection(feature({"store_id": "1"}, polygon)))
    assert found[0].cells["latitude"] == "Polygon"


def test_a_bad_feature_costs_only_itself() -> None:
    long = feature({"city": "x" * 10_001})
    found = rows(collection(5, [{"store_id": 1}], {"type": "Point"}, long, feature({})))
    assert [row.fault and row.fault.field for row in found] == [
        "feature",
        "feature",
        "type",
        "city",
        None,
    ]
    assert [row.number for row in found] == [1, 2, 3, 4, 5]


def test_members_may_come_in_any_order_and_a_mark_before_them() -> None:
    content = b'\xef\xbb\xbf{"features":[],"crs":{"a":[{}]},"type":"FeatureCollection"}'
    assert rows(content) == []


GOOD = collection(feature({"store_id": 1}, POINT), feature({"store_id": 2}, POINT))


@pytest.mark.parametrize(
    ("content", "field", "cause"),
    [
        (b"", "feature 1", "not JSON"),
        (GOOD[:-20], "feature 2", "not JSON after feature 1"),
        (b"[]", "type", "FeatureCollection"),
        (b'{"type":"Feature"}', "type", "found 'Feature'"),
        (b'{"type":"FeatureCollection"}', "features", "no list"),
        (b'{"type":"FeatureCollection","features":{}}', "features", "no list"),
        (b'{"type":"FeatureCollection","features":' + b"[" * 40, "file", "nested deeper"),
        (GOOD.decode().encode("utf-16"), "file", "UTF-8"),
        (b'{"a":"caf\xe9"}', "feature 1", "not JSON"),
        (b'{"a":' + b"9" * 500 + b"}", "file", "400 digits"),
        (b'{"a":NaN}', "feature 1", "not JSON"),
        (b'{"a":"' + b"x" * 10_000_000 + b'"}', "file", "longer than"),
        (b'{"a":"' + b'\\"' * 600_000 + b'"}', "file", "longer than"),
    ],
    ids=range(13),
)
def test_a_broken_file_says_where(content: bytes, field: str, cause: str) -> None:
    with pytest.raises(BrokenFile, match=cause) as raised:
        rows(content)
    assert raised.value.field == field


def test_memory_does_not_grow_with_the_file() -> None:
    one = json.dumps(feature({"store_id": "1", "city": "x" * 200}, POINT)).encode()

    def peak(count: int) -> int:
        content = collection()[:-2] + b",".join([one] * count) + b"]}"
        file = io.BytesIO(content)
        tracemalloc.start()
        try:
            assert sum(1 for _ in geojson_rows(file)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) < peak(1_000) + 300_000


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_json, st.lists(_json, max_size=3), _json)
def test_any_json_is_rows_or_a_broken_file(
    properties: Any, others: list[Any], geometry: Any
) -> None:
    content = collection(feature(properties, geometry), *others)
    assert len(rows(content)) == 1 + len(others)
    for other in others:
        with suppress(BrokenFile):
            rows(json.dumps(other).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_a_broken_file(content: bytes) -> None:
    with pytest.raises(BrokenFile):
        rows(content)
