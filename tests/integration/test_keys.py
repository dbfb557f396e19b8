"""Keys: given, used, taken back."""

import asyncio
import time

import httpx

from incognita_local.services import NAMES
from tests.stage import Stage
from tests.system import PROBES, eventually, problem

WITHIN_S = 10.0


async def test_a_revoked_key_stops_working_everywhere_within_seconds(stage: Stage) -> None:
    made = await stage.ask(
        "assignment", "POST /v1/keys", {"role": "agency", "name": "To be revoked"}
    )
    key, system = made["key"], stage.system
    await system.known_everywhere(key)
    await stage.api.call("assignment", f"DELETE /v1/keys/{made['key_id']}", key=stage.keys.agency)
    revoked_at = time.monotonic()

    async def refused() -> bool:
        return not any(await asyncio.gather(*(system.takes(name, key) for name in NAMES)))

    await eventually(refused, "every service refuses the key", within_s=WITHIN_S)
    assert time.monotonic() - revoked_at < WITHIN_S
    for name in NAMES:
        problem(await system.ask(name, PROBES[name], key=key), httpx.codes.UNAUTHORIZED)
    keys = await stage.ask("assignment", "GET /v1/keys?limit=500")
    [shown] = [one for one in keys["items"] if one["key_id"] == made["key_id"]]
    assert shown["revoked"] is True
    assert made["key"] not in str(keys)


async def test_only_the_operator_makes_chains_and_nobody_makes_operators(stage: Stage) -> None:
    body = {"name": "Somebody else's", "languages": ["en"]}
    answer = await stage.system.ask(
        "assignment", "POST /v1/chains", key=stage.keys.agency, json=body
    )
    problem(answer, httpx.codes.FORBIDDEN)
    answer = await stage.system.ask(
        "assignment",
        "POST /v1/keys",
        key=stage.keys.agency,
        json={"role": "operator", "name": "Too much"},
    )
    problem(answer, httpx.codes.UNPROCESSABLE_ENTITY)
