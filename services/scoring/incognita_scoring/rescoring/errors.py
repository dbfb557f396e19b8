"""What can go wrong with a rescore, each with the status that it is answered by."""

from incognita_scoring.rescoring.job import Rescore, RescoreState
from incognita_shared.problems import Conflict, NotFound


class RescoreNotFound(NotFound):
    """No such rescore in the chain."""

    def __init__(self, rescore_id: str) -> None:
        super().__init__(f"There is no rescore {rescore_id}")


class WaveBeingRescored(Conflict):
    """Another rescore of one of the waves is open."""

    def __init__(self, other: Rescore | None) -> None:
        name = other.rescore_id if other else None
        super().__init__(
            "Another rescore of one of these waves is open: apply or cancel it first",
            rescore_id=name,
            state=other.state.value if other else None,
        )


class RescoreStateConflict(Conflict):
    """The rescore's state does not allow it."""

    def __init__(self, rescore: Rescore, why: str) -> None:
        allowed = {
            RescoreState.PREVIEWING: ("cancel",),
            RescoreState.PREVIEWED: ("apply", "cancel"),
        }.get(rescore.state, ())
        super().__init__(
            f"The rescore {rescore.rescore_id} {why}", allowed=allowed, state=rescore.state.value
        )
