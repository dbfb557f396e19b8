"""What one row says of its branch, and what is wrong with it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.imports.cells import Draft, read_row
from incognita_assignment.imports.columns import REQUIRED
from incognita_assignment.imports.report import Severity
from incognita_assignment.imports.rows import LONGEST_CELL, Row
from incognita_shared.values import Ownership

GOOD = {"store_id": "7", "address": "Main St 1", "city": "Detroit"}


def draft(**cells: str) -> Draft:
    return read_row(Row(3, 5, {**GOOD, **cells}))


def test_texts_are_one_line_without_outer_blanks() -> None:
    found = draft(address="  714 Granville St \r\n  Suite 104\t", name="Cafe\u0301")
    assert found.fields["address"] == "714 Granville St, Suite 104"
    assert found.fields["name"] == "Café"


def test_a_formula_is_plain_text() -> None:
    assert draft(name='=HYPERLINK("http://x")').fields["name"] == '=HYPERLINK("http://x")'


def test_a_blank_cell_says_nothing() -> None:
    found = draft(name="", postal_code=" ", closed="", time_zone="", geofence_m="", country="")
    assert found.fields == {"address": "Main St 1", "city": "Detroit"}
    assert not found.problems


@pytest.mark.parametrize(
    ("code", "ownership"),
    [
        ("F", Ownership.FRANCHISE),
        ("FR", Ownership.FRANCHISE),
        ("Franchise", Ownership.FRANCHISE),
        ("C", Ownership.COMPANY),
        ("co", Ownership.COMPANY),
        ("Company-owned", Ownership.COMPANY),
        ("LS", Ownership.LICENSED),
        ("Licensed", Ownership.LICENSED),
    ],
)
def test_ownership_codes_are_known(code: str, ownership: Ownership) -> None:
    assert draft(ownership=code).fields["ownership"] is ownership


@pytest.mark.parametrize(
    ("latitude", "longitude", "position"),
    [
        ("42.5", "-83.1", (42.5, -83.1)),
        ("42,5", "-83,1", (42.5, -83.1)),
        ("+90", "-180.0", (90.0, -180.0)),
        ("0", "12", (0.0, 12.0)),
    ],
)
def test_coordinates_with_either_decimal_sign_are_read(
    latitude: str, longitude: str, position: tuple[float, float]
) -> None:
    found = draft(latitude=latitude, longitude=longitude).fields["position"]
    assert (found["latitude"], found["longitude"]) == position


@pytest.mark.parametrize(
    ("cells", "field", "cause"),
    [
        ({"latitude": "", "longitude": ""}, "latitude", "is blank"),
        ({"latitude": "42.5"}, "longitude", "is blank"),
        ({"latitude": "0.0", "longitude": "0.0"}, "latitude", "0, 0 stands for no position"),
        ({"latitude": "91", "longitude": "1"}, "latitude", "beyond ±90"),
        ({"latitude": "1", "longitude": "-181"}, "longitude", "beyond ±180"),
        ({"latitude": "nan", "longitude": "1"}, "latitude", "not a number"),
        ({"latitude": "1_0", "longitude": "1"}, "latitude", "not a number"),
        ({"latitude": "1.000,5", "longitude": "1"}, "latitude", "not a number"),
        ({"latitude": "N 42", "longitude": "1"}, "latitude", "not a number"),
        ({"ownership": ""}, "ownership", "is blank"),
        ({"ownership": "joint"}, "ownership", "unknown code"),
        ({"country": "Narnia"}, "country", "ISO 3166"),
        ({"opening_hours": "whenever"}, "opening_hours", "left out"),
        ({"name": "Caf\ufffd"}, "name", "U\\+FFFD"),
    ],
)
def test_a_doubtful_cell_is_a_warning_and_the_row_counts(
    cells: dict[str, str], field: str, cause: str
) -> None:
    found = draft(**cells)
    assert not found.rejected
    assert "position" not in found.fields
    (problem,) = found.problems
    assert (problem.row, problem.line, problem.field) == (3, 5, field)
    assert problem.severity is Severity.WARNING
    assert re.search(cause, problem.cause)


@pytest.mark.parametrize(
    ("cells", "field", "cause"),
    [
        ({"store_id": " "}, "store_id", "is blank"),
        ({"address": ""}, "address", "is blank"),
        ({"city": ""}, "city", "is blank"),
        ({"store_id": "x" * 101}, "store_id", "101 characters"),
        ({"name": "x" * 201}, "name", "201 characters"),
        ({"name": "a\0b"}, "name", "NUL"),
        ({"name": "a\x07b"}, "name", "U+0007"),
        ({"name": "a\ud800b"}, "name", "U+D800"),
        ({"time_zone": "Mars/Phobos"}, "time_zone", "not an IANA"),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "not an IANA"),
        ({"geofence_m": "5"}, "geofence_m", "whole metres"),
        ({"geofence_m": "wide"}, "geofence_m", "whole metres"),
        ({"closed": "perhaps"}, "closed", "neither true nor false"),
    ],
)
def test_a_bad_cell_rejects_its_row_with_one_reason(
    cells: dict[str, str], field: str, cause: str
) -> None:
    found = draft(ownership="?", **cells)
    (problem,) = found.problems
    assert found.rejected
    assert problem.field == field
    assert cause in problem.cause
    problem.value.encode()


def test_a_shown_value_is_cut_to_80_characters() -> None:
    (problem,) = draft(name="x" * 500).problems
    assert problem.value == "x" * 79 + "…"


@given(st.dictionaries(st.sampled_from(["latitude", "longitude", "ownership", "closed", "name",
    "time_zone", "geofence_m", "opening_hours", "country", *REQUIRED]),
    st.text(max_size=60) | st.just("9" * LONGEST_CELL)))  # fmt: skip
def test_any_cells_make_a_draft_that_can_be_stored_or_a_reason(cells: dict[str, str]) -> None:
    found = draft(**cells)
    assert found.rejected or set(REQUIRED) - {"store_id"} <= found.fields.keys()
    fields: dict[str, Any] = found.fields
    for value in fields.values():
        str(value).encode()
