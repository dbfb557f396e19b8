"""What the rows of an author's workbook and of a device's form have alike."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from incognita_shared.questionnaire.model import Question, QuestionType, Section
from incognita_xlsform.choice_lists import ChoiceLists, choice_filter
from incognita_xlsform.columns import TRANSLATED_PRESENTATION
from incognita_xlsform.languages import language_name
from incognita_xlsform.names import form_name, id_of
from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.question_types import TYPES, WITHOUT_INPUT, is_range, range_parameters
from incognita_xlsform.texts import translated
from incognita_xlsform.xpath.terms import Kind, Term, kind_of, truth
from incognita_xlsform.xpath.writing import Place, XPathWriter

Row = dict[str, str]


@contextmanager
def naming(question_or_section: str, field: str) -> Iterator[None]:
    """Names the part of the questionnaire that a form cannot say."""
    try:
        yield
    except NotExpressible as error:
        raise NotExpressible(f"{question_or_section}, {field}: {error}") from None


class FormRows:
    """Rows of the survey sheet, with the choice lists that they name."""

    def __init__(self, writer: XPathWriter, *, scoring: bool) -> None:
        self.writer = writer
        self.questionnaire = writer.questionnaire
        self.languages = self.questionnaire.languages
        self.survey: list[Row] = []
        default = self.questionnaire.default_language
        self.fallback = None if scoring else default
        self.lists = ChoiceLists(self.languages, default, points=scoring)

    def settings(self) -> Row:
        """The settings sheet's only row."""
        default = self.questionnaire.default_language
        title = self.questionnaire.title.get(default) or next(
            iter(self.questionnaire.title.values())
        )
        return {"form_title": title, "default_language": language_name(default)}

    def more_sheets(self) -> dict[str, list[Row]]:
        """Sheets beside survey, choices and settings."""
        return {}

    def place_of(self, question: Question, section: Section) -> Place:
        """Where the question's own rules stand."""
        kind = kind_of(question)
        own = Term(".", Kind.ANY if kind is Kind.NOTHING else kind)
        return Place(own, section.id if section.repeat else None)

    def texts(self, column: str, texts: Mapping[str, str]) -> Row:
        """One column a language."""
        return translated(column, texts, self.languages, self.fallback)

    def knows(self, name: str) -> bool:
        """Whether a text can show the answer of ``${name}``."""
        question = self.questionnaire.by_id.get(id_of(name))
        return question is not None and form_name(question.id) == name

    def section_row(self, section: Section) -> Row:
        """The row that begins a section."""
        kind = "repeat" if section.repeat else "group"
        row = {"type": f"begin_{kind}", "name": form_name(section.id)}
        row |= self.texts("label", section.title)
        if section.relevant is not None:
            with naming(section.id, "relevant"):
                row["relevant"] = self.writer.condition(section.relevant)
        return row

    def end_row(self, section: Section) -> Row:
        """The row that ends it."""
        return {"type": f"end_{'repeat' if section.repeat else 'group'}"}

    def type_of(self, question: Question) -> str:
        """The ``type`` cell."""
        match question.type:
            case QuestionType.SINGLE_CHOICE:
                return f"select_one {self.lists.of(question)}"
            case QuestionType.MULTIPLE_CHOICE:
                return f"select_multiple {self.lists.of(question)}"
            case QuestionType.BOOLEAN:
                return f"select_one {self.lists.yes_no()}"
            case QuestionType.RATING:
                return "range" if is_range(question) else "integer"
        return TYPES[question.type]

    def question_row(self, question: Question, section: Section) -> Row:
        """The question as every form shows it."""
        place = self.place_of(question, section)
        row = {"type": self.type_of(question), "name": form_name(question.id)}
        row |= self.texts("label", question.label) | self.texts("hint", question.hint)
        row |= self._shown(question)
        for field, rule in (("relevant", question.relevant), ("constraint", question.constraint)):
            if rule is not None:
                with naming(question.id, field):
                    row[field] = self.writer.condition(rule, place)
        if question.calculation is not None:
            with naming(question.id, "calculation"):
                row["calculation"] = self._calculation(question, place)
        with naming(question.id, "choices"):
            row |= {"choice_filter": choice_filter(question, self.writer, place)}
        row |= self._required(question, place)
        row |= self.texts("constraint_message", question.constraint_message)
        row |= self.texts("required_message", question.required_message)
        row["default"] = self.default_of(question)
        return {column: text for column, text in row.items() if text}

    def default_of(self, question: Question) -> str:
        """The ``default`` cell."""
        return "" if question.default is None else cell_of(question.default)

    def _required(self, question: Question, place: Place) -> Row:
        if isinstance(question.required, bool):
            if question.type in WITHOUT_INPUT:  # a form never asks for them
                return {} if question.required else {"required": "no"}
            return {"required": "yes"} if question.required else {}
        with naming(question.id, "required"):
            return {"required": self.writer.condition(question.required, place)}

    def _calculation(self, question: Question, place: Place) -> str:
        found = self.writer.term(question.calculation, place)
        if found.kind in (Kind.TRUTH, Kind.YES_NO) or isinstance(found.value, bool):
            return f"if({truth(found).text}, 'true', 'false')"
        if isinstance(found.value, list):
            raise NotExpressible("a form cannot reckon a list")
        return found.text

    def _shown(self, question: Question) -> Row:
        row: Row = {
            column: question.presentation[column]
            for column in ("appearance", "parameters", "read_only")
            if column in question.presentation
        }
        for column in TRANSLATED_PRESENTATION:
            by_language = {
                language: question.presentation[f"{column}:{language}"]
                for language in self.languages
                if f"{column}:{language}" in question.presentation
            }
            row |= translated(column, by_language, self.languages, None)
        if is_range(question):
            row["parameters"] = range_parameters(question)
        return row


def cell_of(value: Any) -> str:
    """A single value as a cell shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
