"""Negative controls: each takes one protection away, and then the checker must find it out."""

import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from incognita_shared.ids import new_id

WITHOUT = "FAULTS_WITHOUT"
"""The variable that names, separated by commas, what a worker runs without."""


def put(owner: Any, name: str, value: Any) -> Any:
    """Put ``value`` in the place of what the product has there, which is returned.

    Raises AttributeError where it has nothing of that name: a control that takes nothing away
    would prove nothing.
    """
    own = getattr(owner, name)
    setattr(owner, name, value)
    return own


def without_duplicate_guards() -> None:
    """Handlers forget what they have handled: a score counts each time that it is approved."""
    handlers = importlib.import_module("incognita_comparison.handlers")
    find = handlers.find_result

    async def forgetful(*args: Any, **options: Any) -> Any:
        result = await find(*args, **options)
        return result and {**result, "seq": 0, "counted": None}

    put(handlers, "find_result", forgetful)


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

    put(checkpoint.Checkpoints, "advance", advance)
    put(checkpoint.Checkpoints, "end_former_sessions", end_no_session)


def without_commit_order() -> None:
    """The checkpoint moves by itself, before the effects of the batch."""
    checkpoint = importlib.import_module("incognita_shared.mongo.checkpoint")

    async def advance(self: Any, session: Any, steps: Sequence[Any]) -> None:
        await own(self, None, steps)

    own = put(checkpoint.Checkpoints, "advance", advance)


def without_leases() -> None:
    """Every relay owns every bucket."""
    relay = importlib.import_module("incognita_shared.mongo.relay")

    async def renew(self: Any) -> list[int]:
        return list(range(relay.BUCKETS))

    put(relay.Leases, "renew", renew)


def without_relay_order() -> None:
    """The relay takes events out of their document before it sends them."""
    relay = importlib.import_module("incognita_shared.mongo.relay").Relay
    own = relay._publish_batch

    async def publish_batch(self: Any, name: str) -> bool:
        producer, self._producer = self._producer, Later()
        try:
            busy: bool = await own(self, name)
            if self._producer.records:
                await producer.publish(self._producer.records)
        finally:
            self._producer = producer
        return busy

    put(relay, "_publish_batch", publish_batch)


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
    put(idempotency, "derived_id", lambda *_: new_id())


def without_earlier_submissions() -> None:
    """A report is settled again each time that it is handed in."""
    submissions = importlib.import_module("incognita_evidence.submissions")
    put(submissions, "earlier_answer", lambda *_: None)


@dataclass(frozen=True)
class Control:
    """What is taken away, from whom, and the faults (kind, target) under which that must show.

    ``breaks``: the invariants of which at least one must then be violated; none where it only costs
    duplicates. ``also``: other protections that would hide it, taken away as well.
    """

    take_away: Callable[[], None]
    services: tuple[str, ...]
    breaks: frozenset[int]
    provoked_by: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()


ALL = ("assignment", "evidence", "scoring", "comparison", "notification")
CONTROLS: Mapping[str, Control] = {
    "duplicate-guard": Control(
        without_duplicate_guards,
        ("comparison",),
        frozenset({2}),
        (("duplicate", "scoring.events.v1"),),
    ),
    "epoch-fence": Control(
        without_epoch_fence,
        ("comparison",),
        frozenset({2, 6}),
        (("zombie", "before a transaction of comparison"),),
        also=("duplicate-guard",),
    ),
    "commit-order": Control(
        without_commit_order,
        ALL,
        frozenset({1, 2}),
        (("point", "before a commit"), ("point", "inside a transaction, the checkpoint moved")),
    ),
    "relay-lease": Control(
        without_leases, ALL, frozenset(), (("scale", "evidence"), ("scale", "assignment"))
    ),
    "relay-order": Control(
        without_relay_order,
        ("assignment", "evidence"),
        frozenset({3, 4}),
        (("point", "before events are sent"),),
    ),
    "idempotency-key": Control(without_idempotency_keys, ("assignment",), frozenset({7})),
    "submission-key": Control(without_earlier_submissions, ("evidence",), frozenset({3, 4, 7})),
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
