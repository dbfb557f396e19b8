"""A shopper's phone, set up by the agency, is let in at the door for ODK Collect until revoked."""

import httpx

from tests.stage import Stage
from tests.system import eventually, plain_http


async def test_a_phone_that_was_set_up_gets_its_shoppers_forms_until_it_is_revoked(
    stage: Stage,
) -> None:
    phone = stage.next_visit()
    await phone.accept()
    made = await stage.ask(
        "assignment",
        f"POST /v1/shoppers/{phone.visit['shopper_id']}/devices",
        {"name": "Old phone"},
    )
    server_url = made["settings"]["general"]["server_url"]
    assert server_url.startswith(stage.system.urls["evidence"])

    async def answer() -> httpx.Response:
        async with plain_http(timeout_s=60) as http:
            return await http.get(f"{server_url}/formList")

    async def listed() -> bool:
        return phone.visit_id in (await answer()).text

    await eventually(listed, "the phone lists the form of the open visit")
    await stage.ask("assignment", f"DELETE /v1/keys/{made['key_id']}")

    async def shut_out() -> bool:
        return (await answer()).status_code == httpx.codes.FORBIDDEN

    await eventually(shut_out, "the phone is shut out")
