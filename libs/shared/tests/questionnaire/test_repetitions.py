"""Sections that repeat: each employee met, each product looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.questionnaire.answers import ReadAnswers, RequiredEvidence
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.values import EvidenceKind
from support.forms import answers, asked, form, question, section

SHA = "ab" * 32


def staff(*questions, repeat=None, **fields):
    return section("staff", *questions, repeat=repeat or {"minimum": 0, "maximum": 3}, **fields)


def errors(questionnaire, given, **how):
    return [(one.question_id, one.kind) for one in ReadAnswers(questionnaire, given).errors(**how)]


GREETED = form(question("vip"), staff(asked("greeted"), question("name", "text", required=False)))


def test_each_repetition_is_read_by_itself():
    read = ReadAnswers(GREETED, {"vip": True, "staff": [{"greeted": True}, {"greeted": False}]})
    first, second = read.scopes(GREETED.sections[1])
    assert (first.values["greeted"], second.values["greeted"]) == (True, False)
    assert (first.name, second.name) == ("staff[0]", "staff[1]")
    assert first.has("greeted")
    assert not first.has("vip")
    assert first.values["vip"] is True
    assert not read.has("greeted")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"staff": []}, []),
        ({}, []),
        ({"staff": None}, []),
        ({"staff": [{"greeted": True}] * 3}, []),
        ({"staff": [{"greeted": True}] * 4}, [("staff", "unreadable")]),
        ({"staff": [{"greeted": True}] * 5_000}, [("staff", "unreadable")]),
        ({"staff": {"greeted": True}}, [("staff", "unreadable")]),
        ({"staff": "Ada"}, [("staff", "unreadable")]),
        ({"staff": [{"greeted": True}, None]}, [("staff", "unreadable")]),
        ({"staff": [["greeted"]]}, [("staff", "unreadable")]),
        ({"staff": [{}]}, [("staff[0].greeted", "missing")]),
        ({"staff": [{"greeted": True}, {"greeted": "no"}]}, [("staff[1].greeted", "unreadable")]),
        ({"staff": [{"greeted": None}]}, [("staff[0].greeted", "missing")]),
        ({"staff": [{"greeted": True, "x": 1}]}, [("staff[0].x", "unknown")]),
        ({"staff": [{"greeted": True, "vip": True}]}, [("staff[0].vip", "unknown")]),
        ({"greeted": True}, [("greeted", "unknown")]),
        ({"staff": [{"greeted": True, "staff": [{}]}]}, [("staff[0].staff", "unknown")]),
    ],
)
def test_what_is_wrong_in_a_repetition_is_named_with_its_place(given, expected):
    assert errors(GREETED, {"vip": True} | given) == expected


def test_an_unknown_name_within_a_repetition_is_named_printably():
    ((name, kind),) = errors(GREETED, {"vip": True, "staff": [{"greeted": True, "\ud800" * 99: 1}]})
    assert kind == "unknown"
    assert name.isascii()
    assert len(name) < 500


def test_no_more_repetitions_are_read_than_tell_that_there_are_too_many():
    read = ReadAnswers(GREETED, {"staff": [{"greeted": True}] * 5_000})
    assert len(read.scopes(GREETED.sections[1])) == 4


@pytest.mark.parametrize(("count", "expected"), [(1, [("staff", "missing")]), (2, []), (3, [])])
def test_a_section_repeats_at_least_so_often(count, expected):
    questionnaire = form(staff(asked("greeted"), repeat={"minimum": 2, "maximum": 3}))
    assert errors(questionnaire, {"staff": [{"greeted": True}] * count}) == expected
    assert errors(questionnaire, {"staff": [{"greeted": True}] * count}, partial=True) == []


def test_a_section_that_does_not_apply_need_not_repeat():
    rule = {"==": [answers("met"), True]}
    questionnaire = form(
        question("met"),
        staff(asked("greeted"), repeat={"minimum": 1, "maximum": 3}, relevant=rule),
    )
    assert errors(questionnaire, {"met": False}) == []
    assert errors(questionnaire, {"met": True}) == [("staff", "missing")]


def test_a_section_whose_first_question_does_not_apply_must_repeat_all_the_same():
    first = asked("greeted", relevant=False)
    questionnaire = form(staff(first, asked("smiled"), repeat={"minimum": 1, "maximum": 3}))
    assert errors(questionnaire, {}) == [("staff", "missing")]


def test_within_a_repetition_a_rule_sees_its_own_answers_over_the_outer_ones():
    thanked = asked("thanked", relevant={"and": [answers("vip"), answers("greeted")]})
    questionnaire = form(question("vip"), staff(asked("greeted"), thanked))
    rows = [{"greeted": True}, {"greeted": False}]
    assert errors(questionnaire, {"vip": True, "staff": rows}) == [("staff[0].thanked", "missing")]
    assert errors(questionnaire, {"vip": False, "staff": rows}) == []


def test_one_repetition_does_not_see_anothers_answers():
    why = question("why", "text", relevant={"==": [answers("greeted"), False]})
    questionnaire = form(staff(asked("greeted", required=False), why))
    assert errors(questionnaire, {"staff": [{"greeted": False, "why": "x"}, {}]}) == []
    assert errors(questionnaire, {"staff": [{}, {"greeted": False}]}) == [
        ("staff[1].why", "missing")
    ]


@pytest.mark.parametrize("rows", [[{"n": 5}, {}], [{}, {"n": 5}]])
def test_what_a_repetition_leaves_open_is_not_answered_by_the_others(rows):
    remark = question("remark", "text", required={"!!": [answers("n")]})
    photo = {"kind": "photo", "when": {"!!": [answers("n")]}}
    known = {"missing": ["answers.n"]}
    even = question("even", "integer", required=False, constraint={"!!": [known]}, evidence=[photo])
    questionnaire = form(staff(question("n", "integer", required=False), remark, even))
    place = rows.index({"n": 5})
    assert errors(questionnaire, {"staff": rows}) == [(f"staff[{place}].remark", "missing")]
    read = ReadAnswers(questionnaire, {"staff": rows})
    assert [one.minimum_count for one in read.required_evidence()] == [1]
    rows = [row | {"even": 1} for row in rows]
    assert (f"staff[{1 - place}].even", "broken") not in errors(questionnaire, {"staff": rows})


WAITED = staff(question("waited", "duration", required=False))


@pytest.mark.parametrize(
    ("rule", "rows", "expected"),
    [
        ({"sum": [answers("waited")]}, [{"waited": 5}, {}, {"waited": 2.5}], 7.5),
        ({"highest": [answers("waited")]}, [{"waited": 5}, {"waited": 9}], 9),
        ({"lowest": [answers("waited")]}, [], None),
        ({"size": [answers("staff")]}, [{}, {}, {}], 3),
        ({"size": [answers("waited")]}, [{}, {"waited": 1}, {}], 1),
        ({"sum": [answers("waited")]}, [{"waited": "soon"}, {"waited": 1}], 1),
        ({"sum": [answers("waited")]}, "malformed", 0),
        ({"in": [9, answers("waited")]}, [{"waited": 9}], True),
    ],
)
def test_outside_a_rule_sees_the_values_over_all_repetitions(rule, rows, expected):
    questionnaire = form(WAITED, question("outcome", "calculated", calculation=rule))
    read = ReadAnswers(questionnaire, {"staff": rows})
    assert read.values.get("outcome") == expected
    assert not read.faulty


def test_answers_that_did_not_apply_are_seen_by_no_rule_outside():
    late = question("late", "integer", relevant={"==": [answers("busy"), True]})
    total = question("total", "calculated", calculation={"sum": [answers("late")]})
    questionnaire = form(staff(question("busy"), late), section("after", total))
    rows = [{"busy": True, "late": 4}, {"busy": False, "late": 100}]
    assert ReadAnswers(questionnaire, {"staff": rows}).values["total"] == 4


def test_repetitions_of_a_section_that_does_not_apply_are_seen_by_no_rule():
    total = question("total", "calculated", calculation={"size": [answers("staff")]})
    summed = question("summed", "calculated", calculation={"sum": [answers("age")]})
    questionnaire = form(
        question("met"),
        staff(question("age", "integer"), relevant=answers("met")),
        section("after", total, summed),
    )
    given = {"staff": [{"age": 30}], "met": False}
    values = ReadAnswers(questionnaire, given).values
    assert (values["total"], values["summed"]) == (0, 0)
    values = ReadAnswers(questionnaire, given | {"met": True}).values
    assert (values["total"], values["summed"]) == (1, 30)


def test_a_constraint_within_a_repetition_holds_for_that_one():
    rule = {"<=": [{"var": "value"}, answers("limit")]}
    questionnaire = form(
        question("limit", "integer"), staff(question("n", "integer", constraint=rule))
    )
    rows = [{"n": 3}, {"n": 9}]
    assert errors(questionnaire, {"limit": 5, "staff": rows}) == [("staff[1].n", "broken")]


def test_a_calculation_within_a_repetition_reckons_with_that_one():
    twice = question("twice", "calculated", calculation={"*": [answers("n"), 2]})
    questionnaire = form(staff(question("n", "integer"), twice))
    read = ReadAnswers(questionnaire, {"staff": [{"n": 1}, {"n": 5}]})
    assert [scope.values["twice"] for scope in read.scopes(questionnaire.sections[0])] == [2, 10]


def test_evidence_of_repetitions_is_added_up():
    badge = question("badge", "photo", required=False)
    dirty = question("dirty", evidence=[{"kind": "photo", "when": {"var": "value"}}])
    questionnaire = form(staff(badge, dirty))
    rows = [
        {"badge": [SHA], "dirty": True},
        {"badge": ["cd" * 32], "dirty": False},
        {"dirty": True},
    ]
    assert ReadAnswers(questionnaire, {"staff": rows}).required_evidence() == [
        RequiredEvidence(EvidenceKind.PHOTO, 2, "badge", (SHA, "cd" * 32)),
        RequiredEvidence(EvidenceKind.PHOTO, 2, "dirty"),
    ]


def test_a_file_that_two_repetitions_name_is_one_file():
    questionnaire = form(staff(question("badge", "photo")))
    rows = [{"badge": [SHA]}, {"badge": ["cd" * 32, SHA]}]
    assert ReadAnswers(questionnaire, {"staff": rows}).required_evidence() == [
        RequiredEvidence(EvidenceKind.PHOTO, 2, "badge", (SHA, "cd" * 32))
    ]


def test_the_context_is_seen_within_repetitions():
    badge = asked("badge", relevant={"==": [{"var": "branch.uniforms"}, True]})
    questionnaire = form(staff(badge))
    for uniforms, missing in ((True, 1), (False, 0)):
        read = ReadAnswers(questionnaire, {"staff": [{}]}, Context(branch={"uniforms": uniforms}))
        assert len(read.errors()) == missing


ROW = st.dictionaries(
    st.sampled_from(["greeted", "name", "x"]), st.none() | st.booleans() | st.text(max_size=3)
)


@given(st.lists(ROW, max_size=5) | st.recursive(st.none() | st.text(), st.lists, max_leaves=4))
def test_any_repetitions_are_judged_without_a_failure_and_the_same_twice(rows):
    read = ReadAnswers(GREETED, {"vip": True, "staff": rows})
    for error in read.errors():
        error.question_id.encode()
    assert read.errors() == ReadAnswers(GREETED, {"vip": True, "staff": rows}).errors()


@given(st.permutations([{"greeted": True}, {"greeted": False}, {}]))
def test_what_is_wrong_does_not_depend_on_the_order_of_repetitions(rows):
    wrong = errors(GREETED, {"vip": True, "staff": rows})
    assert wrong == [(f"staff[{rows.index({})}].greeted", "missing")]
