"""No answer moves by a report that does not count: not before its approval, and not after it."""

from typing import Any

import httpx

from incognita_comparison.routes import ROUTERS
from incognita_shared.auth import Role
from incognita_shared.events.scoring import ReportRejected, ReportReturned, ReportUnapproved

Story = Any
VALUES = {"{wave_id}": "w", "{branch_id}": "b0"}
QUERIES = {
    "standings": ("by=branch", "by=franchisee", "by=city"),
    "compliance": ("by=section", "by=question", "by=question&branch_id=b0"),
    "trend": ("by=chain", "by=city"),
}
FLEETING = {"as_of", "generated_at"}


async def answers(client: httpx.AsyncClient, keys: list[dict[str, str]]) -> dict[str, Any]:
    """What every route that reads tells these callers."""
    told = {}
    for path in (route.path for router in ROUTERS for route in router.routes):
        address = path
        for name, value in VALUES.items():
            address = address.replace(name, value)
        assert "{" not in address, f"say above what {path} is asked for"
        queries = QUERIES.get(address.rsplit("/", 1)[-1], ("",))
        for number, key in enumerate(keys):
            for query in queries:
                answer = await client.get(f"{address}?{query}", headers=key)
                assert answer.status_code in {200, 403, 404}, (address, query, answer.text)
                told[f"{number} {address}?{query}"] = answer.json()
    return told


async def test_every_answer_is_the_same_with_and_without_a_report_that_does_not_count(
    story: Story, client: httpx.AsyncClient, key: Any
) -> None:
    await story.wave("w")
    await story.questionnaire()
    for number in range(8):
        await story.branch(f"b{number}")
    await story.fill_wave("w", {f"b{number}": [90 - number] for number in range(8)})
    keys = [
        await key(Role.CHAIN_MANAGER),
        await key(Role.FRANCHISE_MANAGER, franchisee_id="f1"),
        await key(Role.BRANCH_MANAGER, branch_ids=["b0"]),
    ]
    before = await answers(client, keys)
    assert sum(isinstance(told, dict) and "basis" in told for told in before.values()) > 5
    scored = story.scored("held", "w", "b0", "1")
    await story.play(scored)
    assert _known(await answers(client, keys)) == _known(before)
    for kind in (ReportUnapproved, ReportReturned, ReportRejected):
        await story.play(story.approved(scored))
        assert _known(await answers(client, keys)) != _known(before)
        await story.play(story.judged(kind, scored))
        assert _known(await answers(client, keys)) == _known(before)


def _known(told: Any) -> Any:
    """Without how often the sums have moved: that they did is no score."""
    match told:
        case dict():
            return {name: _known(each) for name, each in told.items() if name != "changes"}
        case list():
            return [_known(each) for each in told]
        case _:
            return told
