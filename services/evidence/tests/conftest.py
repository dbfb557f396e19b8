"""What the tests of evidence share: a visit, its questionnaire, files, and the running app."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from fastapi import FastAPI
from minio import Minio

from incognita_evidence.handlers import HANDLERS
from incognita_evidence.main import build_app
from incognita_evidence.orphans import Orphans
from incognita_evidence.report import Item, Report
from incognita_evidence.repository import create_indexes
from incognita_evidence.rules.findings import Limits
from incognita_evidence.rules.orphans import Patience
from incognita_evidence.settings import EvidenceSettings, Settings
from incognita_evidence.visit import Visit, VisitState
from incognita_shared.auth import API_KEYS, new_api_key, secret_sha256
from incognita_shared.clock import now
from incognita_shared.events.assignment import QuestionnairePublished, VisitOffered
from incognita_shared.events.envelope import Envelope, Event
from incognita_shared.health import Health
from incognita_shared.ids import new_id
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.work import Cause, Work
from incognita_shared.objects import ObjectStore
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.settings import (
    AuthSettings,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    TelemetrySettings,
)
from incognita_shared.values import Channel, EvidenceKind, EvidenceRequirement, Money, Position
from incognita_shared.values import Terms as AgreedTerms

AREZZO = Position(latitude=43.46745, longitude=11.88513)
WALK = datetime(2008, 10, 22, 14, 28, tzinfo=UTC)
"""When the photos of the walk were taken."""


@pytest.fixture(scope="session")
def media() -> Path:
    """Real photos and recordings."""
    return Path(__file__).parents[3] / "examples" / "media"


@pytest.fixture(scope="session")
def questionnaire() -> Questionnaire:
    """A greeting, rings before the answer, and a photo of the counter where it was dirty."""
    return Questionnaire.model_validate(
        {
            "title": {"en": "Counter"},
            "default_language": "en",
            "languages": ["en"],
            "sections": [
                {
                    "id": "service",
                    "title": {"en": "Service"},
                    "questions": [
                        {"id": "greeted", "type": "boolean", "label": {"en": "Greeted?"}},
                        {"id": "rings", "type": "integer", "label": {"en": "Rings"}, "minimum": 0},
                        {
                            "id": "dirty",
                            "type": "boolean",
                            "label": {"en": "Was the counter dirty?"},
                            "required": False,
                            "evidence": [
                                {
                                    "kind": "photo",
                                    "when": {"==": [{"var": "answers.dirty"}, True]},
                                    "position_required": True,
                                }
                            ],
                        },
                    ],
                }
            ],
        }
    )


@pytest.fixture
def limits() -> Limits:
    """As configured by default."""
    return Limits(exif_tolerance=timedelta(seconds=900), accuracy_allowance_m=1_000)


@pytest.fixture
def make_visit() -> Callable[..., Visit]:
    """A visit in Arezzo that asks for one photo, with any field otherwise."""

    def make(**changes: Any) -> Visit:
        fields: dict[str, Any] = {
            "id": new_id(),
            "chain_id": "chain-a",
            "branch_id": "branch-1",
            "wave_id": "wave-1",
            "programme_id": "programme-1",
            "shopper_id": "shopper-1",
            "questionnaire_id": "counter",
            "questionnaire_version": 1,
            "channel": Channel.VISIT,
            "scenario": "walk-in guest",
            "evidence": (EvidenceRequirement(kind=EvidenceKind.PHOTO),),
            "due_at": WALK + timedelta(days=365 * 50),
            "time_zone": "Europe/Rome",
            "position": AREZZO,
            "geofence_m": 300,
            "state": VisitState.ACCEPTED,
            "last_seq": 2,
        }
        return Visit(**fields | changes)

    return make


@pytest.fixture
def make_item() -> Callable[..., Item]:
    """A stored photo, with any field otherwise."""

    def make(**changes: Any) -> Item:
        digest = hashlib.sha256(str(changes.pop("file", "file")).encode()).hexdigest()
        fields: dict[str, Any] = {
            "item_id": new_id(),
            "kind": EvidenceKind.PHOTO,
            "question_id": None,
            "sha256": digest,
            "size_bytes": 1_000,
            "content_type": "image/jpeg",
            "captured_at": None,
            "position": AREZZO,
            "duration_s": None,
            "object_key": f"chain-a/visit/{digest}",
            "state": "stored",
            "declared_at": WALK,
            "stored_at": WALK,
            "version_id": "1",
        }
        return Item(**fields | changes)

    return make


@pytest.fixture
def make_report(make_visit: Callable[..., Visit]) -> Callable[..., Report]:
    """A submitted report of the walk, with any field otherwise."""

    def make(visit: Visit, **changes: Any) -> Report:
        fields: dict[str, Any] = {
            "answers": {"greeted": True, "rings": 2},
            "started_at": WALK,
            "ended_at": WALK + timedelta(minutes=20),
            "position": AREZZO,
            "content_sha256": "0" * 64,
            "submitted_at": WALK + timedelta(hours=1),
        }
        return Report.of(visit).model_copy(update=fields | changes)

    return make


@pytest.fixture
def offered() -> Callable[..., VisitOffered]:
    """The event of a visit as ``make_visit`` makes it."""

    def make(visit: Visit, *, seq: int = 1) -> VisitOffered:
        terms = AgreedTerms(
            fee=Money(amount=Decimal(20), currency="EUR"),
            purchase_budget=Money(amount=Decimal(10), currency="EUR"),
            evidence=visit.evidence,
            opens_at=WALK,
            expires_at=visit.due_at,
            due_at=visit.due_at,
        )
        fields = visit.model_dump(exclude={"id", "evidence", "state", "last_seq", "return_reason"})
        return VisitOffered(**fields, visit_id=visit.id, seq=seq, terms=terms, offered_at=WALK)

    return make


@pytest.fixture
def published(questionnaire: Questionnaire) -> QuestionnairePublished:
    """The event of the questionnaire."""
    return QuestionnairePublished(
        chain_id="chain-a", questionnaire_id="counter", version=1, definition=questionnaire
    )


Handle = Callable[..., Awaitable[None]]


@pytest.fixture
async def db(database: Any) -> Any:
    """The service's database, ready."""
    await create_indexes(database)
    return database


