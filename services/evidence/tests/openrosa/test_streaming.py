"""A recording of 100 MB goes through the service without being in it."""

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from incognita_evidence.repository import create_indexes
from incognita_evidence.visit import Visit
from incognita_shared.settings import database_name
from incognita_shared.values import EvidenceKind, EvidenceRequirement
from tests.collect.client import Collect

RECORDING_BYTES = 100_000_000
MOST_GROWTH_BYTES = 40_000_000
"""Two parts of 5 MB, what the S3 client makes of them, and the allocator's slack."""
CUT_AFTER = 12
CHUNK = os.urandom(1_000_000)
AGREED = (EvidenceRequirement(kind=EvidenceKind.AUDIO),)
OGG = b"OggS\0\2" + bytes(20) + b"\x01\x1e\x01vorbis" + bytes(30)


class ConnectionLost(Exception):
    """The phone is out of reach."""


@pytest.fixture
async def db(database: Any) -> AsyncIterator[Any]:
    """The database that the service itself uses."""
    own = database.client.get_database(database_name("evidence"))
    await create_indexes(own)
    yield own
    await database.client.drop_database(own.name)


@dataclass
class Service:
    """The service as a process of its own, which can be killed and started again."""

    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['HTTP_PORT']}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        self.process = self._started()
        async with httpx.AsyncClient() as client:
            for _ in range(300):
                try:
                    await client.get(f"{self.url}/health/live")
                except httpx.TransportError:
                    assert self.process.poll() is None, self.log.read_text()
                    await asyncio.sleep(0.1)
                else:
                    return

    def end(self, *, kill: bool = False) -> None:
        if self.process is not None:
            if kill:
                self.process.kill()
            self.process.terminate()
            self.process.wait(20)

    def _started(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "incognita_evidence"], env=self.environment, stderr=file
            )


