"""Comparing versions: every difference by its path, and what of it changes scores."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.differences import differences
from incognita_assignment.schemas.differences import Change, ChangeKind
from incognita_shared.questionnaire.model import Questionnaire

from .visits.hostel import hostel, question

Edit = Callable[[dict[str, Any]], Any]


def changes(edit: Edit) -> list[Change]:
    """What the edit changes; the other way round, scores hang on it as much."""
    after = hostel()
    edit(after)
    old, new = Questionnaire.model_validate(hostel()), Questionnaire.model_validate(after)
    there, back = differences(old, new), differences(new, old)
    assert any(each.affects_score for each in there) == any(each.affects_score for each in back)
    return there


def section(definition: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in definition["sections"] if each["id"] == name)
    return found


def test_the_same_is_no_difference() -> None:
    assert changes(lambda _: None) == []


DESK = "sections[staff].questions[desk]"
CONFIRMED = "sections[booking].questions[confirmed]"


@pytest.mark.parametrize(
    ("edit", "path", "scores"),
    [
        (lambda q: q["title"].update(en="Other"), "title", False),
        (lambda q: q.update(scenarios=[]), "scenarios", False),
        (lambda q: q["score"].update(pass_mark="50"), "score.pass_mark", True),
        (lambda q: q["score"].update(decimals=1), "score.decimals", True),
        (lambda q: q["stages"][0].update(due_after_days=1), "stages[book].due_after_days", False),
        (lambda q: section(q, "booking").update(weight="2"), "sections[booking].weight", True),
        (lambda q: section(q, "booking")["title"].update(en="B"), "sections[booking].title", False),
        (
            lambda q: section(q, "booking").update(not_applicable="full"),
            "sections[booking].not_applicable",
            True,
        ),
        (lambda q: section(q, "staff").update(relevant=True), "sections[staff].relevant", True),
        (
            lambda q: section(q, "staff")["repeat"].update(aggregation="best"),
            "sections[staff].repeat",
            True,
        ),
        (lambda q: question(q, "desk")["label"].update(en="At?"), f"{DESK}.label", False),
        (lambda q: question(q, "desk").update(evidence=[]), f"{DESK}.evidence", False),
        (
            lambda q: question(q, "desk")["scoring"].update(points="9"),
            f"{DESK}.scoring.points",
            True,
        ),
        (
            lambda q: question(q, "desk")["choices"][1].update(points="2"),
            f"{DESK}.choices[bar].points",
            True,
        ),
        (
            lambda q: question(q, "desk")["choices"][1]["label"].update(en="Pub"),
            f"{DESK}.choices[bar].label",
            False,
        ),
        (
            lambda q: question(q, "confirmed")["scoring"].update(expected=False),
            f"{CONFIRMED}.scoring.expected",
            True,
        ),
        (
            lambda q: question(q, "confirmed")["scoring"].update(cap="44"),
            f"{CONFIRMED}.scoring.cap",
            True,
        ),
        (lambda q: question(q, "confirmed").update(required=True), f"{CONFIRMED}.required", True),
        (
            lambda q: question(q, "recommended")["scoring"].update(importance="2"),
            "sections[next_door].questions[recommended].scoring.importance",
            False,
        ),
        (
            lambda q: question(q, "nights").update(relevant=None),
            "sections[next_door].questions[nights].relevant",
            False,
        ),
    ],
)
def test_a_changed_field_is_named_with_what_it_was_and_whether_it_scores(
    edit: Edit, path: str, scores: bool
) -> None:
    (change,) = changes(edit)
    assert (change.path, change.kind, change.affects_score) == (path, ChangeKind.CHANGED, scores)
    assert change.before != change.after


def test_a_rule_that_reads_a_question_makes_the_question_count() -> None:
    def read(definition: dict[str, Any]) -> None:
        question(definition, "desk")["relevant"] = {">": [{"var": "answers.recommended"}, 5]}

    def also_widened(definition: dict[str, Any]) -> None:
        read(definition)
        question(definition, "recommended")["maximum"] = "9"

    widened = changes(lambda q: question(q, "recommended").update(maximum="9"))
    assert [change.affects_score for change in widened] == [False]
    both = {change.path: change.affects_score for change in changes(also_widened)}
    assert both["sections[next_door].questions[recommended].maximum"]


def test_what_is_added_or_removed_is_told_once_as_a_whole() -> None:
    added = {"id": "clean", "type": "boolean", "label": {"en": "Clean?"}}
    (change,) = changes(lambda q: section(q, "booking")["questions"].append(added))
    assert (change.path, change.kind) == ("sections[booking].questions[clean]", ChangeKind.ADDED)
    assert change.before is None
    assert (change.after["label"], change.affects_score) == ({"en": "Clean?"}, False)
    (gone,) = changes(lambda q: section(q, "staff")["questions"].pop(0))
    assert (gone.path, gone.kind, gone.affects_score) == (DESK, ChangeKind.REMOVED, True)
    (gone,) = changes(lambda q: question(q, "desk")["choices"].pop())
    assert (gone.path, gone.affects_score) == (f"{DESK}.choices[bar]", True)
    (gone,) = changes(lambda q: q["sections"].pop(1))
    assert (gone.path, gone.affects_score) == ("sections[staff]", True)


def test_a_question_that_moves_to_another_section_changes_scores() -> None:
    def move(definition: dict[str, Any]) -> None:
        moved = section(definition, "staff")["questions"].pop()
        moved["scoring"]["points"] = "7"
        section(definition, "booking")["questions"].append(moved)

    moved, points = changes(move)
    assert (moved.kind, moved.before, moved.after) == (
        ChangeKind.MOVED,
        "sections[staff].questions[rings]",
        "sections[booking].questions[rings]",
    )
    assert moved.affects_score
    assert points.path == "sections[booking].questions[rings].scoring.points"


def test_a_new_order_is_told_by_as_few_moves_as_it_takes() -> None:
    def turn(definition: dict[str, Any]) -> None:
        definition["sections"].append(definition["sections"].pop(0))

    (moved,) = changes(turn)
    assert (moved.path, moved.kind) == ("sections[booking]", ChangeKind.MOVED)
    assert (moved.before, moved.after, moved.affects_score) == (0, 2, False)


def test_true_is_not_one() -> None:
    (change,) = changes(lambda q: question(q, "confirmed").update(default=None))
    assert (change.before, change.after) == (False, None)

    def as_number(definition: dict[str, Any]) -> None:
        section(definition, "staff")["relevant"] = {"==": [{"var": "branch.reception"}, 1]}

    assert len(changes(as_number)) == 1


@given(st.permutations(range(8)))
def test_any_order_of_choices_is_reached_from_any_other(order: list[int]) -> None:
    choices = [{"id": f"c{number}", "label": {"en": "x"}} for number in range(8)]

    def with_choices(numbers: list[int]) -> Questionnaire:
        definition = hostel()
        question(definition, "desk")["choices"] = [choices[number] for number in numbers]
        return Questionnaire.model_validate(definition)

    moved = differences(with_choices(list(range(8))), with_choices(order))
    away = {change.path.rpartition("[")[2].rstrip("]") for change in moved}
    stayed = [number for number in order if f"c{number}" not in away]
    assert stayed == sorted(stayed)
    assert (not moved) == (order == sorted(order))
