"""The tables of moves, as people may rely on them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_assignment.rules import (
    BY_PEOPLE,
    HELD,
    OUTCOME,
    VISIT_MOVES,
    WAVE_MOVES,
    IllegalMove,
    VisitMove,
    VisitState,
    WaveMove,
    WaveState,
    allowed_moves,
    allowed_wave_moves,
    check_offer_open,
    next_state,
    offer_ends,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "move", "expected"),
    [
        ("offered", "accept", "accepted"),
        ("offered", "decline", "declined"),
        ("offered", "expire", "expired"),
        ("offered", "cancel", "cancelled"),
        ("accepted", "report", "reported"),
        ("accepted", "expire", "expired"),
        ("accepted", "cancel", "cancelled"),
        ("reported", "approve", "approved"),
        ("reported", "return", "returned"),
        ("reported", "reject", "rejected"),
        ("approved", "unapprove", "reported"),
        ("returned", "report", "reported"),
        ("returned", "expire", "expired"),
        ("returned", "cancel", "cancelled"),
        ("expired", "report", "reported"),
        ("expired", "replace", "cancelled"),
    ],
)
def test_a_legal_move_leads_to_its_state(state: str, move: str, expected: str) -> None:
    assert next_state(VisitState(state), VisitMove(move)) == expected


def test_there_is_no_other_legal_move() -> None:
    assert sum(len(moves) for moves in VISIT_MOVES.values()) == 16


@given(state=st.sampled_from(VisitState), move=st.sampled_from(VisitMove))
def test_each_other_move_is_refused_with_the_allowed_ones_unless_it_was_made_already(
    state: VisitState, move: VisitMove
) -> None:
    if move in VISIT_MOVES[state]:
        return
    if OUTCOME[move] is state:
        assert next_state(state, move) is None
        return
    with pytest.raises(IllegalMove, match=f"{state}.*{move}") as refused:
        next_state(state, move)
    assert set(refused.value.allowed) == {each for each in VISIT_MOVES[state] if each in BY_PEOPLE}


@pytest.mark.parametrize("state", ["rejected", "declined", "cancelled"])
def test_final_states_are_left_by_nothing(state: str) -> None:
    assert not VISIT_MOVES[VisitState(state)]
    assert allowed_moves(VisitState(state)) == ()


def test_a_reported_visit_is_left_by_the_reviewers_word_alone() -> None:
    assert allowed_moves(VisitState.REPORTED) == ()


def test_nobody_can_ask_assignment_to_take_an_approval_back() -> None:
    assert allowed_moves(VisitState.APPROVED) == ()


def test_every_state_that_waits_for_the_shopper_can_run_out_and_be_called_off() -> None:
    for state in HELD:
        assert {VisitMove.EXPIRE, VisitMove.CANCEL} <= VISIT_MOVES[state].keys()


def test_an_offer_is_open_until_its_end_and_not_at_it() -> None:
    check_offer_open(VisitMove.ACCEPT, AT, AT - timedelta(milliseconds=1))
    with pytest.raises(IllegalMove, match=r"ended at 2026-03-01") as refused:
        check_offer_open(VisitMove.ACCEPT, AT, AT)
    assert refused.value.allowed == ()


def test_an_offer_never_outlives_its_wave() -> None:
    assert offer_ends(AT, 48, AT + timedelta(days=30)) == AT + timedelta(days=2)
    assert offer_ends(AT, 48, AT + timedelta(hours=1)) == AT + timedelta(hours=1)


def test_a_wave_is_opened_once_and_a_cancelled_one_stays_so() -> None:
    assert allowed_wave_moves(WaveState.DRAFT) == ("open", "cancel")
    assert allowed_wave_moves(WaveState.OPENING) == ("close", "cancel")
    assert allowed_wave_moves(WaveState.OPEN) == ("reoffer", "close", "cancel")
    assert WAVE_MOVES[WaveState.OPENING][WaveMove.OPENED] is WaveState.OPEN
    assert not WAVE_MOVES[WaveState.CANCELLED]
