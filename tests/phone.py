"""A shopper's phone at one visit: every step of its own, so that a scenario can spoil any."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from incognita_demo.photos import Media
from incognita_demo.world import answer
from incognita_shared.clock import now
from incognita_shared.ids import new_id
from incognita_shared.values import Position

if TYPE_CHECKING:
    from tests.stage import Stage

Json = dict[str, Any]
ON_ITS_WAY = frozenset({401, 404})
QUALITY = 99.0  # a good branch, so that reports pass unless a scenario wants otherwise


class Phone:
    """One visit in the hands of its shopper."""

    def __init__(self, stage: "Stage", visit: Json) -> None:
        self._stage = stage
        self.visit = visit
        self.visit_id: str = visit["visit_id"]
        self.branch_id: str = visit["branch_id"]
        self.key = stage.shoppers[visit["shopper_id"]].key
        self.ended = now() - timedelta(minutes=3)

    @property
    def place(self) -> Position:
        """Where the branch is."""
        return Position.model_validate(self.visit["where"]["position"])

    @property
    def local_end(self) -> datetime:
        """When the visit ended, by the branch's clock."""
        return self.ended.astimezone(ZoneInfo(self.visit["where"]["time_zone"]))

    async def call(
        self, service: str, request: str, json: Json | None = None, **headers: str
    ) -> Any:
        """A request with the shopper's key; waits for events that are still on their way."""
        return await self._stage.api.call(
            service, request, key=self.key, json=json, headers=headers, wait_while=ON_ITS_WAY
        )

    async def accept(self) -> None:
        """Take the offer, and wait until evidence has heard of it."""
        await self.call("assignment", f"POST /v1/visits/{self.visit_id}:accept")
        await self.call("evidence", f"GET /v1/visits/{self.visit_id}/report")

    def photo(self, *, at: datetime | None = None, place: Position | None = None) -> Media:
        """A new photo, at the end of the visit and at the branch unless said otherwise."""
        return self._stage.camera.photo(at or self.local_end, place or self.place)

    def recording(self) -> Media:
        """A new recording."""
        return self._stage.camera.recording(self.local_end)

    async def declare(self, media: Media, **changes: Any) -> Json:
        """What the service answers to the declaration of a file."""
        declaration = {
            "kind": media.kind,
            "question_id": "temperature" if media.kind == "photo" else None,
            "sha256": media.sha256,
            "size_bytes": len(media.data),
            "content_type": media.content_type,
            "captured_at": media.captured_at.isoformat(),
            "position": media.position.model_dump() if media.position else None,
            "duration_s": media.duration_s,
            **changes,
        }
        declared: Json = await self.call(
            "evidence", f"POST /v1/visits/{self.visit_id}/uploads", declaration
        )
        return declared

    async def upload(self, media: Media) -> str:
        """Declare a file and post it to the store; its item's id."""
        declared = await self.declare(media)
        form = declared["upload"]
        status = await self._stage.api.upload(form["url"], form["fields"], media.data)
        assert 200 <= status < 300, status
        return str(declared["item_id"])

    def report(self, **changes: Any) -> Json:
        """A whole submission. ``answers`` in ``changes`` are set over the good ones."""
        began = self.ended - timedelta(minutes=95)
        good = answer(QUALITY, 0.0, began=began, ended=self.ended, rng=self._stage.rng)
        return {
            "answers": {**good, **changes.pop("answers", {})},
            "started_at": began.isoformat(),
            "ended_at": self.ended.isoformat(),
            **changes,
        }

    async def submit(self, body: Json | None = None, *, idempotency: str | None = None) -> Json:
        """Hand the report in; the answer."""
        submitted: Json = await self.call(
            "evidence",
            f"POST /v1/visits/{self.visit_id}/report:submit",
            body or self.report(),
            **{"Idempotency-Key": idempotency or new_id()},
        )
        return submitted

    async def do(self, *media: Media, **changes: Any) -> Json:
        """The whole visit: accept, bring a photo (or ``media``) and a recording, hand it in."""
        await self.accept()
        for one in media or (self.photo(),):
            await self.upload(one)
        await self.upload(self.recording())
        submitted = await self.submit(self.report(**changes))
        assert submitted["state"] == "completed", submitted
        return submitted
