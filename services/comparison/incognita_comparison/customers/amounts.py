"""Amounts of money as people write them, exact."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from incognita_comparison.offline.cells import BadCell

UNITS = 10_000
"""An amount is kept in whole ten-thousandths of the file's currency, so that sums are exact."""
LARGEST = 10**11
SPACES = re.compile(r"[\s\u00a0\u202f']")
CURRENCY = re.compile(r"(?:USD|EUR|TRY|TL|RUB|руб\.?|р\.|[₺₽€$£])", re.IGNORECASE)
THREE = 3


class Mark(StrEnum):
    """What stands before the fraction. ``either``: each cell is read for itself."""

    POINT = "point"
    COMMA = "comma"
    EITHER = "either"


def mark_of(texts: Iterable[str]) -> Mark:
    """The decimal mark of a column, by the cells that can mean one thing only.

    "1,5" and "1.234,50" say comma, "1.5" and "1,234.50" say point; "1,234" and "1.234" say nothing.
    """
    found = {mark for text in texts if (mark := _mark_in(_bare(text))) is not None}
    return found.pop() if len(found) == 1 else Mark.EITHER


def units_of(text: str, mark: Mark) -> int:
    """The amount in ``UNITS``, half to even. Negative: a refund. Raises BadCell.

    With ``Mark.EITHER`` "1,234" is refused, for it may be either; "1.234" is how programs write it.
    """
    bare = _bare(text)
    if not bare:
        raise BadCell("empty")
    if bare.startswith("(") and bare.endswith(")"):  # how accountants write less than nothing
        bare = "-" + bare[1:-1]
    try:
        value = Decimal(_with_point(bare, mark))
    except InvalidOperation:
        raise BadCell(f"not an amount: {text.strip()[:40]!r}") from None
    if not value.is_finite():
        raise BadCell(f"not an amount: {text.strip()[:40]!r}")
    if abs(value) > LARGEST:
        raise BadCell(f"not a likely amount: {text.strip()[:40]!r}")
    return int((value * UNITS).to_integral_value())


def _bare(text: str) -> str:
    return CURRENCY.sub("", SPACES.sub("", text)).replace("\N{MINUS SIGN}", "-")


def _mark_in(bare: str) -> Mark | None:
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        return Mark.COMMA if comma > point else Mark.POINT
    place = max(comma, point)
    if place < 0 or bare.count(bare[place]) > 1 or len(bare) - place - 1 == THREE:
        return None
    return Mark.COMMA if comma >= 0 else Mark.POINT


def _with_point(bare: str, mark: Mark) -> str:
    if mark is Mark.EITHER:
        comma, point = bare.rfind(","), bare.rfind(".")
        if comma >= 0 and point < 0 and len(bare) - comma - 1 == THREE:
            raise BadCell(f"{bare!r} may be thousands or a fraction: say which by --decimal")
        mark = Mark.COMMA if comma > point else Mark.POINT
    if mark is Mark.COMMA:
        return bare.replace(".", "").replace(",", ".")
    return bare.replace(",", "")
