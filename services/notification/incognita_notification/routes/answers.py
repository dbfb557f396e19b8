"""Documents as answers."""

from typing import Any

import orjson

from incognita_notification.schemas import (
    Delivery,
    DeliveryWithMessage,
    Subscription,
    SubscriptionWithSecret,
)

Document = dict[str, Any]


def subscription(document: Document) -> Subscription:
    """Without its secrets."""
    return Subscription.model_validate(_subscription(document))


def subscription_with_secret(document: Document, secret: str | None) -> SubscriptionWithSecret:
    """For the one time that the secret is shown."""
    return SubscriptionWithSecret.model_validate({**_subscription(document), "secret": secret})


def _subscription(document: Document) -> Document:
    shown = (
        "audience", "event_types", "filter", "active", "disabled_reason", "failing_since",
        "created_at", "changed_at",
    )  # fmt: skip
    target = dict(document["target"])
    return {
        "subscription_id": document["_id"],
        "target": {target.pop("kind"): target},
        **{name: document[name] for name in shown},
    }


def delivery(document: Document) -> Delivery:
    """Without its message."""
    return Delivery.model_validate(_delivery(document))


def delivery_with_message(document: Document) -> DeliveryWithMessage:
    """With what is sent."""
    content = {**_delivery(document), "message": orjson.loads(document["body"])}
    return DeliveryWithMessage.model_validate(content)


def _delivery(document: Document) -> Document:
    shown = (
        "subscription_id", "event_id", "event_type", "subject", "state", "test", "created_at",
        "attempt_count", "attempts",
    )  # fmt: skip
    return {
        "delivery_id": document["_id"],
        **{name: document[name] for name in shown},
        **{name: document.get(name) for name in ("reason", "next_attempt_at", "done_at")},
    }
