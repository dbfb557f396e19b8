"""Answers by files, positions, calculations; choices and requirements that depend on others."""

from decimal import Decimal

import pytest

from incognita_shared.questionnaire.answers import ReadAnswers, RequiredEvidence
from incognita_shared.questionnaire.model import MEDIA_TYPES, Question
from incognita_shared.questionnaire.reading import (
    UnreadableAnswer,
    for_conditions,
    read_answer,
    read_calculated,
)
from incognita_shared.values import EvidenceKind, Position
from support.forms import answers, form, question, section

ONE, TWO = "ab" * 32, "cd" * 32


def wrong(questionnaire, given, **how):
    return [(one.question_id, one.kind) for one in ReadAnswers(questionnaire, given).errors(**how)]


@pytest.mark.parametrize("kind", [str(one) for one in MEDIA_TYPES])
def test_media_are_answered_by_the_sha256_of_their_files(kind):
    asked = Question.model_validate(question("q", kind, minimum=1, maximum=2))
    assert read_answer(asked, [ONE, TWO]) == (ONE, TWO)
    assert for_conditions((ONE, TWO)) == [ONE, TWO]
    for bad, cause in [
        ([], "number of files of at least 1"),
        ([ONE, TWO, "ef" * 32], "number of files of at most 2"),
        ([ONE, ONE], "names a file twice"),
        (ONE, "list of the files"),
        ([ONE.upper()], "lower-case"),
        ([ONE[1:]], "SHA-256"),
        ([1], "SHA-256"),
        ("photo.jpg", "SHA-256"),
        ([f"{n:064x}" for n in range(51)], "at most 50 files"),
    ]:
        with pytest.raises(UnreadableAnswer, match=cause):
            read_answer(asked, bad)


@pytest.mark.parametrize(
    ("kind", "evidence"),
    [("photo", "photo"), ("audio", "audio"), ("video", "video"), ("file", "document")],
)
def test_files_of_an_answer_are_evidence_that_must_be_there(kind, evidence):
    questionnaire = form(question("q", kind))
    named = ReadAnswers(questionnaire, {"q": [ONE, TWO]}).required_evidence()
    assert named == [RequiredEvidence(EvidenceKind(evidence), 2, "q", (ONE, TWO))]
    assert ReadAnswers(questionnaire, {}).required_evidence() == [
        RequiredEvidence(EvidenceKind(evidence), 1, "q")
    ]
    optional = form(question("q", kind, required=False))
    assert ReadAnswers(optional, {}).required_evidence() == []


@pytest.mark.parametrize(
    ("rules", "named", "count"),
    [([1], [ONE], 1), ([2], [ONE], 2), ([1], [ONE, TWO], 2), ([1, 1], [ONE], 2), ([0], [], 1)],
)
def test_what_proves_a_question_answered_by_files_is_of_the_same_files(rules, named, count):
    evidence = [{"kind": "photo", "minimum_count": each} for each in rules]
    receipt = {"kind": "receipt"}
    questionnaire = form(question("q", "photo", evidence=[*evidence, receipt]))
    asked = ReadAnswers(questionnaire, {"q": named}).required_evidence()
    assert asked == [
        RequiredEvidence(EvidenceKind.PHOTO, count, "q", tuple(named)),
        RequiredEvidence(EvidenceKind.RECEIPT, 1, "q"),
    ]


def test_files_of_a_question_that_does_not_apply_are_not_asked_for():
    photo = question("photo", "photo", relevant=answers("dirty"))
    questionnaire = form(question("dirty"), photo)
    assert ReadAnswers(questionnaire, {"dirty": False, "photo": [ONE]}).required_evidence() == []


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"latitude": 41.0, "longitude": 28.9}, Position(latitude=41.0, longitude=28.9)),
        (
            {"latitude": 41, "longitude": -28, "accuracy_m": 12.5},
            Position(latitude=41, longitude=-28, accuracy_m=12.5),
        ),
        (
            {"latitude": 0.0, "longitude": 0.0, "accuracy_m": None},
            Position(latitude=0, longitude=0),
        ),
    ],
)
def test_a_position_is_read(answer, value):
    assert read_answer(Question.model_validate(question("q", "position")), answer) == value


@pytest.mark.parametrize(
    "answer",
    [
        {"latitude": 91, "longitude": 0},
        {"latitude": "41", "longitude": "29"},
        {"latitude": True, "longitude": 0},
        {"latitude": 41},
        {"latitude": 41, "longitude": 29, "altitude": 5},
        {"latitude": float("nan"), "longitude": 0},
        {"latitude": 41, "longitude": 29, "accuracy_m": -1},
        "41 29",
        [41, 29],
    ],
)
def test_what_is_no_position_is_refused(answer):
    with pytest.raises(UnreadableAnswer, match="WGS 84"):
        read_answer(Question.model_validate(question("q", "position")), answer)


TOTAL = {"+": [answers("n"), answers("m")]}
SUM = form(
    question("n", "decimal", required=False),
    question("m", "integer", required=False),
    question("total", "calculated", calculation=TOTAL),
    question("much", relevant={">": [answers("total"), 10]}),
)


