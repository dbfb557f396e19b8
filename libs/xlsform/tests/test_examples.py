"""The example workbooks are sound as they lie in the repository."""

import json
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from incognita_shared.questionnaire.check import check_questionnaire
from incognita_shared.questionnaire.model import Questionnaire, ScoringMethod
from incognita_xlsform.cli import DONE, main
from incognita_xlsform.export import sheets_of
from incognita_xlsform.odk_validate import validated
from incognita_xlsform.reading import read_workbook
from incognita_xlsform.writing import write_workbook

FOLDER = Path(__file__).parents[3] / "examples" / "questionnaires"
WORKBOOKS = sorted(path.name for path in FOLDER.glob("*.xlsx"))


def questionnaire_of(name: str) -> Questionnaire:
    imported = read_workbook((FOLDER / name).read_bytes(), file_name=name)
    assert [str(problem) for problem in imported.problems] == []
    assert imported.questionnaire
    return imported.questionnaire


def test_there_are_three() -> None:
    assert WORKBOOKS == ["hostel-stay.xlsx", "pizza-delivery.xlsx", "shop-visit.xlsx"]


@pytest.mark.parametrize("name", WORKBOOKS)
def test_it_is_imported_without_a_word_and_could_be_published(name: str) -> None:
    questionnaire = questionnaire_of(name)
    assert check_questionnaire(questionnaire) == []
    assert validated(questionnaire).problems == []
    assert questionnaire.languages == ("en", "fr", "tr", "ru")


@pytest.mark.parametrize("name", WORKBOOKS)
def test_every_text_is_there_in_every_language(name: str) -> None:
    questionnaire = questionnaire_of(name)
    texts = [questionnaire.title, *(section.title for section in questionnaire.sections)]
    for question in questionnaire.by_id.values():
        texts += [question.label, question.hint, question.constraint_message]
        texts += [choice.label for choice in question.choices]
    assert all(len(each) == 4 for each in texts if each)


@pytest.mark.parametrize("name", WORKBOOKS)
def test_it_shows_what_a_workbook_can_say_of_scores(name: str) -> None:
    questions = list(questionnaire_of(name).by_id.values())
    assert {"expected_value", "bands", "choice_points", "timed_standard"} <= {
        str(question.scoring.method) for question in questions
    }
    assert any(question.scoring.critical for question in questions)
    assert any(question.scoring.not_applicable_allowed for question in questions)
    assert any(question.evidence for question in questions)


@pytest.mark.parametrize("name", WORKBOOKS)
def test_it_comes_back_from_its_own_export(name: str) -> None:
    questionnaire = questionnaire_of(name)
    again = read_workbook(write_workbook(questionnaire), file_name=name)
    assert again.questionnaire == questionnaire
    assert again.problems == []


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_shopper_s_form_tells_nothing_of_scores(name: str) -> None:
    """The same questionnaire with other points and expectations makes the very same form."""
    questionnaire = questionnaire_of(name)
    plain = json.loads(questionnaire.model_dump_json())
    for section in plain["sections"]:
        section["weight"] = "1"
        for question in section["questions"]:
            allowed = question["scoring"]["not_applicable_allowed"]
            question["scoring"] = {"not_applicable_allowed": allowed}
            question["choices"] = [choice | {"points": None} for choice in question["choices"]]
    without = Questionnaire.model_validate(plain)
    assert all(q.scoring.method is ScoringMethod.NONE for q in without.by_id.values())
    forms = [
        convert(sheets_of(each, scoring=False), form_name="data").xform
        for each in (questionnaire, without)
    ]
    assert forms[0] == forms[1]


def test_the_command_makes_json_of_it_and_a_workbook_again(tmp_path: Path) -> None:
    out, back = tmp_path / "pizza.json", tmp_path / "pizza.xlsx"
    source = str(FOLDER / "pizza-delivery.xlsx")
    assert main(["import", source, "--out", str(out)]) == DONE
    assert main(["export", str(out), "--out", str(back)]) == DONE
    assert main(["import", str(back)]) == DONE
    questionnaire = Questionnaire.model_validate_json(out.read_bytes())
    assert questionnaire == questionnaire_of("pizza-delivery.xlsx")
