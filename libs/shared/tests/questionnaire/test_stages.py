"""Visits in stages: what is asked by which of them."""

import pytest

from incognita_shared.questionnaire.answers import ReadAnswers
from support.forms import answers, asked, form, question, section, stage

STAY = form(
    section("call", asked("answered"), question("offer", "text"), stage_id="booking"),
    section(
        "desk",
        asked("greeted"),
        question("same_offer", relevant={"!=": [answers("offer"), "none"]}),
        question("receipt", "photo"),
        stage_id="arrival",
    ),
    section(
        "staff",
        asked("polite"),
        stage_id="stay",
        repeat={"minimum": 1, "maximum": 3},
    ),
    stages=[stage("booking", "phone"), stage("arrival"), stage("stay")],
)
WHOLE = {
    "answered": True, "offer": "breakfast", "greeted": True, "same_offer": True,
    "receipt": ["ab" * 32], "staff": [{"polite": True}],
}  # fmt: skip


def missing(given, stages):
    return {one.question_id for one in ReadAnswers(STAY, given).errors(stages=stages)}


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (None, {"answered", "offer", "greeted", "same_offer", "receipt", "staff"}),
        (set(), set()),
        ({"booking"}, {"answered", "offer"}),
        ({"arrival"}, {"greeted", "same_offer", "receipt"}),
        ({"stay"}, {"staff"}),
        ({"booking", "stay"}, {"answered", "offer", "staff"}),
    ],
)
def test_only_the_stages_that_were_handed_in_must_be_answered(stages, expected):
    assert missing({}, stages) == expected


def test_an_unreadable_answer_of_a_later_stage_is_found_at_once():
    assert missing({"greeted": "yes", "answered": True, "offer": "x"}, {"booking"}) == {"greeted"}


def test_a_rule_sees_the_answers_of_other_stages():
    given = WHOLE | {"offer": "none"}
    del given["same_offer"]
    assert missing(given, None) == set()
    assert missing(given | {"offer": "breakfast"}, {"arrival"}) == {"same_offer"}


def test_evidence_is_asked_for_by_the_stage_that_asks_the_question():
    read = ReadAnswers(STAY, WHOLE)
    assert [one.question_id for one in read.required_evidence({"arrival"})] == ["receipt"]
    assert read.required_evidence({"booking", "stay"}) == []
    assert len(read.required_evidence()) == 1


def test_a_whole_stay_has_nothing_wrong():
    assert ReadAnswers(STAY, WHOLE).errors() == []
    assert [STAY.stage_of(one).id for one in STAY.sections] == ["booking", "arrival", "stay"]
