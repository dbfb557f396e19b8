"""Questionnaires: drafts change, published versions never do."""

import copy
import json
from typing import Any

from incognita_assignment.repository.questionnaires import find_fixed, find_published
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


async def test_a_draft_can_be_previewed_and_compared_with_what_is_published(
    agency: Caller, other_agency: Caller
) -> None:
    made = await agency.post(PATH, EXAMPLE)
    path = f"{PATH}/{made['questionnaire_id']}/versions"
    preview = await agency.get(f"{path}/1:preview")
    assert (preview["title"], preview["language"]) == ("Pizza by phone", "en")
    assert "points" not in json.dumps(preview)
    await agency.post(f"{path}/1:publish")
    changed = with_change(title={"en": "Second"})
    changed["sections"][0]["questions"][0]["scoring"]["points"] = "6"
    await agency.post(path, changed)
    compared = await agency.get(f"{path}/2:compare")
    assert (compared["compared_with"], compared["affects_score"]) == (1, True)
    assert [(each["path"], each["affects_score"]) for each in compared["changes"]] == [
        ("title", False), ("sections[phone].questions[greeted].scoring.points", True),
    ]  # fmt: skip
    assert await agency.get(f"{path}/2:compare", **{"with": 2}) == {
        **compared, "compared_with": 2, "affects_score": False, "changes": [],
    }  # fmt: skip
    reviewer = await agency.with_key(role="reviewer")
    manager = await agency.with_key(role="chain_manager")
    for action in ("1:preview", "2:compare"):
        assert (await reviewer("GET", f"{path}/{action}")).status_code == 200
        assert (await manager("GET", f"{path}/{action}")).status_code == 403
        assert (await other_agency("GET", f"{path}/{action}")).status_code == 404
    for wrong in ("3:preview", "3:compare", "2:compare?with=3"):
        assert (await agency("GET", f"{path}/{wrong}")).status_code == 404, wrong
    for wrong in ("1:preview?language=!", "2:compare?with=0", "x:preview"):
        assert (await agency("GET", f"{path}/{wrong}")).status_code == 422, wrong


async def test_only_a_published_version_is_retired_and_it_stays_as_it_was(
    agency: Caller, other_agency: Caller, database: Database
) -> None:
    made = await agency.post(PATH, EXAMPLE)
    path = f"{PATH}/{made['questionnaire_id']}/versions"
    early = await agency("POST", f"{path}/1:retire")
    assert (early.status_code, early.json()["allowed"]) == (409, ["change", "publish"])
    published = await agency.post(f"{path}/1:publish")
    assert (await other_agency("POST", f"{path}/1:retire")).status_code == 404
    reviewer = await agency.with_key(role="reviewer")
    assert (await reviewer("POST", f"{path}/1:retire")).status_code == 403
    retired = [await agency.post(f"{path}/1:retire") for _ in range(2)]
    assert retired[0] == retired[1]
    assert retired[0]["retired_at"]
    same = {"state": "retired", "retired_at": retired[0]["retired_at"]}
    assert retired[0] == {**published, **same}
    for method, address, body in [
        ("PUT", f"{path}/1", EXAMPLE),
        ("POST", f"{path}/1:publish", None),
    ]:
        answer = await agency(method, address, json=body)
        assert (answer.status_code, answer.json()["allowed"]) == (409, ["next version"]), address
        assert "retired" in answer.json()["detail"]
    wanted = (database, agency.chain_id, made["questionnaire_id"], 1)
    assert await find_published(*wanted) is None
    assert await find_fixed(*wanted) == Questionnaire.model_validate(EXAMPLE)
    assert (await agency.post(path))["version"] == 2
    stored = await database.questionnaires.find_one({"version": 1})
    assert stored
    assert len(pending(stored)) == 1
