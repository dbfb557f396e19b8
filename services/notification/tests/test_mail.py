"""Letters: in four languages, escaped, sent by a real SMTP server, never with a foreign header."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from hypothesis import given
from hypothesis import strategies as st
from notification_bench import CHAIN, add_subscription, approved, eventually, handle, make_settings
from pydantic import TypeAdapter, ValidationError

from incognita_notification.audiences import OUTSIDE_EVENTS
from incognita_notification.mail.address import MailAddress
from incognita_notification.mail.channel import MailChannel, MailServer
from incognita_notification.mail.letters import LANGUAGES, Language, Letter, News, write_letter
from incognita_notification.samples import sample
from incognita_notification.sender import Sender
from incognita_shared.mongo.client import Database

Sending = Callable[..., AbstractAsyncContextManager[Sender]]
TYPES = sorted(event.type_name() for event in OUTSIDE_EVENTS)
TIME = "2026-03-14T15:09:26+00:00"


def news(event_type: str, **changes: Any) -> News:
    values: dict[str, Any] = {
        "type": event_type,
        "timestamp": TIME,
        "data": sample(event_type, CHAIN).public(),
        "chain": {"name": "Crust & Co"},
        "branch": {"name": "Main Street", "city": "Detroit", "time_zone": "America/Detroit"},
    }
    return News(**(values | changes))


class Mailbox:
    """An SMTP server's handler that keeps what it gets, or refuses an address."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients.extend(envelope.rcpt_tos)
        return "250 kept"


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    """A real SMTP server on the loopback, and its port."""
    box, loop = Mailbox(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    yield box, server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event_type", TYPES)
def test_every_event_has_a_letter_in_every_language(event_type: str, language: Language) -> None:
    letter = write_letter(language, news(event_type))
    assert letter.subject
    assert "\n" not in letter.subject
    assert event_type not in letter.subject, "it has the generic text only"
    assert "Main Street" in letter.text or "Spring wave" in letter.text
    assert "{{" not in letter.subject + letter.text + letter.html
    assert f'lang="{language}"' in letter.html
    assert "Crust &amp; Co" in letter.html
    assert "sample-shopper" not in letter.text + letter.html


def test_the_languages_differ() -> None:
    subjects = {
        write_letter(each, news("incognita.report.approved.v1")).subject for each in LANGUAGES
    }
    assert len(subjects) == len(LANGUAGES)


def test_numbers_and_times_are_the_readers() -> None:
    english = write_letter("en", news("incognita.report.approved.v1")).text
    french = write_letter("fr", news("incognita.report.approved.v1")).text
    assert "68.5" in english
    assert "68,5" in french
    assert "2026-03-14 11:09 (America/Detroit)" in english


def test_an_unknown_event_gets_the_generic_letter() -> None:
    letter = write_letter("tr", news("incognita.visit.accepted.v1", type="incognita.new.thing.v1"))
    assert "incognita.new.thing.v1" in letter.subject


def test_a_test_says_that_its_data_are_invented() -> None:
    letter = write_letter("en", news("incognita.report.approved.v1", test=True))
    assert "invented data" in letter.text


@given(st.text(max_size=80), st.sampled_from(LANGUAGES))
def test_no_name_breaks_a_header_or_the_html(name: str, language: Language) -> None:
    said = news(
        "incognita.report.flagged.v1",
        branch={"name": f"x{name}\r\nBcc: thief@example.com", "time_zone": name},
        chain={"name": "<script>" + name},
    )
    letter = write_letter(language, said)
    assert letter.subject.isprintable()
    assert "<script>" not in letter.html
    assert not any(line.startswith("Bcc:") for line in letter.text.splitlines())


@pytest.mark.parametrize(
    "address",
    [
        "a@b", "a b@example.com", "a@example.com,b@example.com", "a@example.com\r\nBcc: x@y.zz",
        "a@example.com\n", "<a@example.com>", "A <a@example.com>", '"a b"@example.com', "@x.com",
        "a@", "a@-x.com", "a@x..com", "a..b@x.com", ".a@x.com", "a@[127.0.0.1]", "ü@example.com",
        "a@exämple.com", "a@" + "x" * 64 + ".com", "a" * 65 + "@example.com", "", "a@x.com;b@x.com",
    ],
)  # fmt: skip
def test_what_is_not_one_bare_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MailAddress).validate_python(address)


