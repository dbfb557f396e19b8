"""A questionnaire comes back from its workbook as it was."""

from hypothesis import HealthCheck, given, settings
from pyxform.xls2xform import convert

from incognita_shared.questionnaire.check import check_questionnaire
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.export import sheets_of
from incognita_xlsform.importing.document import NO_POINTS, read_document
from incognita_xlsform.importing.found import Found
from incognita_xlsform.workbook.reading import read_book
from incognita_xlsform.writing import write_workbook

from .generated import questionnaires

KNOWN = Context(branch={"city size": "İzmir"}, visit={"scenario": "walk-in guest"})
QUICK = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@QUICK
@given(questionnaires())
def test_any_questionnaire_comes_back_from_its_workbook(questionnaire: Questionnaire) -> None:
    found = Found()
    book = read_book(write_workbook(questionnaire), found)
    assert book is not None
    back = read_document(book, found, file_name="form", language="xx")
    assert back is not None, "\n".join(map(str, found.problems))
    assert back == questionnaire
    ids = [question.id for _, question in back.questions()]
    assert ids == [question.id for _, question in questionnaire.questions()]
    assert list(back.languages) == list(questionnaire.languages)
    causes = [problem.cause for problem in check_questionnaire(questionnaire)]
    assert found.refused == any(not cause.startswith(NO_POINTS) for cause in causes)


@QUICK
@given(questionnaires())
def test_a_form_is_accepted_by_pyxform_and_tells_nothing_of_scores(
    questionnaire: Questionnaire,
) -> None:
    for scoring in (True, False):
        sheets = sheets_of(questionnaire, scoring=scoring, constants=None if scoring else KNOWN)
        shown = {name: rows for name, rows in sheets.items() if name != "stages"}
        if not scoring:
            headers = {column for rows in shown.values() for row in rows for column in row}
            assert not [header for header in headers if header.startswith("ms_")]
        convert({name: rows for name, rows in shown.items() if rows}, form_name="data")
