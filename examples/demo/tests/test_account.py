"""The account at the end fails for one visit missing or double."""

import pytest

from incognita_demo.reconcile import Line, compare
from incognita_demo.results import recovery
from incognita_demo.settings import DemoSettings, SettingError


def test_the_same_visits_in_any_order_are_whole() -> None:
    assert compare("visits", ["a", "b", "c"], ["c", "a", "b"]).whole


def test_a_missing_visit_is_named() -> None:
    line = compare("visits", ["a", "b"], ["a"])
    assert not line.whole
    assert line.missing == ("b",)


def test_a_visit_that_is_there_twice_is_named_although_another_is_missing() -> None:
    line = compare("visits", ["a", "b"], ["a", "a"])
    assert (line.missing, line.extra, line.whole) == (("b",), ("a",), False)


def test_other_counts_are_not_whole() -> None:
    assert not Line("standings", 3, 2).whole


def test_recovery_of_a_perfect_order_is_one_whatever_the_scale() -> None:
    rows = [
        {"group": {"id": str(place)}, "estimate": place / 2, "raw_mean": float(place)}
        for place in range(10)
    ]
    text = recovery(rows, {str(place): 50.0 + place for place in range(10)})
    assert "branches, one visit each: 1.00" in text


@pytest.mark.parametrize("text", ["5", "many", "-1", "1e3", ""])
def test_a_number_of_stores_that_cannot_be_is_refused_by_name(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORES", text)
    with pytest.raises(SettingError, match="STORES"):
        DemoSettings.read()


def test_all_stores_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORES", "ALL")
    assert DemoSettings.read().stores is None
