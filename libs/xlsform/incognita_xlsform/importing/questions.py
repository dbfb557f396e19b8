"""One row of the survey as a question of the model."""

from collections.abc import Iterator
from typing import Any

from incognita_shared.questionnaire.model import MEDIA_TYPES, QuestionType
from incognita_xlsform.columns import PLAIN_PRESENTATION, TRANSLATED_PRESENTATION
from incognita_xlsform.importing.cells import number_of, truth_of
from incognita_xlsform.importing.choices import ChoiceList
from incognita_xlsform.importing.evidence import BadEvidence, evidence_of
from incognita_xlsform.importing.exact import Exact
from incognita_xlsform.importing.filters import choice_rules
from incognita_xlsform.importing.form import Form, native_type
from incognita_xlsform.importing.headers import Row
from incognita_xlsform.importing.kinds import CHANGED, REFUSED, REPORTED
from incognita_xlsform.importing.ranges import range_of
from incognita_xlsform.importing.rules import SHEET, is_expression
from incognita_xlsform.importing.scoring import ScoringCells
from incognita_xlsform.importing.structure import DraftQuestion, DraftSection
from incognita_xlsform.importing.values import value_of
from incognita_xlsform.languages import word
from incognita_xlsform.names import fact_of
from incognita_xlsform.question_types import WITHOUT_INPUT
from incognita_xlsform.xpath.reading import XPathReader
from incognita_xlsform.xpath.scope import Untranslatable

Definition = dict[str, Any]
OTHER = "other"
WITHOUT_DEFAULT = (QuestionType.MULTIPLE_CHOICE, QuestionType.POSITION, *MEDIA_TYPES)
"""Types whose answer is no single value."""


