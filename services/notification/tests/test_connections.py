"""The connection goes to a checked address, whatever the name answers a moment later."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from notification_bench import Answer, Receiver, Request, always, reply

from incognita_notification.attempts import Verdict
from incognita_notification.connections import (
    AddressRefused,
    CheckedResolver,
    checked_connector,
)
from incognita_notification.signing import new_secret
from incognita_notification.webhooks import WebhookChannel, webhook_client

Receivers = Callable[[Answer], Awaitable[Receiver]]


class Names(CheckedResolver):
    """Names that answer as a hostile name server would: from a list, one answer each time."""

    def __init__(self, *answers: list[str], allow_private: bool = False) -> None:
        super().__init__(allow_private=allow_private)
        self.answers = list(answers)
        self.asked: list[str] = []

    def addresses(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["10.1.2.3"],
        ["1.1.1.1", "127.0.0.1"],
        ["fe80::1%eth0"],
        ["not an address"],
    ],
)
async def test_one_forbidden_address_in_an_answer_refuses_the_name(answer: list[str]) -> None:
    names = Names(answer)
    with pytest.raises(AddressRefused):
        await _post("https://rebind.example.com/", names)


async def _post(url: str, names: Names, trust: ssl.SSLContext | None = None) -> int:
    connector = checked_connector(
        names, allow_private=names._allow_private, max_connections=2, trust=trust
    )
    async with aiohttp.ClientSession(connector=connector) as client:
        try:
            async with client.post(url, data=b"{}") as response:
                return response.status
        finally:
            await names.close()


async def test_the_connection_is_made_to_the_address_that_was_checked(
    receivers: Receivers,
) -> None:
    receiver = await receivers(always())
    port = httpx.URL(receiver.url).port
    names = Names(["127.0.0.1"], ["127.0.0.2"], allow_private=True)
    assert await _post(f"http://rebind.example.com:{port}/", names) == 200
    assert names.asked == ["rebind.example.com"]
    assert receiver.requests[0].headers["host"] == f"rebind.example.com:{port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"])
async def test_an_address_in_the_url_is_checked_where_it_is_connected_to(host: str) -> None:
    names = Names(["93.184.216.34"])
    with pytest.raises(AddressRefused):
        await _post(f"https://{host}:9443/", names)
    assert names.asked == []


async def test_the_next_address_is_tried_when_the_first_does_not_answer(
    receivers: Receivers,
) -> None:
    receiver = await receivers(always())
    port = httpx.URL(receiver.url).port
    names = Names(["127.0.0.2", "127.0.0.1"], allow_private=True)
    assert await _post(f"http://two.example.com:{port}/", names) == 200


@pytest.mark.parametrize("host", ["name.invalid", "a" * 70 + ".example"])
async def test_a_name_without_an_address_is_said_so(host: str) -> None:
    attempt = await _send(f"https://{host}/", timeout_s=5)
    assert attempt.verdict is Verdict.FAILED
    assert attempt.error.startswith("ClientConnectorDNSError")


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, private


@pytest.mark.parametrize(("name", "fits"), [("hooks.example.com", True), ("other.example", False)])
async def test_tls_is_made_for_the_name_although_the_address_is_pinned(
    name: str, fits: bool, tmp_path: Path
) -> None:
    cert, private = certificate(tmp_path, "hooks.example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, private)
    heard: list[str | None] = []
    context.sni_callback = lambda _, host, __: heard.append(host)
    receiver = Receiver(always())
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    names = Names(["127.0.0.1"], allow_private=True)
    trust = ssl.create_default_context(cafile=str(cert))
    if fits:
        assert await _post(f"https://{name}:{port}/", names, trust) == 200
        assert receiver.requests[0].headers["host"] == f"{name}:{port}"
    else:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await _post(f"https://{name}:{port}/", names, trust)
    assert heard == [name]
    server.close()


async def test_no_cookie_is_kept_and_no_proxy_used(
    receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    receiver = await receivers(always(200, set_cookie="a=b; Path=/"))
    async with webhook_client(allow_private=True, max_connections=2) as client:
        for _ in range(2):
            async with client.post(receiver.url, data=b"{}"):
                pass
    assert len(receiver.requests) == 2
    assert not any("cookie" in request.headers for request in receiver.requests)


async def _send(url: str, timeout_s: float = 0.5) -> Any:
    async with webhook_client(allow_private=True, max_connections=2) as client:
        channel = WebhookChannel(client, timeout_s=timeout_s, allow_private=True)
        return await channel.send(url, message_id="m", body="{}", secrets=[new_secret()], trace={})


async def test_what_a_broken_receiver_does_is_an_attempt_and_no_exception(
    receivers: Receivers,
) -> None:
    async def rubbish(_: Request) -> bytes:
        return b"\x00\x01 this is no HTTP\r\n\r\n"

    async def nothing(_: Request) -> bytes:
        raise ConnectionError

    async def endless(_: Request) -> bytes:
        return b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 10

    for answer in (rubbish, nothing):
        attempt = await _send((await receivers(answer)).url)
        assert attempt.verdict is Verdict.FAILED
        assert attempt.error
    attempt = await _send((await receivers(endless)).url)
    assert (attempt.verdict, attempt.response) == (Verdict.DELIVERED, "x" * 10)
    attempt = await _send("http://127.0.0.1:9/")
    assert attempt.verdict is Verdict.FAILED


async def test_a_huge_answer_is_not_read_to_its_end(receivers: Receivers) -> None:
    async def huge(_: Request) -> bytes:
        return reply(200, b"y" * 20_000_000)

    attempt = await _send((await receivers(huge)).url, timeout_s=5)
    assert attempt.response == "y" * 1_024
    assert attempt.duration_ms < 2_000


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "delivered"), (204, "delivered"), (299, "delivered"), (301, "failed"), (400, "failed"),
     (410, "gone"), (429, "failed"), (500, "failed"), (599, "failed")],
)  # fmt: skip
async def test_only_2xx_is_success_and_410_ends_it(
    status: int, verdict: str, receivers: Receivers
) -> None:
    receiver = await receivers(always(status, b""))
    assert (await _send(receiver.url)).verdict == verdict
