"""Projections of the catalog, and the subscriptions, as event handlers read and write them."""

from typing import Any

from incognita_notification.repository import BRANCHES, CHAINS, DELIVERIES, SUBSCRIPTIONS
from incognita_shared.events.assignment import BranchChanged, ChainChanged
from incognita_shared.mongo.work import Work

MATCHING = {"event_types": 1, "filter": 1, "audience": 1, "chain_id": 1}


def keep_chain(event: ChainChanged, work: Work) -> None:
    """Name and languages of the chain."""
    state = {"chain_id": event.chain_id, "name": event.name, "languages": list(event.languages)}
    work.keep_newest(CHAINS, event.chain_id, {**state, "version": event.version})


def keep_branch(event: BranchChanged, work: Work) -> None:
    """What filters and letters need of a branch."""
    wanted = {
        "chain_id", "name", "address", "city", "region", "country", "franchisee_id", "time_zone",
        "closed", "version",
    }  # fmt: skip
    work.keep_newest(BRANCHES, event.branch_id, event.model_dump(include=wanted))


async def active_subscriptions(chain_id: str, work: Work) -> list[dict[str, Any]]:
    """What decides whether an event goes to them, nothing else."""
    return await work.find(SUBSCRIPTIONS, {"chain_id": chain_id, "active": True}, MATCHING)


async def find_branch(branch_id: str, chain_id: str, work: Work) -> dict[str, Any] | None:
    """The branch's projection, if it is here already."""
    return await work.find_one(BRANCHES, {"_id": branch_id, "chain_id": chain_id})


def add_delivery(key: str, document: dict[str, Any], work: Work) -> None:
    """Put a delivery on the queue, unless it is there already."""
    work.update(DELIVERIES, {"_id": key}, {"$setOnInsert": document}, upsert=True)
