import pytest

from incognita_shared.health import Health


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [100.0]
    monkeypatch.setattr("incognita_shared.health.time.monotonic", lambda: seconds[0])
    return seconds


def test_a_part_that_beats_in_time_is_ready(clock: list[float]) -> None:
    health = Health()
    health.expect("consumer", within_s=10)
    clock[0] += 9
    health.beat("consumer")
    clock[0] += 9
    assert health.ready


def test_a_part_that_stops_beating_makes_the_service_not_ready(clock: list[float]) -> None:
    health = Health()
    health.expect("consumer", within_s=10)
    health.expect("relay", within_s=30)
    clock[0] += 11
    assert health.problems() == {"consumer": "no progress for 11 s"}
    health.beat("consumer")
    assert health.ready


def test_a_failure_lasts_until_the_part_makes_progress_or_is_cleared() -> None:
    health = Health()
    health.expect("consumer", within_s=10)
    health.fail("consumer", "MongoDB is down")
    health.fail("store", "no bucket")
    assert health.problems() == {"consumer": "MongoDB is down", "store": "no bucket"}
    health.beat("consumer")
    health.clear("store")
    assert health.ready


def test_a_process_that_stops_is_never_ready_again() -> None:
    health = Health()
    health.stop()
    health.beat("anything")
    assert health.problems() == {"process": "stopping"}


def test_a_part_that_ended_as_it_should_is_forgotten(clock: list[float]) -> None:
    health = Health()
    health.expect("import", within_s=1)
    health.forget("import")
    clock[0] += 100
    assert health.ready
