"""The checker's own sums agree with comparison's, whatever the scores are."""

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from incognita_comparison.rules import contribution, field_name, to_units
from incognitactl.verify.arithmetic import Sums, sums_of_branch_wave, sums_of_revision

POINTS = st.decimals(0, 100, places=4).map(str)
IDS = st.sampled_from(["a", "b.c", "d"])
SECTIONS = st.builds(
    lambda name, earned, possible, score: {
        "section_id": name, "earned": earned, "possible": possible, "score": score,
    },
    IDS, POINTS, POINTS, st.none() | POINTS,
)  # fmt: skip
QUESTIONS = st.builds(
    lambda name, earned, possible, outcome: {
        "question_id": name, "section_id": "a", "earned": earned, "possible": possible,
        "outcome": outcome,
    },
    IDS, POINTS, POINTS, st.sampled_from(["met", "missed", "not_asked"]),
)  # fmt: skip
REVISIONS = st.builds(
    lambda score, sections, questions: {
        "score": score, "sections": sections, "questions": questions,
    },
    st.none() | POINTS,
    st.lists(SECTIONS, unique_by=lambda one: str(one["section_id"]), max_size=3),
    st.lists(QUESTIONS, unique_by=lambda one: str(one["question_id"]), max_size=3),
)  # fmt: skip


def _as_comparison_keeps_it(revision: dict[str, Any]) -> dict[str, Any]:
    def units(points: str | None) -> int | None:
        return None if points is None else to_units(Decimal(points))

    return {
        "score": units(revision["score"]),
        "sections": [
            {"id": one["section_id"], **{name: units(one[name]) for name in
                                         ("earned", "possible", "score")}}
            for one in revision["sections"]
        ],
        "questions": [
            {"id": one["question_id"], "section": "a", "outcome": one["outcome"],
             **{name: units(one[name]) for name in ("earned", "possible")}}
            for one in revision["questions"]
        ],
    }  # fmt: skip


def _document(added: Counter[str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for path, number in added.items():
        place, *steps, name = document, *path.split(".")
        for step in steps:
            place = place.setdefault(step, {})
        place[name] = number
    return document


@given(st.lists(REVISIONS, min_size=1, max_size=5))
def test_what_comparison_adds_up_is_what_the_checker_adds_up(
    revisions: list[dict[str, Any]],
) -> None:
    added: Counter[str] = Counter()
    wanted = Sums()
    for revision in revisions:
        added.update(contribution(_as_comparison_keeps_it(revision)))
        wanted = wanted.plus(sums_of_revision(revision))
    assert sums_of_branch_wave(_document(added)) == wanted


@given(REVISIONS, st.integers(1, 10_000))
def test_one_question_that_is_off_by_little_is_seen(revision: dict[str, Any], off: int) -> None:
    document = _document(Counter(contribution(_as_comparison_keeps_it(revision))))
    question = document.setdefault("questions", {}).setdefault(field_name("b.c"), {})
    question["earned"] = question.get("earned", 0) + off
    assert sums_of_branch_wave(document) != sums_of_revision(revision)
