"""Single cells: scores and times as people write them."""

import math
import re
from datetime import UTC, datetime

SECONDS_A_DAY = 86_400.0
EARLIEST, LATEST = 1900, 2200
DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", re.DOTALL)
YEAR_SLASH = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(.*)", re.DOTALL)
DECIMAL_COMMA = re.compile(r"-?\d+,\d+")


class BadCell(ValueError):
    """The message says what is wrong."""


def score_of(text: str, lowest: float, highest: float) -> float:
    """Points from 0 to 100 of a score on a scale; a decimal comma and a percent sign are fine."""
    bare = text.strip().removesuffix("%").strip().replace("\N{NO-BREAK SPACE}", "")
    if not bare:
        raise BadCell("empty")
    if DECIMAL_COMMA.fullmatch(bare):
        bare = bare.replace(",", ".")
    try:
        value = float(bare)
    except ValueError:
        raise BadCell(f"not a number: {_short(text)}") from None
    if not math.isfinite(value):
        raise BadCell(f"not a number: {_short(text)}")
    if not lowest <= value <= highest:
        raise BadCell(f"{_short(text)} is outside {lowest:g} to {highest:g}")
    return 100.0 * (value - lowest) / (highest - lowest)


def days_of(text: str, date_format: str | None = None) -> float:
    """Days since 1970: ISO 8601, 2026/01/31, 31.01.2026, or as ``date_format`` says."""
    bare = text.strip()
    if not bare:
        raise BadCell("empty")
    try:
        when = datetime.strptime(bare, date_format) if date_format else _read(bare)  # noqa: DTZ007
    except (ValueError, OverflowError):
        raise BadCell(f"not a date: {_short(text)}") from None
    if not EARLIEST <= when.year <= LATEST:
        raise BadCell(f"not a likely date: {_short(text)}")
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return when.timestamp() / SECONDS_A_DAY


def _read(bare: str) -> datetime:
    if match := DAY_FIRST.fullmatch(bare):
        day, month, year, rest = match.groups()
        bare = f"{year}-{int(month):02}-{int(day):02}{rest}"
    elif match := YEAR_SLASH.fullmatch(bare):
        year, month, day, rest = match.groups()
        bare = f"{year}-{int(month):02}-{int(day):02}{rest}"
    return datetime.fromisoformat(bare)


def _short(text: str) -> str:
    cut = text.strip()
    return repr(cut if len(cut) <= 40 else cut[:40] + "…")  # noqa: PLR2004 - enough to find it by
