import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from incognita_scoring import engine
from incognita_scoring.engine import score_visit
from incognita_shared.events.scoring import Outcome
from incognita_shared.questionnaire.model import Questionnaire


def asked(question_id, points=1, **fields):
    """A yes-or-no question that expects yes."""
    scoring = {"method": "expected_value", "expected": True, "points": points}
    scoring |= fields.pop("scoring", {})
    return {
        "id": question_id,
        "type": "boolean",
        "label": {"en": question_id},
        "scoring": scoring,
        **fields,
    }


def section(section_id, *questions, weight=1):
    return {
        "id": section_id,
        "title": {"en": section_id},
        "weight": weight,
        "questions": list(questions),
    }


def questionnaire(*sections, **score):
    return Questionnaire.model_validate(
        {
            "title": {"en": "T"},
            "default_language": "en",
            "languages": ["en"],
            "sections": list(sections),
            "score": score,
        }
    )


def test_sections_count_by_their_weight():
    form = questionnaire(
        section("a", asked("a1", 3), asked("a2", 1)), section("b", asked("b1"), weight=3)
    )
    visit = score_visit(form, {"a1": True, "a2": False, "b1": False})
    assert [str(one.score) for one in visit.sections] == ["75.00", "0.00"]
    assert visit.score == Decimal("18.75")
    assert visit.passed is None


def test_a_section_in_which_nothing_counts_is_left_out():
    form = questionnaire(section("a", asked("a1")), section("b", asked("b1", relevant=False)))
    visit = score_visit(form, {"a1": True})
    assert visit.score == 100
    assert visit.sections[1].score is None


def test_a_visit_in_which_nothing_counts_has_no_score():
    form = questionnaire(section("a", asked("a1", relevant=False)), pass_mark=50)
    visit = score_visit(form, {})
    assert (visit.score, visit.passed) == (None, None)
    weightless = questionnaire(section("a", asked("a1"), weight=0))
    assert score_visit(weightless, {"a1": True}).score is None


def test_the_score_that_is_shown_decides_on_the_pass_mark():
    form = questionnaire(
        section("a", *(asked(f"a{i}") for i in range(3))), decimals=0, pass_mark=67
    )
    visit = score_visit(form, {"a0": True, "a1": True, "a2": False})  # 66.67
    assert (visit.score, visit.passed) == (67, True)
    assert score_visit(form, {"a0": True, "a1": False, "a2": False}).passed is False


def critical(effect, cap=None, points=1):
    scoring = {"critical": effect, "cap": cap}
    return questionnaire(
        section("a", asked("vital", points, scoring=scoring), asked("a2", 9)),
        section("b", asked("b1")),
        pass_mark=50,
    )


ALL_BUT_VITAL = {"vital": False, "a2": True, "b1": True}


@pytest.mark.parametrize(
    ("effect", "cap", "score", "passed", "section_score"),
    [
        ("fail_visit", None, "0", False, "90"),
        ("fail_section", None, "50", True, "0"),
        ("cap_visit", 40, "40", False, "90"),
        ("cap_visit", 99, "95", True, "90"),
        ("cap_visit", 0, "0", False, "90"),
    ],
)
def test_a_critical_miss_has_its_effect(effect, cap, score, passed, section_score):
    visit = score_visit(critical(effect, cap), ALL_BUT_VITAL)
    assert visit.score == Decimal(score)
    assert visit.passed is passed
    assert visit.critical_failed == ("vital",)
    assert visit.sections[0].score == Decimal(section_score)
    met = score_visit(critical(effect, cap), {**ALL_BUT_VITAL, "vital": True})
    assert (met.score, met.critical_failed) == (100, ())


def test_a_failed_section_counts_even_if_nothing_else_in_it_did():
    form = questionnaire(
        section("a", asked("vital", 0, scoring={"critical": "fail_section"})),
        section("b", asked("b1")),
    )
    visit = score_visit(form, {"vital": False, "b1": True})
    assert (visit.sections[0].score, visit.score) == (0, 50)


def test_a_failed_visit_does_not_pass_even_without_a_pass_mark():
    form = questionnaire(section("a", asked("a1", scoring={"critical": "fail_visit"})))
    visit = score_visit(form, {"a1": False})
    assert (visit.score, visit.passed) == (0, False)


def test_doubts_are_gathered_for_the_reviewer():
    form = questionnaire(section("a", asked("a1"), asked("a2")))
    visit = score_visit(form, {"a1": "forged", "a2": True})
    assert visit.score == 100
    assert visit.doubts == ("a1: The answer must be true or false.",)


def test_every_question_is_explained_in_the_order_of_the_form():
    form = critical("fail_visit")
    visit = score_visit(form, ALL_BUT_VITAL)
    assert [one.question_id for one in visit.questions] == ["vital", "a2", "b1"]
    assert all(one.why.endswith(".") for one in visit.questions)


POINTS = st.decimals(Decimal("0.0001"), 100, places=4)
EFFECTS = st.sampled_from([None, None, None, "fail_visit", "fail_section", "cap_visit"])
ANSWER = st.sampled_from([True, False, None])


