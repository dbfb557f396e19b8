import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.questionnaire.answers import (
    AnswerError,
    RequiredEvidence,
    check_answers,
    relevant_questions,
    required_evidence,
)
from incognita_shared.values import EvidenceKind


def causes(errors):
    return {error.question_id: error.cause for error in errors}


def test_a_whole_report_has_nothing_wrong(pizza, answers):
    assert check_answers(pizza, answers) == []


def test_an_unknown_question_is_named(pizza, answers):
    answers["smuggled"] = 1
    assert check_answers(pizza, answers) == [
        AnswerError("smuggled", "is not a question of this questionnaire", "unknown")
    ]


def test_an_unknown_question_with_an_unprintable_name_is_named_printably(pizza):
    errors = check_answers(pizza, {"\ud800\0" + "x" * 500: 1}, partial=True)
    assert errors[0].question_id.isascii()
    assert len(errors[0].question_id) < 100


@pytest.mark.parametrize(
    ("changes", "question_id", "cause"),
    [
        ({"rings": "2"}, "rings", "must be an integer"),
        ({"rings": 61}, "rings", "at most 60"),
        ({"rings": -1}, "rings", "at least 0"),
        ({"greeting": "yes"}, "greeting", "true or false"),
        ({"offers": ["pizza"]}, "offers", "'pizza' is not one of the choices"),
        ({"offers": ["drink", "nothing"]}, "offers", "Nothing goes with nothing else."),
        ({"ordered_at": "25:00"}, "ordered_at", "no time that exists"),
        ({"ordered_at": None}, "ordered_at", "cannot be 'not applicable'"),
        ({"change": None}, "change", "cannot be 'not applicable'"),
        ({"tip": None}, "tip", "cannot be 'not applicable'"),
        ({"tip": "3,5"}, "tip", "decimal point"),
        ({"thanks": "welcome"}, "thanks", "takes no answer"),
        ({"thanks": None}, "thanks", "cannot be"),
    ],
)
def test_a_bad_answer_is_refused_with_its_cause(pizza, answers, changes, question_id, cause):
    errors = causes(check_answers(pizza, {**answers, **changes}))
    assert set(errors) == {question_id}
    assert cause in errors[question_id]


@pytest.mark.parametrize(
    "changes",
    [
        {"greeting": None},
        {"offers": []},
        {"remark": ""},
        {"tip": "3.50"},
        {"tip": 0.1 + 0.2},
        {"paid_cash": False, "change": "no"},
    ],
)
def test_an_answer_that_is_allowed_is_taken(pizza, answers, changes):
    assert check_answers(pizza, {**answers, **changes}) == []


def test_a_required_question_must_be_answered_only_where_it_applies(pizza, answers):
    del answers["change"]
    assert causes(check_answers(pizza, answers)) == {"change": "must be answered"}
    answers["paid_cash"] = False
    assert check_answers(pizza, answers) == []


def test_a_draft_may_have_gaps_but_no_wrong_types(pizza):
    assert check_answers(pizza, {"rings": None, "change": "yes"}, partial=True) == []
    assert causes(check_answers(pizza, {"rings": "two"}, partial=True)) == {
        "rings": "must be an integer"
    }


def test_a_question_behind_an_irrelevant_one_is_irrelevant_too(definition, answers):
    from incognita_shared.questionnaire.model import Questionnaire

    courier = definition["sections"][1]["questions"]
    courier[4]["relevant"] = {"==": [{"var": "answers.change"}, "yes"]}
    answers["paid_cash"] = False
    relevant = {q.id for q in relevant_questions(Questionnaire.model_validate(definition), answers)}
    assert not {"change", "tip"} & relevant
    assert {"rings", "thanks"} <= relevant


def test_evidence_follows_the_answers(pizza, answers):
    receipt = RequiredEvidence(EvidenceKind.RECEIPT, 1, "change")
    assert required_evidence(pizza, answers) == [receipt]
    answers["change"] = "no"
    photos = RequiredEvidence(EvidenceKind.PHOTO, 2, "change")
    assert required_evidence(pizza, answers) == [receipt, photos]
    answers["paid_cash"] = False
    assert required_evidence(pizza, answers) == []


def test_a_question_answered_not_applicable_asks_for_no_evidence(definition, answers):
    from incognita_shared.questionnaire.model import Questionnaire

    definition["sections"][0]["questions"][1]["evidence"] = [{"kind": "audio"}]
    questionnaire = Questionnaire.model_validate(definition)
    assert RequiredEvidence(EvidenceKind.AUDIO, 1, "greeting") in required_evidence(
        questionnaire, answers
    )
    answers["greeting"] = None
    assert not any(
        one.question_id == "greeting" for one in required_evidence(questionnaire, answers)
    )


def test_a_condition_that_cannot_be_evaluated_is_told_and_drops_nothing(definition, answers):
    from incognita_shared.questionnaire.model import Questionnaire

    change = definition["sections"][1]["questions"][3]
    change["relevant"] = {"in": [{"var": "answers.rings"}, "123"]}
    change["evidence"][1]["when"] = {"/": [1, 0]}
    questionnaire = Questionnaire.model_validate(definition)
    assert "cannot be checked" in causes(check_answers(questionnaire, answers))["change"]
    assert "change" in {q.id for q in relevant_questions(questionnaire, answers)}
    assert len(required_evidence(questionnaire, answers)) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
IDS = st.sampled_from(
    ["rings", "greeting", "offers", "ordered_at", "paid_cash", "change", "tip", "remark", "thanks"]
)


@given(answers=st.dictionaries(IDS | st.text(), JSON), partial=st.booleans())
def test_any_json_is_judged_without_a_failure(pizza, answers, partial):
    for error in check_answers(pizza, answers, partial=partial):
        error.cause.encode()
        error.question_id.encode()
    required_evidence(pizza, answers)
