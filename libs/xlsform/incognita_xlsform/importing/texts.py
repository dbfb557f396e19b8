"""Texts by language, and which languages a workbook has."""

from dataclasses import dataclass

from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row, Table
from incognita_xlsform.languages import language_name, language_tag

MESSAGES = ("constraint_message", "required_message")


@dataclass(frozen=True, slots=True)
class Languages:
    """The workbook's languages in order, and the one of columns that name none."""

    tags: tuple[str, ...]
    default: str

    def of(self, row: Row, column: str) -> dict[str, str]:
        """The row's texts, language tag → text."""
        given = row.texts.get(column, {})
        texts = {language or self.default: text for language, text in given.items()}
        return {tag: texts[tag] for tag in self.tags if tag in texts}

    def checked(self, table: Table, row: Row, column: str, found: Found) -> dict[str, str]:
        """The same, and says in which languages it is missing.

        A message must be there in each: a form would show a dash and no more.
        """
        texts = self.of(row, column)
        declared = self._declared(table, column)
        missing = [language_name(tag) for tag in declared if tag not in texts] if texts else []
        if missing:
            header = row.header(column)
            cause = f"is missing in {', '.join(missing)}"
            if column in MESSAGES:
                found.error(table.name, row.number, header, cause)
            else:
                cause += f": shown in {language_name(self.default)} there"
                found.warning(table.name, row.number, header, cause)
        return texts

    def _declared(self, table: Table, column: str) -> tuple[str, ...]:
        """Of a message all languages; of other texts those for which the sheet has a column."""
        if column in MESSAGES:
            return self.tags
        here = {each.language or self.default for each in table.columns if each.name == column}
        return tuple(tag for tag in self.tags if tag in here)


def languages_of(
    tables: dict[str, Table], default_cell: str, unnamed: str, found: Found
) -> Languages:
    """Those of the texts' columns. ``unnamed``: of a workbook that names no language at all."""
    tags = [
        language
        for name in ("survey", "choices", "stages", "settings")
        if name in tables
        for language in tables[name].languages()
    ]
    named = [tag for tag in dict.fromkeys(tags) if tag is not None]
    default = _default(default_cell, named, found)
    if default is None:
        default = unnamed if None in tags or not named else named[0]
        if None in tags:
            cause = f"no language is named: the texts are taken as {language_name(default)}"
            found.warning("settings", None, "default_language", cause)
    if None in tags or not named:
        named = (
            [default, *(tag for tag in named if tag != default)] if default not in named else named
        )
    elif default not in named:
        cause = f"{language_name(default)} has no column like label::{language_name(default)}"
        found.error("settings", None, "default_language", cause)
    _refuse_twice(tables, default, found)
    return Languages(tuple(named), default)


def _default(cell: str, named: list[str], found: Found) -> str | None:
    if not cell or cell.lower() == "default":
        return None
    tag = language_tag(cell)
    if tag is None and cell in named:
        return cell
    if tag is None:
        cause = f"the language {cell!r} is not known: write its tag too, {cell} (xx)"
        found.error("settings", 2, "default_language", cause)
    return tag


def _refuse_twice(tables: dict[str, Table], default: str, found: Found) -> None:
    """``label`` beside ``label::English (en)``, where English is the default."""
    for table in tables.values():
        bare = {each.name: each.header for each in table.columns if each.language is None}
        for column in table.columns:
            if (
                column.language == default
                and column.name in bare
                and table.is_translated(column.name)
            ):
                cause = f"means the same column as {bare[column.name]}"
                found.error(table.name, 1, column.header, cause)
