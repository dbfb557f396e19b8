"""When a consumer stops rather than drain a topic."""

import pytest

from incognita_shared.kafka.dead_letter import DeadLetterLimit, DeadLetterLimitError


def test_a_few_unreadable_records_are_borne() -> None:
    limit = DeadLetterLimit(consecutive=3, window=10)
    for number in range(100):
        limit.count(dead=number % 4 == 0)


def test_too_many_in_a_row_halt_the_consumer() -> None:
    limit = DeadLetterLimit(consecutive=3)
    for _ in range(3):
        limit.count(dead=True)
    with pytest.raises(DeadLetterLimitError, match="4 unreadable records in a row"):
        limit.count(dead=True)


def test_too_large_a_share_halts_the_consumer() -> None:
    limit = DeadLetterLimit(consecutive=5, ratio=0.5, window=10)
    for number in range(9):
        limit.count(dead=number % 3 != 0)
    with pytest.raises(DeadLetterLimitError, match="6 of the last 10"):
        limit.count(dead=False)
