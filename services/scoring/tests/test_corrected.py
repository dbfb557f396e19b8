"""Answers to one version, scored by another: what was never asked is never held against anyone."""

from typing import Any

import pytest

from incognita_scoring.corrected import Corrected, score_anew
from incognita_scoring.engine import score_visit
from incognita_scoring.engine.rulings import RulingKind
from incognita_shared.questionnaire.conditions import NO_CONTEXT, Context
from incognita_shared.questionnaire.model import Questionnaire


def question(name: str, **fields: Any) -> dict[str, Any]:
    scoring = {"method": "expected_value", "expected": True, **fields.pop("scoring", {})}
    return {"id": name, "type": "boolean", "label": {"en": name}, "scoring": scoring, **fields}


def form(*questions: dict[str, Any], **section: Any) -> Questionnaire:
    sections = [{"id": "s", "title": {"en": "S"}, "questions": questions, **section}]
    return Questionnaire.model_validate(
        {"title": {"en": "T"}, "default_language": "en", "languages": ["en"], "sections": sections}
    )


def anew(asked: Questionnaire, corrected: Questionnaire, answers: dict[str, Any], **more: Any):
    visit, doubts = score_anew(Corrected(2, corrected, asked), answers, NO_CONTEXT, **more)
    return visit.score, doubts


def test_a_question_that_was_not_asked_does_not_count_and_is_doubtful():
    old, new = form(question("a")), form(question("a"), question("b"))
    assert score_visit(new, {"a": True}).score == 50
    assert anew(old, new, {"a": True}) == (
        100,
        ("b: was not asked for in the version that was answered.",),
    )


def test_a_question_that_was_optional_is_not_missed_now():
    old, new = (
        form(question("a"), question("b", required=False)),
        form(question("a"), question("b")),
    )
    assert anew(old, new, {"a": True})[0] == 100
    assert anew(old, new, {"a": True, "b": False})[0] == 50


def test_not_applicable_that_was_allowed_then_is_not_missed_now():
    allowed = question("b", scoring={"not_applicable_allowed": True})
    old, new = form(question("a"), allowed), form(question("a"), question("b"))
    score, doubts = anew(old, new, {"a": True, "b": None})
    assert score == 100
    assert len(doubts) == 1


def test_what_the_shopper_missed_under_both_versions_stays_missed():
    both = form(question("a"), question("b"))
    assert anew(both, form(question("a"), question("b")), {"a": True}) == (50, ())


def test_an_answer_that_fits_no_more_is_left_out_and_doubtful():
    old = form(question("a"), {**question("b"), "type": "text", "scoring": {}})
    score, doubts = anew(old, form(question("a"), question("b")), {"a": True, "b": "yes"})
    assert score == 100
    assert any(doubt.startswith("b: ") for doubt in doubts)


def test_an_answer_to_a_question_that_is_gone_is_doubtful():
    old = form(question("a"), question("b"))
    assert anew(old, form(question("a")), {"a": True, "b": False}) == (
        100,
        ("b: is not a question of this questionnaire.",),
    )


def test_a_repeated_question_that_was_not_asked_does_not_count_either():
    repeat = {"repeat": {"maximum": 5}}
    old = form(question("a"), **repeat)
    new = form(question("a"), question("b"), **repeat)
    score, doubts = anew(old, new, {"s": [{"a": True}, {"a": False}]})
    assert score == 50
    assert {doubt.split(":")[0] for doubt in doubts} == {"s[0].b", "s[1].b"}


def test_a_question_that_is_relevant_only_now_was_not_asked():
    old = form(question("a"), question("b", relevant={"var": "answers.a"}))
    new = form(question("a"), question("b"))
    assert anew(old, new, {"a": False})[0] == 0  # of the one question that was asked
    _, doubts = anew(old, new, {"a": False})
    assert len(doubts) == 1


@pytest.mark.parametrize(("kind", "score"), [("full_points", 100), ("does_not_count", None)])
def test_what_appeals_ruled_holds(kind, score):
    old = new = form(question("a"))
    rulings = {("a", None): RulingKind(kind)}
    assert anew(old, new, {"a": False}, rulings=rulings)[0] == score


def test_conditions_see_the_context_of_the_report():
    new = form(question("a"), question("b", relevant={"==": [{"var": "branch.bar"}, True]}))
    answers = {"a": True, "b": False}
    for bar, score in ((True, 50), (False, 100)):
        context = Context(branch={"bar": bar})
        assert score_anew(Corrected(2, new, new), answers, context)[0].score == score
