"""What the two simulated services do with an event; written like the handlers of the real ones."""

from collections.abc import Callable
from typing import ClassVar

from incognita_shared.kafka.incoming import Handlers, Reads, Received
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events
from incognita_shared.mongo.work import Work
from tests.simulation.events import Counted, Reported, Totalled

CHAIN = "chain"


class Counter:
    """Counts each visit's steps and each branch's points. ``sick`` makes a step's handling fail."""

    def __init__(self, sick: Callable[[str, int], bool], *, guarded: bool = True) -> None:
        self._sick = sick
        self._guarded = guarded

    async def on_step_reported(self, received: Received[Reported], work: Work) -> None:
        """A step that was counted before changes nothing."""
        step = received.event
        count = await work.find_one("counts", {"_id": step.visit_id}, WITHOUT_PENDING)
        if self._guarded and count is not None and count["seq"] >= step.seq:
            return
        if self._sick(step.visit_id, step.seq):
            raise ValueError("this step can't be counted today")
        said = Counted(
            chain_id=CHAIN, visit_id=step.visit_id, branch_id=step.branch_id, points=step.points,
            seq=count["out_seq"] + 1 if count else 1,
        )  # fmt: skip
        if count is None:
            work.insert("counts", _first(step))
            work.publish(said)
        else:
            change = {
                "$set": {"seq": step.seq},
                "$inc": {"out_seq": 1, "points": step.points},
                "$push": {"applied": step.seq},
            }
            work.update("counts", {"_id": step.visit_id}, append_events(change, said))
        await self._total(step, work)

    async def _total(self, step: Reported, work: Work) -> None:
        total = await work.find_one("totals", {"_id": step.branch_id})
        steps, points = (total["steps"], total["points"]) if total else (0, 0)
        new = {"_id": step.branch_id, "steps": steps + 1, "points": points + step.points}
        work.replace("totals", {"_id": step.branch_id}, new)
        work.publish(
            Totalled(chain_id=CHAIN, branch_id=step.branch_id, seq=steps + 1, points=new["points"])
        )

    @property
    def handlers(self) -> Handlers:
        """Event → handler."""
        return {Reported: self.on_step_reported}

    reads: ClassVar[Reads] = {
        Reported: lambda event: [("counts", event.visit_id), ("totals", event.branch_id)],
    }


def _first(step: Reported) -> dict[str, object]:
    return {
        "_id": step.visit_id,
        "branch_id": step.branch_id,
        "seq": step.seq,
        "out_seq": 1,
        "points": step.points,
        "applied": [step.seq],
        "looked_through": False,
    }


class Sink:
    """Writes down what it hears, in the order in which it hears it."""

    def __init__(self, *, guarded: bool = True) -> None:
        self._guarded = guarded

    async def on_step_counted(self, received: Received[Counted], work: Work) -> None:
        """Per visit."""
        await self._hear(received.event, work)

    async def on_branch_totalled(self, received: Received[Totalled], work: Work) -> None:
        """Per branch."""
        await self._hear(received.event, work)

    async def _hear(self, event: Counted | Totalled, work: Work) -> None:
        heard = await work.find_one("heard", {"_id": event.subject})
        if self._guarded and heard is not None and heard["seq"] >= event.seq:
            return
        work.update(
            "heard",
            {"_id": event.subject},
            {"$set": {"seq": event.seq, "points": event.points}, "$push": {"applied": event.seq}},
            upsert=True,
        )

    @property
    def handlers(self) -> Handlers:
        """Event → handler."""
        return {Counted: self.on_step_counted, Totalled: self.on_branch_totalled}

    reads: ClassVar[Reads] = {
        Counted: lambda event: [("heard", event.visit_id)],
        Totalled: lambda event: [("heard", event.branch_id)],
    }
