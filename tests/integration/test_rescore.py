"""A wave is rescored by a corrected questionnaire: scores, standings, payouts and the account."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from incognita_demo.api import Api
from incognita_shared.settings import NAMESPACE
from incognitactl.connections import Settings, connected
from incognitactl.verify import Options, verify
from tests.integration.test_reviews import without_recording
from tests.stage import Stage
from tests.system import System, eventually


@pytest.fixture
async def own_stage(system: System, api: Api) -> AsyncIterator[Stage]:
    """A wave that no other scenario looks at."""
    async with Stage.opened(system, api, stores=3) as stage:
        yield stage


async def corrected(stage: Stage) -> int:
    """The next version, in which every first question of a section weighs five times as much."""
    path = f"/v1/questionnaires/{stage.questionnaire_id}/versions"
    definition = (await stage.ask("assignment", f"GET {path}/1"))["definition"]
    for section in definition["sections"]:
        scoring = section["questions"][0]["scoring"]
        scoring["points"] = str(5 * float(scoring["points"]))
    version: int = (await stage.ask("assignment", f"POST {path}", definition))["version"]
    await stage.ask("assignment", f"POST {path}/{version}:publish")
    return version


async def rescored(stage: Stage, version: int) -> Any:
    """The wave's rescore, previewed and applied."""
    body = {"wave_id": stage.wave_id, "questionnaire_version": version, "reason": "Weights"}

    async def begun() -> Any:
        answer = await stage.system.ask(
            "scoring", "POST /v1/rescores", key=stage.keys.agency, json=body
        )
        return answer.json() if answer.is_success else None

    job = await eventually(begun, "the version has come to scoring")
    path = f"/v1/rescores/{job['rescore_id']}"

    async def is_now(state: str) -> Any:
        found = await stage.ask("scoring", f"GET {path}")
        return found if found["state"] == state else None

    await eventually(lambda: is_now("previewed"), "the preview is there")
    await stage.ask("scoring", f"POST {path}:apply")
    return await eventually(lambda: is_now("applied"), "the rescore is applied")


async def test_a_rescored_wave_moves_its_standings_and_nothing_else(
    own_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = own_stage
    phones = [stage.next_visit(), stage.next_visit()]
    for phone in phones:
        await phone.do()
        await stage.compared(phone)
    waiting = await without_recording(stage)
    before = {phone.visit_id: await revisions(stage, phone) for phone in (*phones, waiting)}
    job = await rescored(stage, await corrected(stage))
    assert (job["summary"]["reports"], job["progress"]["done"]) == (3, 3)
    for phone in phones:
        score = await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}")
        assert (score["state"], score["score_revision"]) == ("approved", 2)
        await eventually(lambda p=phone, s=score: counts(stage, p, s), "the new score counts")
        assert len(await stage.payouts(phone)) == 1
    assert await stage.standing(waiting.branch_id) is None
    for phone in (*phones, waiting):
        after = await revisions(stage, phone)
        assert after[:1] == before[phone.visit_id]
        assert (after[1]["reason"], after[1]["questionnaire_version"]) == ("Weights", 2)
    await stage.decide(waiting, "approve", note="The recording was not needed.")
    await stage.reaches(waiting, "approved")
    monkeypatch.setenv(NAMESPACE, stage.system.namespace)
    async with connected(Settings.read()) as connections:
        verdict = await verify(connections, options=Options(settle_s=30, live=True))
    about = [each for each in verdict.violations
             if any(visit in str(each) for visit in before)]  # fmt: skip
    assert about == []


async def revisions(stage: Stage, phone: Any) -> Any:
    return await stage.ask("scoring", f"GET /v1/scores/{phone.visit_id}/revisions")


async def counts(stage: Stage, phone: Any, score: Any) -> bool:
    """Whether the branch's standing is that of the score."""
    row = await stage.standing(phone.branch_id)
    return row is not None and abs(row["standing"]["raw_mean"] - float(score["score"])) < 0.01
