"""Fills ``ms_exact``: the exported sheets are read back, and what would change is kept as it was.

So the round trip is exact by construction, whatever XPath or a cell's few words cannot tell apart.
"""

import json
from typing import Any

from pydantic import ValidationError

from incognita_shared.questionnaire.model import EvidenceRule, Question, Questionnaire
from incognita_xlsform.columns import headers_of
from incognita_xlsform.importing.document import read_draft
from incognita_xlsform.importing.exact import COLUMN, exact_cell
from incognita_xlsform.importing.found import Found
from incognita_xlsform.languages import language_name
from incognita_xlsform.names import form_name
from incognita_xlsform.workbook.sheets import book_of

Row = dict[str, str]


def add_exact(questionnaire: Questionnaire, sheets: dict[str, list[Row]]) -> None:
    """Adds the cells to the rows of the survey."""
    names = [language_name(language) for language in questionnaire.languages]
    headers = {sheet: headers_of(sheet, names) for sheet in sheets}
    default = questionnaire.default_language
    draft = read_draft(book_of(sheets, headers), Found(), file_name="", language=default)
    read: dict[str, dict[str, Any]] = {}
    for section in draft.sections.definitions if draft else []:
        read[section["id"]] = section
        read |= {question["id"]: question for question in section["questions"]}
    rows = {row["name"]: row for row in sheets["survey"] if "name" in row}
    for each in questionnaire.sections:
        row = rows[form_name(each.id)]
        changed = _changed({"relevant": each.relevant}, read.get(each.id, {}))
        _keep(row, changed)
        for question in each.questions:
            found = read.get(question.id, {})
            _keep(rows[form_name(question.id)], _changed_of(question, found))


def _changed_of(question: Question, found: dict[str, Any]) -> dict[str, Any]:
    changed = _changed(
        {
            "relevant": question.relevant,
            "constraint": question.constraint,
            "calculation": question.calculation,
            "required": question.required,
            "default": question.default,
        },
        found,
    )
    expected = found.get("scoring", {}).get("expected")
    if not _same(question.scoring.expected, expected):
        changed["ms_expected"] = question.scoring.expected
    if not _same_evidence(question, found.get("evidence", [])):
        changed["ms_evidence"] = [
            rule.model_dump(mode="json", exclude_defaults=True) for rule in question.evidence
        ]
    filters = _filters([choice.model_dump() for choice in question.choices])
    if not _same(filters, _filters(found.get("choices", []))):
        changed["choice_filter"] = filters
    return changed


def _changed(fields: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if not _same(value, found.get(name))}


def _filters(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        choice["id"]: choice["relevant"] for choice in choices if choice.get("relevant") is not None
    }


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three things."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _same_evidence(question: Question, found: list[dict[str, Any]]) -> bool:
    try:
        rules = [EvidenceRule.model_validate(rule) for rule in found]
    except ValidationError:
        return False
    given = [rule.model_dump(mode="json") for rule in question.evidence]
    return _same(given, [rule.model_dump(mode="json") for rule in rules])


def _keep(row: Row, changed: dict[str, Any]) -> None:
    values = {
        column: {"cell": row.get(column, ""), "is": value} for column, value in changed.items()
    }
    if values:
        row[COLUMN] = exact_cell(values)
