"""The sections of a survey, and the rows from which each part of them came."""

from dataclasses import dataclass, field
from typing import Any

from incognita_shared.questionnaire.model import Aggregation, NotApplicablePolicy, Subject
from incognita_xlsform.importing.cells import number_of, whole_number_of, word_of
from incognita_xlsform.importing.form import Form
from incognita_xlsform.importing.headers import Row
from incognita_xlsform.importing.questions import QuestionRows
from incognita_xlsform.importing.rules import SHEET
from incognita_xlsform.importing.structure import DraftQuestion, DraftSection
from incognita_xlsform.xpath.relations import joined

Definition = dict[str, Any]


@dataclass(slots=True)
class Sections:
    """Definitions for the model; ``rows``: section → its row, and those of its questions."""

    definitions: list[Definition] = field(default_factory=list)
    rows: list[tuple[Row | None, list[DraftQuestion]]] = field(default_factory=list)


def sections_of(form: Form, drafts: list[DraftSection], title: dict[str, str]) -> Sections:
    """All sections with their questions."""
    sections = Sections()
    questions = QuestionRows(form)
    for draft in drafts:
        found: list[Definition] = []
        rows: list[DraftQuestion] = []
        for question in draft.questions:
            made = list(questions.read(question, draft))
            found += made
            rows += [question] * len(made)
        if found:
            sections.definitions.append(_section(form, draft, title) | {"questions": found})
            sections.rows.append((draft.row, rows))
    return sections


def _section(form: Form, draft: DraftSection, title: dict[str, str]) -> Definition:
    row = draft.row
    if row is None:
        return {"id": draft.id, "title": title}
    section: Definition = {"id": draft.id, "title": _title(form, row)}
    reader = form.reader(draft)
    rules = [form.rules.condition(each, "relevant", reader) for each in (*draft.groups, row)]
    kept = [rule for rule in rules if rule is not None]
    if kept:
        section["relevant"] = kept[0] if len(kept) == 1 else joined("and", kept).rule
    section |= {
        "weight": number_of(SHEET, row, "ms_weight", form.found),
        "stage_id": row.get("ms_stage") or None,
        "subject": word_of(SHEET, row, "ms_subject", form.found, Subject),
        "not_applicable": word_of(SHEET, row, "ms_na_policy", form.found, NotApplicablePolicy),
        "repeat": _repeat(form, row) if draft.repeats else None,
    }
    _report_left_out(form, row)
    return {name: value for name, value in section.items() if value is not None}


def _title(form: Form, row: Row) -> dict[str, str]:
    title = form.texts(row, "label")
    if title:
        return title
    form.warning(row, "label", "is missing: the section shows its name")
    return {form.languages.default: row.get("name") or "?"}


def _repeat(form: Form, row: Row) -> Definition:
    repeat: Definition = {
        "aggregation": word_of(SHEET, row, "ms_aggregation", form.found, Aggregation),
        "minimum": whole_number_of(SHEET, row, "ms_min_repeats", form.found),
        "maximum": whole_number_of(SHEET, row, "ms_max_repeats", form.found),
    }
    count = row.get("repeat_count")
    if count.isdecimal():
        repeat["minimum"] = repeat["maximum"] = int(count)
    elif count:
        cause = f"the count {count!r} is not enforced: the shopper adds as many as there are"
        form.warning(row, "repeat_count", cause)
    return {name: value for name, value in repeat.items() if value is not None}


def _report_left_out(form: Form, row: Row) -> None:
    for column in ("appearance", "parameters", "read_only", "trigger"):
        if row.get(column):
            form.warning(row, column, f"{row.get(column)!r} of a group is not carried")
    for column in ("hint", "guidance_hint", "image", "big-image", "audio", "video"):
        if column in row.texts:
            form.warning(row, column, f"the {column} of a group is not carried")
    for column in ("constraint", "required", "calculation", "default", "choice_filter"):
        if row.get(column) and row.get(column).lower() not in ("no", "false", "false()"):
            form.error(row, column, f"means nothing on a group: {row.get(column)!r}")
