"""What is sent: bare bodies, reports one by one, reports with a photo, reports in bulk."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from benchmarks.ingestion.forms import CHAIN, Phone
from benchmarks.load.connection import Connection, Response
from benchmarks.load.drive import Outcome, drive
from incognita_shared.ids import new_id
from incognita_shared.objects import ObjectStore

MEDIA = Path(__file__).parents[2] / "examples" / "media" / "DSCN0010.jpg"
OK, CREATED, STORED = 200, 201, 204
BOUNDARY = b"----------------incognita"


def request(path: str, body: bytes, headers: Mapping[str, str], kind: str) -> bytes:
    """The head of a POST of ``body``."""
    lines = [f"POST {path} HTTP/1.1", "Host: load", f"Content-Type: {kind}"]
    lines += [f"Content-Length: {len(body)}", *(f"{name}: {v}" for name, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Phones:
    """Connections that go round over the workers."""

    def __init__(self, ports: Sequence[int], count: int) -> None:
        self.count = count
        self._ours = [Connection("127.0.0.1", p) for p in islice(cycle(ports), count)]
        self._theirs: dict[int, Connection] = {}

    async def post(
        self, at: int, path: str, body: bytes, *, kind: str = "application/json", **headers: str
    ) -> Response:
        """POST to the connection's worker."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._ours[at].send(request(path, body, named, kind), body)

    async def upload(self, at: int, url: str, fields: Mapping[str, str], data: bytes) -> Response:
        """Post a form to the object store, as a phone does."""
        address = urlsplit(url)
        if at not in self._theirs:
            self._theirs[at] = Connection(address.hostname or "", address.port or 80)
        parts = [
            b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            % (BOUNDARY, name.encode(), value.encode())
            for name, value in fields.items()
        ]
        parts.append(
            b'--%s\r\nContent-Disposition: form-data; name="file"; filename="p.jpg"\r\n\r\n%s\r\n'
            b"--%s--\r\n" % (BOUNDARY, data, BOUNDARY)
        )
        body = b"".join(parts)
        kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
        return await self._theirs[at].send(request(address.path, body, {}, kind), body)

    def close(self) -> None:
        """End all connections."""
        for each in (*self._ours, *self._theirs.values()):
            each.close()


async def bare(phones: Phones, bodies: Sequence[bytes], *, count: int) -> Outcome:
    """The floor: the same bodies, stored and no more."""

    async def do(at: int, body: bytes) -> int:
        return (await phones.post(at, "/floor", body)).status

    return await drive(list(islice(cycle(bodies), count)), do, connections=phones.count)


async def one_by_one(
    phones: Phones, visits: Sequence[Phone], bodies: Sequence[bytes], *, per_s: float | None = None
) -> Outcome:
    """Each report in a request of its shopper's."""

    async def do(at: int, work: tuple[Phone, bytes]) -> int:
        return await _submit(phones, at, *work)

    work = list(zip(visits, cycle(bodies)))
    return await drive(work, do, connections=phones.count, per_s=per_s)


async def _submit(phones: Phones, at: int, visit: Phone, body: bytes) -> int:
    answer = await phones.post(
        at,
        f"/v1/visits/{visit[0]}/report:submit",
        body,
        Authorization=f"Bearer {visit[1]}",
        Idempotency_Key=visit[0],
    )
    completed = b'"completed"' in answer.body
    return answer.status if answer.status != OK or completed else 0


async def with_a_photo(
    phones: Phones, visits: Sequence[Phone], bodies: Sequence[bytes], *, per_s: float | None = None
) -> Outcome:
    """Declare a photo, post it to the object store, submit: each photo another one."""
    picture = MEDIA.read_bytes()

    async def do(at: int, work: tuple[Phone, bytes]) -> int:
        visit, body = work
        data = picture + visit[0].encode()  # what follows a JPEG's end is passed over
        declared = await phones.post(
            at,
            f"/v1/visits/{visit[0]}/uploads",
            orjson.dumps(
                {
                    "kind": "photo",
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "size_bytes": len(data),
                    "content_type": "image/jpeg",
                }
            ),
            Authorization=f"Bearer {visit[1]}",
        )
        if declared.status != CREATED:
            return declared.status
        form = orjson.loads(declared.body)["upload"]
        stored = await phones.upload(at, form["url"], form["fields"], data)
        if stored.status != STORED:
            return stored.status
        return await _submit(phones, at, visit, body)

    work = list(zip(visits, cycle(bodies)))
    return await drive(work, do, connections=phones.count, per_s=per_s)


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, and the form by which the object store takes it."""

    url: str
    fields: Mapping[str, str]
    mark: bytes  # what distinguishes it: thousands of whole photos would fill the memory


def presigned_photos(store: ObjectStore, count: int) -> list[Photo]:
    """Each another one of 160 kB, declared to nobody: the store alone will judge it."""
    picture = MEDIA.read_bytes()
    photos = []
    for _ in range(count):
        visit_id = new_id()
        data = picture + visit_id.encode()  # what follows a JPEG's end is passed over
        digest = hashlib.sha256(data).hexdigest()
        form = store.presign_upload(
            f"{CHAIN}/{visit_id}/{digest}", content_type="image/jpeg", size=len(data),
            sha256=digest, expires=timedelta(hours=1),
        )  # fmt: skip
        photos.append(Photo(form.url, form.fields, visit_id.encode()))
    return photos


async def photos_alone(phones: Phones, photos: Sequence[Photo]) -> Outcome:
    """The floor of a photo: posted to the object store, and nothing else."""
    picture = MEDIA.read_bytes()

    async def do(at: int, photo: Photo) -> int:
        stored = await phones.upload(at, photo.url, photo.fields, picture + photo.mark)
        return OK if stored.status == STORED else stored.status

    return await drive(photos, do, connections=phones.count)


async def in_bulk(
    phones: Phones, visits: Sequence[Phone], bodies: Sequence[bytes], *, key: str, lines: int
) -> Outcome:
    """Requests of ``lines`` reports each. One piece is one request; accepted are its lines."""
    named = [
        b'{"visit_id":"%s","idempotency_key":"%s",%s' % (v.encode(), v.encode(), body[1:])
        for (v, _), body in zip(visits, cycle(bodies))
    ]
    requests = [b"\n".join(named[at : at + lines]) for at in range(0, len(named), lines)]
    accepted = 0

    async def do(at: int, body: bytes) -> int:
        nonlocal accepted
        answer = await phones.post(
            at, "/v1/reports:import", body, kind="application/x-ndjson",
            Authorization=f"Bearer {key}",
        )  # fmt: skip
        accepted += answer.body.count(b'"completed"')
        return answer.status

    outcome = await drive(requests, do, connections=phones.count)
    outcome.statuses[OK] = accepted
    return outcome
