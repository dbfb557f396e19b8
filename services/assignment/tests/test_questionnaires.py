"""Questionnaires: drafts change, published versions never do."""

import copy
import json
from typing import Any

from incognita_assignment.repository.questionnaires import find_published
from incognita_assignment.schemas.questionnaires import EXAMPLE
from incognita_shared.questionnaire.model import Questionnaire

from .conftest import Caller, Database, pending

PATH = "/v1/questionnaires"


def with_change(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(EXAMPLE), **members}


async def test_a_draft_is_changed_until_it_is_published_and_never_after(
    agency: Caller, database: Database
) -> None:
    made = await agency.post(PATH, EXAMPLE)
    assert (made["version"], made["state"]) == (1, "draft")
    assert made["definition"] == Questionnaire.model_validate(EXAMPLE).model_dump(mode="json")
    path = f"{PATH}/{made['questionnaire_id']}/versions/1"
    changed = await agency("PUT", path, json=with_change(title={"en": "Second thoughts"}))
    assert changed.json()["title"] == {"en": "Second thoughts"}
    for _ in range(2):
        assert (await agency.post(f"{path}:publish"))["state"] == "published"
    late = await agency("PUT", path, json=EXAMPLE)
    assert (late.status_code, late.json()["allowed"]) == (409, ["next version"])
    after = await agency.get(path)
    assert after["definition"]["title"] == {"en": "Second thoughts"}
    stored = await database.questionnaires.find_one()
    assert stored
    (event,) = pending(stored)
    assert event["ce_type"] == "incognita.questionnaire.published.v1"
    assert json.loads(stored["pending"][0]["value"])["definition"] == after["definition"]


async def test_the_next_version_begins_as_a_copy_and_there_is_one_draft_at_a_time(
    agency: Caller,
) -> None:
    made = await agency.post(PATH, EXAMPLE)
    path = f"{PATH}/{made['questionnaire_id']}"
    assert (await agency("POST", f"{path}/versions")).status_code == 409
    await agency.post(f"{path}/versions/1:publish")
    second = await agency.post(f"{path}/versions")
    assert (second["version"], second["state"]) == (2, "draft")
    assert second["definition"] == made["definition"]
    assert (await agency("POST", f"{path}/versions")).status_code == 409
    await agency.post(f"{path}/versions/2:publish")
    third = await agency.post(f"{path}/versions", with_change(title={"en": "Third"}))
    assert (third["version"], third["title"]) == (3, {"en": "Third"})
    listed = await agency.get(path, limit=2)
    assert [each["version"] for each in listed["items"]] == [1, 2]
    rest = await agency.get(path, cursor=listed["next_cursor"])
    assert [each["version"] for each in rest["items"]] == [3]


async def test_every_mistake_is_named_and_nothing_is_kept(
    agency: Caller, database: Database
) -> None:
    bad = with_change()
    bad["sections"][0]["questions"].append(copy.deepcopy(bad["sections"][0]["questions"][0]))
    bad["sections"][0]["questions"][1]["relevant"] = {"==": [{"var": "answers.nobody"}, 1]}
    bad["languages"] = ["en", "fr"]
    answer = await agency("POST", PATH, json=bad)
    assert answer.status_code == 422
    fields = [each["field"] for each in answer.json()["errors"]]
    assert len(fields) >= 2
    assert any(field.startswith("sections[0].questions[1]") for field in fields)
    assert await database.questionnaires.count_documents({}) == 0


async def test_a_draft_stays_as_it_was_after_a_bad_change(agency: Caller) -> None:
    made = await agency.post(PATH, EXAMPLE)
    path = f"{PATH}/{made['questionnaire_id']}/versions/1"
    bad = await agency("PUT", path, json=with_change(default_language="xx"))
    assert bad.status_code == 422
    assert (await agency.get(path))["definition"] == made["definition"]


async def test_a_huge_questionnaire_is_refused(agency: Caller) -> None:
    huge = with_change(title={"en": "x" * 600_000})
    assert (await agency("POST", PATH, json=huge)).status_code in (413, 422)


async def test_the_same_idempotency_key_begins_one_questionnaire(agency: Caller) -> None:
    headers = {"Idempotency-Key": "q1"}
    first = await agency.post(PATH, EXAMPLE, headers=headers)
    assert await agency.post(PATH, EXAMPLE, headers=headers) == first
    other = await agency("POST", PATH, json=with_change(title={"en": "B"}), headers=headers)
    assert other.status_code == 422


async def test_what_mongo_db_could_not_keep_is_kept(agency: Caller) -> None:
    odd = with_change()
    odd["sections"][0]["questions"][1]["relevant"] = {"==": [{"var": "answers.greeted"}, True]}
    odd["sections"][0]["questions"][0]["hint"] = {"en": "$set.x"}
    made = await agency.post(PATH, odd)
    got = await agency.get(f"{PATH}/{made['questionnaire_id']}/versions/1")
    assert got["definition"]["sections"][0]["questions"][1]["relevant"] == {
        "==": [{"var": "answers.greeted"}, True]
    }


async def test_only_published_versions_can_be_planned_with(
    agency: Caller, database: Database
) -> None:
    made = await agency.post(PATH, EXAMPLE)
    wanted = (database, agency.chain_id, made["questionnaire_id"], 1)
    assert await find_published(*wanted) is None
    await agency.post(f"{PATH}/{made['questionnaire_id']}/versions/1:publish")
    assert await find_published(*wanted) == Questionnaire.model_validate(EXAMPLE)


async def test_questionnaires_of_another_chain_are_unknown(
    agency: Caller, other_agency: Caller
) -> None:
    made = await agency.post(PATH, EXAMPLE)
    path = f"{PATH}/{made['questionnaire_id']}"
    for method, address, body in [
        ("GET", path, None),
        ("GET", f"{path}/versions/1", None),
        ("PUT", f"{path}/versions/1", EXAMPLE),
        ("POST", f"{path}/versions/1:publish", None),
        ("POST", f"{path}/versions", None),
    ]:
        assert (await other_agency(method, address, json=body)).status_code == 404, address
    manager = await agency.with_key(role="chain_manager")
    assert (await manager("GET", path)).status_code == 403
