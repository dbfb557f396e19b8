"""Visits in stages through all services: offered, accepted, handed in stage by stage, scored."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from incognita_shared.clock import now
from tests.phone import Phone
from tests.stage import Stage
from tests.system import eventually


async def accepted_stays(
    stage: Stage, form: dict[str, Any], branches: Sequence[dict[str, Any]], *, scenario: str
) -> list[Phone]:
    """One accepted visit at each of the branches, with this questionnaire, in their order."""
    made = await stage.ask("assignment", "POST /v1/questionnaires", form)
    name = made["questionnaire_id"]
    await stage.ask("assignment", f"POST /v1/questionnaires/{name}/versions/1:publish")
    order = _wave(stage, name, branches, scenario)
    wave = await stage.ask("assignment", "POST /v1/waves", order)
    await stage.ask("assignment", f"POST /v1/waves/{wave['wave_id']}:open")

    async def offered() -> list[Any]:
        path = f"/v1/visits?wave_id={wave['wave_id']}&state=offered"
        found = (await stage.ask("assignment", f"GET {path}"))["items"]
        return found if len(found) == len(branches) else []

    visits = {each["branch_id"]: each for each in await eventually(offered, "all are offered")}
    phones = [Phone(stage, visits[branch["branch_id"]]) for branch in branches]
    for phone in phones:
        await phone.accept()
    return phones


async def hand_in_stage(phone: Phone, stage_id: str, answers: dict[str, Any]) -> Any:
    """Submit one stage, of the last three quarters of an hour; the service's answer."""
    return await phone.submit(
        {
            "stage_id": stage_id,
            "answers": answers,
            "started_at": (now() - timedelta(minutes=45)).isoformat(),
            "ended_at": now().isoformat(),
            "position": phone.place.model_dump(mode="json"),
        }
    )


async def score_of(stage: Stage, phone: Phone) -> dict[str, Any]:
    """The agency's view of the visit's score, once it is there."""

    async def there() -> dict[str, Any] | None:
        path = f"GET /v1/scores/{phone.visit_id}"
        answer = await stage.system.ask("scoring", path, key=stage.keys.agency)
        return answer.json() if answer.is_success else None

    return await eventually(there, "the stay is scored") or {}


def _wave(
    stage: Stage, questionnaire_id: str, branches: Sequence[dict[str, Any]], scenario: str
) -> dict[str, Any]:
    money = {"amount": "40.00", "currency": "USD"}
    return {
        "programme_id": stage.programme_id,
        "name": "Nights",
        "questionnaire_id": questionnaire_id,
        "questionnaire_version": 1,
        "channel": "visit",
        "scenario": scenario,
        "starts_at": now().isoformat(),
        "ends_at": (now() + timedelta(days=25)).isoformat(),
        "branch_filter": {"branch_ids": [each["branch_id"] for each in branches]},
        "terms": {"fee": money, "purchase_budget": money},
        "rotation_days": 0,
    }