@pytest.fixture
def handle(db: Any) -> Handle:
    """Let the handlers take events, in one transaction; twice with ``times=2``."""

    async def run(*events: Event, times: int = 1) -> None:
        for _ in range(times):
            async with db.client.start_session() as session:
                await session.with_transaction(lambda s: _batch(db, s, events))

    return run


async def _batch(db: Any, session: Any, events: tuple[Event, ...]) -> None:
    work = Work("evidence", db, session)
    for event in events:
        envelope = Envelope(
            id=new_id(), type=event.type_name(), source="/incognita/assignment", time=now(),
            subject=event.subject, topic=event.topic, key=event.key, data=b"",
        )  # fmt: skip
        work.caused_by(Cause(Source(event.topic, 0), envelope.id))
        await HANDLERS[type(event)](Received(event, envelope), work)
    await work.flush()


@pytest.fixture
async def store(object_store_settings: ObjectStoreSettings) -> AsyncIterator[ObjectStore]:
    """The object store with a bucket of this test's own, removed afterwards."""
    store = ObjectStore(object_store_settings)
    await store.ensure_bucket()
    yield store
    await asyncio.to_thread(_remove_bucket, object_store_settings, store.bucket)
    await store.close()


def _remove_bucket(settings: ObjectStoreSettings, bucket: str) -> None:
    address = urlsplit(settings.endpoint)
    client = Minio(
        address.netloc,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=address.scheme == "https",
    )
    for found in client.list_objects(bucket, recursive=True, include_version=True):
        client.remove_object(bucket, found.object_name or "", version_id=found.version_id)
    client.remove_bucket(bucket)


@pytest.fixture
def orphans(db: Any, store: ObjectStore) -> Callable[..., Orphans]:
    """The task that looks for orphans, as a process of its own would have it."""

    def make(*, pause_s: float = 0.0) -> Orphans:
        return Orphans(
            db, store=store, health=Health(), owner=new_id(), patience=None, pause_s=pause_s
        )

    return make


@pytest.fixture
def sweep(db: Any, orphans: Callable[..., Orphans]) -> Callable[[Patience], Awaitable[None]]:
    """Go through the whole bucket once, with that patience."""
    task = orphans()

    async def run(patience: Patience) -> None:
        await db["sweeps"].update_one({"_id": "orphans"}, {"$unset": {"next_round_at": 1}})
        while await task.sweep_page(patience):
            pass

    return run


@pytest.fixture
def app(
    db: Any,
    store: ObjectStore,
    kafka_settings: KafkaSettings,
    mongo_settings: MongoSettings,
    object_store_settings: ObjectStoreSettings,
) -> FastAPI:
    """The real app on the real stores."""
    settings = Settings(
        http=HttpSettings(),
        mongo=mongo_settings,
        kafka=kafka_settings,
        telemetry=TelemetrySettings(),
        auth=AuthSettings(),
        objects=object_store_settings,
        evidence=EvidenceSettings(items_per_visit=30),
    )
    return build_app(settings, db=db, health=Health(), store=store, wake=lambda: None)