@pytest.fixture
async def service(
    servers: dict[str, str], store: Any, db: Any, topics: None, tmp_path: Path
) -> AsyncIterator[Service]:
    """Running, on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, **servers, "HTTP_PORT": str(port)}
    running = Service(environment, tmp_path / "evidence.log")
    try:
        await running.start()
        yield running
    finally:
        running.end()


def body(xml: bytes, *, whole: bool = True) -> Iterator[bytes]:
    yield b'--cut\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a.xml"'
    yield b"\r\nContent-Type: text/xml\r\n\r\n" + xml
    yield b'\r\n--cut\r\nContent-Disposition: form-data; name="a.ogg"; filename="a.ogg"\r\n'
    yield b"Content-Type: audio/ogg\r\n\r\n" + OGG
    for at in range(RECORDING_BYTES // len(CHUNK)):
        yield CHUNK
        if not whole and at == CUT_AFTER:
            raise ConnectionLost
    yield b"\r\n--cut--\r\n"


async def sent(xml: bytes, *, whole: bool = True) -> AsyncIterator[bytes]:
    for piece in body(xml, whole=whole):
        yield piece


def resident(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
async def test_a_recording_of_100_mb_never_enters_memory(
    service: Service,
    make_key: Callable[..., Awaitable[str]],
    make_visit: Callable[..., Visit],
    accept: Callable[[Visit], Awaitable[Visit]],
    store: Any,
    db: Any,
) -> None:
    url, pid = service.url, service.pid
    visit = await accept(make_visit(evidence=AGREED))
    async with httpx.AsyncClient(timeout=120) as client:
        phone = Collect(client, f"{url}/openrosa/{await make_key()}")
        await phone.update()
        instance = phone.forms[visit.id].fill(
            {"greeted": "yes", "rings": "2", "ms_agreed_audio_1": "a.ogg"},
            started_at="2008-10-22T16:28:00.000+02:00",
            ended_at="2008-10-22T16:48:00.000+02:00",
        )
        before = resident(pid, "VmRSS")
        answer = await client.post(
            f"{phone.server}/submission",
            content=sent(instance.xml),
            headers={"Content-Type": "multipart/form-data; boundary=cut"},
        )
        peak = resident(pid, "VmHWM")
    assert answer.status_code == 201, answer.text
    assert peak - before < MOST_GROWTH_BYTES, f"{(peak - before) / 1e6:.0f} MB more"
    whole = hashlib.sha256(OGG)
    for _ in range(RECORDING_BYTES // len(CHUNK)):
        whole.update(CHUNK)
    stored = await store.head(f"chain-a/{visit.id}/{whole.hexdigest()}")
    assert stored.sha256 == whole.hexdigest()
    report = await db["reports"].find_one({"_id": visit.id})
    [item] = report["items"]
    assert (item["state"], item["sha256"]) == ("stored", whole.hexdigest())
    assert [link["what"] for link in item["custody"]] == ["declared", "stored"]


async def test_a_connection_lost_halfway_leaves_nothing_behind(
    service: Service,
    make_key: Callable[..., Awaitable[str]],
    make_visit: Callable[..., Visit],
    accept: Callable[[Visit], Awaitable[Visit]],
    store: Any,
    db: Any,
) -> None:
    url = service.url
    visit = await accept(make_visit(evidence=AGREED))
    async with httpx.AsyncClient(timeout=120) as client:
        phone = Collect(client, f"{url}/openrosa/{await make_key()}")
        await phone.update()
        instance = phone.forms[visit.id].fill(
            {"greeted": "yes", "rings": "2", "ms_agreed_audio_1": "a.ogg"},
            started_at="2008-10-22T16:28:00.000+02:00",
            ended_at="2008-10-22T16:48:00.000+02:00",
        )
        for _ in range(3):
            with pytest.raises(ConnectionLost):
                await client.post(
                    f"{phone.server}/submission",
                    content=sent(instance.xml, whole=False),
                    headers={"Content-Type": "multipart/form-data; boundary=cut"},
                )
    assert await eventually_none(store)
    assert await db["reports"].find_one({"_id": visit.id}) is None


async def test_a_service_killed_amid_submissions_makes_one_report_of_those_sent_again(
    service: Service,
    make_key: Callable[..., Awaitable[str]],
    make_visit: Callable[..., Visit],
    accept: Callable[[Visit], Awaitable[Visit]],
    photo: Callable[[str], bytes],
    db: Any,
) -> None:
    visits = [await accept(make_visit()) for _ in range(4)]
    async with httpx.AsyncClient(timeout=60) as client:
        phone = Collect(client, f"{service.url}/openrosa/{await make_key()}")
        await phone.update()
        filled = [
            phone.forms[visit.id].fill(
                {"greeted": "yes", "rings": "2", "ms_agreed_photo_1": "1.jpg"},
                started_at="2008-10-22T16:28:00.000+02:00",
                ended_at="2008-10-22T16:48:00.000+02:00",
                media={"1.jpg": ("image/jpeg", photo("DSCN0010") + visit.id.encode())},
            )
            for visit in visits
        ]
        for pause_s in (0.02, 0.06, 0.15):
            posts = [asyncio.create_task(phone.send(each)) for each in filled * 3]
            await asyncio.sleep(pause_s)
            service.end(kill=True)
            await asyncio.gather(*posts, return_exceptions=True)
            await service.start()
        for each in filled:
            await phone.send(each)
    for visit in visits:
        report = await db["reports"].find_one({"_id": visit.id})
        assert (report["state"], report["seq"], report["findings"]) == ("completed", 2, [])
        assert [item["state"] for item in report["items"]] == ["stored"]
    assert await db["arrivals"].count_documents({}) == len(visits)


async def eventually_none(store: Any) -> bool:
    """Whether the store is rid of unfinished uploads and of files that nobody waits for."""

    def left(client: Any) -> list[Any]:
        unfinished = client._list_multipart_uploads(store.bucket).uploads
        waiting = client.list_objects(store.bucket, prefix="chain-a/incoming/", recursive=True)
        return [*unfinished, *waiting]

    for _ in range(100):
        if not await store.run("ListObjects", None, left):
            return True
        await asyncio.sleep(0.1)
    return False
