"""Corrections, approvals taken back, second reviewers and appeals, in every service."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from minio import Minio

from incognita_demo.api import Api
from incognita_shared.objects import ObjectStore
from incognita_shared.settings import NAMESPACE, ObjectStoreSettings
from incognitactl.connections import Settings, connected
from incognitactl.verify import Options, verify
from tests.integration.test_reviews import without_recording
from tests.phone import Phone
from tests.stage import Stage
from tests.system import System, eventually

WORD = {"category": "exception", "reason": "The till was being exchanged."}


@pytest.fixture
async def own_stage(system: System, api: Api) -> AsyncIterator[Stage]:
    """A wave that no other scenario looks at."""
    async with Stage.opened(system, api, stores=4) as stage:
        yield stage


async def another_reviewer(stage: Stage) -> str:
    """A second reviewer's key."""
    body = {"role": "reviewer", "name": "Second"}
    key: str = (await stage.ask("assignment", "POST /v1/keys", body))["key"]
    await stage.system.known_everywhere(key)
    return key


async def attached(stage: Stage, phone: Phone, data: bytes) -> dict[str, Any]:
    """The declaration of a file that is uploaded for an appeal."""
    declared = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "content_type": "application/pdf",
        "name": "shift plan.pdf",
    }
    path = f"POST /v1/scores/{phone.visit_id}/appeals:attach"
    form = await stage.api.call("scoring", path, key=stage.keys.manager, json=declared)
    async with httpx.AsyncClient(trust_env=False) as outside:
        stored = await outside.post(form["url"], data=form["fields"], files={"file": data})
    assert stored.is_success, stored.text
    return declared


async def appealed(stage: Stage, phone: Phone, question_id: str, *files: dict[str, Any]) -> str:
    """An appeal of the chain against this question; its id."""
    path = f"POST /v1/scores/{phone.visit_id}/appeals"
    text = "The shift plan shows otherwise."
    body = {"question_id": question_id, "text": text, "attachments": files}
    appeal = await stage.api.call("scoring", path, key=stage.keys.manager, json=body)
    return str(appeal["appeal_id"])


async def question_of(stage: Stage, phone: Phone) -> str:
    """A question that the branch has lost points by, if there is one."""
    score = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
    questions: list[dict[str, Any]] = score["questions"]
    short = (each for each in questions if each["outcome"] in ("missed", "partial"))
    return str(next(short, questions[0])["question_id"])


async def corrected(stage: Stage, phone: Phone) -> None:
    """A reviewer turns one yes or no round."""
    report = await stage.ask("evidence", f"GET /v1/reports/{phone.visit_id}")
    name, answer = next(
        (name, each) for name, each in report["answers"].items() if isinstance(each, bool)
    )
    body = {"report_revision": 1, "answers": {name: not answer}, "reason": "See the photo."}
    path = f"POST /v1/reviews/{phone.visit_id}:correct"
    await stage.api.call("scoring", path, key=stage.keys.reviewer, json=body)


async def test_an_approval_that_is_taken_back_and_given_again_counts_and_pays_once(
    stage: Stage,
) -> None:
    phone = await without_recording(stage)
    await stage.decide(phone, "approve", note="The recording was not needed.")
    before = await stage.compared(phone)
    (payout,) = await stage.payouts(phone)
    path = f"POST /v1/reviews/{phone.visit_id}"
    body = {"report_revision": 1, "reason": "The receipt was used before."}
    await stage.ask("scoring", f"{path}:unapprove", body)

    async def out() -> bool:
        return await stage.standing(phone.branch_id) is None

    await eventually(out, "the standing is gone")
    await stage.reaches(phone, "reported")
    hidden = await stage.system.ask(
        "scoring", f"GET /v1/scores/{phone.visit_id}", key=stage.keys.manager
    )
    assert hidden.status_code == 404
    await stage.decide(phone, "approve", note="It was another one.")
    again = await stage.compared(phone)
    assert again["standing"]["visits"] == before["standing"]["visits"] == 1
    await stage.reaches(phone, "approved")
    assert [each["payout_id"] for each in await stage.payouts(phone)] == [payout["payout_id"]]


