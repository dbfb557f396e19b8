"""Writes sheets as an .xlsx file."""

import io
import re

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from incognita_xlsform.problems import NotExpressible

LONGEST_CELL = 32_767
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_HEAD = PatternFill("solid", fgColor="FFE8EEF4")
_OURS = PatternFill("solid", fgColor="FFFFF3D6")
_WIDTHS = {"type": 24, "name": 22, "relevant": 32, "constraint": 32, "calculation": 32}


def workbook_of(sheets: dict[str, list[dict[str, str]]], headers: dict[str, list[str]]) -> bytes:
    """The file. Raises NotExpressible for a text that no cell can hold."""
    for name, rows in sheets.items():
        for row in rows:
            for text in row.values():
                _check(text, name)
    workbook = Workbook(write_only=True)
    for name, rows in sheets.items():
        used = {column for row in rows for column in row}
        shown = [header for header in headers[name] if header in used or _always(name, header)]
        sheet = workbook.create_sheet(name)
        sheet.freeze_panes = "C2"
        for place, header in enumerate(shown, start=1):
            width = _WIDTHS.get(header, 36 if header.startswith("label") else 18)
            sheet.column_dimensions[get_column_letter(place)].width = width
        sheet.append([_header(sheet, header) for header in shown])
        for row in rows:
            sheet.append([_cell(sheet, row.get(header, "")) for header in shown])
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _always(sheet: str, header: str) -> bool:
    """A label's column says that there is the language, even where no text is in it."""
    return (sheet, header.split("::", maxsplit=1)[0]) in {("survey", "label"), ("survey", "name")}


def _header(sheet: object, text: str) -> Cell:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font = Font(bold=True)
    cell.fill = _OURS if text.startswith("ms_") else _HEAD
    return cell


def _check(text: str, name: str) -> None:
    """Before anything is written, for a workbook that is begun must be ended."""
    if len(text) > LONGEST_CELL:
        raise NotExpressible(f"{name}: a text of {len(text)} characters is too long for a cell")
    if ILLEGAL_CHARACTERS_RE.search(text) or "\r" in text:
        raise NotExpressible(f"{name}: {text[:40]!a} holds a sign that no cell can hold")


def _cell(sheet: object, text: str) -> Cell | None:
    if not text:
        return None
    cell = WriteOnlyCell(sheet, value="text")
    cell.value = _ESCAPED.sub("_x005F_", text)
    cell.data_type = "s"  # also of what begins with "=", which is no formula here
    if "\n" in text:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
