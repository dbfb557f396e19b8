"""Which column a header means, in which language: XLSForm has many spellings."""

import re
from dataclasses import dataclass

from incognita_xlsform.columns import CHOICES, SETTINGS, STAGES, SURVEY
from incognita_xlsform.importing.found import Found
from incognita_xlsform.languages import language_tag
from incognita_xlsform.workbook.sheets import Line, Sheet

_ALIASES = {
    "relevance": "relevant", "bind::relevant": "relevant", "caption": "label", "command": "type",
    "tag": "name", "value": "name", "calculate": "calculation", "bind::calculate": "calculation",
    "bind::required": "required", "bind::constraint": "constraint", "readonly": "read_only",
    "bind::readonly": "read_only", "constraining_message": "constraint_message",
    "bind::jr:constraintmsg": "constraint_message", "jr:constraintmsg": "constraint_message",
    "requiredmsg": "required_message", "bind::jr:requiredmsg": "required_message",
    "jr:requiredmsg": "required_message", "jr:count": "repeat_count", "count": "repeat_count",
    "control::jr:count": "repeat_count", "control::appearance": "appearance",
    "body::appearance": "appearance", "media::image": "image", "media::audio": "audio",
    "media::video": "video", "media::big-image": "big-image", "list name": "list_name",
    "guidance hint": "guidance_hint", "big_image": "big-image", "set_form_title": "form_title",
    "set_form_id": "form_id", "title": "form_title", "id_string": "form_id",
}  # fmt: skip
_TRANSLATED = {
    "survey": {"label", "hint", "guidance_hint", "constraint_message", "required_message",
               "image", "big-image", "audio", "video", "ms_unit"},
    "choices": {"label", "image", "big-image", "audio", "video"},
    "settings": {"ms_title"},
    "stages": {"title"},
}  # fmt: skip
_PLAIN = {
    "survey": {header for header in SURVEY if "{}" not in header}
    | {"repeat_count", "trigger", "disabled"},
    "choices": {header for header in CHOICES if "{}" not in header},
    "settings": {header for header in SETTINGS if "{}" not in header},
    "stages": {header for header in STAGES if "{}" not in header},
}


@dataclass(frozen=True, slots=True)
class Column:
    """What a header means: ``name``, and the language's tag where it names one."""

    header: str
    name: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line with its columns by meaning."""

    number: int
    plain: dict[str, str]
    texts: dict[str, dict[str | None, str]]
    headers: dict[str, str]

    def get(self, column: str) -> str:
        """The cell's text; empty where there is none."""
        return self.plain.get(column, "")

    def header(self, column: str) -> str:
        """As the workbook spells the column."""
        return self.headers.get(column, column)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet whose headers are understood. ``others``: headers of columns nobody knows."""

    name: str
    rows: list[Row]
    columns: list[Column]
    others: list[str]

    def languages(self) -> list[str | None]:
        """Those of its headers, in order; None for headers that name none."""
        found = [column.language for column in self.columns if self.is_translated(column.name)]
        return list(dict.fromkeys(found))

    def is_translated(self, column: str) -> bool:
        """Whether the column has one cell a language."""
        return column in _TRANSLATED[self.name]


def table_of(sheet: Sheet, found: Found) -> Table:
    """The sheet with its columns by meaning; what a header may mean is looked up once."""
    columns: dict[str, Column] = {}
    others: list[str] = []
    taken: dict[tuple[str, str | None], str] = {}
    for header in sheet.headers:
        column = _column(sheet.name, header, found)
        if column is None:
            others.append(header)
        elif (column.name, column.language) in taken:
            first = taken[column.name, column.language]
            found.error(sheet.name, 1, header, f"means the same column as {first}")
        else:
            taken[column.name, column.language] = header
            columns[header] = column
    rows = [_row(line, columns, sheet.name) for line in sheet.lines]
    return Table(sheet.name, rows, list(columns.values()), others)


def _row(line: Line, columns: dict[str, Column], sheet: str) -> Row:
    plain: dict[str, str] = {}
    texts: dict[str, dict[str | None, str]] = {}
    headers: dict[str, str] = {}
    for header, text in line.cells.items():
        column = columns.get(header)
        if column is None:
            plain.setdefault(header, text.strip())
        elif column.name in _TRANSLATED[sheet]:
            texts.setdefault(column.name, {})[column.language] = text
            headers.setdefault(column.name, header)
        else:
            plain[column.name] = text
            headers[column.name] = header
    return Row(line.number, plain, texts, headers)


def _column(sheet: str, header: str, found: Found) -> Column | None:
    for name in (header.strip().lower(), _plain_name(header)):
        if name in _PLAIN[sheet] or name in _TRANSLATED[sheet]:
            return Column(header, name)
    base, language = _parted(header)
    if base in _TRANSLATED[sheet] and language:
        tag = language_tag(language)
        if tag is None:
            cause = f"the language {language!r} is not known: write its tag too, {language} (xx)"
            found.error(sheet, 1, header, cause)
        return Column(header, base, tag or language)
    return None


def _parted(header: str) -> tuple[str, str]:
    """``label::Turkish (tr)`` → label, Turkish (tr); one colon was once enough."""
    for sign in ("::", ":"):
        head, found, language = header.rpartition(sign)
        if found and head:
            for name in (head.strip().lower(), _plain_name(head)):
                if any(name in names for names in _TRANSLATED.values()):
                    return name, language.strip()
    return "", ""


def _plain_name(header: str) -> str:
    name = re.sub(r"\s*::\s*", "::", header.strip().lower())
    name = re.sub(r"^(bind|control|body|media):(?!:)", r"\1::", name)
    name = _ALIASES.get(name, name)
    joined = re.sub(r"[\s_]+", "_", name)
    return _ALIASES.get(joined, joined)
