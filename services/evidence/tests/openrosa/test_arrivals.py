"""What reviewers and the agency are shown of what phones sent."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from incognita_evidence.visit import Visit, VisitState
from incognita_shared.clock import now
from incognita_shared.events.assignment import VisitReturned
from tests.collect.client import Collect
from tests.collect.form import Instance

Make = Callable[..., Visit]
Accept = Callable[[Visit], Awaitable[Visit]]
Fill = Callable[..., Awaitable[Instance]]
Read = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def read(client_as: Any) -> Read:
    """The arrivals of a visit, as that role is shown them."""

    async def run(visit: Visit, role: str = "reviewer") -> list[dict[str, Any]]:
        answer = await (await client_as(role)).get(f"/v1/reports/{visit.id}/arrivals")
        assert answer.status_code == 200
        assert "shopper-1" not in answer.text
        assert answer.json()["more"] is False
        arrivals: list[dict[str, Any]] = answer.json()["arrivals"]
        return arrivals

    return run


def states(arrivals: list[dict[str, Any]]) -> list[str]:
    return [each["state"] for each in arrivals]


async def fetched(url: str) -> httpx.Response:
    async with httpx.AsyncClient() as anyone:
        return await anyone.get(url)


async def test_a_form_and_its_files_are_read_as_they_came(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, read: Read, db: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit, instance_id="uuid:one")
    before = now() - timedelta(seconds=1)
    await phone.send(instance)
    [arrival] = await read(visit, "agency")
    assert (arrival["instance_id"], arrival["state"]) == ("uuid:one", "counts")
    assert arrival["stage_id"] is None
    received = arrival["first_received_at"], arrival["last_received_at"]
    assert before.isoformat() < received[0] <= received[1] < now().isoformat()
    [version] = arrival["versions"]
    assert version["first"] is True
    assert version["report_revision"] == 1
    xml = await fetched(version["download_url"])
    assert xml.content == instance.xml
    assert xml.headers["content-disposition"].startswith("attachment")
    [file] = arrival["files"]
    assert (file["name"], file["found_type"], file["removed"]) == ("1.jpg", "image/jpeg", False)
    assert (await fetched(file["download_url"])).content == instance.media["1.jpg"][1]
    [item] = (await db["reports"].find_one({"_id": visit.id}))["items"]
    assert [link["by"] for link in item["custody"] if link["what"] == "read"] == ["agency"]


async def test_a_reviewer_is_not_told_what_a_phone_tells_of_itself(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, read: Read
) -> None:
    visit = await accept(make_visit())
    await phone.send(await filled(visit))
    [arrival] = await read(visit)
    assert [each["download_url"] for each in arrival["versions"]] == [None]
    [file] = arrival["files"]
    assert file["name"] is None
    link = await fetched(file["download_url"])
    assert link.status_code == 200
    assert "1.jpg" not in link.headers["content-disposition"]


async def test_both_versions_under_one_instance_id_are_there(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, read: Read
) -> None:
    visit = await accept(make_visit())
    first = await filled(visit, instance_id="uuid:same")
    other = await filled(visit, instance_id="uuid:same", answers={"rings": "9"})
    for instance in (first, other):
        await phone.send(instance)
    [arrival] = await read(visit, "agency")
    assert arrival["state"] == "counts"
    told = {
        (await fetched(each["download_url"])).content: (each["first"], each["report_revision"])
        for each in arrival["versions"]
    }
    assert told == {first.xml: (True, 1), other.xml: (False, None)}


async def test_of_several_forms_it_is_told_which_one_counts(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, read: Read, handle: Any
) -> None:
    visit = await accept(make_visit())
    first, second = await filled(visit), await filled(visit, answers={"rings": "9"})
    await phone.post(second, [])
    assert states(await read(visit)) == ["waiting"]
    await phone.send(first)
    assert states(await read(visit)) == ["kept", "counts"]
    await phone.send(second)
    assert states(await read(visit)) == ["kept", "counts"]
    await handle(
        VisitReturned(
            chain_id="chain-a", visit_id=visit.id, branch_id=visit.branch_id,
            wave_id=visit.wave_id, seq=3, report_revision=1, reason="Which?", due_at=visit.due_at,
        )
    )  # fmt: skip
    assert states(await read(visit)) == ["kept", "replaced"]
    await phone.send(await filled(visit, answers={"rings": "4"}))
    assert states(await read(visit)) == ["kept", "replaced", "counts"]


async def test_a_form_that_came_after_the_end_is_kept(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, read: Read, db: Any
) -> None:
    visit = await accept(make_visit())
    instance = await filled(visit)
    await db["visits"].update_one({"_id": visit.id}, {"$set": {"state": VisitState.CANCELLED}})
    await phone.send(instance)
    assert states(await read(visit)) == ["kept"]


async def test_a_file_whose_retention_has_ended_has_no_link(
    phone: Collect, make_visit: Make, accept: Accept, filled: Fill, read: Read, db: Any
) -> None:
    visit = await accept(make_visit())
    await phone.send(await filled(visit))
    await db["reports"].update_one({"_id": visit.id}, {"$set": {"items.0.state": "removing"}})
    [file] = (await read(visit, "agency"))[0]["files"]
    assert (file["removed"], file["download_url"]) == (True, None)


async def test_a_report_in_json_has_no_arrivals_and_other_chains_see_no_visit(
    make_visit: Make, accept: Accept, submit: Any, read: Read, client_as: Any
) -> None:
    visit = await accept(make_visit())
    await submit(visit)
    assert await read(visit) == []
    path = f"/v1/reports/{visit.id}/arrivals"
    for role, chain_id, status in (
        ("reviewer", "chain-b", 404), ("agency", "chain-b", 404), ("chain_manager", "chain-a", 403),
        ("branch_manager", "chain-a", 403), ("shopper", "chain-a", 403),
    ):  # fmt: skip
        answer = await (await client_as(role, chain_id=chain_id)).get(path)
        assert answer.status_code == status, role
    wrong = await (await client_as("reviewer")).get("/v1/reports/%20/arrivals")
    assert wrong.status_code == 422