@pytest.fixture
async def client_as(app: FastAPI, db: Any) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """An HTTP client with a key of that role."""
    clients: list[httpx.AsyncClient] = []

    async def client(
        role: str, *, chain_id: str = "chain-a", shopper_id: str | None = None
    ) -> httpx.AsyncClient:
        key_id, secret, key = new_api_key()
        await db[API_KEYS].insert_one(
            {
                "_id": key_id, "chain_id": chain_id, "secret_sha256": secret_sha256(secret),
                "role": role, "shopper_id": shopper_id, "revoked": False, "version": 1,
            }
        )  # fmt: skip
        clients.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://evidence",
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
            )
        )
        return clients[-1]

    yield client
    for each in clients:
        await each.aclose()


@pytest.fixture
async def shopper(client_as: Callable[..., Awaitable[Any]]) -> Any:
    """The shopper of ``make_visit``."""
    return await client_as("shopper", shopper_id="shopper-1")


@pytest.fixture
def accept(
    db: Any, published: QuestionnairePublished, offered: Callable[..., VisitOffered], handle: Handle
) -> Callable[..., Awaitable[Visit]]:
    """Make the visit and its questionnaire known, in the visit's own state."""

    async def run(visit: Visit) -> Visit:
        await handle(published, offered(visit))
        await db["visits"].update_one({"_id": visit.id}, {"$set": {"state": visit.state.value}})
        return visit

    return run


@pytest.fixture
def declaration() -> Callable[..., dict[str, Any]]:
    """The body of a declaration of some bytes, as a photo at the branch unless said otherwise."""
    return _declaration


def _declaration(data: bytes, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": "photo",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "content_type": "image/jpeg",
        "position": AREZZO.model_dump(),
    }
    return fields | changes


@pytest.fixture
def post() -> Callable[..., Awaitable[httpx.Response]]:
    """Upload straight to the object store, as a phone does."""
    return _post


async def _post(upload: Mapping[str, Any], data: bytes) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(upload["url"], data=upload["fields"], files={"file": data})


@pytest.fixture
def uploaded(shopper: Any) -> Callable[..., Awaitable[str]]:
    """Declare and upload a file; the item's id."""

    async def run(visit: Visit, data: bytes, **changes: Any) -> str:
        declared = await shopper.post(
            f"/v1/visits/{visit.id}/uploads", json=_declaration(data, **changes)
        )
        assert declared.status_code in (200, 201), declared.text
        body = declared.json()
        if body["upload"]:
            stored = await _post(body["upload"], data)
            assert stored.status_code == 204, stored.text
        return str(body["item_id"])

    return run


@pytest.fixture
def submission() -> Callable[..., dict[str, Any]]:
    """The body of a sound submission of the walk."""

    def make(**changes: Any) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "answers": {"greeted": True, "rings": 2},
            "started_at": WALK.isoformat(),
            "ended_at": (WALK + timedelta(minutes=20)).isoformat(),
            "position": AREZZO.model_dump(),
        }
        return fields | changes

    return make


@pytest.fixture
def submit(shopper: Any, submission: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Submit the walk's report."""

    async def run(visit: Visit, key: str = "key-1", **changes: Any) -> httpx.Response:
        answer: httpx.Response = await shopper.post(
            f"/v1/visits/{visit.id}/report:submit",
            json=submission(**changes),
            headers={"Idempotency-Key": key},
        )
        return answer

    return run


@pytest.fixture
def said(db: Any) -> Callable[..., Awaitable[list[tuple[str, int]]]]:
    """What the report of a visit has said so far: (event, seq), in order."""

    async def run(visit: Visit) -> list[tuple[str, int]]:
        return [(name, body["seq"]) for name, body in await _events(db, visit)]

    return run


@pytest.fixture
def said_bodies(db: Any) -> Callable[..., Awaitable[list[dict[str, Any]]]]:
    """The bodies of the events of that name."""

    async def run(visit: Visit, name: str) -> list[dict[str, Any]]:
        return [body for found, body in await _events(db, visit) if found == name]

    return run


async def _events(db: Any, visit: Visit) -> list[tuple[str, dict[str, Any]]]:
    report = await db["reports"].find_one({"_id": visit.id}) or {"pending": []}
    found = []
    for record in report["pending"]:
        headers = {name: bytes(value).decode() for name, value in record["headers"]}
        name = headers["ce_type"].removeprefix("incognita.").removesuffix(".v1")
        found.append((name, orjson.loads(record["value"])))
    return found


@pytest.fixture
def photo(media: Path) -> Callable[[str], bytes]:
    """The bytes of a real photo."""

    def read(name: str = "DSCN0010") -> bytes:
        return (media / f"{name}.jpg").read_bytes()

    return read
