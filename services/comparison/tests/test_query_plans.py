"""No query of a handler or a request scans a collection or sorts in memory, whatever is stored."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from incognita_shared.auth import Role
from incognita_shared.events.scoring import ReportRejected
from incognita_shared.mongo.client import Database
from incognita_shared.settings import MongoSettings
from support.plans import Plans, listened, multiplied

STORED = 400
BATCH = 40
Story = Any


@pytest.fixture
def plans() -> Plans:
    return Plans()


@pytest.fixture
async def database(
    mongo_settings: MongoSettings, namespace: str, plans: Plans
) -> AsyncIterator[Database]:
    async with listened(mongo_settings, plans, f"{namespace}_test") as db:
        yield db


@pytest.fixture
async def full(story: Story) -> Story:
    """A wave with many results, sums and branches."""
    await story.wave("w")
    await story.branch("b")
    await story.questionnaire()
    await story.approve("v", "w", "b", "90")
    for collection in ("results", "branch_waves"):
        await multiplied(story.db, collection, STORED)
    await multiplied(story.db, "branches", STORED)
    await multiplied(story.db, "waves", STORED, programme_id="other")
    return story


async def test_handlers_read_only_what_they_name(full: Story, plans: Plans) -> None:
    events = []
    for number in range(BATCH):
        scored = full.scored(f"new-{number}", "w", f"b{number % 7}", "80")
        events += [scored, full.approved(scored)]
    with plans.capturing():
        await full.play_together(*events, full.judged(ReportRejected, scored))
    # two reads ahead and two gathered writes, with begin and commit: nothing for each event
    assert plans.sent <= 6
    for plan in await plans.explained(full.db):
        assert not plan.scans, plan
        assert plan.examined <= 2 * BATCH, plan


async def test_requests_use_indexes(full: Story, plans: Plans, client: Any, key: Any) -> None:
    agency = await key(Role.AGENCY)
    with plans.capturing():
        for path in (
            "/v1/waves/w/standings?by=branch&limit=5",
            "/v1/waves/w/standings/b",
            "/v1/waves/w/compliance?by=section",
            "/v1/waves/w/compliance?by=question&branch_id=b",
            "/v1/waves/w/counts",
            "/v1/branches/b/trend",
            "/v1/trend?by=chain",
        ):
            answer = await client.get(path, headers=agency)
            assert answer.status_code == 200, (path, answer.text)
    found = await plans.explained(full.db)
    assert len(found) >= 8
    for plan in found:
        assert not plan.scans, plan
