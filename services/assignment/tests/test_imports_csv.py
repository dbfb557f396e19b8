"""CSV files as spreadsheets and exports really write them."""

import csv
import io
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.imports.csv_rows import csv_rows
from incognita_assignment.imports.rows import BrokenFile, Row

HEADER = b"store_id,address,city\n"


def rows(content: bytes) -> list[Row]:
    return list(csv_rows(io.BytesIO(content)))


def cells(content: bytes) -> list[dict[str, str]]:
    return [dict(row.cells) for row in rows(content)]


TABLE = "Store ID;Street Address;CITY;lon\n7;Königstr. 1;Köln;6,95\n"
READ = [{"store_id": "7", "address": "Königstr. 1", "city": "Köln", "longitude": "6,95"}]


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        b"\xfe\xff" + TABLE.encode("utf-16-be"),
        TABLE.replace(";", "\t").encode(),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        ("\n\n" + TABLE + "\n\n").encode(),
        TABLE.replace("6,95\n", '"6,95"').encode(),
        TABLE.replace("6,95\n", "6,95;;\n").encode(),
    ],
)
def test_encodings_delimiters_and_line_ends_make_no_difference(content: bytes) -> None:
    assert cells(content) == READ


def test_quoted_delimiters_quotes_and_line_ends_belong_to_the_cell() -> None:
    content = HEADER + b'1,"a, ""b""\r\nc",d\r\n2,e,f'
    found = rows(content)
    assert dict(found[0].cells) == {"store_id": "1", "address": 'a, "b"\nc', "city": "d"}
    assert [(row.number, row.line) for row in found] == [(1, 2), (2, 4)]


def test_a_row_with_other_cells_than_the_header_is_a_fault_and_the_rest_goes_on() -> None:
    found = rows(HEADER + b"1,a\n2,a,b,c\n3,a,b\n")
    assert [row.fault and row.fault.cause for row in found] == [
        "too few cells: 2, the header has 3",
        "too many cells: 4, the header has 3",
        None,
    ]


def test_text_after_a_closing_quote_costs_only_its_row() -> None:
    found = rows(HEADER + b'1,"a"b,c\n2,a,b\n')
    assert [bool(row.fault) for row in found] == [True, False]


def test_a_long_cell_costs_only_its_row() -> None:
    found = rows(HEADER + b"1," + b"x" * 10_001 + b",c\n2," + b"x" * 10_000 + b",c\n")
    assert found[0].fault
    assert found[0].fault.cause == "10,001 characters; a cell may have 10,000"
    assert found[1].fault is None


@pytest.mark.parametrize(
    ("content", "field", "cause"),
    [
        (b"", "file", "empty"),
        (b"\n \n", "file", "empty"),
        (b"a,b\n1,2\n", "store_id", "lacks store_id and address and city.*'a', 'b'"),
        (b"id,address\n1,2\n", "city", "lacks city"),
        (b"id,street,city,TOWN\n", "city", "'city', 'TOWN' all mean city"),
        (TABLE.encode("utf-16-le"), "file", "NUL"),
        (TABLE.encode("utf-32"), "file", "UTF-32"),
        (HEADER + b"1,a,b\n2,caf\xe9,b\n", "row 2", "0xe9 at offset 33 is not UTF-8"),
        (TABLE.encode("utf-16")[:-1], "row 1", "is not UTF-16"),
        (HEADER + b"1,a,b\n" + b"2,\xc3", "row 2", "0xc3 at offset 30"),
        (HEADER + b'1,a,b\n2,a,"b\n3,c,d\n', "row 2", "row 2, line 3.*left open"),
        (HEADER + b'1,a,"' + b"x\n" * 100_000, "row 1", "left open"),
        (HEADER + b"1,a,b\n2," + b"x" * 10_000_000 + b",b\n3,a,b\n", "row 2", "longer than"),
        (HEADER + b"1" + b',"x\n"' * 600_000, "row 1|file", "doesn't end"),
    ],
    ids=range(14),
)
def test_a_broken_file_says_where(content: bytes, field: str, cause: str) -> None:
    with pytest.raises(BrokenFile, match=cause) as raised:
        rows(content)
    assert raised.value.field in field.split("|")


def test_ten_million_characters_are_refused_without_being_held() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return HEADER + b"1,a,b\n2," if self.given == size else b"x" * size

        def seek(self, offset: int, whence: int = 0) -> int:
            self.given = 0
            return 0

        def seekable(self) -> bool:
            return True

    tracemalloc.start()
    try:
        with pytest.raises(BrokenFile, match="row 2"):
            list(csv_rows(Endless()))  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_broken_file(content: bytes) -> None:
    for start in (b"", HEADER):
        with suppress(BrokenFile):
            rows(start + content)


_text = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
    min_size=1,
    max_size=30,
).filter(str.strip)


@given(st.lists(st.tuples(_text, _text, _text), max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_a_csv_writer_writes_is_read_back(
    table: list[tuple[str, str, str]], delimiter: str
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerows([("store_id", "address", "city"), *table])
    found = [tuple(row.cells.values()) for row in rows(written.getvalue().encode())]
    assert found == table
