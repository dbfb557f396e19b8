"""Writes an author's workbook: ``write_workbook``."""

from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.columns import headers_of
from incognita_xlsform.export import sheets_of
from incognita_xlsform.languages import language_name
from incognita_xlsform.workbook.writing import workbook_of


def write_workbook(questionnaire: Questionnaire) -> bytes:
    """The questionnaire as an .xlsx workbook that ``read_workbook`` reads as the same one.

    Raises NotExpressible, which names the question and what a form cannot say.
    """
    sheets = sheets_of(questionnaire, scoring=True)
    names = [language_name(language) for language in questionnaire.languages]
    return workbook_of(sheets, {sheet: headers_of(sheet, names) for sheet in sheets})
