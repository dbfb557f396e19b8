"""How the batch size follows the time that batches take."""

from incognita_shared.kafka.pace import Pace


def test_slow_and_failed_batches_make_the_next_ones_smaller_down_to_ten() -> None:
    pace = Pace(500)
    pace.took(3)
    assert pace.records == 250
    for _ in range(10):
        pace.failed()
    assert pace.records == 10


def test_quick_batches_make_them_larger_up_to_the_setting() -> None:
    pace = Pace(100)
    pace.failed()
    pace.took(1)
    assert pace.records == 50
    for _ in range(3):
        pace.took(0.1)
    assert pace.records == 100


def test_a_setting_below_ten_is_kept() -> None:
    pace = Pace(1)
    pace.failed()
    assert pace.records == 1
