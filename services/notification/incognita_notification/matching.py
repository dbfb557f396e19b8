"""Finds the subscriptions that an event goes to.

They are read once for each batch and chain, within the batch's own transaction: a subscription
counts for every batch that begins after it was made, and no event costs a query of its own.
"""

from dataclasses import dataclass, field
from typing import Any

from incognita_notification.audiences import Audience
from incognita_notification.repository import catalog
from incognita_notification.rules import Filter, passes, wants
from incognita_shared.events import Event
from incognita_shared.kafka.incoming import NotReady
from incognita_shared.mongo.work import Work


class Subscription:
    """An active subscription, ready to be compared with events."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.audience = Audience(document["audience"])
        self.filter = Filter.model_validate(document["filter"])
        self._event_types = tuple(document["event_types"])

    def wants(self, event: Event) -> bool:
        """Whether it asks for events of this type."""
        return wants(self._event_types, self.audience, event.type_name())


@dataclass
class _Batch:
    work: Work
    subscriptions: dict[str, list[Subscription]] = field(default_factory=dict)
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)


class Matcher:
    """Remembers what it read for the current batch only."""

    def __init__(self) -> None:
        self._batch: _Batch | None = None

    async def matching(self, event: Event, work: Work) -> list[Subscription]:
        """The subscriptions of the event's chain that it passes.

        Raises ``NotReady`` when a filter asks about a branch that the catalog has yet to bring.
        """
        batch = self._batch
        if batch is None or batch.work is not work:
            batch = self._batch = _Batch(work)
        if event.chain_id not in batch.subscriptions:
            found = await catalog.active_subscriptions(event.chain_id, work)
            batch.subscriptions[event.chain_id] = [Subscription(each) for each in found]
        wanting = [each for each in batch.subscriptions[event.chain_id] if each.wants(event)]
        branch = None
        if any(each.filter.needs_branch for each in wanting):
            branch = await _branch_of(event, batch)
        return [each for each in wanting if passes(each.filter, event, branch)]


async def _branch_of(event: Event, batch: _Batch) -> dict[str, Any] | None:
    branch_id = getattr(event, "branch_id", None)
    if branch_id is None:
        return None
    if branch_id not in batch.branches:
        found = await catalog.find_branch(branch_id, event.chain_id, batch.work)
        if found is None:
            raise NotReady(f"branch {branch_id} is not here yet")
        batch.branches[branch_id] = found
    return batch.branches[branch_id]