class QuestionRows:
    """Makes questions of rows."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def read(self, draft: DraftQuestion, section: DraftSection) -> Iterator[Definition]:
        """The question, and after a choice "or other" the text that says which."""
        row, type_ = draft.row, native_type(draft)
        if fact_of(row.get("name")) is not None or not self._is_question(draft):
            return
        if type_ is None:
            kind = row.get("type")
            cause = REFUSED.get(draft.type.word, f"the type {kind!r} is not known")
            self._form.error(row, "type", cause)
            return
        if row.get("ms_type") and type_ != row.get("ms_type").lower():
            cause = f"{row.get('ms_type')!r} does not go with the type {row.get('type')!r}"
            self._form.error(row, "ms_type", cause)
        if draft.type.word in CHANGED:
            self._form.warning(row, "type", CHANGED[draft.type.word][1])
        reader = self._form.reader(section, draft)
        if draft.is_title:
            label = self._form.texts(row, "label")
            note: Definition = {"id": draft.id, "type": "note", "label": label}
            yield note | self._relevant(draft, reader)
            return
        yield self._question(draft, type_, reader)
        if draft.type.or_other:
            yield self._specify(draft)

    def _is_question(self, draft: DraftQuestion) -> bool:
        if draft.type.word not in REPORTED or draft.row.get("ms_type"):
            return True
        name = draft.type.word
        self._form.warning(
            draft.row, "type", f"{name} is not asked: a report says who made it and when"
        )
        return False

    def _question(
        self, draft: DraftQuestion, type_: QuestionType, reader: XPathReader
    ) -> Definition:
        row, form = draft.row, self._form
        choices = self._choices(draft, type_, reader)
        question: Definition = {
            "id": draft.id,
            "type": str(type_),
            "label": self._label(row, type_),
            "hint": form.texts(row, "hint"),
            "choices": choices,
            "required": form.rules.required(row, reader, asks=type_ not in WITHOUT_INPUT),
            "required_message": form.texts(row, "required_message"),
            "constraint": form.rules.condition(row, "constraint", reader),
            "constraint_message": form.texts(row, "constraint_message"),
            "presentation": self._presentation(row),
            "compares": row.get("ms_compares") or None,
            "visible_to_client": truth_of(SHEET, row, "ms_visible", form.found, default=True),
            "minimum": number_of(SHEET, row, "ms_minimum", form.found),
            "maximum": number_of(SHEET, row, "ms_maximum", form.found),
            "default": self._default(row, type_),
            "evidence": self._evidence(row, reader),
            "scoring": ScoringCells(row, form.found).read(
                type_, choices, form.texts(row, "ms_unit")
            ),
        }
        question |= self._relevant(draft, reader)
        if type_ is QuestionType.CALCULATED:
            question |= self._calculation(draft, reader)
        if draft.type.word == "range":
            question |= range_of(form, row, type_, question["presentation"])
        self._report_left_out(row)
        if any("${" in text for text in question["label"].values()):
            cause = "shows an answer within its text on phones with an ODK app, and nowhere else"
            self._form.warning(row, "label", cause)
        return question

    def _relevant(self, draft: DraftQuestion, reader: XPathReader) -> Definition:
        rules = self._form.rules
        rule = rules.relevant(draft.row, draft.groups, reader, is_title=draft.is_title)
        return {} if rule is None else {"relevant": rule}

    def _label(self, row: Row, type_: QuestionType) -> dict[str, str]:
        label = self._form.texts(row, "label")
        if label:
            return label
        name = {self._form.languages.default: row.get("name") or "?"}
        if type_ in WITHOUT_INPUT and type_ is not QuestionType.NOTE:
            return name
        self._form.warning(row, "label", "is missing: the question shows its name")
        return self._form.languages.of(row, "hint") or name

    def _choices(
        self, draft: DraftQuestion, type_: QuestionType, reader: XPathReader
    ) -> list[Definition]:
        row, name = draft.row, draft.type.list_name
        if not name:
            return []
        entry = self._form.lists.get(name)
        if entry is None:
            cause = f"the list {name} is not on the sheet choices"
            if name.startswith("${"):
                cause = f"choices from the repeat {name} cannot be carried"
            self._form.error(row, "type", cause)
            return []
        if type_ is QuestionType.BOOLEAN:
            if {choice["id"] for choice in entry.choices} != {"yes", "no"}:
                cause = f"a yes/no question has the choices yes and no, and the list {name} others"
                self._form.error(row, "type", cause)
            return []
        choices = self._filtered(row, entry, reader)
        if draft.type.or_other and OTHER not in entry.labels:
            label = {tag: word("other", tag) for tag in self._form.languages.tags}
            choices.append({"id": OTHER, "label": label})
        return choices

    def _filtered(self, row: Row, entry: ChoiceList, reader: XPathReader) -> list[Definition]:
        text = row.get("choice_filter")
        exact = Exact(row, self._form.found)
        if exact.has("choice_filter"):
            rules = exact.value("choice_filter")
            return [
                choice | ({"relevant": rules[choice["id"]]} if choice["id"] in rules else {})
                for choice in entry.choices
            ]
        if not text:
            return [dict(choice) for choice in entry.choices]
        items = [entry.item(each, self._form.choice_columns) for each in entry.rows]
        try:
            rules = choice_rules(text, items, reader)
        except Untranslatable as error:
            self._form.error(row, "choice_filter", str(error))
            return [dict(choice) for choice in entry.choices]
        return [
            choice | ({} if rule is True else {"relevant": rule})
            for choice, rule in zip(entry.choices, rules, strict=True)
        ]

    def _calculation(self, draft: DraftQuestion, reader: XPathReader) -> Definition:
        row = draft.row
        if draft.type.word not in ("calculate", "hidden"):
            cause = f"its value is reckoned, so the {draft.type.word} is not asked for"
            self._form.warning(row, "calculation", cause)
        if row.get("trigger"):
            self._form.warning(row, "trigger", "is not carried: the value is always reckoned")
        if row.get("calculation") or Exact(row, self._form.found).has("calculation"):
            rule = self._form.rules.calculation(row, reader)
            return {} if rule is None else {"calculation": rule}
        if row.get("default") and not is_expression(row.get("default")):
            return {"calculation": {"cat": [row.get("default")]}, "default": None}
        self._form.error(row, "calculation", "is missing: nobody answers this row")
        return {}

    def _default(self, row: Row, type_: QuestionType) -> Any:
        text = row.get("default")
        exact = Exact(row, self._form.found)
        if exact.has("default"):
            return exact.value("default")
        if not text:
            return None
        if is_expression(text) or type_ in WITHOUT_DEFAULT:
            why = (
                f"goes with no question of type {type_}"
                if type_ in WITHOUT_DEFAULT
                else "is reckoned"
            )
            cause = f"the default {text!r} {why}: the question begins empty"
            self._form.warning(row, "default", cause)
            return None
        try:
            return value_of(type_, text)
        except ValueError as error:
            self._form.error(row, "default", str(error))
            return None

    def _presentation(self, row: Row) -> dict[str, str]:
        found = {name: row.get(name) for name in PLAIN_PRESENTATION if row.get(name)}
        if "search(" in found.get("appearance", ""):
            self._form.error(row, "appearance", "choices by search() from a file cannot be carried")
        for column in TRANSLATED_PRESENTATION:
            for language, text in self._form.languages.of(row, column).items():
                found[f"{column}:{language}"] = text
            if column != "guidance_hint" and column in row.texts:
                cause = f"the file for {column} is not in the workbook: a phone does not show it"
                self._form.warning(row, column, cause)
        return found

    def _evidence(self, row: Row, reader: XPathReader) -> list[Definition]:
        exact = Exact(row, self._form.found)
        if exact.has("ms_evidence"):
            rules: list[Definition] = exact.value("ms_evidence")
            return rules

        def read(text: str) -> dict[str, Any] | bool | None:
            return self._form.rules.translated(row, "ms_evidence", text, reader)

        try:
            return evidence_of(row.get("ms_evidence"), read)
        except BadEvidence as error:
            self._form.error(row, "ms_evidence", str(error))
            return []

    def _specify(self, draft: DraftQuestion) -> Definition:
        path = {"var": f"answers.{draft.id}"}
        several = draft.type.native is QuestionType.MULTIPLE_CHOICE
        chosen = {"in": [OTHER, path]} if several else {"==": [path, OTHER]}
        label = {tag: word("specify_other", tag) for tag in self._form.languages.tags}
        return {
            "id": f"{draft.id}_other",
            "type": "text",
            "label": label,
            "relevant": chosen,
            "required": False,
        }

    def _report_left_out(self, row: Row) -> None:
        if row.get("repeat_count"):
            self._form.warning(row, "repeat_count", "means nothing on a question")
        if row.get("trigger") and not row.get("calculation"):
            self._form.warning(row, "trigger", "is not carried")
