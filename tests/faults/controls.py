"""Negative controls: each takes one protection away, and then the checker must find it out."""

import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from incognita_shared.ids import new_id

WITHOUT = "FAULTS_WITHOUT"
"""The variable that names, separated by commas, what a worker runs without."""


def without_duplicate_guards() -> None:
    """Handlers forget what they have handled: a score counts each time that it is approved."""
    handlers = importlib.import_module("incognita_comparison.handlers")
    find = handlers.find_result

    async def forgetful(*args: Any, **options: Any) -> Any:
        result = await find(*args, **options)
        return result and {**result, "seq": 0, "counted": None}

    handlers.find_result = forgetful  # type: ignore[attr-defined]


def without_epoch_fence() -> None:
    """A former owner's batch is applied, whoever owns the partition now."""
    checkpoint = importlib.import_module("incognita_shared.mongo.checkpoint")

    async def advance(self: Any, session: Any, steps: Sequence[Any]) -> None:
        for step in steps:
            await self._collection.update_one(
                {"_id": str(step.source)}, {"$set": {"next": step.next}}, session=session
            )

    async def end_no_session(*_: Any, **__: Any) -> None:
        """Ending the former owner's session would stop it as well."""

    checkpoint.Checkpoints.advance = advance
    checkpoint.Checkpoints.end_former_sessions = end_no_session


def without_commit_order() -> None:
    """The checkpoint moves by itself, before the effects of the batch."""
    checkpoint = importlib.import_module("incognita_shared.mongo.checkpoint")
    own = checkpoint.Checkpoints.advance

    async def advance(self: Any, session: Any, steps: Sequence[Any]) -> None:
        await own(self, None, steps)

    checkpoint.Checkpoints.advance = advance


def without_leases() -> None:
    """Every relay owns every bucket."""
    relay = importlib.import_module("incognita_shared.mongo.relay")

    async def renew(self: Any) -> list[int]:
        return list(range(relay.BUCKETS))

    relay.Leases.renew = renew


def without_relay_order() -> None:
    """The relay takes events out of their document before it sends them."""
    relay = importlib.import_module("incognita_shared.mongo.relay").Relay
    own = relay._publish_batch

    async def publish_batch(self: Any, name: str) -> bool:
        producer, self._producer = self._producer, Later()
        try:
            busy: bool = await own(self, name)
            await producer.publish(self._producer.records)
        finally:
            self._producer = producer
        return busy

    relay._publish_batch = publish_batch


class Later:
    """Takes records as a producer does, and keeps them."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    async def publish(self, records: Sequence[Any]) -> None:
        """Claim that Kafka has them."""
        self.records.extend(records)


def without_idempotency_keys() -> None:
    """Whatever key a request has, it is a new request."""
    idempotency = importlib.import_module("incognita_assignment.idempotency")
    idempotency.derived_id = lambda *_: new_id()  # type: ignore[attr-defined]


def without_earlier_submissions() -> None:
    """A report is settled again each time that it is handed in."""
    submissions = importlib.import_module("incognita_evidence.submissions")
    submissions._earlier_answer = lambda *_: None  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Control:
    """What is taken away, from whom, and the faults (kind, target) under which that must show.

    ``also``: other protections that would hide it, taken away as well.
    """

    take_away: Callable[[], None]
    services: tuple[str, ...]
    provoked_by: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()


ALL = ("assignment", "evidence", "scoring", "comparison", "notification")
CONTROLS: Mapping[str, Control] = {
    "duplicate-guard": Control(
        without_duplicate_guards, ("comparison",), (("duplicate", "scoring.events.v1"),)
    ),
    "epoch-fence": Control(
        without_epoch_fence, ALL, (("zombie", "before a transaction"),), also=("duplicate-guard",)
    ),
    "commit-order": Control(
        without_commit_order,
        ALL,
        (("point", "before a commit"), ("point", "inside a transaction, the checkpoint moved")),
    ),
    "relay-lease": Control(without_leases, ALL, (("scale", "evidence"), ("stop", "evidence"))),
    "relay-order": Control(without_relay_order, ALL, (("kill", "evidence"),)),
    "idempotency-key": Control(without_idempotency_keys, ("assignment",)),
    "submission-key": Control(without_earlier_submissions, ("evidence",)),
}


def take_away(service: str) -> None:
    """Take from this process what the environment says that it shall run without."""
    for name in with_also(filter(None, os.environ.get(WITHOUT, "").split(","))):
        control = CONTROLS[name]
        if service in control.services:
            control.take_away()


def with_also(names: Iterable[str]) -> set[str]:
    """The controls of these names, and those that they need as well."""
    return {each for name in names for each in (name, *CONTROLS[name].also)}
