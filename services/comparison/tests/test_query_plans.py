"""No query of a handler or a request scans a collection or sorts in memory, whatever is stored."""

from typing import Any

import pytest

from incognita_shared.auth import Role
from incognita_shared.events.scoring import ReportRejected
from incognita_shared.mongo.client import Database
from support.plans import Plans, multiplied

STORED = 400
BATCH = 40
Story = Any


@pytest.fixture
def database(listened: Database) -> Database:
    return listened


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
    await plans.none_scans(full.db, most_examined=2 * BATCH)


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
    await plans.none_scans(full.db, fewest=8)
