"""Nothing that is not approved leaves towards the chain, whichever way a report came there."""

import pytest

from incognita_scoring.routes import ROUTERS

APPROVAL = {"report_revision": 1}
REASON = {"report_revision": 1, "reason": "held-back-reason"}
CLIENTS = [
    ("chain_manager", {}),
    ("franchise_manager", {"franchisee_id": "f1"}),
    ("branch_manager", {"branch_ids": ["branch-1"]}),
]


def paths():
    """Every route that reads."""
    return sorted(
        {route.path for router in ROUTERS for route in router.routes if "GET" in route.methods}
    )


@pytest.fixture
async def held(client, handle, published, report, finding, branch):
    """Reports in every state but approved; two of them were approved, and appealed, before."""
    agency, manager = await client("agency"), await client("chain_manager")
    await agency.put("/v1/review-rules/second", json={"sample_percent": 100})
    await handle(published, branch("branch-1", franchisee_id="f1"))
    made = {}
    for state in ("waiting", "second_review", "returned", "rejected", "unapproved"):
        clean = state in ("rejected", "unapproved")
        findings = () if clean else (finding("major"),)
        programme = "second" if state == "second_review" else "programme-1"
        made[state] = report(findings=findings, programme_id=programme)
        await handle(made[state])
        path = f"/v1/reviews/{made[state].visit_id}"
        if clean:
            opened = await manager.post(
                f"/v1/scores/{made[state].visit_id}/appeals",
                json={"question_id": "greeting", "text": "It was right."},
            )
            made[f"{state}_appeal"] = opened.json()["appeal_id"]
        moves = {"second_review": "approve", "returned": "return", "rejected": "reject",
                 "unapproved": "unapprove"}  # fmt: skip
        if verb := moves.get(state):
            body = APPROVAL if verb == "approve" else REASON
            answer = await agency.post(f"{path}:{verb}", json=body)
            assert answer.status_code == 200, answer.text
    return made


@pytest.mark.parametrize(("role", "key"), CLIENTS)
async def test_no_route_shows_the_chain_a_report_that_does_not_count(client, held, role, key):
    caller = await client(role, **key)
    visits = [each.visit_id for each in held.values() if not isinstance(each, str)]
    appeals = [each for each in held.values() if isinstance(each, str)]
    ids = {
        "{visit_id}": visits, "{appeal_id}": appeals, "{wave_id}": ["wave-1"],
        "{rescore_id}": ["unknown"],
    }  # fmt: skip
    asked = 0
    for path in paths():
        named = next((name for name in ids if name in path), None)
        for value in ids[named] if named else [""]:
            address = path.replace(named, value) if named else path
            assert "{" not in address, f"say above what {path} is asked for"
            answer = await caller.get(f"{address}?wave_id=wave-1")
            asked += 1
            if answer.status_code == 200:
                for secret in (*visits, *appeals, "held-back-reason", "shopper-secret"):
                    assert secret not in answer.text, address
            else:
                assert answer.status_code in {403, 404, 422}, (address, answer.text)
    assert asked > len(visits)


async def test_the_same_walk_sees_a_report_that_counts(client, handle, published, report):
    counts = report()
    await handle(published, counts)
    manager = await client("chain_manager")
    for path in ("/v1/scores", f"/v1/scores/{counts.visit_id}/revisions"):
        assert counts.visit_id in (await manager.get(path)).text