@pytest.mark.parametrize(
    ("given", "total"),
    [
        ({"n": "2.5", "m": 3}, Decimal("5.5")),
        ({"n": "0.1", "m": 0}, Decimal("0.1")),
        ({"n": 2}, None),
        ({"n": "two", "m": 3}, None),
        ({"n": 2, "m": 3, "total": 1000}, Decimal(5)),
    ],
)
def test_a_calculation_is_the_servers_whatever_the_device_says(given, total):
    read = ReadAnswers(SUM, given)
    assert read.values.get("total") == total
    assert "much" in read.irrelevant


def test_nothing_claimed_of_a_calculation_is_nothing_wrong():
    assert wrong(SUM, {"total": None}) == []


def test_rules_reckon_with_what_was_calculated():
    assert wrong(SUM, {"n": 8, "m": 3}) == [("much", "missing")]
    assert wrong(SUM, {"n": 1, "m": 3, "total": 11}) == []


def test_a_calculation_that_fails_is_told_and_has_no_value():
    questionnaire = form(
        question("n", "integer"), question("q", "calculated", calculation={"/": [1, answers("n")]})
    )
    assert wrong(questionnaire, {"n": 0}) == [("q", "fails")]
    assert ReadAnswers(questionnaire, {"n": 4}).values["q"] == Decimal("0.25")


@pytest.mark.parametrize(
    ("outcome", "value"),
    [
        (None, None), (True, True), (2, Decimal(2)), (2.5, Decimal("2.5")), ("x", "x"),
        (float("nan"), None), (1e-300, Decimal(0)), (0.1 + 0.2, Decimal("0.3")),
    ],
)  # fmt: skip
def test_what_a_calculation_gives_is_read_exactly(outcome, value):
    assert read_calculated(outcome) == value


@pytest.mark.parametrize("outcome", [[1], {"a": 1}, float("inf"), 1e300, "\0", "x" * 10_001])
def test_a_calculation_that_gives_nothing_usable_is_refused(outcome):
    with pytest.raises(UnreadableAnswer):
        read_calculated(outcome)


CITIES = form(
    question("country", "single_choice", choices=["it", "tr"]),
    question(
        "city",
        "single_choice",
        choices=[
            {
                "id": city,
                "label": {"en": city},
                "relevant": {"==": [answers("country"), country]},
            }
            for city, country in [("rome", "it"), ("izmir", "tr")]
        ]
        + ["elsewhere"],
    ),
    question("brands", "multiple_choice", required=False, choices=[
        "ours", {"id": "rival", "label": {"en": "Rival"},
                 "relevant": {"==": [answers("country"), "tr"]}},
    ]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"country": "it", "city": "rome"}, []),
        ({"country": "tr", "city": "rome"}, [("city", "unreadable")]),
        ({"country": "tr", "city": "elsewhere"}, []),
        ({"country": "it", "city": "rome", "brands": ["ours"]}, []),
        (
            {"country": "it", "city": "rome", "brands": ["ours", "rival"]},
            [("brands", "unreadable")],
        ),
        ({"country": "tr", "city": "izmir", "brands": ["rival"]}, []),
    ],
)
def test_a_choice_is_taken_only_where_it_is_offered(given, expected):
    assert wrong(CITIES, given) == expected


def test_a_choice_whose_rule_fails_is_offered():
    choice = {"id": "a", "label": {"en": "A"}, "relevant": {"/": [1, 0]}}
    questionnaire = form(question("q", "single_choice", choices=[choice, "b"]))
    assert wrong(questionnaire, {"q": "a"}) == []


REMARK = form(
    question("rating", "rating", minimum=0, maximum=10),
    question("remark", "text", required={"<": [answers("rating"), 5]}),
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rating": 3}, [("remark", "missing")]),
        ({"rating": 3, "remark": ""}, [("remark", "missing")]),
        ({"rating": 3, "remark": "cold"}, []),
        ({"rating": 7}, []),
        ({}, [("rating", "missing")]),
    ],
)
def test_a_question_can_be_required_by_a_rule(given, expected):
    assert wrong(REMARK, given) == expected


def test_a_requirement_may_look_at_questions_that_come_later():
    questionnaire = form(
        question("remark", "text", required={"==": [answers("happy"), False]}), question("happy")
    )
    assert wrong(questionnaire, {"happy": False}) == [("remark", "missing")]
    assert wrong(questionnaire, {"happy": True}) == []


def test_a_requirement_that_fails_asks_for_the_answer():
    questionnaire = form(question("q", "text", required={"/": [1, 0]}))
    assert wrong(questionnaire, {}) == [("q", "missing")]


def test_a_section_that_does_not_apply_asks_nothing():
    questionnaire = form(
        question("ordered"),
        section("food", question("hot"), question("photo", "photo"), relevant=answers("ordered")),
    )
    read = ReadAnswers(questionnaire, {"ordered": False, "hot": "forged"})
    assert read.irrelevant == {"hot", "photo"}
    assert read.required_evidence() == []
    assert [(one.question_id, one.kind) for one in read.errors()] == [("hot", "unreadable")]
    assert wrong(questionnaire, {"ordered": True}) == [("hot", "missing"), ("photo", "missing")]


def test_a_section_whose_rule_fails_applies_and_is_faulty():
    questionnaire = form(section("food", question("hot"), relevant={"/": [1, 0]}))
    read = ReadAnswers(questionnaire, {"hot": True})
    assert "food" in read.faulty
    assert read.irrelevant == set()


def test_a_default_is_shown_and_never_assumed():
    assert wrong(form(question("q", default=True)), {}) == [("q", "missing")]
