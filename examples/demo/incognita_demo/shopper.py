"""A simulated shopper: does every visit through the public API, as an app on a phone would."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from incognita_demo.api import PATIENCE_S, Api, ApiError
from incognita_demo.cast import SimulatedShopper
from incognita_demo.ledger import Entry, Ledger
from incognita_demo.photos import Camera, Media
from incognita_demo.plants import Plant, draw_plant
from incognita_demo.world import answer
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from incognita_shared.values import Position

ON_ITS_WAY = frozenset({401, 404})
"""The visit, or the shopper's new key, has not reached this service yet: a moment later it has."""

Json = dict[str, Any]


@dataclass
class Field:
    """What all shoppers share."""

    api: Api
    camera: Camera
    ledger: Ledger
    quality: dict[str, float]
    late_waves: set[str]
    rng: random.Random


class Shopper:
    """One shopper at work."""

    def __init__(self, who: SimulatedShopper, field: Field) -> None:
        self._who = who
        self._field = field
        self._api = field.api
        self._rng = random.Random(field.rng.random())

    async def work(self, wave: str, *, may_decline: bool) -> int:
        """Do what the wave offers or has returned; returns how many visits were dealt with."""
        done = 0
        for state, deal in (("offered", self._take), ("returned", self._correct)):
            path = f"/v1/visits?wave_id={wave}&state={state}"
            visits = self._api.pages("assignment", path, key=self._who.key)
            for visit in [each async for each in visits]:
                await deal(visit, may_decline=may_decline)
                done += 1
        return done

    async def _take(self, visit: Json, *, may_decline: bool) -> None:
        plant = self._plant(visit, may_decline=may_decline)
        entry = Entry(
            visit["visit_id"], visit["wave_id"], visit["branch_id"], self._who.shopper_id, plant
        )
        self._field.ledger.visits[entry.visit_id] = entry
        if plant is Plant.DECLINED:
            entry.declined = True
            reason = {"reason": "Too far for me this week."}
            await self._call("assignment", f"POST /v1/visits/{entry.visit_id}:decline", reason)
            return
        try:
            await self._call("assignment", f"POST /v1/visits/{entry.visit_id}:accept")
        except ApiError as error:
            if error.status != 409:
                raise
            entry.missed = True
            return
        await self._report(visit, entry)

    def _plant(self, visit: Json, *, may_decline: bool) -> Plant:
        if visit["wave_id"] in self._field.late_waves:
            return Plant.LATE
        plant = draw_plant(self._rng)
        if plant is Plant.DECLINED and not may_decline:
            return Plant.NONE
        if plant is Plant.PHOTO_ELSEWHERE and visit["where"]["position"] is None:
            return Plant.NONE  # nobody could tell
        if plant is Plant.REUSED_PHOTO and not self._field.ledger.photos:
            return Plant.NONE
        return plant

    async def _report(self, visit: Json, entry: Entry) -> None:
        ended = now() - timedelta(minutes=self._rng.uniform(1, 8))
        began = ended - timedelta(minutes=95)
        zone = ZoneInfo(visit["where"]["time_zone"])
        media = self._media(visit, entry.plant, ended.astimezone(zone))
        for one in media:
            await self._upload(entry, one)
        if entry.plant is Plant.LATE:
            due = datetime.fromisoformat(visit["due_at"])
            await asyncio.sleep(max(0.0, (due - now()).total_seconds() + 1))
        body: Json = {
            "answers": answer(
                self._field.quality[entry.branch_id], self._who.leniency,
                began=began, ended=ended, rng=self._rng,
            ),
            "started_at": began.isoformat(),
            "ended_at": ended.isoformat(),
        }  # fmt: skip
        if entry.plant is Plant.NO_RECORDING:
            body["missing_evidence_reasons"] = {"audio": "The phone's storage was full."}
        await self._submit(entry, body)
        self._field.ledger.photos.extend(one for one in media if one.kind == "photo")

    async def _correct(self, visit: Json, *, may_decline: bool) -> None:
        """Bring what was missing, and hand the same answers in again."""
        entry = self._field.ledger.visits[visit["visit_id"]]
        view = await self._reopened(entry.visit_id)
        zone = ZoneInfo(visit["where"]["time_zone"])
        await self._upload(entry, self._field.camera.recording(now().astimezone(zone)))
        ended = now()
        body = {
            "answers": view["answers"],
            "started_at": (ended - timedelta(minutes=95)).isoformat(),
            "ended_at": ended.isoformat(),
        }
        await self._submit(entry, body)

    async def _reopened(self, visit_id: str) -> Json:
        """The report, once evidence has heard that it was returned."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                view: Json = await self._call("evidence", f"GET /v1/visits/{visit_id}/report")
                if view["state"] == "open":
                    return view
                await asyncio.sleep(0.3)

    def _media(self, visit: Json, plant: Plant, at: datetime) -> list[Media]:
        known = visit["where"]["position"]
        place = Position.model_validate(known) if known else self._who.home
        elsewhere = plant is Plant.PHOTO_ELSEWHERE
        metres = self._rng.uniform(3_000, 40_000) if elsewhere else self._rng.uniform(0, 60)
        place = _moved(place, metres, self._rng)
        if plant is Plant.OLD_PHOTO:
            at -= timedelta(days=self._rng.randint(2, 20))
        camera = self._field.camera
        media = [camera.photo(at, place) for _ in range(self._rng.randint(1, 3))]
        if plant is Plant.REUSED_PHOTO:
            media[0] = self._rng.choice(list(self._field.ledger.photos))
        if plant is not Plant.NO_RECORDING:
            media.append(camera.recording(at))
        return media

    async def _upload(self, entry: Entry, media: Media) -> None:
        """Declare, then post straight to the object store, until it has the file."""
        declaration = {
            "kind": media.kind,
            "question_id": "temperature" if media.kind == "photo" else None,
            "sha256": media.sha256,
            "size_bytes": len(media.data),
            "content_type": media.content_type,
            "captured_at": media.captured_at.isoformat(),
            "position": media.position.model_dump() if media.position else None,
            "duration_s": media.duration_s,
        }
        path = f"POST /v1/visits/{entry.visit_id}/uploads"
        for attempt in range(8):
            declared = await self._call("evidence", path, declaration)
            upload = declared["upload"]
            if upload is None:
                return
            if entry.plant is Plant.LOST_CONNECTION and attempt == 0:
                with suppress(OSError):  # the store may be away just then: lost all the same
                    await _break_off(upload["url"], media.data)
                continue
            status = await self._api.upload(upload["url"], upload["fields"], media.data)
            if 200 <= status < 300:
                self._field.ledger.uploaded_bytes += len(media.data)
                return
            await asyncio.sleep(0.2 * 2**attempt)
        raise ApiError(f"upload for visit {entry.visit_id}", status, "the store refused it")

    async def _submit(self, entry: Entry, body: Json) -> None:
        path, key = f"POST /v1/visits/{entry.visit_id}/report:submit", new_id()
        if entry.plant is Plant.SENT_TWICE:
            answers = await asyncio.gather(
                self._call("evidence", path, body, key), self._call("evidence", path, body, key)
            )
            if answers[0] != answers[1]:
                raise ApiError(path, 200, f"two answers for one submission: {answers}")
            submitted = answers[0]
        else:
            submitted = await self._call("evidence", path, body, key)
        if submitted["state"] != "completed":
            raise ApiError(path, 200, submitted)
        entry.completed = submitted["report_revision"]

    async def _call(
        self, service: str, request: str, json: Json | None = None, idempotency: str | None = None
    ) -> Any:
        headers = {"Idempotency-Key": idempotency} if idempotency else None
        return await self._api.call(
            service, request, key=self._who.key, json=json, headers=headers, wait_while=ON_ITS_WAY
        )


def _moved(place: Position, metres: float, rng: random.Random) -> Position:
    """A place so many metres away, in latitude only, which needs no trigonometry."""
    shift = metres / 111_195 * rng.choice([-1, 1])
    if abs(place.latitude + shift) > 89:
        shift = -shift
    return Position(latitude=place.latitude + shift, longitude=place.longitude, accuracy_m=10)


async def _break_off(url: str, data: bytes) -> None:
    """Begin the upload and lose the connection half way."""
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data[: len(data) // 2])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
