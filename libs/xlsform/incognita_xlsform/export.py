"""A questionnaire as the sheets of an XLSForm workbook: an author's, or a device's form.

With ``scoring`` the workbook is the author's: all of the questionnaire is in it, and importing it
gives the same questionnaire. Without, it is what a shopper's phone may have: no ``ms_`` column,
ranges folded into constraints, fields for evidence and for "does not apply" (``names.field_of``
tells what each field holds), texts of a language that lacks them in the default language.
"""

from collections.abc import Mapping
from typing import Any

from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.author_rows import AuthorRows
from incognita_xlsform.device_rows import DeviceRows
from incognita_xlsform.exactness import add_exact
from incognita_xlsform.names import fact_name
from incognita_xlsform.xpath.writing import XPathWriter

Row = dict[str, str]
Sheets = dict[str, list[Row]]


def sheets_of(
    questionnaire: Questionnaire,
    *,
    scoring: bool,
    constants: Context | None = None,
    stage_id: str | None = None,
    answers: Mapping[str, Any] | None = None,
) -> Sheets:
    """The rows of the sheets survey, choices and settings (and stages, for authors).

    ``constants`` are written into the conditions in place of branch and visit. ``stage_id`` keeps
    that stage's sections and those of no stage; conditions then know of the others what ``answers``
    says. Raises NotExpressible, which names the question and what a form cannot say.
    """
    kept = frozenset(
        section.id
        for section in questionnaire.sections
        if stage_id is None or section.stage_id in (None, stage_id)
    )
    writer = XPathWriter(questionnaire, constants, kept, answers or {})
    rows = AuthorRows(writer) if scoring else DeviceRows(writer)
    for section in questionnaire.sections:
        if section.id in kept:
            rows.add_section(section)
    sheets = {
        "survey": [*_facts(writer), *rows.survey],
        "choices": rows.lists.rows,
        "settings": [rows.settings()],
        **rows.more_sheets(),
    }
    if scoring:
        add_exact(questionnaire, sheets)
    return sheets


def _facts(writer: XPathWriter) -> list[Row]:
    """Hidden fields for what conditions ask of branch and visit, where nobody has said it yet."""
    return [
        {"type": "calculate", "name": fact_name(path), "calculation": "''"}
        for path in sorted(writer.facts)
    ]
