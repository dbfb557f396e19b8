"""Scores as documents, between versions of the service."""

import json

from incognita_scoring.repository import REVISIONS, SCORES
from incognita_scoring.repository.appeals import read_appeal
from incognita_scoring.repository.documents import read_revision, read_score
from incognita_scoring.repository.reviews import read_rule
from incognita_shared.mongo.pending import WITHOUT_PENDING


async def test_what_a_later_version_wrote_is_read_without_what_it_added(
    db, handle, published, report, finding
):
    """While services are updated one by one, the old ones meet documents of the new ones."""
    await handle(published, report("visit-1", findings=(finding("major"),)))
    score = await db[SCORES].find_one({"_id": "visit-1"}, WITHOUT_PENDING)
    revision = await db[REVISIONS].find_one({"visit_id": "visit-1"})
    for document, read in ((score, read_score), (revision, read_revision)):
        findings = [{**each, "colour": "blue"} for each in document["findings"]]
        assert findings
        assert read({**document, "findings": findings, "mood": "fair"}) == read(document)


async def test_an_appeal_and_a_rule_of_a_later_version_are_read_too(
    db, handle, published, report, client
):
    await handle(published, report("visit-1"))
    manager, agency = await client("chain_manager"), await client("agency")
    body = {"question_id": "change", "text": "No."}
    name = (await manager.post("/v1/scores/visit-1/appeals", json=body)).json()["appeal_id"]
    word = {"upheld": False, "category": "no_evidence", "reason": "None was shown."}
    await agency.post(f"/v1/appeals/{name}:decide", json=word)
    appeal = await db["appeals"].find_one({"_id": name})
    verdict = {**json.loads(appeal["verdict"]), "colour": "blue"}
    newer = {**appeal, "mood": "fair", "verdict": json.dumps(verdict)}
    assert read_appeal(newer) == read_appeal(appeal)
    await agency.put("/v1/review-rules", json={"major_finding": True})
    (rule,) = await db["review_rules"].find().to_list()
    newer = {**rule, "rule": json.dumps({**json.loads(rule["rule"]), "mood": "fair"})}
    assert read_rule(newer) == read_rule(rule)
