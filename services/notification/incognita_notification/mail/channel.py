"""Sends letters by SMTP and says what came of it."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from incognita_notification.attempts import EXCERPT_BYTES, Attempt, Verdict
from incognita_notification.mail.letters import Letter
from incognita_shared.clock import now

IMPLICIT_TLS_PORT = 465


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed over. ``starttls``: required, not merely tried."""

    host: str
    port: int
    sender: str
    username: str | None = None
    password: str | None = None
    starttls: bool = True
    timeout_s: float = 15.0
    trust: ssl.SSLContext | None = None


class MailChannel:
    """One connection for each letter; never raises for what the server answers."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, address: str, letter: Letter, *, delivery_id: str) -> Attempt:
        """One attempt. The Message-ID stays the same, so a reader can tell a repeated letter."""
        started, clock = now(), time.monotonic()
        status, error, response = None, None, None
        try:
            _, response = await self._hand_over(self._compose(address, letter, delivery_id))
            status, verdict = aiosmtplib.SMTPStatus.completed.value, Verdict.DELIVERED
        except aiosmtplib.SMTPRecipientsRefused as refused:
            verdict = Verdict.FAILED
            first = refused.recipients[0]
            status, error, response = first.code, "the server refused the address", first.message
        except aiosmtplib.SMTPResponseException as answered:
            verdict = Verdict.FAILED
            status, error, response = answered.code, type(answered).__name__, answered.message
        except (aiosmtplib.SMTPException, OSError, ValueError) as caught:
            verdict, error = Verdict.FAILED, f"{type(caught).__name__}: {caught}"
        return Attempt(
            verdict=verdict,
            at=started,
            duration_ms=round((time.monotonic() - clock) * 1000),
            status=status,
            error=error,
            response=response[:EXCERPT_BYTES] if response else None,
        )

    def _compose(self, address: str, letter: Letter, delivery_id: str) -> EmailMessage:
        """The message; the policy refuses line breaks in headers (ValueError)."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self._server.sender
        message["To"] = address
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{delivery_id}@{self._server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message

    async def _hand_over(self, message: EmailMessage) -> tuple[object, str]:
        server = self._server
        from_the_start = server.port == IMPLICIT_TLS_PORT
        async with asyncio.timeout(server.timeout_s):
            return await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=from_the_start,
                start_tls=server.starttls and not from_the_start,
                tls_context=server.trust,
                timeout=server.timeout_s,
            )
