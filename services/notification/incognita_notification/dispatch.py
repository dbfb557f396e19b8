"""One attempt at one delivery, by the channel of its subscription, within the event's trace."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import orjson
from opentelemetry.trace import SpanKind, Status, StatusCode

from incognita_notification.attempts import Attempt, Verdict
from incognita_notification.mail.channel import MailChannel
from incognita_notification.mail.letters import Language, News, write_letter
from incognita_notification.repository.queue import Queue
from incognita_notification.signing import Seal, SealBroken, signing
from incognita_notification.webhooks import WebhookChannel
from incognita_shared.clock import now
from incognita_shared.telemetry import context_of, trace_headers, tracer
from incognita_shared.telemetry.attributes import DELIVERY_ATTEMPT, DELIVERY_ID, EVENT_TYPE

log = logging.getLogger(__name__)
Document = Mapping[str, Any]


class Dispatcher:
    """Knows both channels; ``mail`` is None where no SMTP server is configured."""

    def __init__(
        self, queue: Queue, *, webhooks: WebhookChannel, mail: MailChannel | None, seal: Seal
    ) -> None:
        self._queue = queue
        self._webhooks = webhooks
        self._mail = mail
        self._seal = seal

    async def attempt(self, delivery: Document, subscription: Document) -> Attempt:
        """Send it, and say what came of it."""
        kind = subscription["target"]["kind"]
        with tracer().start_as_current_span(
            f"deliver {kind}",
            context=context_of(delivery["trace"]),
            kind=SpanKind.CLIENT,
            attributes={
                DELIVERY_ID: delivery["_id"],
                DELIVERY_ATTEMPT: delivery["attempt_count"] + 1,
                EVENT_TYPE: delivery["event_type"],
            },
        ) as span:
            send = self._by_mail if kind == "email" else self._by_webhook
            result = await send(delivery, subscription)
            if result.status is not None and kind == "webhook":
                span.set_attribute("http.response.status_code", result.status)
            if result.verdict is not Verdict.DELIVERED:
                span.set_status(Status(StatusCode.ERROR, result.error))
            return replace(result, trace=trace_headers())

    async def _by_webhook(self, delivery: Document, subscription: Document) -> Attempt:
        try:
            secrets = [self._seal.open(each) for each in signing(subscription["secrets"], now())]
        except SealBroken as broken:
            log.exception("NOTIFICATION_SECRET_KEY lacks the key of a subscription's secret")
            return Attempt(Verdict.FAILED, at=now(), duration_ms=0, error=str(broken))
        return await self._webhooks.send(
            subscription["target"]["url"],
            message_id=delivery["event_id"],
            body=delivery["body"],
            secrets=secrets,
            trace=trace_headers() or delivery["trace"],
        )

    async def _by_mail(self, delivery: Document, subscription: Document) -> Attempt:
        if self._mail is None:
            return Attempt(
                Verdict.FAILED, at=now(), duration_ms=0, error="no SMTP server is configured"
            )
        body = orjson.loads(delivery["body"])
        chain, branch = await self._queue.names(delivery["chain_id"], body["data"].get("branch_id"))
        news = News(
            type=body["type"],
            timestamp=body["timestamp"],
            data=body["data"],
            test=delivery["test"],
            chain=chain,
            branch=branch,
        )
        target = subscription["target"]
        letter = write_letter(cast(Language, target["language"]), news)
        return await self._mail.send(target["address"], letter, delivery_id=delivery["_id"])
