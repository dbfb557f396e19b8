"""When a consumer stops rather than drain a topic."""

import pytest

from incognita_shared.kafka.dead_letter import DeadLetterLimit, DeadLetterLimitError


def test_a_few_unreadable_records_are_borne() -> None:
    limit = DeadLetterLimit(consecutive=3, window=10)
    for _ in range(25):
        limit = limit.after([True, False, False, False])
    limit.after([True] * 3)


def test_too_many_in_a_row_halt_the_consumer_also_over_two_batches() -> None:
    limit = DeadLetterLimit(consecutive=3).after([False, True, True])
    with pytest.raises(DeadLetterLimitError, match="4 unreadable records in a row"):
        limit.after([True, True])
    limit.after([False]).after([True] * 3)


def test_too_large_a_share_halts_the_consumer() -> None:
    limit = DeadLetterLimit(consecutive=5, ratio=0.5, window=10)
    limit = limit.after([number % 3 != 0 for number in range(8)])
    with pytest.raises(DeadLetterLimitError, match="6 of the last 10"):
        limit.after([False, True])


def test_a_batch_that_is_tried_again_counts_once() -> None:
    limit = DeadLetterLimit(consecutive=3)
    for _ in range(10):
        limit.after([True, True])
    assert limit.row == 0