@st.composite
def forms(draw, effects=EFFECTS):
    """A form of yes-or-no and choice questions with answers to each; N/A is allowed everywhere."""
    sections, answers = [], {}
    for number in range(draw(st.integers(1, 4))):
        questions = []
        for place in range(draw(st.integers(1, 5))):
            question_id = f"q{number}_{place}"
            effect = draw(effects)
            common = {
                "critical": effect,
                "cap": draw(st.integers(0, 100)) if effect == "cap_visit" else None,
                "not_applicable_allowed": True,
            }
            if draw(st.booleans()):
                questions.append(asked(question_id, draw(POINTS), scoring=common))
                answers[question_id] = draw(ANSWER)
            else:
                best = draw(POINTS)
                questions.append(
                    {
                        "id": question_id,
                        "type": "single_choice",
                        "label": {"en": "Q"},
                        "choices": [
                            {"id": "best", "label": {"en": "B"}, "points": best},
                            {
                                "id": "other",
                                "label": {"en": "O"},
                                "points": draw(st.decimals(-best, best, places=4)),
                            },
                        ],
                        "scoring": {"method": "choice_points", "points": best, **common},
                    }
                )
                answers[question_id] = draw(st.sampled_from(["best", "other", None]))
        weight = draw(st.decimals(0, 10, places=2))
        sections.append(section(f"s{number}", *questions, weight=weight))
    rules = {"decimals": draw(st.integers(0, 4)), "pass_mark": draw(st.integers(0, 100))}
    return sections, answers, rules


@given(forms(), st.randoms(use_true_random=False))
def test_the_order_of_sections_questions_and_answers_changes_nothing(form, shuffler):
    sections, answers, rules = form
    before = score_visit(questionnaire(*sections, **rules), answers)
    shuffled = json.loads(json.dumps(sections, default=str))
    for one in shuffled:
        shuffler.shuffle(one["questions"])
    shuffler.shuffle(shuffled)
    pairs = list(answers.items())
    shuffler.shuffle(pairs)
    after = score_visit(questionnaire(*shuffled, **rules), dict(pairs))
    assert (before.score, before.passed) == (after.score, after.passed)
    assert set(before.critical_failed) == set(after.critical_failed)
    assert {one.section_id: one for one in before.sections} == {
        one.section_id: one for one in after.sections
    }
    assert {one.question_id: one for one in before.questions} == {
        one.question_id: one for one in after.questions
    }


@given(forms())
def test_a_score_lies_within_0_and_100(form):
    sections, answers, rules = form
    visit = score_visit(questionnaire(*sections, **rules), answers)
    scores = [visit.score, *(one.score for one in visit.sections)]
    assert all(score is None or 0 <= score <= 100 for score in scores)
    assert (visit.score is None) <= (visit.passed is None)
    for one in visit.questions:
        assert one.earned <= one.possible


@given(forms())
def test_not_applicable_never_counts(form):
    sections, answers, rules = form
    applicable = [
        {**one, "questions": [q for q in one["questions"] if answers[q["id"]] is not None]}
        for one in sections
    ]
    rest = [one for one in applicable if one["questions"]]
    visit = score_visit(questionnaire(*sections, **rules), answers)
    if not rest:
        assert visit.score is None
        return
    without = score_visit(questionnaire(*rest, **rules), answers)
    assert (visit.score, visit.passed) == (without.score, without.passed)
    assert visit.critical_failed == without.critical_failed


@given(forms())
def test_an_irrelevant_question_counts_no_more_than_one_not_applicable(form):
    sections, answers, rules = form
    hidden = [
        {
            **one,
            "questions": [
                {**q, "relevant": answers[q["id"]] is not None} for q in one["questions"]
            ],
        }
        for one in sections
    ]
    answered = {k: True if v is None else v for k, v in answers.items()}
    not_applicable = score_visit(questionnaire(*sections, **rules), answers)
    irrelevant = score_visit(questionnaire(*hidden, **rules), answered)
    assert irrelevant.score == not_applicable.score
    assert irrelevant.critical_failed == not_applicable.critical_failed


@given(forms(), st.data())
def test_a_better_answer_never_lowers_the_score(form, data):
    sections, answers, rules = form
    question_id = data.draw(st.sampled_from(list(answers)))
    if answers[question_id] is None:  # from not applicable to an answer is no improvement
        return
    better = True if isinstance(answers[question_id], bool) else "best"
    before = score_visit(questionnaire(*sections, **rules), answers)
    after = score_visit(questionnaire(*sections, **rules), {**answers, question_id: better})
    assume(any(one.score is not None and one.weight > 0 for one in after.sections))
    assert after.score >= before.score
    assert len(after.critical_failed) <= len(before.critical_failed)


@given(forms(effects=st.sampled_from(["fail_visit"])))
def test_any_missed_fail_visit_question_makes_the_score_0(form):
    sections, answers, rules = form
    visit = score_visit(questionnaire(*sections, **rules), answers)
    missed = [one for one in visit.questions if one.outcome is Outcome.MISSED]
    assert bool(missed) is bool(visit.critical_failed)
    if missed:
        assert (visit.score, visit.passed) == (0, False)


@given(
    forms(),
    st.dictionaries(
        st.sampled_from(["q0_0", "q0_1", "q1_0", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    ),
)
def test_answers_of_any_kind_are_scored_without_a_failure(form, forged):
    sections, answers, rules = form
    visit = score_visit(questionnaire(*sections, **rules), {**answers, **forged})
    assert visit.score is None or 0 <= visit.score <= 100


def test_no_floats_are_reckoned_with():
    sources = Path(engine.__file__).parent.glob("*.py")
    assert not [path for path in sources if "float" in path.read_text()]
