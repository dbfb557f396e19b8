"""What a shopper does with one visit, on a connection that may break at any moment."""

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from incognita_demo.api import ApiError
from incognita_demo.photos import Camera, Media
from incognita_demo.world import answer
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from incognita_shared.values import Position
from tests.faults.client import IDEMPOTENCY_KEY, Client
from tests.faults.ledger import Ledger

ON_ITS_WAY = frozenset({401, 404})
UPLOADS_MOST = 60
Json = dict[str, Any]


class Course(StrEnum):
    """How a visit goes."""

    GOOD = "good"
    SENT_TWICE = "sent twice at once"
    SENT_AGAIN = "sent again later"
    NO_RECORDING = "without its recording, then corrected"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    CANCELLED_LATE = "cancelled while it is handed in"


SHARES = {
    Course.DECLINED: 0.04,
    Course.CANCELLED: 0.05,
    Course.CANCELLED_LATE: 0.05,
    Course.NO_RECORDING: 0.08,
    Course.SENT_TWICE: 0.15,
    Course.SENT_AGAIN: 0.15,
}


def course_of(rng: random.Random) -> Course:
    """How the next visit goes."""
    return rng.choices([*SHARES, Course.GOOD], [*SHARES.values(), 1 - sum(SHARES.values())])[0]


@dataclass
class Trip:
    """One visit on its way; ``key`` is the shopper's, ``agency`` the agency's."""

    client: Client
    ledger: Ledger
    camera: Camera
    rng: random.Random
    visit: Json
    key: str
    agency: str
    quality: float = 85.0

    @property
    def visit_id(self) -> str:
        """The visit's id."""
        return str(self.visit["visit_id"])

    async def go(self, course: Course) -> None:
        """Do the visit; what nobody can know afterwards is noted as uncertain."""
        self.ledger.did[course.value] += 1
        path = f"/v1/visits/{self.visit_id}"
        if course is Course.DECLINED:
            reason = {"reason": "Too far for me this week."}
            await self._moved("declined", f"POST {path}:decline", reason, key=self.key)
            return
        if not await self._moved("accepted", f"POST {path}:accept", None, key=self.key):
            return
        if course is Course.CANCELLED:
            await self._cancel()
            return
        ended = now() - timedelta(minutes=self.rng.uniform(1, 8))
        local = ended.astimezone(ZoneInfo(self.visit["where"]["time_zone"]))
        place = Position.model_validate(self.visit["where"]["position"])
        await self._upload(self.camera.photo(local, place))
        if course is not Course.NO_RECORDING:
            await self._upload(self.camera.recording(local))
        began = ended - timedelta(minutes=95)
        body: Json = {
            "answers": answer(self.quality, 0.0, began=began, ended=ended, rng=self.rng),
            "started_at": began.isoformat(),
            "ended_at": ended.isoformat(),
        }
        if course is Course.NO_RECORDING:
            body["missing_evidence_reasons"] = {"audio": "The phone's storage was full."}
        if course is Course.CANCELLED_LATE:
            await asyncio.gather(self._submit_in_vain(body), self._cancel(after_s=0.1))
        elif await self._submit(body, course, revision=1) and course is Course.NO_RECORDING:
            await self._correct(local)

    async def _cancel(self, *, after_s: float = 0.0) -> None:
        await asyncio.sleep(self.rng.uniform(0, after_s))
        path, reason = f"/v1/visits/{self.visit_id}", {"reason": "The branch is being rebuilt."}
        await self._moved("cancelled", f"POST {path}:cancel", reason, key=self.agency)

    async def _submit_in_vain(self, body: Json) -> None:
        """Evidence may have heard that the visit is called off, or not yet."""
        try:
            await self._submit(body, Course.CANCELLED_LATE, revision=1)
        except ApiError as error:
            if error.status != 409:
                raise

    async def _correct(self, local: Any) -> None:
        """Wait until a reviewer returns the report, bring what was missing, hand it in again."""
        path = f"GET /v1/visits/{self.visit_id}/report"
        async with asyncio.timeout(self.client.patience_s):
            while True:
                view: Json = await self._evidence(path)
                if view["state"] == "open" and view["report_revision"] > 1:
                    break
                await asyncio.sleep(0.5)
        await self._upload(self.camera.recording(local))
        ended = now()
        body = {
            "answers": view["answers"],
            "started_at": (ended - timedelta(minutes=95)).isoformat(),
            "ended_at": ended.isoformat(),
        }
        await self._submit(body, Course.GOOD, revision=2)

    async def _moved(self, state: str, request: str, json: Json | None, *, key: str) -> bool:
        """Move the visit; False where it had already gone elsewhere."""
        try:
            await self.client.call("assignment", request, key=key, json=json, wait_while=ON_ITS_WAY)
        except ApiError as error:
            if error.status not in (0, 409):
                raise
            visit = await self.client.call(
                "assignment", f"GET /v1/visits/{self.visit_id}", key=self.agency
            )
            return bool(visit["state"] == state)
        return True

    async def _upload(self, media: Media) -> None:
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
        for _ in range(UPLOADS_MOST):
            declared = await self._evidence(f"POST /v1/visits/{self.visit_id}/uploads", declaration)
            upload = declared["upload"]
            if upload is None:
                return
            status = await self.client.upload(upload["url"], upload["fields"], media.data)
            if 200 <= status < 300:
                return
            self.ledger.asked_again[f"upload {status}"] += 1
            await asyncio.sleep(self.rng.uniform(0.5, 1.5))
        raise ApiError(f"upload for visit {self.visit_id}", status, "the store refused it")

    async def _submit(self, body: Json, course: Course, *, revision: int) -> bool:
        """Hand in, more than once if the course says so. Whether the report is known complete."""
        key = new_id()
        times = 2 if course is Course.SENT_TWICE else 1
        sent = await asyncio.gather(
            *(self._send(body, key) for _ in range(times)), return_exceptions=True
        )
        for each in sent:
            if isinstance(each, ApiError) and each.status == 0:
                self.ledger.uncertain.add(self.visit_id)
                return False
            if isinstance(each, BaseException):
                raise each
        [submitted, *_] = [each for each in sent if not isinstance(each, BaseException)]
        if submitted["state"] != "completed" or submitted["report_revision"] != revision:
            self.ledger.wrong.append(f"visit {self.visit_id}: submitted, answered {submitted}")
            return False
        self.ledger.accepted[self.visit_id] = revision
        if course is Course.SENT_AGAIN:
            await asyncio.sleep(self.rng.uniform(0.1, 3))
            await self._send(body, key)
        return True

    async def _send(self, body: Json, key: str) -> Json:
        submitted: Json = await self._evidence(
            f"POST /v1/visits/{self.visit_id}/report:submit", body, **{IDEMPOTENCY_KEY: key}
        )
        if submitted["state"] == "completed":  # the other answer only says what is still missing
            self.ledger.answered(key, submitted)
        return submitted

    async def _evidence(self, request: str, json: Json | None = None, **headers: str) -> Any:
        return await self.client.call(
            "evidence", request, key=self.key, json=json, headers=headers, wait_while=ON_ITS_WAY
        )
