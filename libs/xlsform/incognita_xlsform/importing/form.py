"""What the parts of an import share: the tables, the languages, the names."""

from dataclasses import dataclass

from incognita_shared.questionnaire.model import QuestionType
from incognita_xlsform.importing.choices import ChoiceList
from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row, Table
from incognita_xlsform.importing.kinds import REPORTED
from incognita_xlsform.importing.rules import Rules
from incognita_xlsform.importing.structure import DraftQuestion, DraftSection
from incognita_xlsform.importing.texts import Languages
from incognita_xlsform.xpath.reading import XPathReader
from incognita_xlsform.xpath.scope import Declared, Scope, Value

CALCULABLE = (
    QuestionType.TEXT,
    QuestionType.INTEGER,
    QuestionType.DECIMAL,
    QuestionType.DATE,
    QuestionType.TIME,
    QuestionType.MOMENT,
    QuestionType.NOTE,
)
"""Types that are only shown where a calculation fills them in."""

FITTING = {
    "boolean": (QuestionType.SINGLE_CHOICE,),
    "duration": (QuestionType.INTEGER, QuestionType.DECIMAL),
    "rating": (QuestionType.INTEGER, QuestionType.RATING),
}
"""``ms_type`` → the types that a form asks it as."""


@dataclass(frozen=True)
class Form:
    """One workbook while it is read."""

    survey: Table
    languages: Languages
    lists: dict[str, ChoiceList]
    choice_columns: list[str]
    scope: Scope
    found: Found
    rules: Rules

    def texts(self, row: Row, column: str) -> dict[str, str]:
        """The row's texts, language tag → text; says where some are missing."""
        return self.languages.checked(self.survey, row, column, self.found)

    def error(self, row: Row, column: str, cause: str) -> None:
        """Something at a cell of the survey that refuses the workbook."""
        self.found.error("survey", row.number, row.header(column), cause)

    def warning(self, row: Row, column: str, cause: str) -> None:
        """Something at a cell of the survey that is not carried."""
        self.found.warning("survey", row.number, row.header(column), cause)

    def reader(self, section: DraftSection, question: DraftQuestion | None = None) -> XPathReader:
        """Reads the rules of that section, or of one of its questions."""
        reader = XPathReader(self.scope, within=section.id if section.repeats else None)
        return reader.of(declared(section, question, self.lists)) if question else reader


def declared(
    section: DraftSection, question: DraftQuestion, lists: dict[str, ChoiceList]
) -> Declared:
    """The question as expressions know it."""
    entry = lists.get(question.type.list_name)
    return Declared(
        question.id,
        native_type(question),
        section.id if section.repeats else None,
        entry.labels if entry else {},
        question.row.get("calculation") or question.row.get("default"),
        question.type.word in ("acknowledge", "trigger"),
    )


def scope_of(sections: list[DraftSection], lists: dict[str, ChoiceList]) -> Scope:
    """The names of all questions, and of the sections that repeat."""
    scope = Scope()
    for section in sections:
        if section.repeats and section.row is not None:
            scope.declare(section.row.get("name"), Declared(section.id, None))
        for question in section.questions:
            if native_type(question) is not None and not question.is_title:
                scope.declare(question.row.get("name"), declared(section, question, lists))
            if question.type.or_other:
                other = Declared(f"{question.id}_other", QuestionType.TEXT)
                scope.declare(f"{question.row.get('name')}_other", other)
            if question.type.word in REPORTED:
                scope.report(question.row.get("name"), question.type.word)

    def read(what: Declared) -> Value:
        return XPathReader(scope, within=what.section).calculation(what.calculation)

    scope.read_calculation = read
    return scope


def native_type(question: DraftQuestion) -> QuestionType | None:
    """The type of the model, with what ``ms_type`` says; None for rows that ask nothing."""
    type_ = question.type.native
    named = question.row.get("ms_type").lower()
    if type_ in FITTING.get(named, ()):
        return QuestionType(named)
    if type_ in CALCULABLE and question.row.get("calculation"):
        return QuestionType.CALCULATED
    if question.type.word == "range" and "." in question.row.get("parameters"):
        return QuestionType.DECIMAL
    return type_
