"""What the exported sheets look like, and that nothing of the model is forgotten."""

from typing import Any

import pytest

from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import (
    Choice,
    EvidenceRule,
    Question,
    Questionnaire,
    Scoring,
    Section,
    Stage,
)
from incognita_shared.values import Value
from incognita_xlsform import odk_validate
from incognita_xlsform.export import sheets_of
from incognita_xlsform.names import FormField, field_of, form_name, id_of
from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.writing import write_workbook

CARRIED: dict[type[Value], set[str]] = {
    Questionnaire: {
        "title", "default_language", "languages", "scenarios", "stages", "sections", "score",
        "format",
    },
    Stage: {"id", "title", "channel", "opens_after_days", "due_after_days"},
    Section: {
        "id", "title", "weight", "relevant", "stage_id", "subject", "not_applicable", "repeat",
        "questions",
    },
    Question: {
        "id", "type", "label", "hint", "choices", "minimum", "maximum", "required",
        "required_message", "relevant", "constraint", "constraint_message", "calculation",
        "default", "presentation", "compares", "scoring", "evidence", "visible_to_client",
    },
    Choice: {"id", "label", "points", "relevant"},
    Scoring: {
        "method", "points", "bonus", "expected", "bands", "standard", "count", "critical", "cap",
        "not_applicable_allowed", "indicator", "importance",
    },
    EvidenceRule: {
        "kind", "minimum_count", "maximum_count", "when", "position_required", "maximum_age_s",
        "gallery_allowed", "retention_days",
    },
}  # fmt: skip
"""Fields with a column; a new one belongs here when it has one, and into ``generated.py``."""


@pytest.mark.parametrize("model", CARRIED, ids=lambda model: model.__name__)
def test_every_field_of_the_model_has_a_column(model: type[Value]) -> None:
    assert set(model.model_fields) == CARRIED[model]


def questionnaire(**question: Any) -> Questionnaire:
    asked = {"id": "q", "type": "text", "label": {"en": "Q"}, **question}
    return Questionnaire.model_validate({
        "title": {"en": "T"}, "default_language": "en", "languages": ["en", "tr"],
        "stages": [{"id": each, "title": {"en": each}, "channel": "visit"} for each in "xy"],
        "sections": [
            {"id": "first", "title": {"en": "F"}, "stage_id": "x", "questions": [
                {"id": "city", "type": "text", "label": {"en": "City"}}]},
            {"id": "second", "title": {"en": "S"}, "stage_id": "y", "questions": [asked]},
        ],
    })  # fmt: skip


def device_rows(of: Questionnaire, **options: Any) -> dict[str, dict[str, str]]:
    rows = sheets_of(of, scoring=False, **options)["survey"]
    return {row.get("name", ""): row for row in rows}


def test_a_stage_s_form_has_its_sections_and_knows_the_answers_of_the_others() -> None:
    rule = {"==": [{"var": "answers.city"}, "Ankara"]}
    rows = device_rows(questionnaire(relevant=rule), stage_id="y", answers={"city": "İzmir"})
    assert "city" not in rows
    assert rows["q"]["relevant"] == "'Ankara' = 'İzmir'"


def test_what_is_known_of_the_branch_stands_in_the_form_and_else_is_a_field_of_it() -> None:
    rule = {"==": [{"var": "branch.city"}, "Ankara"]}
    of = questionnaire(relevant=rule)
    known = device_rows(of, constants=Context(branch={"city": "Ankara"}))
    assert known["q"]["relevant"] == "'Ankara' = 'Ankara'"
    unknown = device_rows(of)
    assert unknown["q"]["relevant"] == "${ms_branch_city} = 'Ankara'"
    assert unknown["ms_branch_city"]["type"] == "calculate"


def test_a_question_that_may_not_apply_is_on_one_screen_with_its_tick() -> None:
    rows = device_rows(questionnaire(scoring={"not_applicable_allowed": True}))
    assert rows["ms_screen_q"]["appearance"] == "field-list"
    assert rows["q"]["relevant"] == "not(${ms_na_q} = 'OK')"
    assert rows["ms_na_q"]["label::Turkish (tr)"] == "Geçerli değil"


def test_ranges_are_part_of_a_phone_s_constraint() -> None:
    rule = {"!=": [{"var": "value"}, 5]}
    of = questionnaire(type="integer", minimum=1, maximum=9, constraint=rule)
    assert device_rows(of)["q"]["constraint"] == ". >= 1 and . <= 9 and (. != 5)"


def test_evidence_has_a_field_for_each_file() -> None:
    of = questionnaire(
        type="boolean",
        evidence=[
            {"kind": "receipt", "minimum_count": 2, "maximum_count": 2, "gallery_allowed": False,
             "when": {"==": [{"var": "value"}, True]}},
        ],
    )  # fmt: skip
    rows = device_rows(of)
    names = [name for name in rows if name.startswith("ms_evidence")]
    assert [field_of(name) for name in names] == [
        FormField("q", "evidence", 1, 0),
        FormField("q", "evidence", 2, 0),
    ]
    first = rows[names[0]]
    assert first["relevant"] == "${q} = 'yes'"
    assert (first["required"], first["appearance"]) == ("yes", "new")
    assert first["label::Turkish (tr)"] == "Fiş 1: Q"


def test_a_text_in_one_language_is_shown_in_all() -> None:
    assert device_rows(questionnaire())["q"]["label::Turkish (tr)"] == "Q"


@pytest.mark.parametrize("identifier", ["q", "7", "a:b", "a.b", "ms_x", "meta", "-", "x" * 64])
def test_every_id_has_a_name_that_means_it(identifier: str) -> None:
    name = form_name(identifier)
    assert id_of(name) == identifier
    assert field_of(name) == FormField(identifier, "answer")


def test_what_no_workbook_can_hold_is_refused_by_name() -> None:
    with pytest.raises(NotExpressible, match=r"q, relevant: .*merge"):
        write_workbook(questionnaire(relevant={"!!": [{"merge": [1, {"var": "answers.city"}]}]}))
    with pytest.raises(NotExpressible, match="sign that no cell can hold"):
        write_workbook(questionnaire(label={"en": "bell \x07"}))


def test_what_odk_validate_says_becomes_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    if odk_validate.shutil.which("java") is None:
        pytest.skip("ODK Validate needs Java, and there is none here")
    broken = "<h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:head/></h:html>"
    monkeypatch.setattr(odk_validate, "_xform", lambda _: broken)
    problems = odk_validate.validated(questionnaire()).problems
    assert problems
    assert all(each.cause.startswith("ODK Validate: ") for each in problems)
