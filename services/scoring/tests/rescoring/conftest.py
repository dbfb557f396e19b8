"""A wave that is scored, a corrected version of its questionnaire, and a worker to rescore it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import bson
import httpx
import pytest

from incognita_scoring.rescoring.worker import Rescorer
from incognita_shared.events.assignment import QuestionnairePublished
from incognita_shared.health import Health
from incognita_shared.mongo.client import Database

Work = Callable[..., Awaitable[int]]


@pytest.fixture
def corrected(published: QuestionnairePublished) -> Callable[..., QuestionnairePublished]:
    """The next version of the questionnaire, in which ``greeting`` expects the opposite.

    ``change`` is given the definition's data and may change it further.
    """

    def make(
        change: Callable[[dict[str, Any]], None] = lambda _: None, *, version: int = 4
    ) -> QuestionnairePublished:
        definition = published.definition.model_dump(mode="json")
        greeting = definition["sections"][0]["questions"][0]
        greeting["scoring"]["expected"] = False
        change(definition)
        fields = published.model_dump(mode="json")
        return QuestionnairePublished.model_validate(
            {**fields, "version": version, "definition": definition}
        )

    return make


@pytest.fixture
async def agency(client: Any) -> httpx.AsyncClient:
    """The app as the agency sees it."""
    return await client("agency")


@pytest.fixture
def work(db: Database) -> Work:
    """``await work()``: work off every rescore that is due; how many were looked at."""

    async def until_none_is_due(rescorer: Rescorer | None = None) -> int:
        rescorer = rescorer or Rescorer(db, health=Health(), batch=4)
        done = 0
        async with db.client.start_session() as session:
            while await rescorer.step(session, asyncio.Event()):
                done += 1
        return done

    return until_none_is_due


@pytest.fixture
def snapshot(db: Database) -> Callable[[], Awaitable[dict[str, bytes]]]:
    """Every stored revision, byte for byte."""

    async def read() -> dict[str, bytes]:
        batches = db["score_revisions"].find_raw_batches({})
        found = [one async for batch in batches for one in bson.decode_all(batch)]
        return {one["_id"]: bson.encode(one) for one in found}

    return read
