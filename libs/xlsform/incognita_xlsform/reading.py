"""Reads an author's workbook: ``read_workbook``."""

from dataclasses import dataclass
from pathlib import PurePath

from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.importing.document import read_document
from incognita_xlsform.importing.found import Found
from incognita_xlsform.problems import Problem, Severity
from incognita_xlsform.workbook.reading import read_book


@dataclass(frozen=True, slots=True)
class Imported:
    """``questionnaire`` is None where the workbook is refused: then there is at least one error."""

    questionnaire: Questionnaire | None
    problems: list[Problem]

    @property
    def errors(self) -> list[Problem]:
        """What refuses it."""
        return [each for each in self.problems if each.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Problem]:
        """What is not carried."""
        return [each for each in self.problems if each.severity is Severity.WARNING]


def read_workbook(content: bytes, *, file_name: str, language: str = "en") -> Imported:
    """The questionnaire of an .xlsx workbook, with everything that was found in it.

    ``language``: of texts in a workbook that names no language. Never raises for any content.
    """
    found = Found()
    book = read_book(content, found)
    if book is None:
        return Imported(None, found.problems)
    stem = PurePath(file_name).stem or "questionnaire"
    questionnaire = read_document(book, found, file_name=stem, language=language)
    return Imported(None if found.refused else questionnaire, found.problems)
