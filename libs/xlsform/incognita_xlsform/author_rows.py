"""An author's workbook: everything in it, scoring in columns that begin with ``ms_``."""

from decimal import Decimal
from typing import Any

from incognita_shared.questionnaire.model import (
    NotApplicablePolicy,
    Question,
    QuestionType,
    Scoring,
    ScoringMethod,
    Section,
    Subject,
)
from incognita_shared.questionnaire.model.scoring import Band
from incognita_xlsform.evidence_cells import evidence_cell
from incognita_xlsform.form_rows import FormRows, Row, cell_of, naming
from incognita_xlsform.languages import language_name
from incognita_xlsform.question_types import is_range
from incognita_xlsform.xpath.writing import XPathWriter

BETWEEN = " | "


class AuthorRows(FormRows):
    """Rows that import as the questionnaire they came from."""

    def __init__(self, writer: XPathWriter) -> None:
        super().__init__(writer, scoring=True)

    def add_section(self, section: Section) -> None:
        """Adds the section with its questions."""
        self.survey.append(self.section_row(section) | _weighing(section))
        for question in section.questions:
            row = self.question_row(question, section)
            self.survey.append(_filled(row | self._typed(question) | self._scored(question)))
        self.survey.append(self.end_row(section))

    def settings(self) -> Row:
        """The settings sheet's only row."""
        questionnaire = self.questionnaire
        pass_mark = questionnaire.score.pass_mark
        titles = {
            f"ms_title::{language_name(language)}": text
            for language, text in questionnaire.title.items()
            if language != questionnaire.default_language
        }
        return super().settings() | titles | _filled({
            "ms_pass_mark": "" if pass_mark is None else str(pass_mark),
            "ms_decimals": str(questionnaire.score.decimals),
            "ms_scenarios": BETWEEN.join(questionnaire.scenarios),
        })  # fmt: skip

    def more_sheets(self) -> dict[str, list[Row]]:
        """The sheet ``stages``, if there are any."""
        rows = [
            {"id": stage.id, "channel": str(stage.channel)}
            | self.texts("title", stage.title)
            | _filled({
                "opens_after_days": _text(stage.opens_after_days),
                "due_after_days": _text(stage.due_after_days),
            })
            for stage in self.questionnaire.stages
        ]  # fmt: skip
        return {"stages": rows} if rows else {}

    def _typed(self, question: Question) -> Row:
        row = {}
        if question.type in (QuestionType.BOOLEAN, QuestionType.DURATION):
            row["ms_type"] = str(question.type)
        if question.type is QuestionType.RATING and not is_range(question):
            row["ms_type"] = "rating"
        if not is_range(question):
            row["ms_minimum"] = _text(question.minimum)
            row["ms_maximum"] = _text(question.maximum)
        return row

    def _scored(self, question: Question) -> Row:
        scoring = question.scoring
        row = _scoring(scoring) | self.texts("ms_unit", scoring.count.unit if scoring.count else {})
        row["ms_compares"] = question.compares or ""
        row["ms_visible"] = "" if question.visible_to_client else "no"
        if question.type is QuestionType.SINGLE_CHOICE or question.choices:
            row.setdefault("ms_method", "")
        if not row["ms_method"] and any(choice.points is not None for choice in question.choices):
            row["ms_method"] = str(ScoringMethod.NONE)
        if question.evidence:
            own = self.place_of(question, self.questionnaire.section_of[question.id])
            with naming(question.id, "evidence"):
                row["ms_evidence"] = evidence_cell(
                    question.evidence, lambda rule: self.writer.condition(rule, own)
                )
        return row


def _weighing(section: Section) -> Row:
    row = {"ms_weight": str(section.weight), "ms_stage": section.stage_id or ""}
    if section.not_applicable is not NotApplicablePolicy.EXCLUDE:
        row["ms_na_policy"] = str(section.not_applicable)
    if section.subject is not Subject.BRANCH:
        row["ms_subject"] = str(section.subject)
    if section.repeat:
        row["ms_aggregation"] = str(section.repeat.aggregation)
        row["ms_min_repeats"] = str(section.repeat.minimum)
        row["ms_max_repeats"] = str(section.repeat.maximum)
    return _filled(row)


def _scoring(scoring: Scoring) -> Row:
    default = Scoring()
    counts = scoring.method is not ScoringMethod.NONE
    row = {
        "ms_method": str(scoring.method) if scoring != default else "",
        "ms_points": str(scoring.points) if counts or scoring.points != 1 else "",
        "ms_expected": "" if scoring.expected is None else expected_cell(scoring.expected),
        "ms_bands": "; ".join(_band(band) for band in scoring.bands),
        "ms_critical": str(scoring.critical or ""),
        "ms_cap": _text(scoring.cap),
        "ms_bonus": "yes" if scoring.bonus else "",
        "ms_na": "yes" if scoring.not_applicable_allowed else "",
        "ms_indicator": str(scoring.indicator or ""),
        "ms_importance": str(scoring.importance) if scoring.importance != 1 else "",
    }
    if scoring.standard:
        row["ms_start"] = scoring.standard.start_question_id or ""
        row["ms_max_seconds"] = _text(scoring.standard.maximum_s)
        row["ms_min_seconds"] = _text(scoring.standard.minimum_s)
        row["ms_grace_seconds"] = _text(scoring.standard.grace_s or None)
    if scoring.count:
        row["ms_min_count"] = _text(scoring.count.minimum)
        row["ms_max_count"] = _text(scoring.count.maximum)
    return row


def expected_cell(expected: Any) -> str:
    """One value, or several with `` | `` between them."""
    values = expected if isinstance(expected, list) else [expected]
    return BETWEEN.join(cell_of(value) for value in values)


def _band(band: Band) -> str:
    return f"{_text(band.minimum)}..{_text(band.maximum)}={band.points}"


def _text(value: Decimal | int | None) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _filled(row: Row) -> Row:
    return {column: text for column, text in row.items() if text}
