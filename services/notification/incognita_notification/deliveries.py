"""A delivery: one message for one subscription, and what each attempt makes of it. Pure.

States: ``waiting`` (the next attempt is due at ``next_attempt_at``), ``succeeded``, ``failed`` (no
attempt is left), ``cancelled`` (its subscription ended first). All but waiting can be replayed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from incognita_notification.attempts import Attempt, Verdict
from incognita_notification.retries import delay_s
from incognita_shared.events import Event
from incognita_shared.events.notification import DeliveryFailed, DeliverySucceeded
from incognita_shared.ids import derived_id

LOGGED_ATTEMPTS = 50
TEST_PREFIX = "test_"


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said to the outside; ``body`` is sent byte for byte."""

    event_id: str
    event_type: str
    subject: str
    body: str
    trace: Mapping[str, str]
    test: bool = False


CLOCKS_APART = timedelta(minutes=10)
"""What is to go out at once has been due for so long, so that it does not wait until the clocks of
those who send have reached that of a fast one who queued it."""


def delivery_id(message: Message, subscription_id: str) -> str:
    """The same event for the same subscription is the same delivery, handled however often."""
    return derived_id("delivery", message.event_id, subscription_id)


def new_delivery(
    message: Message, subscription: Mapping[str, Any], moment: datetime
) -> dict[str, Any]:
    """The document of a delivery that is due at once, without its ``_id``."""
    return {
        "chain_id": subscription["chain_id"],
        "audience": subscription["audience"],
        "subscription_id": subscription["_id"],
        "event_id": message.event_id,
        "event_type": message.event_type,
        "subject": message.subject,
        "body": message.body,
        "trace": dict(message.trace),
        "test": message.test,
        "state": State.WAITING.value,
        "created_at": moment,
        "next_attempt_at": moment - CLOCKS_APART,
        "lease": None,
        "tries": 0,
        "attempt_count": 0,
        "attempts": [],
    }


def made_due(moment: datetime) -> dict[str, Any]:
    """The update that sends a finished delivery once more, with all its attempts anew."""
    return {
        "$set": {
            "state": State.WAITING.value,
            "next_attempt_at": moment - CLOCKS_APART,
            "lease": None,
            "tries": 0,
        },
        "$unset": {"done_at": "", "reason": ""},
    }


def cancelled(reason: str, moment: datetime) -> dict[str, Any]:
    """The update of a delivery whose subscription has ended."""
    return {
        "$set": {"state": State.CANCELLED.value, "reason": reason, "done_at": moment},
        "$unset": {"next_attempt_at": "", "lease": ""},
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt makes of a delivery: the update, and the event where it was the last word."""

    state: State
    update: dict[str, Any]
    event: Event | None = None


def after_attempt(
    delivery: Mapping[str, Any], attempt: Attempt, delays_s: Sequence[float], moment: datetime
) -> Outcome:
    """The attempt, logged, and where the delivery goes from there. A test is tried once only."""
    tries, count = delivery["tries"] + 1, delivery["attempt_count"] + 1
    logged = {
        "$push": {"attempts": {"$each": [attempt.document()], "$slice": -LOGGED_ATTEMPTS}},
        "$inc": {"attempt_count": 1},
    }
    said = {
        "chain_id": delivery["chain_id"],
        "delivery_id": delivery["_id"],
        "subscription_id": delivery["subscription_id"],
        "event_id": delivery["event_id"],
        "event_type": delivery["event_type"],
        "event_subject": delivery["subject"],
        "attempts": count,
    }
    if attempt.verdict is Verdict.DELIVERED:
        event = DeliverySucceeded(**said, succeeded_at=moment)
        return Outcome(State.SUCCEEDED, logged | _done(State.SUCCEEDED, None, tries, moment), event)
    wait_s = None
    if attempt.verdict is Verdict.FAILED and not delivery["test"]:
        wait_s = delay_s(delays_s, tries, retry_after_s=attempt.retry_after_s)
    reason = attempt.error or "failed"
    if wait_s is None:
        failed = DeliveryFailed(**said, reason=reason, failed_at=moment)
        return Outcome(State.FAILED, logged | _done(State.FAILED, reason, tries, moment), failed)
    due = moment + timedelta(seconds=wait_s)
    later = {"tries": tries, "next_attempt_at": due, "lease": None}
    return Outcome(State.WAITING, logged | {"$set": later})


def _done(state: State, reason: str | None, tries: int, moment: datetime) -> dict[str, Any]:
    return {
        "$set": {"state": state.value, "reason": reason, "tries": tries, "done_at": moment},
        "$unset": {"next_attempt_at": "", "lease": ""},
    }
