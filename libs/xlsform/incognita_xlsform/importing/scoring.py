"""The scoring columns of a question."""

import re
from typing import Any

from incognita_shared.questionnaire.model import (
    CriticalEffect,
    Indicator,
    QuestionType,
    ScoringMethod,
)
from incognita_xlsform.importing.cells import number_of, plain_number, truth_of, word_of
from incognita_xlsform.importing.exact import Exact
from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row
from incognita_xlsform.importing.values import value_of

SHEET = "survey"
COLUMNS = (
    "ms_method", "ms_points", "ms_expected", "ms_bands", "ms_start", "ms_max_seconds",
    "ms_min_seconds", "ms_grace_seconds", "ms_max_count", "ms_min_count", "ms_critical", "ms_cap",
    "ms_bonus", "ms_na", "ms_indicator", "ms_importance",
)  # fmt: skip
LONGEST_BAND = 200
_BAND = re.compile(
    r"\s*(?P<low>[^.=;]*(?:\.\d+)?)\s*\.\.\s*(?P<high>[^=;]*?)\s*=\s*(?P<points>[^;]+?)\s*"
)


class ScoringCells:
    """Reads one question's scoring."""

    def __init__(self, row: Row, found: Found) -> None:
        self._row = row
        self._found = found

    def read(
        self, type_: QuestionType, choices: list[dict[str, Any]], unit: dict[str, str]
    ) -> dict[str, Any]:
        """The model's ``scoring``, without what is left at its default."""
        row = self._row
        scoring: dict[str, Any] = {
            "expected": self._expected(type_),
            "bands": self._bands(),
            "standard": self._standard(),
            "count": self._count(unit),
            "critical": word_of(SHEET, row, "ms_critical", self._found, CriticalEffect),
            "cap": self._number("ms_cap"),
            "indicator": word_of(SHEET, row, "ms_indicator", self._found, Indicator),
            "importance": self._number("ms_importance"),
            "bonus": truth_of(SHEET, row, "ms_bonus", self._found, default=False) or None,
            "not_applicable_allowed": truth_of(SHEET, row, "ms_na", self._found, default=False)
            or None,
        }
        scoring = {field: value for field, value in scoring.items() if value not in (None, [])}
        scoring["method"] = self._method(scoring, choices)
        points = self._points(scoring, type_, choices)
        if points is not None:
            scoring["points"] = points
        return scoring

    def _number(self, column: str) -> str | None:
        return number_of(SHEET, self._row, column, self._found)

    def _method(self, scoring: dict[str, Any], choices: list[dict[str, Any]]) -> str:
        """The method named, or the one that the other columns are for."""
        named = word_of(SHEET, self._row, "ms_method", self._found, ScoringMethod)
        if named:
            return named
        for field, method in (
            ("expected", ScoringMethod.EXPECTED_VALUE),
            ("bands", ScoringMethod.BANDS),
            ("standard", ScoringMethod.TIMED_STANDARD),
            ("count", ScoringMethod.COUNTED_STANDARD),
        ):
            if field in scoring:
                return str(method)
        if any("points" in choice for choice in choices):
            return str(ScoringMethod.CHOICE_POINTS)
        if self._row.get("ms_points"):
            cause = "has points, but nothing says what earns them: ms_expected, ms_bands, …"
            self._found.error(SHEET, self._row.number, self._row.header("ms_points"), cause)
        return str(ScoringMethod.NONE)

    def _points(
        self, scoring: dict[str, Any], type_: QuestionType, choices: list[dict[str, Any]]
    ) -> str | float | None:
        """Those named, or what the best answer earns."""
        if self._row.get("ms_points"):
            return self._number("ms_points")
        if scoring["method"] == ScoringMethod.CHOICE_POINTS:
            gains = [float(each["points"]) for each in choices if "points" in each]
            gains = [gain for gain in gains if gain > 0]
            several = type_ is QuestionType.MULTIPLE_CHOICE
            return str(sum(gains) if several else max(gains, default=0))
        if scoring["method"] == ScoringMethod.BANDS and scoring.get("bands"):
            return str(max(float(band["points"]) for band in scoring["bands"]))
        return None

    def _expected(self, type_: QuestionType) -> Any:
        text = self._row.get("ms_expected")
        exact = Exact(self._row, self._found)
        if exact.has("ms_expected"):
            return exact.value("ms_expected")
        if not text:
            return None
        choices = (QuestionType.SINGLE_CHOICE, QuestionType.MULTIPLE_CHOICE)
        parts = text.replace("|", " ").split() if type_ in choices else text.split("|")
        try:
            values = [value_of(type_, part.strip()) for part in parts]
        except ValueError as error:
            header = self._row.header("ms_expected")
            self._found.error(SHEET, self._row.number, header, str(error))
            return None
        return values if len(values) > 1 or type_ is QuestionType.MULTIPLE_CHOICE else values[0]

    def _bands(self) -> list[dict[str, str]]:
        bands: list[dict[str, str]] = []
        for part in self._row.get("ms_bands").split(";"):
            if not part.strip():
                continue
            match = _BAND.fullmatch(part.strip()) if len(part) <= LONGEST_BAND else None
            ends = match and [match["low"].strip(), match["high"].strip(), match["points"]]
            numbers = ends and [plain_number(end) if end else "" for end in ends]
            if not numbers or None in numbers or not numbers[2]:
                cause = (
                    f"{part.strip()[:80]!r} is no band: write them like 0..30=10; 30..60=5; 60..=0"
                )
                header = self._row.header("ms_bands")
                self._found.error(SHEET, self._row.number, header, cause)
                continue
            fields = zip(("minimum", "maximum", "points"), numbers, strict=True)
            bands.append({field: number for field, number in fields if number})
        return bands

    def _standard(self) -> dict[str, Any] | None:
        start = self._row.get("ms_start").removeprefix("${").removesuffix("}").strip()
        standard = {
            "start_question_id": start or None,
            "maximum_s": self._number("ms_max_seconds"),
            "minimum_s": self._number("ms_min_seconds"),
            "grace_s": self._number("ms_grace_seconds"),
        }
        return {field: value for field, value in standard.items() if value is not None} or None

    def _count(self, unit: dict[str, str]) -> dict[str, Any] | None:
        count: dict[str, Any] = {
            "maximum": self._number("ms_max_count"),
            "minimum": self._number("ms_min_count"),
            "unit": unit or None,
        }
        return {field: value for field, value in count.items() if value is not None} or None
