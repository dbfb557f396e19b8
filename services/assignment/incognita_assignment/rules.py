"""What may become of a visit and of a wave: two tables, read by every use case. No I/O.

A visit is decided by its report once there is one: from ``reported`` on only the reviewer's word
moves it, so that nobody calls a finished visit off to save its fee. ``rejected``, ``declined`` and
``cancelled`` are final, and so is ``approved`` unless the approval itself is taken back.
``expired`` is final for people; a report that the evidence service had already taken when the visit
expired still counts, unless the visit was offered anew: then it is cancelled, so that everyone who
scored the report hears of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum


class VisitState(StrEnum):
    """Where a visit stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REPORTED = "reported"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"


class VisitMove(StrEnum):
    """What moves a visit."""

    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    REPLACE = "replace"
    CANCEL = "cancel"
    REPORT = "report"
    RETURN = "return"
    APPROVE = "approve"
    UNAPPROVE = "unapprove"
    REJECT = "reject"


V, M = VisitState, VisitMove

VISIT_MOVES: Mapping[VisitState, Mapping[VisitMove, VisitState]] = {
    V.OFFERED: {
        M.ACCEPT: V.ACCEPTED,
        M.DECLINE: V.DECLINED,
        M.EXPIRE: V.EXPIRED,
        M.CANCEL: V.CANCELLED,
    },
    V.ACCEPTED: {M.REPORT: V.REPORTED, M.EXPIRE: V.EXPIRED, M.CANCEL: V.CANCELLED},
    V.RETURNED: {M.REPORT: V.REPORTED, M.EXPIRE: V.EXPIRED, M.CANCEL: V.CANCELLED},
    V.REPORTED: {M.APPROVE: V.APPROVED, M.RETURN: V.RETURNED, M.REJECT: V.REJECTED},
    V.EXPIRED: {M.REPORT: V.REPORTED, M.REPLACE: V.CANCELLED},
    V.APPROVED: {M.UNAPPROVE: V.REPORTED},
    V.REJECTED: {},
    V.DECLINED: {},
    V.CANCELLED: {},
}

OUTCOME: Mapping[VisitMove, VisitState] = {
    move: state for moves in VISIT_MOVES.values() for move, state in moves.items()
}
"""Where each move leads; it is the same from every state."""

BY_PEOPLE = frozenset({M.ACCEPT, M.DECLINE, M.CANCEL})
"""Moves that somebody can ask for over HTTP; the others follow from time or from reports."""

TO_BE_OFFERED_ANEW = (V.DECLINED, V.EXPIRED)
HELD = (V.OFFERED, V.ACCEPTED, V.RETURNED)
"""States in which a visit takes up its shopper's capacity."""

COMMITTED = (V.OFFERED, V.ACCEPTED, V.REPORTED, V.RETURNED, V.APPROVED)
"""States in which a visit's fee and purchases are owed or may come to be owed."""

VISITED = (V.OFFERED, V.ACCEPTED, V.REPORTED, V.RETURNED, V.APPROVED, V.REJECTED)
"""States in which the shopper was, or may yet be, at the branch."""


class IllegalMove(Exception):
    """The move is not possible in this state; ``allowed`` names those that people may ask for."""

    def __init__(self, state: VisitState, move: VisitMove, why: str | None = None) -> None:
        self.state = state
        self.allowed = () if why else allowed_moves(state)
        super().__init__(why or f"a visit that is {state} cannot take the move {move}")


def next_state(state: VisitState, move: VisitMove) -> VisitState | None:
    """The state that ``move`` leads to, or None where the visit is there already.

    Raises IllegalMove.
    """
    if state is OUTCOME[move]:
        return None
    target = VISIT_MOVES[state].get(move)
    if target is None:
        raise IllegalMove(state, move)
    return target


def allowed_moves(state: VisitState) -> tuple[str, ...]:
    """The moves that somebody may ask for in this state, by name."""
    return tuple(move.value for move in VISIT_MOVES[state] if move in BY_PEOPLE)


def check_offer_open(move: VisitMove, deadline_at: datetime, at: datetime) -> None:
    """Refuse an answer to an offer that has run out, swept or not. Raises IllegalMove."""
    if at >= deadline_at:
        why = f"the offer ended at {deadline_at.isoformat()}, so it cannot be answered any more"
        raise IllegalMove(VisitState.OFFERED, move, why)


def offer_ends(offered_at: datetime, offer_hours: float, ends_at: datetime) -> datetime:
    """Until when an offer may be accepted: some hours, but never past the wave's end."""
    return min(offered_at + timedelta(hours=offer_hours), ends_at)


class WaveState(StrEnum):
    """Where a wave stands."""

    DRAFT = "draft"
    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class WaveMove(StrEnum):
    """What moves a wave. ``opened`` follows from planning; the others are asked for."""

    OPEN = "open"
    OPENED = "opened"
    REOFFER = "reoffer"
    CLOSE = "close"
    CANCEL = "cancel"


W = WaveState

WAVE_MOVES: Mapping[WaveState, Mapping[WaveMove, WaveState]] = {
    W.DRAFT: {WaveMove.OPEN: W.OPENING, WaveMove.CANCEL: W.CANCELLED},
    W.OPENING: {
        WaveMove.OPENED: W.OPEN,
        WaveMove.CLOSE: W.CLOSED,
        WaveMove.CANCEL: W.CANCELLED,
    },
    W.OPEN: {
        WaveMove.REOFFER: W.OPEN,
        WaveMove.CLOSE: W.CLOSED,
        WaveMove.CANCEL: W.CANCELLED,
    },
    W.CLOSED: {WaveMove.CANCEL: W.CANCELLED},
    W.CANCELLED: {},
}

CALLED_OFF: Mapping[WaveState, tuple[VisitState, ...]] = {
    W.CLOSED: (V.OFFERED,),
    W.CANCELLED: HELD,
}
"""Which of its visits end with a wave: closing takes back offers, cancelling also agreed visits."""


def allowed_wave_moves(state: WaveState) -> tuple[str, ...]:
    """The moves that somebody may ask for in this state, by name."""
    return tuple(move.value for move in WAVE_MOVES[state] if move is not WaveMove.OPENED)
