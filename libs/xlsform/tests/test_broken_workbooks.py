"""Whatever a file holds, reading it ends soon and says what is wrong in words."""

import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incognita_xlsform.reading import Imported, read_workbook

SURVEY = [["type", "name", "label::English (en)"], ["text", "why", "Why?"]]
Rows = list[list[Any]]


def workbook(change: Callable[[Any], None] | None = None, **sheets: Rows) -> bytes:
    book = openpyxl.Workbook()
    del book[book.active.title]
    for name, rows in (sheets or {"survey": SURVEY}).items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change:
        change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def read(content: bytes) -> Imported:
    return read_workbook(content, file_name="form.xlsx")


def with_part(name: str, part: bytes) -> bytes:
    """The workbook with one part of the zip file replaced."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as old,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            new.writestr(each, part if each == name else old.read(each))
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "no .xlsx workbook"),
        (b"type,name,label\ntext,q,Q\n", "no .xlsx workbook"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old .xls"),
        (b"PK\x03\x04" + b"x" * 600, "damaged"),
        (workbook()[:-200], "damaged"),
        (with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>"), "cannot be read"),
        (with_part("xl/workbook.xml", b"not xml"), "cannot be read"),
        (with_part("xl/worksheets/sheet1.xml", b" " * 60_000_000), "unpacks to"),
        (
            with_part("xl/worksheets/sheet1.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'),
            "document type",
        ),
        (b"PK" + b"x" * 11_000_000, "at most 10 MB"),
    ],
    ids=["empty", "text", "old", "zip", "cut", "sheet", "book", "bomb", "entities", "large"],
)
def test_a_file_that_is_no_workbook_is_refused_as_a_whole(content: bytes, cause: str) -> None:
    started = time.monotonic()
    imported = read(content)
    assert imported.questionnaire is None
    assert len(imported.errors) == 1
    assert cause in imported.errors[0].cause
    assert time.monotonic() - started < 5


def test_a_hundred_thousand_rows_are_refused_in_seconds() -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("survey")
    sheet.append(["type", "name", "label"])
    for number in range(100_000):
        sheet.append(["text", f"q{number}", f"Question {number}"])
    content = io.BytesIO()
    book.save(content)
    started = time.monotonic()
    imported = read(content.getvalue())
    assert "rows" in imported.errors[0].cause
    assert time.monotonic() - started < 20


def test_a_formula_without_its_value_names_the_cell() -> None:
    imported = read(workbook(survey=[*SURVEY, ["text", "how", "=A1&A2"]]))
    (problem,) = imported.errors
    assert (problem.sheet, problem.row, problem.column) == ("survey", 3, "label::English (en)")
    assert "formula" in problem.cause


def test_merged_cells_are_named() -> None:
    content = workbook(lambda book: book["survey"].merge_cells("A2:A3"), survey=[
        *SURVEY, ["text", "how", "How?"],
    ])  # fmt: skip
    imported = read(content)
    assert any("A2:A3" in each.cause for each in imported.warnings)
    assert [each.row for each in imported.errors] == [3]


def test_cells_of_other_types_are_read_as_their_author_sees_them() -> None:
    imported = read(workbook(
        survey=[["type", "name", "label", "required", "default"],
                ["select_one list ", " size", 5, True, 2.0], ["integer", "count", 7.5, False, 3]],
        choices=[["list_name", "name", "label"], ["list", 1, 1], ["list", 2.0, True]],
    ))  # fmt: skip
    assert imported.questionnaire, imported.problems
    size, count = imported.questionnaire.by_id.values()
    assert (size.id, size.label, size.required, size.default) == ("size", {"en": "5"}, True, "2")
    assert [choice.id for choice in size.choices] == ["1", "2"]
    assert (count.label, count.required, count.default) == ({"en": "7.5"}, False, 3)


def test_headers_twice_unknown_columns_and_sheets_are_named() -> None:
    imported = read(workbook(
        survey=[["type", "name", "label", "label", "colour", "ms_pionts"],
                ["text", "why", "Why?", "W", "red", "5"]],
        remarks=[["anything"]], choices=[["name"], ["x"]],
    ))  # fmt: skip
    assert {(each.sheet, each.column) for each in imported.errors} >= {
        ("survey", "D"), ("survey", "ms_pionts"), ("choices", "list_name"),
    }  # fmt: skip
    assert {(each.sheet, each.column) for each in imported.warnings} >= {
        ("survey", "colour"), ("remarks", None),
    }  # fmt: skip


@pytest.mark.parametrize(
    "sheets",
    [
        {"choices": [["list_name"]]},
        {"survey": [[]]},
        {"survey": [["type", "name"]]},
        {"survey": [["a", "b"]]},
    ],
)
def test_a_workbook_without_questions_is_refused(sheets: dict[str, Rows]) -> None:
    assert read(workbook(**sheets)).errors


LONG = 32_000
HOSTILE = [
    "${" + " " * LONG, "(" * LONG, "1-" * (LONG // 2) + "1", "int(" * 50 + "${why}" + ")" * 50,
    "abs(" * 9 + "int(" * 9 + "${why}" + ")" * 18, "'" + "a" * LONG, "a" * LONG,
    "0" + " " * LONG + "1", "photo" + " " * LONG + "x", " or ".join(["1 = 1"] * 3_000),
    "${why} = '" + "x" * 2_000 + "'", "-" * LONG, "not(" * 40 + "1" + ")" * 40,
    "[" * LONG, "concat(" + "${why}," * 3_000 + "1)",
]  # fmt: skip


@pytest.mark.parametrize("cell", HOSTILE, ids=[cell[:12] for cell in HOSTILE])
def test_no_cell_takes_long_to_read(cell: str) -> None:
    columns = ["relevant", "constraint", "calculation", "choice_filter", "required", "parameters",
               "ms_bands", "ms_evidence", "ms_expected", "default", "label::Türkçe (tr)",
               "ms_exact", "label::" + cell[:300]]  # fmt: skip
    rows = [["range", f"q{place}", "Q"] + [None] * place + [cell] for place in range(12)]
    content = workbook(survey=[["type", "name", "label::English (en)", *columns],
                               ["integer", "why", "Why?"], *rows])  # fmt: skip
    started = time.monotonic()
    assert read(content).errors
    assert time.monotonic() - started < 5


WORDS = st.sampled_from([
    "text", "select_one l", "begin group", "end group", "begin repeat", "end_repeat", "note",
    "calculate", "integer", "rank l", "${a} = 'x'", "if(1,", "q", "a", "b", "ğ", "1", "=1+", "yes",
    "..5=1; 5..=2", "photo 1..2 when ${a}", "a | b", "timed_standard", "-", "\x0b", "{", '{"a":1}',
    "sum(${a})", ". > 5", "regex(., '(')", "pulldata('x', 'y', 'z')", "position(..)", "l", "",
])  # fmt: skip
HEADERS = ["type", "name", "label::English (en)", "label::Türkçe (tr)", "relevant", "constraint",
           "calculation", "required", "choice_filter", "default",
           "constraint_message::English (en)",
           "ms_method", "ms_points", "ms_bands", "ms_expected", "ms_evidence", "ms_exact",
           "ms_weight", "ms_type", "ms_start", "ms_max_seconds", "parameters"]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(WORDS, max_size=len(HEADERS)), max_size=8))
def test_no_content_of_cells_raises(rows: Rows) -> None:
    clean = [[cell.replace("\x0b", "?") for cell in row] for row in rows]
    choices = [["list_name", "name", "label::English (en)"], ["l", "a", "A"], ["l", "b", "B"]]
    imported = read(workbook(survey=[HEADERS, *clean], choices=choices))
    assert imported.errors or imported.questionnaire


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 5_000))
def test_no_damaged_file_raises(noise: bytes, at: int) -> None:
    content = workbook()
    at = min(at, len(content))
    read(content[:at] + noise + content[at + len(noise) :])
    read(b"PK\x03\x04" + noise)


def test_more_questions_than_a_questionnaire_may_have_are_refused_at_once() -> None:
    rows = [["text", f"q{number}", "Q"] for number in range(8_000)]
    started = time.monotonic()
    (problem,) = read(workbook(survey=[["type", "name", "label::English (en)"], *rows])).errors
    assert "8,000 questions" in problem.cause
    assert time.monotonic() - started < 10


def test_one_name_thousands_of_times_is_named_in_linear_time() -> None:
    rows = [["text", "q", "Q"] for _ in range(900)]
    imported = read(workbook(survey=[["type", "name", "label::English (en)"], *rows]))
    assert {each.row for each in imported.errors if each.column == "name"} == set(range(3, 902))
