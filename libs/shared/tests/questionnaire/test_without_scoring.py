"""A shopper's phone gets nothing from which points could be guessed.

Every field of the model is decided on here: one that is new fails until it is.
"""

import json
from typing import Any, get_args

from pydantic import BaseModel

from incognita_shared.questionnaire.check import without_scoring
from incognita_shared.questionnaire.model import Questionnaire
from support.forms import answers, asked, form, question, section, stage

SHOWN = {
    "Questionnaire": "title default_language languages scenarios stages sections format",
    "Stage": "id title channel opens_after_days due_after_days",
    "Section": "id title relevant stage_id subject repeat questions",
    "Repeat": "minimum maximum",
    "Question": "id type label hint choices minimum maximum required required_message relevant "
    "constraint constraint_message calculation default presentation evidence",
    "Choice": "id label relevant",
    "EvidenceRule": "kind minimum_count maximum_count when position_required maximum_age_s "
    "gallery_allowed retention_days",
    "Scoring": "not_applicable_allowed",
}
HIDDEN = {
    "Questionnaire": "score",
    "Section": "weight not_applicable",
    "Repeat": "aggregation",
    "Question": "scoring visible_to_client compares",
    "Choice": "points",
    "Scoring": "method points bonus expected bands standard count critical cap indicator "
    "importance",
    "ScoreRules": "decimals pass_mark",
    "Band": "minimum maximum points",
    "TimedStandard": "start_question_id maximum_s minimum_s grace_s",
    "CountedStandard": "minimum maximum unit",
}
ALL_OF_IT = form(
    section("s", asked("first", "7.25", scoring={
            "critical": "cap_visit", "cap": "33.25", "not_applicable_allowed": True}),
        question("bands", "integer", scoring={
            "method": "bands", "points": "9.75", "bands": [{"minimum": "123.5",
             "points": "9.75"}]}),
        question("timed", "duration", scoring={
            "method": "timed_standard", "standard": {"maximum_s": "4321.5", "grace_s": "17.25"}}),
        question("counted", "integer", scoring={
            "method": "counted_standard", "count": {"maximum": "654.5",
             "unit": {"en": "rings-unit"}}}),
        question("pick", "single_choice", scoring={"method": "choice_points", "points": "8.25"},
                 choices=[{"id": "a", "label": {"en": "A"}, "points": "8.25"}, "b"]),
        weight="3.75", not_applicable="zero"),
    section("staff", question("r", "rating", minimum=0, maximum=10,
                              scoring={"indicator": "csi", "importance": "5.75"},
                              evidence=[{"kind": "photo", "when": answers("first")}]),
            repeat={"aggregation": "worst"}, relevant=answers("first")),
    section("rival", question("there", compares="first"), subject="competitor"),
    score={"decimals": 3, "pass_mark": "71.5"},
)  # fmt: skip


def models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The model and all models within it, by name."""
    found = {model.__name__: model}
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            found |= models(inner)
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for part in get_args(annotation) for inner in _models_in(part)]


def test_of_every_field_it_is_decided_whether_shoppers_see_it() -> None:
    for name, model in models(Questionnaire).items():
        shown, hidden = SHOWN.get(name, "").split(), HIDDEN.get(name, "").split()
        assert set(model.model_fields) == {*shown, *hidden}, name
        assert not set(shown) & set(hidden)


def test_what_is_hidden_is_not_there_and_the_rest_is() -> None:
    shown = without_scoring(ALL_OF_IT)
    assert set(shown) == set(SHOWN["Questionnaire"].split())
    for one in shown["sections"]:
        assert set(one) == set(SHOWN["Section"].split())
        if one["repeat"]:
            assert set(one["repeat"]) == set(SHOWN["Repeat"].split())
        for each in one["questions"]:
            assert set(each) == {*SHOWN["Question"].split(), "not_applicable_allowed"}
            for choice in each["choices"]:
                assert set(choice) == set(SHOWN["Choice"].split())
            for rule in each["evidence"]:
                assert set(rule) == set(SHOWN["EvidenceRule"].split())


def test_no_number_and_no_word_of_the_scoring_can_be_read() -> None:
    text = json.dumps(without_scoring(ALL_OF_IT))
    secrets = ["7.25", "33.25", "9.75", "123.5", "4321.5", "17.25", "654.5", "rings-unit", "8.25",
               "3.75", "5.75", "71.5", "zero", "worst", "csi", "cap_visit", "compares"]  # fmt: skip
    whole = ALL_OF_IT.model_dump_json()
    for secret in secrets:
        assert secret in whole
        assert secret not in text


def test_what_the_form_needs_stays() -> None:
    staged = form(section("s", asked("q", scoring={"not_applicable_allowed": True}), stage_id="a"),
                  stages=[stage("a", due_after_days=2)])  # fmt: skip
    shown = without_scoring(staged)
    assert shown["stages"][0]["due_after_days"] == 2
    assert shown["sections"][0]["questions"][0]["not_applicable_allowed"] is True
