"""From the import of the stores to the webhook: the whole way, once."""

from collections.abc import AsyncIterator

import pytest

from incognita_demo.api import Api
from incognita_demo.reconcile import STANDING
from tests.stage import Stage
from tests.system import System, eventually

STORES = 6


@pytest.fixture(scope="module")
async def small(system: System, api: Api) -> AsyncIterator[Stage]:
    async with Stage.opened(system, api, stores=STORES) as made:
        yield made


async def test_one_visit_goes_from_the_import_to_a_verified_webhook(small: Stage) -> None:
    phone = small.next_visit()
    submitted = await phone.do()
    assert submitted["report_revision"] == 1
    visit = await small.reaches(phone, "approved")
    row = await small.compared(phone)

    async def told() -> int:
        return small.inbox.visits[STANDING][phone.visit_id]

    assert await eventually(told, "the webhook has come") == 1
    assert small.inbox.refused == 0
    score = await small.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
    assert score["state"] == "approved"
    assert row["standing"]["visits"] == 1
    assert float(score["score"]) == pytest.approx(row["standing"]["raw_mean"])
    [payout] = await small.payouts(phone)
    assert payout["payout_id"] == visit["payout_id"]
    assert payout["shopper_id"] == phone.visit["shopper_id"]
    assert payout["fee"] == {"amount": "12.00", "currency": "USD"}
    counts = await small.counts()
    assert counts["visits"]["by_state"]["offered"] == STORES - 1
    assert [len(counts[name]) for name in ("branches", "reports", "scores", "payouts")] == [
        STORES, 1, 1, 1,
    ]  # fmt: skip


async def test_the_same_file_imported_again_changes_nothing(small: Stage) -> None:
    before = await small.counts()
    header = "store_id,address,city,time_zone\n"
    rows = [
        f'{one["store_id"]},"{one["address"]}",{one["city"]},{one["time_zone"]}\n'
        for one in before["branches"]
    ]
    answer = await small.system.ask(
        "assignment",
        "POST /v1/branches:import?country=US",
        key=small.keys.manager,
        content=(header + "".join(rows)).encode(),
        headers={"Content-Type": "text/csv"},
    )
    report = answer.json()
    assert (report["created"], report["updated"], report["unchanged"]) == (0, 0, STORES)
    assert await small.counts() == before
