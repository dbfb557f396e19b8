"""A simulated reviewer: decides every report that waits, by what was found."""

import asyncio
from typing import Any

from incognita_demo.api import Api, ApiError

RETURN = frozenset({"missing_item"})
REJECT = frozenset({"outside_geofence", "duplicate_in_chain", "exif_time_outside_visit"})
PAUSE_S = 1.0


async def review(api: Api, key: str, stop: asyncio.Event) -> None:
    """Return what can be mended, reject what can't be believed, approve the rest; until stopped."""
    while not stop.is_set():
        waiting = [
            each async for each in api.pages("scoring", "/v1/reviews?state=waiting", key=key)
        ]
        for report in waiting:
            await _decide(api, key, report)
        if not waiting:
            await asyncio.sleep(PAUSE_S)


async def _decide(api: Api, key: str, report: dict[str, Any]) -> None:
    codes = {finding["code"] for finding in report["findings"]}
    body: dict[str, Any] = {"report_revision": report["report_revision"]}
    if codes & RETURN:
        verb, body["reason"] = "return", "Please bring the recording that was agreed."
    elif codes & REJECT:
        verb, body["reason"] = "reject", f"The evidence does not belong to it: {sorted(codes)}."
    else:
        verb = "approve"
    try:
        await api.call(
            "scoring", f"POST /v1/reviews/{report['visit_id']}:{verb}", key=key, json=body
        )
    except ApiError as error:
        if error.status != 409:  # the shopper was quicker; the next round shows the new revision
            raise
