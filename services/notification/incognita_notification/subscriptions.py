"""What can be done to subscriptions."""

import hashlib
from typing import Any

from incognita_notification import errors
from incognita_notification.addresses import UrlRefused, check_url
from incognita_notification.audiences import HEARD_BY, audience_of, heard
from incognita_notification.repository.subscriptions import Subscriptions
from incognita_notification.schemas import NewSubscription, SubscriptionChange, Target
from incognita_notification.settings import NotificationSettings
from incognita_notification.signing import OVERLAP, new_secret, rotated
from incognita_shared.auth import Principal
from incognita_shared.clock import now
from incognita_shared.ids import derived_id, new_id
from incognita_shared.mongo.client import Database

MOST_PER_CHAIN = 200
"""Each event is compared with all subscriptions of its chain."""
_TRIES = 3
Document = dict[str, Any]


class SubscriptionDesk:
    """The subscriptions that one caller may see, and what the caller can do to them."""

    def __init__(self, db: Database, caller: Principal, settings: NotificationSettings) -> None:
        self._chain_id = caller.chain
        self._audience = audience_of(caller.role)
        self._store = Subscriptions(db, caller.chain, self._audience)
        self._settings = settings
        self._seal = settings.seal()

    async def create(
        self, wanted: NewSubscription, idempotency_key: str | None
    ) -> tuple[Document, str | None]:
        """The new subscription and its secret. With the same key and body: the same as before."""
        self._check_event_types(wanted.event_types)
        self._check_target(wanted.target)
        document, secret = self._document(wanted, idempotency_key)
        earlier = await self._store.find(document["_id"])
        if earlier is None and await self._store.count() >= MOST_PER_CHAIN:
            raise errors.TooManySubscriptions(MOST_PER_CHAIN)
        if earlier is None and not await self._store.add(document):
            earlier = await self._store.find(document["_id"])
        return self._repeated(earlier, document["asked_sha256"]) if earlier else (document, secret)

    async def get(self, subscription_id: str) -> Document:
        """The subscription. Raises ``SubscriptionNotFound``."""
        found = await self._store.find(subscription_id)
        if found is None:
            raise errors.SubscriptionNotFound
        return found

    async def list(self, limit: int, after: str | None) -> list[Document]:
        """Up to ``limit`` subscriptions behind ``after``."""
        return await self._store.list(limit, after)

    async def change(self, subscription_id: str, change: SubscriptionChange) -> Document:
        """The changed subscription. A webhook stays a webhook, for its secret belongs to it."""
        values: Document = {"changed_at": now()}
        where: Document = {}
        if change.event_types is not None:
            self._check_event_types(change.event_types)
            values["event_types"] = list(change.event_types)
        if change.filter is not None:
            values["filter"] = change.filter.model_dump(mode="json", exclude_defaults=True)
        if change.target is not None:
            self._check_target(change.target)
            values |= {"target": _target(change.target), "failing_since": None}
            where["target.kind"] = values["target"]["kind"]
        if change.active is not None:
            values |= {"active": change.active, "disabled_reason": None, "failing_since": None}
        changed = await self._store.change(subscription_id, values, where)
        if changed is None:
            await self.get(subscription_id)
            raise errors.WrongField("target", "the kind of target can't change: subscribe anew")
        return changed

    async def rotate_secret(self, subscription_id: str) -> tuple[str, Any]:
        """A new secret, and until when the old one signs as well."""
        for _ in range(_TRIES):
            found, moment, secret = await self.get(subscription_id), now(), new_secret()
            if found["target"]["kind"] != "webhook":
                raise errors.NothingToSign
            secrets = rotated(found["secrets"], self._seal.close(secret), moment)
            changed = await self._store.change(
                subscription_id, {"secrets": secrets}, {"version": found["version"]}
            )
            if changed is not None:
                return secret, moment + OVERLAP
        raise errors.ChangedMeanwhile

    async def delete(self, subscription_id: str) -> None:
        """Remove it; what still waits for it is cancelled."""
        if not await self._store.delete(subscription_id):
            raise errors.SubscriptionNotFound

    def _check_event_types(self, patterns: tuple[str, ...]) -> None:
        for at, pattern in enumerate(patterns):
            if heard(pattern, self._audience):
                continue
            cause = "names no event that can be subscribed to with this key"
            if pattern.startswith("incognita.delivery."):
                cause = "what becomes of deliveries is in the log: a subscription would feed itself"
            raise errors.WrongField(f"event_types[{at}]", cause, allowed=HEARD_BY[self._audience])

    def _check_target(self, target: Target) -> None:
        if target.email is not None and not self._settings.mail_enabled:
            raise errors.MailNotConfigured
        if target.webhook is not None:
            try:
                check_url(target.webhook.url, allow_private=self._settings.allow_private_targets)
            except UrlRefused as refused:
                raise errors.WrongField("target.webhook.url", str(refused)) from None

    def _document(
        self, wanted: NewSubscription, idempotency_key: str | None
    ) -> tuple[Document, str | None]:
        moment = now()
        key = new_id()
        if idempotency_key is not None:
            key = derived_id("subscription", self._chain_id, self._audience, idempotency_key)
        secret = new_secret() if wanted.target.webhook else None
        sealed = rotated((), self._seal.close(secret), moment) if secret else []
        return {
            "_id": key,
            "chain_id": self._chain_id,
            "audience": self._audience.value,
            "event_types": list(wanted.event_types),
            "filter": wanted.filter.model_dump(mode="json", exclude_defaults=True),
            "target": _target(wanted.target),
            "active": wanted.active,
            "disabled_reason": None,
            "failing_since": None,
            "secrets": sealed,
            "created_at": moment,
            "changed_at": moment,
            "version": 1,
            "asked_sha256": hashlib.sha256(wanted.model_dump_json().encode()).hexdigest(),
        }, secret

    def _repeated(self, earlier: Document, asked_sha256: str) -> tuple[Document, str | None]:
        if earlier["asked_sha256"] != asked_sha256:
            raise errors.KeyUsedOtherwise
        sealed = earlier["secrets"]
        return earlier, self._seal.open(sealed[0]["sealed"]) if sealed else None


def _target(target: Target) -> Document:
    if target.webhook is not None:
        return {"kind": "webhook", "url": target.webhook.url}
    assert target.email is not None  # noqa: S101 (the model has checked it)
    return {"kind": "email", **target.email.model_dump()}
