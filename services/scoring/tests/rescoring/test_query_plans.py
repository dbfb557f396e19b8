"""No query of a rescore or an indicator scans a collection, whatever is stored."""

from typing import Any

import pytest

from incognita_shared.mongo.client import Database
from support.plans import Plans, multiplied

STORED = 400


@pytest.fixture
def database(listened: Database) -> Database:
    """The database that ``plans`` hears."""
    return listened


async def test_a_rescore_reads_by_index_from_beginning_to_end(
    db, plans: Plans, handle, published, corrected, report, agency, work
) -> None:
    await handle(published, corrected(), *[report() for _ in range(20)])
    await multiplied(db, "scores", STORED, wave_id="another", chain_id="other")
    await multiplied(db, "score_revisions", STORED, visit_id="another")
    with plans.capturing():
        for scope in ({"wave_id": "wave-1"}, {"questionnaire_id": "pizza"}):
            body: dict[str, Any] = {**scope, "questionnaire_version": 4, "reason": "Mended"}
            answer = await agency.post("/v1/rescores", json={**body, "for_new_reports": True})
            assert answer.status_code == 202, answer.text
            await work()
            path = f"/v1/rescores/{answer.json()['rescore_id']}"
            for order in ("visit", "losses", "gains"):
                assert (await agency.get(f"{path}/changes?order={order}&limit=5")).is_success
            assert (await agency.get("/v1/rescores?limit=5")).is_success
            assert (await agency.post(f"{path}:apply")).is_success
            await work()
        for by in ("wave", "branch"):
            assert (await agency.get(f"/v1/indicators?wave_id=wave-1&group_by={by}")).is_success
    # jobs are few, and those that are due fewer; the queue reads by its own small index
    await plans.none_scans(db, fewest=12)


async def test_indicators_read_the_wave_and_nothing_else(
    db, plans: Plans, handle, published, report, client
) -> None:
    await handle(published, *[report() for _ in range(20)])
    await multiplied(db, "scores", STORED, wave_id="another")
    manager = await client("branch_manager", branch_ids=["branch-1"])
    with plans.capturing():
        for by in ("wave", "branch", "channel"):
            answer = await manager.get(f"/v1/indicators?wave_id=wave-1&group_by={by}&limit=5")
            assert answer.is_success, answer.text
    await plans.none_scans(db, fewest=4, most_examined=20)
