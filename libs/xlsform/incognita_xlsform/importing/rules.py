"""Cells that hold expressions, as the model's conditions."""

import re
from typing import Any

from incognita_xlsform.importing.cells import NO, YES
from incognita_xlsform.importing.exact import Exact
from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row
from incognita_xlsform.xpath.reading import XPathReader
from incognita_xlsform.xpath.relations import joined
from incognita_xlsform.xpath.scope import Untranslatable

SHEET = "survey"


class Rules:
    """Translates cells; what cannot be carried is an error at its cell."""

    def __init__(self, found: Found) -> None:
        self._found = found

    def condition(self, row: Row, column: str, reader: XPathReader) -> dict[str, Any] | bool | None:
        """The cell as a condition; None for an empty one, or after an error."""
        exact = Exact(row, self._found)
        if exact.has(column):
            rule: dict[str, Any] | bool = exact.value(column)
            return rule
        return self.translated(row, column, row.get(column), reader)

    def translated(
        self, row: Row, column: str, text: str, reader: XPathReader
    ) -> dict[str, Any] | bool | None:
        """Any expression of the row; None for an empty one, or after an error."""
        if not text:
            return None
        try:
            return reader.condition(text)
        except Untranslatable as error:
            self._found.error(SHEET, row.number, row.header(column), str(error))
            return None

    def calculation(self, row: Row, reader: XPathReader) -> Any:
        """The cell as a calculation; a plain value is a calculation that always gives it."""
        exact = Exact(row, self._found)
        if exact.has("calculation"):
            return exact.value("calculation")
        try:
            rule = reader.calculation(row.get("calculation")).rule
        except Untranslatable as error:
            self._found.error(SHEET, row.number, row.header("calculation"), str(error))
            return None
        if isinstance(rule, dict):
            return rule
        return {"cat": [rule]} if isinstance(rule, str) else {"if": [True, rule]}

    def required(self, row: Row, reader: XPathReader, *, asks: bool) -> dict[str, Any] | bool:
        """Whether it must be answered; what nobody answers is left at the model's default."""
        text = row.get("required").lower()
        exact = Exact(row, self._found)
        if exact.has("required"):
            rule: dict[str, Any] | bool = exact.value("required")
            return rule
        if not text:
            return not asks
        if text in YES:
            return True
        if text in NO:
            return False
        found = self.condition(row, "required", reader)
        return found if found is not None else True

    def relevant(
        self, row: Row, groups: tuple[Row, ...], reader: XPathReader, *, is_title: bool
    ) -> dict[str, Any] | bool | None:
        """The row's own relevance, and that of the groups around it within its section."""
        rows = groups if is_title else (*groups, row)
        rules = [self.condition(each, "relevant", reader) for each in rows]
        kept = [rule for rule in rules if rule is not None]
        if len(kept) <= 1:
            return kept[0] if kept else None
        whole: dict[str, Any] | bool = joined("and", kept).rule  # type: ignore[assignment]
        return whole


_DYNAMIC = re.compile(r"\$\{|\w\s*\(|^\.\.|^/")


def is_expression(text: str) -> bool:
    """Whether a default is reckoned, not written out."""
    return bool(_DYNAMIC.search(text))
