"""Invariants 1, 3, 4 and 10 for what is told outside: deliveries and what became of them."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from incognita_notification.audiences import Audience
from incognita_notification.rules import Filter, passes, wants
from incognita_shared.events import Event, notification
from incognita_shared.ids import derived_id
from incognita_shared.mongo.client import Database
from incognitactl.verify.dossier import Dossier
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind
from incognitactl.verify.rules.topics import first_copies
from incognitactl.verify.words import TYPES, Said

IN_FORCE_AFTER_MS = 20_000
"""So long after its last change a subscription surely counts: a write may take as long as MongoDB
takes to name a new primary."""
KEPT_MS = 29 * 86_400_000
"""Deliveries and topics are kept for thirty days."""


@dataclass(frozen=True)
class Subscription:
    """An active subscription. ``since``: milliseconds since 1970 of its last change."""

    id: str
    audience: Audience
    event_types: tuple[str, ...]
    filter: Filter
    since: float
    is_webhook: bool

    def asks_for(self, record: Said, place: Mapping[str, str | None]) -> bool:
        """Whether the event goes to it, as far as the event itself tells: branches may move."""
        facts = {**place, "passed": record.passed, "critical_failed": ()}
        event = cast(Event, SimpleNamespace(**facts))
        return (
            record.at > self.since + IN_FORCE_AFTER_MS
            and not self.filter.needs_branch
            and wants(self.event_types, self.audience, TYPES[record.type])
            and passes(self.filter, event, None)
        )


async def read_subscriptions(db: Database) -> dict[str, list[Subscription]]:
    """Chain → its active subscriptions: a chain has at most some hundred."""
    found: dict[str, list[Subscription]] = {}
    async for each in db["subscriptions"].find({"active": True}):
        subscription = Subscription(
            each["_id"],
            Audience(each["audience"]),
            tuple(each["event_types"]),
            Filter.model_validate(each["filter"]),
            each["changed_at"].timestamp() * 1_000,
            each["target"]["kind"] == "webhook",
        )
        found.setdefault(each["chain_id"], []).append(subscription)
    return found


def check_deliveries(
    dossier: Dossier,
    said: Iterable[Said],
    subscriptions: Sequence[Subscription],
    place: Mapping[str, str | None],
    findings: Findings,
) -> None:
    """Each event has one delivery for each subscription that asked, and no delivery is alone."""
    deliveries = {each["id"]: each for each in dossier.all(Kind.DELIVERY) if not each["test"]}
    events = {record.id: record for record in said}
    oldest = time.time() * 1_000 - KEPT_MS
    for record in events.values():
        for subscription in subscriptions:
            if record.at < oldest or not subscription.asks_for(record, place):
                continue
            findings.checked(1)
            if derived_id("delivery", record.id, subscription.id) not in deliveries:
                findings.add(
                    1, "notification deliveries lacks an event that a subscription asked for",
                    f"{record.word} {record.id}",
                )  # fmt: skip
    for key, each in deliveries.items():
        if key != derived_id("delivery", each["event_id"], each["subscription_id"]):
            findings.add(1, "notification deliveries has an event twice for one receiver", key)
        if each["event_id"] not in events:
            findings.add(1, "notification deliveries has an event that nobody said", key)


def check_outcomes(
    dossier: Dossier, *, injected: Collection[str], findings: Findings, is_trimmed: bool
) -> None:
    """Each delivery's last word is on the topic, once for each time it ended."""
    topic = notification.EVENTS
    records = [record for record in dossier.records if record.topic == topic]
    own = [record for record in first_copies(topic, records, injected, findings)
           if record.id not in injected]  # fmt: skip
    findings.checked(4, len(own))
    deliveries = {each["id"]: each for each in dossier.all(Kind.DELIVERY)}
    said: dict[str, list[Said]] = {}
    for record in own:
        said.setdefault(record.detail, []).append(record)
    for key, words in said.items():
        _check_words(topic, key, words, deliveries.get(key), findings)
    for key, each in deliveries.items():
        if each["state"] in ("succeeded", "failed") and key not in said and not is_trimmed:
            findings.add(4, f"{topic}: missing delivery.{each['state']}", key)


def _check_words(
    topic: str, key: str, words: Sequence[Said], delivery: Mapping[str, Any] | None,
    findings: Findings,
) -> None:  # fmt: skip
    attempts = [record.order for record in words]
    if max(Counter(attempts).values()) > 1:
        findings.add(4, f"{topic}: one outcome under two ids", key)
    elif attempts != sorted(attempts):
        findings.add(3, f"{topic}: outcomes out of order", key)
    if delivery is None:
        if words[-1].at > time.time() * 1_000 - KEPT_MS:
            findings.add(4, f"{topic}: nothing stands behind {words[-1].word.split()[0]}", key)
    elif delivery["state"] in ("succeeded", "failed"):
        last = words[-1]
        is_same = last.word.startswith(f"delivery.{delivery['state']}")
        if not is_same or last.order != delivery["attempt_count"]:
            findings.add(4, f"{topic}: the last word is not the delivery's outcome", key)


def check_webhooks(
    dossier: Dossier, webhooks: Collection[str], arrived: Collection[str], findings: Findings
) -> None:
    """Each delivery to a webhook (``webhooks``: subscriptions' ids) has arrived."""
    for each in dossier.all(Kind.DELIVERY):
        if each["subscription_id"] not in webhooks or each["state"] == "cancelled":
            continue
        findings.checked(10)
        if each["event_id"] not in arrived:
            state = each["state"]
            findings.add(10, f"a webhook never arrived; its delivery is {state}", each["event_id"])
