"""From a row's cells to what the row says of its branch.

A blank cell says nothing: a new branch gets the default, a known one keeps what it has.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from incognita_assignment.attributes import MOST, fault_of, name_fault
from incognita_assignment.imports.columns import ATTRIBUTE, REQUIRED
from incognita_assignment.imports.report import LONGEST_VALUE, Problem, Severity
from incognita_assignment.imports.rows import Row
from incognita_assignment.opening_hours import parse_opening_hours
from incognita_assignment.time_zones import is_time_zone
from incognita_shared.values import Ownership

LONGEST_TEXT = {
    "store_id": 100, "name": 200, "address": 500, "city": 200, "region": 200, "postal_code": 20,
    "franchisee_id": 100, "franchisee_name": 200,
}  # fmt: skip
GEOFENCE_M = (10, 100_000)

_OWNERSHIP = {
    code: ownership
    for ownership, codes in {
        Ownership.FRANCHISE: "f fr franchise franchised franchisee",
        Ownership.COMPANY: "c co company company_owned corporate corp own owned",
        Ownership.LICENSED: "l ls lic licensed license licence licenced",
        Ownership.UNKNOWN: "u unknown n_a",
    }.items()
    for code in codes.split()
}
_YES = {"true", "t", "yes", "y", "1", "closed", "x"}
_NO = {"false", "f", "no", "n", "0", "open"}
_DEGREES = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,20})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}(?:[.,]0+)?", re.ASCII)


@dataclass(slots=True)
class Draft:
    """What one row says: its store, the fields it gives, and what is wrong with it."""

    row: Row
    store_id: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def rejected(self) -> bool:
        """Whether the row counts for nothing."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    def warn(self, column: str, cause: str, value: str = "") -> None:
        """Note something that the row is taken in spite of."""
        self._note(column, cause, value, Severity.WARNING)

    def reject(self, column: str, cause: str, value: str = "") -> None:
        """Note what the row is refused for; the first reason is enough."""
        if not self.rejected:
            self._note(column, cause, value, Severity.ERROR)

    def _note(self, column: str, cause: str, value: str, severity: Severity) -> None:
        shown = _shown(value)
        self.problems.append(
            Problem(self.row.number, self.row.line, column, cause, severity, shown)
        )


def read_row(row: Row) -> Draft:
    """Check every cell. The draft of a rejected row has one error and no fields to apply."""
    draft = Draft(row)
    if row.fault is not None:
        draft.reject(row.fault.field, row.fault.cause, row.fault.value)
        return draft
    cells = dict(_clean(row.cells, draft))
    if not draft.rejected:
        _texts(cells, draft)
        _ownership(cells, draft)
        _position(cells, draft)
        _time_zone(cells, draft)
        _rest(cells, draft)
        _attributes(draft)
    if draft.rejected:
        draft.problems = [each for each in draft.problems if each.severity is Severity.ERROR]
    return draft


def _clean(cells: Mapping[str, str], draft: Draft) -> Iterator[tuple[str, str]]:
    """One line without outer blanks; refuses what no text should hold."""
    for column, cell in cells.items():
        text = re.sub(r"\s*[\r\n]+\s*", ", ", cell.strip())
        bad = next((char for char in text if _unfit(char)), None)
        if bad is not None:
            named = "a NUL character" if bad == "\0" else f"the character U+{ord(bad):04X}"
            draft.reject(column, f"contains {named}", text)
        if "\ufffd" in text:
            draft.warn(column, "contains U+FFFD: a character was lost before this import", text)
        yield column, re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))


def _unfit(char: str) -> bool:
    return char != "\t" and unicodedata.category(char) in ("Cc", "Cs")


def _texts(cells: Mapping[str, str], draft: Draft) -> None:
    for column in REQUIRED:
        if not cells.get(column):
            draft.reject(column, "is blank")
    for column, longest in LONGEST_TEXT.items():
        text = cells.get(column, "")
        if len(text) > longest:
            draft.reject(column, f"{len(text)} characters; at most {longest}", text)
        elif text:
            draft.fields[column] = text
    draft.store_id = draft.fields.pop("store_id", "")


