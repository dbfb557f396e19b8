"""What answers contradict is found by the server, whatever the device allowed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.events.evidence import Severity
from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.reevaluation import findings_of
from support.forms import answers, asked, form, question, section

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTES = {"-": [{"seconds": [answers("served")]}, {"seconds": [answers("seated")]}]}
BY_SEATING = {
    "method": "timed_standard", "points": 2,
    "standard": {"start_question_id": "seated", "maximum_s": 600},
}  # fmt: skip
FORM = form(
    section(
        "table",
        question("seated", "moment"),
        question("served", "moment", scoring=BY_SEATING),
        question("noticed", "moment", required=False),
        question("waited", "calculated", calculation=MINUTES),
        question("fast", "calculated", calculation={"<": [answers("waited"), 600]}),
        question("word", "calculated", calculation={"cat": ["w", answers("guests")]}),
        question("guests", "integer", constraint={"<": [{"var": "value"}, 9]}, required=False),
        question("paid"),
        question("change", "single_choice", relevant=answers("paid")),
        question("share", "decimal", required=False, constraint={"<": [{"/": [1,
         {"var": "value"}]}, 5]}),
    ),
    section(
        "staff",
        asked("polite"),
        question("why", "text", relevant={"==": [answers("polite"), False]}),
        question("met_at", "moment", required=False),
        question("left_at", "moment", required=False, scoring={
            "method": "timed_standard", "standard": {"start_question_id": "met_at", "minimum_s": 1},
        }),
        question("twice", "calculated", calculation={"if": [answers("polite"), 2, 1]}),
        repeat={"maximum": 3},
    ),
)  # fmt: skip
SOUND = {
    "seated": "2026-11-22T11:00:00+00:00", "served": "2026-11-22T14:05:00+03:00", "paid": True,
    "change": "a", "staff": [{"polite": True}],
}  # fmt: skip


def found(changes, now=NOW, **how):
    read = ReadAnswers(FORM, SOUND | changes, Context(now=now))
    return [(one.code, one.question_id) for one in findings_of(read, **how)]


def test_a_sound_report_has_no_findings():
    assert found({}) == []
    assert found({"waited": 300, "fast": True, "staff": [{"polite": True, "twice": 2}]}) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"guests": "two"}, ("invalid_answer", "guests")),
        ({"change": "z"}, ("invalid_answer", "change")),
        ({"seated": None}, ("missing_answer", "seated")),
        ({"change": ""}, ("missing_answer", "change")),
        ({"guests": 9}, ("constraint_broken", "guests")),
        ({"share": 0}, ("rule_failed", "share")),
        ({"smuggled": 1}, ("unknown_answer", "smuggled")),
        ({"polite": True}, ("unknown_answer", "polite")),
        ({"paid": False}, ("irrelevant_answer", "change")),
        ({"waited": 1}, ("calculation_differs", "waited")),
        ({"waited": "300.01"}, ("calculation_differs", "waited")),
        ({"waited": "soon"}, ("calculation_differs", "waited")),
        ({"waited": [300]}, ("calculation_differs", "waited")),
        ({"waited": True}, ("calculation_differs", "waited")),
        ({"fast": False}, ("calculation_differs", "fast")),
        ({"fast": "no"}, ("calculation_differs", "fast")),
        ({"word": "x"}, ("calculation_differs", "word")),
        ({"served": "2026-11-22T12:00:01+00:00"}, ("future_time", "served")),
        ({"seated": "2026-11-22T15:00:01+03:00"}, ("future_time", "seated")),
        ({"staff": [{"polite": True, "x": 1}]}, ("unknown_answer", "staff[0].x")),
        ({"staff": [{"polite": True}, {}]}, ("missing_answer", "staff[1].polite")),
        ({"staff": [{"polite": "no"}]}, ("invalid_answer", "staff[0].polite")),
        ({"staff": [{"polite": True, "why": "?"}]}, ("irrelevant_answer", "staff[0].why")),
        ({"staff": [{"polite": True, "twice": 1}]}, ("calculation_differs", "staff[0].twice")),
        (
            {"staff": [{"polite": True, "left_at": "2027-01-01T00:00:00Z"}]},
            ("future_time", "staff[0].left_at"),
        ),
        (
            {"staff": [{"polite": True}, {"polite": True, "met_at": "2027-01-01T00:00:00Z"}]},
            ("future_time", "staff[1].met_at"),
        ),
        ({"staff": "all"}, ("invalid_answer", "staff")),
        ({"staff": [{"polite": True}] * 4}, ("invalid_answer", "staff")),
    ],
)
def test_each_contradiction_is_found_at_its_question(changes, expected):
    assert found(changes) == [expected]


@pytest.mark.parametrize(
    "changes",
    [
        {"waited": 300.0000001},
        {"waited": "300"},
        {"waited": ""},
        {"waited": None},
        {"fast": "true"},
        {"fast": "True"},
        {"word": "w"},
        {"guests": 8},
        {"noticed": "2030-01-01T00:00:00Z"},
        {"served": "2026-11-22T15:00:00+03:00"},
    ],
)
def test_what_agrees_or_measures_nothing_is_no_finding(changes):
    assert found(changes) == []


def test_times_are_judged_by_the_report_only_where_its_time_is_known():
    assert found({"served": "2030-01-01T00:00:00Z"}, now=None) == []


def test_a_claim_of_what_cannot_be_reckoned_is_found():
    assert ("calculation_differs", "waited") in found({"seated": None, "waited": 5})


def test_a_claim_of_a_calculation_that_did_not_apply_is_no_contradiction():
    total = question("q", "calculated", calculation={"+": [1, 1]}, relevant=answers("on"))
    questionnaire = form(question("on"), total)
    for on, codes in ((False, []), (True, ["calculation_differs"])):
        read = ReadAnswers(questionnaire, {"on": on, "q": 3})
        assert [one.code for one in findings_of(read)] == codes


def test_findings_carry_how_grave_they_are():
    read = ReadAnswers(FORM, SOUND | {"paid": False, "guests": "x", "s": 1}, Context(now=NOW))
    assert {one.code: one.severity for one in findings_of(read)} == {
        "irrelevant_answer": Severity.INFO,
        "invalid_answer": Severity.MAJOR,
        "unknown_answer": Severity.MINOR,
    }


def test_findings_are_bounded_in_number_and_length():
    many = {f"smuggled-{n}": n for n in range(5_000)}
    assert len(found(many)) == 200
    assert len(found(many, most=7)) == 7
    read = ReadAnswers(FORM, SOUND | {"paid": False, "change": "a" * 9_000}, Context(now=NOW))
    assert all(len(one.detail) <= 500 for one in findings_of(read))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*FORM.by_id, "staff", "x"]), JSON))
def test_any_answers_at_all_are_judged_without_a_failure(changes):
    read = ReadAnswers(FORM, changes, Context(now=NOW))
    for finding in findings_of(read):
        finding.model_dump_json().encode()
