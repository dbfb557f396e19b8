"""Deliveries of the past, sent again."""

from datetime import timedelta

from incognita_demo.reconcile import STANDING
from incognita_shared.clock import now
from tests.stage import Stage
from tests.system import eventually


async def test_past_deliveries_are_sent_again_with_the_same_ids(stage: Stage) -> None:
    since = now() - timedelta(seconds=1)
    phone = stage.next_visit()
    await phone.do()

    async def told() -> int:
        return stage.inbox.visits[STANDING][phone.visit_id]

    await eventually(told, "the webhook has come")
    path = f"subscription_id={stage.subscription_id}&event_type={STANDING}&limit=500"

    async def logged() -> str | None:
        found = await stage.ask("notification", f"GET /v1/deliveries?{path}&state=succeeded")
        mine = [one for one in found["items"] if one["subject"] == phone.visit_id]
        return mine[0]["delivery_id"] if mine else None

    delivery_id = await eventually(logged, "the delivery is in the log")
    repeated, known = stage.inbox.repeated, len(stage.inbox.ids)
    answer = await stage.ask(
        "notification",
        f"POST /v1/subscriptions/{stage.subscription_id}:replay",
        {"since": since.isoformat()},
    )
    assert answer["scheduled"] >= 1

    async def again() -> bool:
        return stage.inbox.repeated >= repeated + answer["scheduled"]

    await eventually(again, "what was replayed has come again")
    assert len(stage.inbox.ids) == known
    assert stage.inbox.visits[STANDING][phone.visit_id] == 1

    async def attempts() -> bool:
        one = await stage.ask("notification", f"GET /v1/deliveries/{delivery_id}")
        return one["state"] == "succeeded" and len(one["attempts"]) == 2

    await eventually(attempts, "both attempts are in the log")
