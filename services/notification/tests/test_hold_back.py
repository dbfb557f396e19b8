"""What a chain's subscription to everything hears of a report that does not count: nothing."""

import orjson
import pytest
from notification_bench import CHAIN, add_subscription, handle

from incognita_notification.audiences import OUTSIDE_EVENTS
from incognita_notification.samples import sample
from incognita_notification.settings import NotificationSettings
from incognita_shared.events import Event
from incognita_shared.events.comparison import StandingChanged
from incognita_shared.events.scoring import (
    AppealDecided,
    AppealOpened,
    ReportApproved,
    ReportUnapproved,
)
from incognita_shared.mongo.client import Database

STANDING = sample(StandingChanged.type_name(), CHAIN)
URL = "https://hooks.example.com/"
OF_SCORES = tuple(
    event for event in OUTSIDE_EVENTS if event.topic in ("scoring.events.v1", "evidence.events.v1")
)
AFTER_APPROVAL = {ReportApproved, ReportUnapproved, AppealOpened, AppealDecided}
"""These are said of a report that counts, or did until now."""


@pytest.mark.parametrize("kind", OF_SCORES, ids=lambda kind: f"{kind.noun}.{kind.verb}")
async def test_the_chain_hears_of_a_report_from_its_approval_on(
    db: Database, settings: NotificationSettings, kind: type[Event]
) -> None:
    everything = ["incognita.*"]
    await add_subscription(db, settings, URL, audience="chain", event_types=everything)
    await add_subscription(db, settings, URL, audience="agency", event_types=everything)
    await handle(db, (sample(kind.type_name(), CHAIN), "event-1"), (STANDING, "event-2"))
    bodies = [orjson.loads(each["body"]) async for each in db["deliveries"].find()]
    heard = [body for body in bodies if body["type"] == kind.type_name()]
    assert len(heard) == (2 if kind in AFTER_APPROVAL else 1)
    assert len(bodies) - len(heard) == 2


async def test_the_chain_is_told_that_an_approval_was_taken_back_but_not_why(
    db: Database, settings: NotificationSettings
) -> None:
    await add_subscription(db, settings, URL, audience="chain")
    await handle(db, (sample(ReportUnapproved.type_name(), CHAIN), "event-1"))
    (only,) = [each async for each in db["deliveries"].find()]
    data = orjson.loads(only["body"])["data"]
    assert data["score_revision"] == 1
    assert "reason" not in data