def _ownership(cells: Mapping[str, str], draft: Draft) -> None:
    text = cells.get("ownership")
    if text is None:
        return
    code = re.sub(r"[^a-z]+", "_", text.casefold()).strip("_")
    ownership = _OWNERSHIP.get(code)
    if ownership is not None:
        draft.fields["ownership"] = ownership
    elif text:
        codes = "F or franchise, C or company, LS or licensed"
        draft.warn("ownership", f"unknown code, taken as unknown; use {codes}", text)
        draft.fields["ownership"] = Ownership.UNKNOWN
    else:
        draft.warn("ownership", "is blank: unknown, or what it was before")


def _position(cells: Mapping[str, str], draft: Draft) -> None:
    """Without a usable position the branch is kept; where photos were taken can't be checked."""
    texts = cells.get("latitude"), cells.get("longitude")
    if texts == (None, None):
        return
    values = []
    for column, text, limit in zip(("latitude", "longitude"), texts, (90, 180), strict=True):
        value, cause = _degrees(text or "", limit)
        if value is None:
            draft.warn(column, f"{cause}: no position, or what it was before", text or "")
            return
        values.append(value)
    if values == [0.0, 0.0]:
        draft.warn("latitude", "0, 0 stands for no position: none, or what it was before", "0, 0")
        return
    draft.fields["position"] = {"latitude": values[0], "longitude": values[1], "accuracy_m": None}


def _degrees(text: str, limit: int) -> tuple[float | None, str]:
    if not text:
        return None, "is blank"
    if not _DEGREES.fullmatch(text):
        return None, "is not a number of degrees like 48.8566"
    value = float(text.replace(",", "."))
    if abs(value) > limit:
        return None, f"is beyond ±{limit} degrees"
    return value + 0.0, ""


def _time_zone(cells: Mapping[str, str], draft: Draft) -> None:
    text = cells.get("time_zone")
    if text and not is_time_zone(text):
        draft.reject("time_zone", "is not an IANA time zone like America/New_York", text)
    elif text:
        draft.fields["time_zone"] = text


def _rest(cells: Mapping[str, str], draft: Draft) -> None:
    if country := cells.get("country"):
        if re.fullmatch(r"[A-Za-z]{2}", country):
            draft.fields["country"] = country.upper()
        else:
            draft.warn("country", "is not a two-letter code (ISO 3166-1): left out", country)
    if radius := cells.get("geofence_m"):
        metres = int(re.split("[.,]", radius)[0]) if _WHOLE.fullmatch(radius) else -1
        if GEOFENCE_M[0] <= metres <= GEOFENCE_M[1]:
            draft.fields["geofence_m"] = metres
        else:
            cause = f"is not whole metres from {GEOFENCE_M[0]} to {GEOFENCE_M[1]:,}"
            draft.reject("geofence_m", cause, radius)
    if hours := cells.get("opening_hours"):
        try:
            draft.fields["opening_hours"] = parse_opening_hours(hours)
        except ValueError as error:
            draft.warn("opening_hours", f"left out: {error}", hours)
    if closed := cells.get("closed", "").casefold():
        if closed in _YES | _NO:
            draft.fields["closed"] = closed in _YES
        else:
            draft.reject("closed", "is neither true nor false", closed)


def _attributes(draft: Draft) -> None:
    """A blank one says nothing, so a file can't take an attribute away."""
    told = draft.row.attributes
    if len(told) > MOST:
        draft.reject("attributes", f"{len(told)} attributes; a branch has at most {MOST}")
    kept = {}
    for name, given in told.items():
        column = ATTRIBUTE + _shown(name)
        value = dict(_clean({column: given}, draft))[column] if isinstance(given, str) else given
        fault = name_fault(name) or fault_of(value)
        if fault:
            draft.reject(column, fault, str(given)[:LONGEST_VALUE])
        elif value != "":
            kept[name] = value
    if kept:
        draft.fields["attributes"] = kept


def _shown(value: str) -> str:
    """At most 80 characters that any reader can take."""
    fit = "".join("�" if _unfit(char) else char for char in value[: LONGEST_VALUE + 1])
    return fit if len(fit) <= LONGEST_VALUE else fit[: LONGEST_VALUE - 1] + "…"