async def test_an_upheld_appeal_moves_the_score_for_all_who_read_it(stage: Stage) -> None:
    phone = await without_recording(stage)
    await stage.decide(phone, "approve", note="The recording was not needed.")
    await stage.compared(phone)
    question = await question_of(stage, phone)
    name = await appealed(stage, phone, question)
    word = {**WORD, "upheld": True, "change": {"kind": "does_not_count"}}
    await stage.ask("scoring", f"POST /v1/appeals/{name}:decide", word)

    async def moved() -> bool:
        after = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
        row = await stage.standing(phone.branch_id)
        new = float(after["score"])
        return row is not None and abs(row["standing"]["raw_mean"] - new) < 0.01

    await eventually(moved, "the standing is that of the new score")
    revisions = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}/revisions")
    assert [each["approved"] for each in revisions] == [True, True]
    assert name in revisions[-1]["reason"]
    ruled = next(each for each in revisions[-1]["questions"] if each["question_id"] == question)
    assert ruled["possible"] == "0"
    assert len(await stage.payouts(phone)) == 1


async def test_whatever_was_disputed_the_account_is_whole(
    own_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, second = own_stage, await another_reviewer(own_stage)
    rule = {"major_finding": False, "sample_percent": 100}
    phones = [await without_recording(stage) for _ in range(3)]
    await stage.ask("scoring", "PUT /v1/review-rules", rule)
    for phone in phones:
        await corrected(stage, phone)
        await stage.decide(phone, "approve", note="Better so.")
        path = f"POST /v1/reviews/{phone.visit_id}:approve"
        await stage.api.call("scoring", path, key=second, json={"report_revision": 1})
        await stage.compared(phone)
    taken_back, upheld, declined = phones
    body = {"report_revision": 1, "reason": "The receipt was used before."}
    for phone in (taken_back, upheld):
        name = await appealed(stage, phone, await question_of(stage, phone))
        if phone is taken_back:
            await stage.ask("scoring", f"POST /v1/reviews/{phone.visit_id}:unapprove", body)
        word = {**WORD, "upheld": True, "change": {"kind": "full_points"}}
        await stage.ask("scoring", f"POST /v1/appeals/{name}:decide", word)
    name = await appealed(stage, declined, await question_of(stage, declined))
    await stage.ask("scoring", f"POST /v1/appeals/{name}:decide", {**WORD, "upheld": False})
    plan = await attached(stage, upheld, b"%PDF-1.7 of the shift")
    await appealed(stage, upheld, await question_of(stage, upheld), plan)
    await stage.reaches(taken_back, "reported")
    monkeypatch.setenv(NAMESPACE, stage.system.namespace)
    visits = [phone.visit_id for phone in phones]
    assert await violations(visits) == []
    await lose(f"{stage.chain_id}/{upheld.visit_id}/appeals/{plan['sha256']}")
    (lost,) = await violations(visits)
    assert "the object of an evidence item is not there" in lost


async def violations(visits: list[str]) -> list[str]:
    """What the account of the running system says against these visits."""
    async with connected(Settings.read()) as connections:
        verdict = await verify(connections, options=Options(settle_s=30, live=True))
    told = [str(each) for each in verdict.violations]
    return [each for each in told if any(visit in each for visit in visits)]


async def lose(key: str) -> None:
    """Remove every version of an object, as no service can."""

    def remove(client: Minio) -> None:
        for each in client.list_objects(bucket, prefix=key, include_version=True):
            client.remove_object(bucket, key, version_id=each.version_id)

    async with ObjectStore(ObjectStoreSettings()) as store:
        bucket = store.bucket
        await store.run("RemoveObject", key, remove)
