"""Contributions are exact, and taking one out leaves nothing behind."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_comparison.rules import (
    contribution,
    difference,
    field_name,
    identifier_of,
    mean_points,
    revision_of,
    to_points,
    to_units,
)
from incognita_shared.events.scoring import Outcome, QuestionScore, SectionScore, VisitScored
from incognita_shared.questionnaire.model import Subject
from schemas.tool.examples import VALID

REVISIONS = st.fixed_dictionaries({
    "score": st.none() | st.integers(0, 1_000_000),
    "sections": st.lists(
        st.fixed_dictionaries({
            "id": st.sampled_from(["a", "b.c"]),
            "earned": st.integers(0, 50),
            "possible": st.integers(0, 50),
            "score": st.none() | st.integers(0, 1_000_000),
        }),
        unique_by=lambda section: section["id"],
    ),
    "questions": st.lists(
        st.fixed_dictionaries({
            "id": st.sampled_from(["x", "y", "z.1"]),
            "earned": st.integers(-5, 5),
            "possible": st.integers(0, 5),
            "outcome": st.sampled_from(["met", "partial", "missed", "not_applicable"]),
        }),
    ),
})  # fmt: skip


@pytest.mark.parametrize(
    ("points", "units"),
    [("0", 0), ("100", 1_000_000), ("83.3333", 833_333), ("0.00005", 0), ("0.00015", 2)],
)
def test_points_are_kept_in_ten_thousandths_half_to_even(points: str, units: int) -> None:
    assert to_units(Decimal(points)) == units


@given(st.decimals(0, 100, places=4))
def test_a_score_with_four_decimals_survives_the_way_there_and_back(points: Decimal) -> None:
    assert to_points(to_units(points)) == points


def test_a_mean_has_two_decimals_and_none_of_nothing() -> None:
    assert mean_points(2_000_000, 3) == Decimal("66.67")
    assert mean_points(0, 0) is None


def test_a_visit_without_a_score_counts_as_approved_and_moves_no_sum() -> None:
    revision = {"score": None, "sections": [], "questions": []}
    assert contribution(revision) == {"approved": 1}


def test_a_section_that_earned_everything_is_full_and_one_with_nothing_none() -> None:
    sections = [
        {"id": "a", "earned": 20, "possible": 20, "score": 1_000_000},
        {"id": "b", "earned": 0, "possible": 20, "score": 0},
        {"id": "c", "earned": 0, "possible": 0, "score": None},
    ]
    added = contribution({"score": None, "sections": sections, "questions": []})
    assert (added["sections.a.full"], added["sections.a.none"]) == (1, 0)
    assert (added["sections.b.full"], added["sections.b.none"]) == (0, 1)
    assert added["sections.c.not_applicable"] == 1
    assert "sections.c.n" not in added


def test_a_question_of_a_repeated_section_counts_each_time() -> None:
    asked = [
        {"id": "x", "earned": 2, "possible": 2, "outcome": "met"},
        {"id": "x", "earned": 0, "possible": 2, "outcome": "missed"},
        {"id": "x", "earned": 2, "possible": 2, "outcome": "met"},
    ]
    added = contribution({"score": None, "sections": [], "questions": asked})
    assert (added["questions.x.met"], added["questions.x.missed"]) == (2, 1)
    assert (added["questions.x.earned"], added["questions.x.possible"]) == (4, 6)


def test_what_was_seen_at_a_competitor_is_not_kept() -> None:
    section = SectionScore(
        section_id="a", earned=Decimal(1), possible=Decimal(1), weight=Decimal(1), score=None
    )
    question = QuestionScore(
        question_id="x", section_id="a", earned=Decimal(1), possible=Decimal(1), outcome=Outcome.MET
    )
    rival = section.model_copy(update={"section_id": "b", "subject": Subject.COMPETITOR})
    seen = question.model_copy(update={"section_id": "b", "question_id": "y"})
    (event,) = (each for each in VALID.values() if isinstance(each, VisitScored))
    changes = {"sections": (section, rival), "questions": (question, seen)}
    kept = revision_of(event.model_copy(update=changes))
    assert [one["id"] for one in kept["sections"]] == ["a"]
    assert [one["id"] for one in kept["questions"]] == ["x"]


@given(REVISIONS, REVISIONS)
def test_old_plus_difference_is_new(old: dict[str, object], new: dict[str, object]) -> None:
    before, after = contribution(old), contribution(new)
    changed = difference(after, before)
    assert 0 not in changed.values()
    total = Counter(before)
    total.update(changed)
    assert {path: value for path, value in total.items() if value} == {
        path: value for path, value in after.items() if value
    }


@given(st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True))
def test_any_id_can_be_part_of_a_path(identifier: str) -> None:
    assert "." not in field_name(identifier)
    assert identifier_of(field_name(identifier)) == identifier
