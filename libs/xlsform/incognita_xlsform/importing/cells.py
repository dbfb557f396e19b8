"""Single cells: numbers, yes and no, words of a set."""

import re
from collections.abc import Iterable

from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row

_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?")
YES = ("yes", "true", "true()", "1", "oui", "evet", "да")
NO = ("no", "false", "false()", "0", "non", "hayır", "нет")


def plain_number(text: str) -> str | None:
    """The number with a decimal point, as text; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    return found[0].replace(",", ".").lstrip("+") if found else None


def number_of(sheet: str, row: Row, column: str, found: Found) -> str | None:
    """The cell's number as text, exact; None for an empty cell."""
    text = row.get(column)
    if not text:
        return None
    number = plain_number(text)
    if number is None:
        found.error(sheet, row.number, row.header(column), f"{text!r} is no number")
    return number


def whole_number_of(sheet: str, row: Row, column: str, found: Found) -> int | None:
    """The cell's whole number; None for an empty cell."""
    number = number_of(sheet, row, column, found)
    if number is None:
        return None
    if float(number) != int(float(number)):
        found.error(sheet, row.number, row.header(column), f"{number} is no whole number")
        return None
    return int(float(number))


def truth_of(sheet: str, row: Row, column: str, found: Found, *, default: bool) -> bool:
    """The cell's yes or no."""
    text = row.get(column).lower()
    if not text:
        return default
    if text not in YES + NO:
        found.error(sheet, row.number, row.header(column), f"is yes or no, not {text!r}")
    return text in YES


def word_of(sheet: str, row: Row, column: str, found: Found, allowed: Iterable[str]) -> str | None:
    """The cell's word, one of those allowed; None for an empty cell."""
    text = row.get(column).lower().replace(" ", "_")
    if not text:
        return None
    if text not in (words := list(allowed)):
        cause = f"is one of {', '.join(words)}, not {row.get(column)!r}"
        found.error(sheet, row.number, row.header(column), cause)
        return None
    return text
