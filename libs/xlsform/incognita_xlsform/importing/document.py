"""The whole workbook as a questionnaire, with everything found on the way."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from incognita_shared.questionnaire.check import check_questionnaire
from incognita_shared.questionnaire.check.form import MOST_QUESTIONS
from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.importing.choices import lists_of
from incognita_xlsform.importing.form import Form, scope_of
from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Table, table_of
from incognita_xlsform.importing.places import Places
from incognita_xlsform.importing.rules import Rules
from incognita_xlsform.importing.sections import Sections, sections_of
from incognita_xlsform.importing.settings import (
    KNOWN_SETTINGS,
    settings_of,
    settings_row,
    stages_of,
)
from incognita_xlsform.importing.structure import Structure
from incognita_xlsform.importing.texts import languages_of
from incognita_xlsform.workbook.sheets import Book

NO_POINTS = "no question with points"
MOST_CHOICES = 40_000
"""As many as a form has that no phone can show any more; each is checked by itself."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the sheets say, as the model takes it, and where each part of it came from."""

    definition: dict[str, Any]
    sections: Sections
    form: Form


def read_document(
    book: Book, found: Found, *, file_name: str, language: str
) -> Questionnaire | None:
    """The questionnaire, as far as it could be made: ``found`` says whether it is sound."""
    draft = read_draft(book, found, file_name=file_name, language=language)
    if draft is None:
        return None
    choices = sum(
        len(question.get("choices", ()))
        for section in draft.definition["sections"]
        for question in section["questions"]
    )
    if choices > MOST_CHOICES:
        cause = f"its questions have {choices:,} choices together, more than {MOST_CHOICES:,}"
        found.error("survey", None, None, cause)
        return None
    return _checked(draft)


def read_draft(book: Book, found: Found, *, file_name: str, language: str) -> Draft | None:
    """Reads the sheets; None where there is nothing to read."""
    if "survey" not in book:
        found.error(None, None, None, "has no sheet named survey")
        return None
    tables = {name: table_of(sheet, found) for name, sheet in book.items()}
    for column in ("type", "name"):
        if column not in {each.name for each in tables["survey"].columns}:
            found.error("survey", 1, column, "the column is missing")
            return None
    settings = settings_row(tables.get("settings"), found)
    languages = languages_of(tables, settings.get("default_language"), language, found)
    lists = lists_of(tables.get("choices"), languages, found)
    others = tables["choices"].others if "choices" in tables else []
    drafts = Structure(found).read(tables["survey"].rows)
    count = sum(len(draft.questions) for draft in drafts)
    if count > MOST_QUESTIONS:
        cause = f"has {count:,} questions, more than {MOST_QUESTIONS:,}"
        found.error("survey", None, None, cause)
        return None
    form = Form(
        tables["survey"], languages, lists, others, scope_of(drafts, lists), found, Rules(found)
    )
    definition = settings_of(settings, languages, found, file_name)
    sections = sections_of(form, drafts, definition["title"])
    definition |= {
        "languages": list(languages.tags),
        "default_language": languages.default,
        "stages": stages_of(tables.get("stages"), languages, found),
        "sections": sections.definitions,
    }
    _report_left_out(tables, form)
    if not sections.definitions and not found.refused:
        found.error("survey", None, None, "has no question")
    return Draft(definition, sections, form)


def _checked(draft: Draft) -> Questionnaire | None:
    definition, form = draft.definition, draft.form
    places = Places(draft.sections, form)
    try:
        questionnaire = Questionnaire.model_validate(definition)
    except ValidationError as error:
        if not form.found.refused or definition["sections"]:
            for each in error.errors():
                places.report(each["loc"], each["msg"])
        return None
    for problem in check_questionnaire(questionnaire):
        if problem.cause.startswith(NO_POINTS):
            cause = "nothing has points yet: it can be published when some question has"
            form.found.warning("survey", None, None, cause)
        else:
            places.report(tuple(problem.path.split(".")), problem.cause)
    return questionnaire


def _report_left_out(tables: dict[str, Table], form: Form) -> None:
    """Columns that nobody knows, and choice lists that no question uses."""
    used = {
        word
        for row in form.survey.rows
        for cell in (row.get("type"), row.get("choice_filter"))
        for word in cell.replace("(", " ").split()
    }
    filters = " ".join(row.get("choice_filter") for row in form.survey.rows)
    for name, table in tables.items():
        for header in table.others:
            if header.lower().startswith("ms_"):
                form.found.error(
                    name, 1, header, "is no column of ours: see the list of ms_ columns"
                )
            elif not (name == "choices" and header in filters) and name != "settings":
                form.found.warning(name, 1, header, f"the column {header} is not carried")
            elif name == "settings" and header.lower().replace(" ", "_") not in KNOWN_SETTINGS:
                form.found.warning(name, 1, header, f"the setting {header} is not carried")
    for name in form.lists:
        if name not in used:
            row = form.lists[name].rows[0]
            form.found.warning(
                "choices", row.number, "list_name", f"no question uses the list {name}"
            )
