"""Fills the stores with reports that went through long ago: copies of real ones under other ids.

Every document that a report leaves is copied, with every index entry of its own. The parts that no
query of the hot path reads again (answers, points of each question) are left out, so that a million
reports fit on a laptop's disk.
"""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import WriteConcern
from pymongo.errors import BulkWriteError

from incognita_shared.ids import new_id
from incognita_shared.mongo.client import connect
from incognita_shared.settings import MongoSettings, database_name

PART = 5_000
DUPLICATE = 11_000


@dataclass(frozen=True, slots=True)
class Kind:
    """Documents of one collection, one a report. ``emptied``: fields kept without their content."""

    service: str
    collection: str
    emptied: tuple[str, ...] = ()


KINDS = (
    Kind("assignment", "visits", ("history",)),
    Kind("assignment", "payouts"),
    Kind("evidence", "visits"),
    Kind("evidence", "reports", ("answers",)),
    Kind("scoring", "scores"),
    Kind("scoring", "score_revisions", ("sections", "questions", "answers")),
    Kind("comparison", "results", ("revisions",)),
    Kind("notification", "deliveries", ("body",)),
)


async def fill(settings: MongoSettings, count: int, *, branches: int) -> None:
    """``count`` more stored reports, spread over the branches and the last half year."""
    await asyncio.gather(*(_fill(settings, kind, count, branches) for kind in KINDS))


async def fill_branches(settings: MongoSettings, branches: int) -> None:
    """Sums for every branch, as a wave over all of them leaves them."""
    client = connect(settings, "benchmark")
    sums = client[database_name("comparison")]["branch_waves"]
    one = await sums.find_one({})
    if one is None:
        raise SystemExit("nothing has been approved yet")
    missing = (
        {**one, "_id": f"{one['wave_id']}:branch-{n}", "branch_id": f"branch-{n}"}
        for n in range(branches)
    )
    for part in _parts(missing):
        try:
            await sums.insert_many(part, ordered=False)
        except BulkWriteError as error:
            if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
                raise
    await client.close()


async def _fill(settings: MongoSettings, kind: Kind, count: int, branches: int) -> None:
    client = connect(settings, "benchmark")
    collection = client[database_name(kind.service)].get_collection(
        kind.collection, write_concern=WriteConcern(1)
    )
    template = await collection.find_one({})
    if template is None:
        raise SystemExit(f"{kind.service} has no {kind.collection} yet")
    for name in kind.emptied:
        template[name] = type(template[name])()
    chance = random.Random(count)
    copies = (_copy(template, chance, branches) for _ in range(count))
    for part in _parts(copies):
        await collection.insert_many(part, ordered=False)
    await client.close()


def _copy(template: dict[str, Any], chance: random.Random, branches: int) -> dict[str, Any]:
    """Another visit at another branch at another time, with nothing left to say or to do."""
    name, earlier = new_id(), timedelta(seconds=chance.randrange(1, 180 * 86_400))
    copy = {
        field: value - earlier if isinstance(value, datetime) else value
        for field, value in template.items()
    }
    changes = {
        "visit_id": name, "subject": name, "event_id": name,
        "branch_id": f"branch-{chance.randrange(branches)}",
        "shopper_id": f"shopper-{chance.randrange(20_000)}",
        "has_pending": False, "pending": [], "deadline_at": None, "state": _done(template),
    }  # fmt: skip
    copy.update((field, value) for field, value in changes.items() if field in copy)
    copy.pop("next_attempt_at", None)
    copy["_id"] = name
    return copy


def _done(template: dict[str, Any]) -> Any:
    state = template.get("state")
    return {"accepted": "approved", "reported": "approved", "waiting": "succeeded"}.get(
        str(state), state
    )


def _parts(documents: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for document in documents:
        part.append(document)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part