@pytest.mark.parametrize(
    "address", ["a@example.com", "first.last+tag@sub.example.co.uk", "x_y@xn--exmple-cua.com"]
)
def test_a_bare_address_is_taken(address: str) -> None:
    assert TypeAdapter(MailAddress).validate_python(address) == address


async def test_a_letter_arrives_with_both_parts_and_one_recipient(
    mailbox: tuple[Mailbox, int],
) -> None:
    box, port = mailbox
    channel = MailChannel(MailServer("127.0.0.1", port, "audit@example.com", starttls=False))
    letter = write_letter("ru", news("incognita.branch.alerted.v1"))
    attempt = await channel.send("boss@example.com", letter, delivery_id="d1")
    assert (attempt.verdict, attempt.status) == ("delivered", 250)
    (got,) = box.letters
    assert box.recipients == ["boss@example.com"]
    assert got["subject"] == letter.subject
    assert got["message-id"] == "<d1@example.com>"
    assert got["auto-submitted"] == "auto-generated"
    plain, html = got.get_body(("plain",)), got.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "Main Street" in plain.get_content()
    assert "<table" in html.get_content()


async def test_a_line_break_in_a_header_is_refused_and_nothing_is_sent(
    mailbox: tuple[Mailbox, int],
) -> None:
    box, port = mailbox
    channel = MailChannel(MailServer("127.0.0.1", port, "audit@example.com", starttls=False))
    for address, subject in (
        ("a@example.com", "x\r\nBcc: thief@example.com"),
        ("a@example.com\r\nBcc: thief@example.com", "x"),
    ):
        attempt = await channel.send(address, Letter(subject, "t", "h"), delivery_id="d1")
        assert attempt.verdict == "failed"
        assert "ValueError" in (attempt.error or "")
    assert box.letters == []


async def test_what_the_server_answers_is_logged(mailbox: tuple[Mailbox, int]) -> None:
    _, port = mailbox
    letter = Letter("s", "t", "h")
    refused = await MailChannel(
        MailServer("127.0.0.1", port, "audit@example.com", starttls=False)
    ).send("nobody@example.com", letter, delivery_id="d1")
    assert (refused.verdict, refused.status, refused.response) == (
        "failed", 550, "no such mailbox",
    )  # fmt: skip
    no_tls = await MailChannel(MailServer("127.0.0.1", port, "audit@example.com")).send(
        "a@example.com", letter, delivery_id="d1"
    )
    assert no_tls.verdict == "failed", "TLS is required, not merely tried"
    nobody = await MailChannel(
        MailServer("127.0.0.1", 9, "audit@example.com", starttls=False)
    ).send("a@example.com", letter, delivery_id="d1")
    assert nobody.verdict == "failed"
    assert nobody.error


async def test_a_server_that_never_speaks_is_given_up_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    channel = MailChannel(
        MailServer("127.0.0.1", port, "audit@example.com", starttls=False, timeout_s=0.3)
    )
    attempt = await channel.send("a@example.com", Letter("s", "t", "h"), delivery_id="d1")
    assert attempt.verdict == "failed"
    assert attempt.duration_ms < 2_000
    server.close()


async def test_an_event_reaches_a_mailbox_with_the_branchs_name(
    db: Database, mailbox: tuple[Mailbox, int], sending: Sending
) -> None:
    box, port = mailbox
    settings = make_settings(
        smtp_host="127.0.0.1", smtp_port=port, smtp_starttls=False, smtp_from="audit@example.com"
    )
    target = {"kind": "email", "address": "boss@example.com", "language": "fr"}
    await add_subscription(db, settings, "", target=target, secrets=[])
    await db["branches"].insert_one(
        {"_id": "sample-branch", "chain_id": CHAIN, "name": "Rue Haute", "version": 1}
    )
    await handle(db, (approved(), "event-1"))

    async def arrived() -> bool:
        return await db["deliveries"].count_documents({"state": "succeeded"}) == 1

    async with sending(settings):
        await eventually(arrived)
    (letter,) = box.letters
    assert letter["subject"] == "Rapport approuvé : Rue Haute"
