"""What counts towards the evidence agreed on and asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incognita_evidence.rules.requirements import missing_evidence, unexplained
from incognita_shared.questionnaire.answers import RequiredEvidence
from incognita_shared.values import EvidenceKind, EvidenceRequirement

Make = Callable[..., Any]
TWO_PHOTOS = EvidenceRequirement(kind=EvidenceKind.PHOTO, minimum_count=2)
A_MINUTE = EvidenceRequirement(kind=EvidenceKind.AUDIO, minimum_duration_s=60)


def test_all_there_is_nothing_missing(make_item: Make) -> None:
    assert missing_evidence([TWO_PHOTOS], [], [make_item(file=1), make_item(file=2)]) == ()


def test_the_same_file_twice_counts_once(make_item: Make) -> None:
    (missing,) = missing_evidence([TWO_PHOTOS], [], [make_item(), make_item(question_id="q")])
    assert (missing.needed, missing.present) == (2, 1)


def test_another_kind_does_not_count(make_item: Make) -> None:
    items = [make_item(file=1), make_item(file=2, kind=EvidenceKind.RECEIPT)]
    assert len(missing_evidence([TWO_PHOTOS], [], items)) == 1


def test_a_recording_that_is_too_short_does_not_count(make_item: Make) -> None:
    def audio(duration_s: float | None) -> Any:
        return make_item(kind=EvidenceKind.AUDIO, duration_s=duration_s)

    assert len(missing_evidence([A_MINUTE], [], [audio(59.9)])) == 1
    assert len(missing_evidence([A_MINUTE], [], [audio(None)])) == 1
    assert missing_evidence([A_MINUTE], [], [audio(60)]) == ()


def test_a_question_counts_only_items_that_name_it(make_item: Make) -> None:
    asked = [RequiredEvidence(EvidenceKind.PHOTO, 1, "dirty")]
    (missing,) = missing_evidence([], asked, [make_item()])
    assert missing.question_id == "dirty"
    assert missing_evidence([], asked, [make_item(question_id="dirty")]) == ()


@pytest.mark.parametrize(
    ("needed", "named", "there", "present"),
    [
        (1, "a", "", 0), (1, "a", "a", 1), (1, "a", "b", 0), (1, "a", "bc", 0),
        (2, "ab", "a", 1), (2, "ab", "ac", 1), (2, "ab", "cde", 0), (2, "ab", "ab", 2),
        (2, "a", "a", 1), (2, "a", "ab", 2), (2, "a", "bc", 1), (1, "", "b", 1),
    ],
)  # fmt: skip
def test_no_file_stands_for_one_that_the_answer_names(
    make_item: Make, needed: int, named: str, there: str, present: int
) -> None:
    asked = RequiredEvidence(EvidenceKind.PHOTO, needed, "q", tuple(each * 64 for each in named))
    items = [make_item(question_id="q", sha256=each * 64) for each in there]
    missing = missing_evidence([], [asked], items)
    assert [each.present for each in missing] == ([present] if present < needed else [])


def test_a_reason_explains_its_kind_only() -> None:
    missing = missing_evidence([TWO_PHOTOS, A_MINUTE], [], [])
    (left,) = unexplained(missing, {EvidenceKind.PHOTO: "my phone broke"})
    assert left.kind is EvidenceKind.AUDIO


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["photo", "audio"]))),
    more=st.tuples(st.integers(0, 5), st.sampled_from(["photo", "audio"])),
)
def test_another_item_never_makes_more_missing(
    make_item: Make, files: list[tuple[int, str]], more: tuple[int, str]
) -> None:
    def items(given_files: list[tuple[int, str]]) -> list[Any]:
        return [make_item(file=file, kind=kind, duration_s=60) for file, kind in given_files]

    def lacking(given_files: list[tuple[int, str]]) -> int:
        missing = missing_evidence([TWO_PHOTOS, A_MINUTE], [], items(given_files))
        return sum(each.needed - each.present for each in missing)

    assert lacking([*files, more]) <= lacking(files)
