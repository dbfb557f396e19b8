"""What the tests of scoring share: reports, handlers run in a transaction, the app and its keys."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from minio import Minio

from incognita_scoring.handlers import HANDLERS
from incognita_scoring.repository import create_indexes
from incognita_scoring.routes import ROUTERS
from incognita_scoring.settings import ScoringSettings
from incognita_shared.auth import API_KEYS, new_api_key, secret_sha256
from incognita_shared.events import EVENT_TYPES, Envelope, Event
from incognita_shared.events.assignment import BranchChanged, QuestionnairePublished
from incognita_shared.events.codec import Record
from incognita_shared.events.evidence import Finding, ReportCompleted
from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.ids import new_id
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.work import Cause, Work
from incognita_shared.objects import ObjectStore
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.settings import AuthSettings, HttpSettings, ObjectStoreSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHAIN = "c" * 32
Handle = Callable[..., Awaitable[list[Event]]]
Client = Callable[..., Awaitable[httpx.AsyncClient]]


def _question(question_id: str, **fields: Any) -> dict[str, Any]:
    scoring = {"method": "expected_value", "expected": True} | fields.pop("scoring", {})
    label = {"en": f"Was {question_id} right?"}
    return {"id": question_id, "type": "boolean", "label": label, "scoring": scoring, **fields}


@pytest.fixture(scope="session")
def questionnaire() -> Questionnaire:
    """Three questions, of which one is critical and one not for the chain's eyes."""
    return Questionnaire.model_validate(
        {
            "title": {"en": "Pizza"},
            "default_language": "en",
            "languages": ["en"],
            "score": {"pass_mark": 60},
            "sections": [
                {
                    "id": "courier",
                    "title": {"en": "The courier"},
                    "questions": [
                        _question("greeting"),
                        _question("change", scoring={"critical": "cap_visit", "cap": 50}),
                        _question("agency", visible_to_client=False),
                    ],
                }
            ],
        }
    )


@pytest.fixture
def published(questionnaire: Questionnaire) -> QuestionnairePublished:
    """The event of the questionnaire."""
    return QuestionnairePublished(
        chain_id=CHAIN, questionnaire_id="pizza", version=3, definition=questionnaire
    )


@pytest.fixture
def branch() -> Callable[..., BranchChanged]:
    """The event of a branch, with any field otherwise."""

    def make(branch_id: str, **changes: Any) -> BranchChanged:
        fields: dict[str, Any] = {
            "chain_id": CHAIN, "branch_id": branch_id, "store_id": branch_id, "name": "Branch",
            "address": "1 Main St", "city": "Westland", "region": "MI", "country": "US",
            "postal_code": "48185", "ownership": "franchise", "franchisee_id": None,
            "time_zone": "America/Detroit", "position": None, "geofence_m": 200, "closed": False,
            "version": 1,
        }  # fmt: skip
        return BranchChanged(**fields | changes)

    return make


@pytest.fixture
def report() -> Callable[..., ReportCompleted]:
    """A completed report without findings in which all is right, with any field otherwise."""

    def make(visit_id: str | None = None, **changes: Any) -> ReportCompleted:
        revision = changes.get("report_revision", 1)
        fields: dict[str, Any] = {
            "chain_id": CHAIN, "visit_id": visit_id or new_id(), "branch_id": "branch-1",
            "wave_id": "wave-1", "seq": revision, "report_revision": revision,
            "programme_id": "programme-1", "shopper_id": "shopper-secret",
            "questionnaire_id": "pizza", "questionnaire_version": 3, "channel": "delivery",
            "scenario": "dinner", "answers": {"greeting": True, "change": True, "agency": True},
            "items": (), "findings": (), "started_at": NOON,
            "ended_at": NOON + timedelta(minutes=40), "submitted_at": NOON + timedelta(hours=2),
        }  # fmt: skip
        return ReportCompleted(**fields | changes)

    return make


@pytest.fixture
def finding() -> Callable[[str], Finding]:
    """A finding of the given severity."""
    return lambda severity: Finding(
        code="outside_geofence", severity=severity, detail="1,200 m from the branch"
    )


@pytest.fixture
async def db(database: Database) -> Database:
    """A database with its collections and indexes."""
    await create_indexes(database)
    return database


@pytest.fixture
def handle(db: Database) -> Handle:
    """Handle events as the consumer does, ``times`` times with the same id; what they say."""

    async def play(*events: Event, times: int = 1) -> list[Event]:
        said: list[Event] = []
        for event in events:
            envelope = Envelope(
                id=new_id(), type=event.type_name(), source="/test", time=NOON,
                subject=event.subject, topic=event.topic, key=event.key, data=b"",
            )  # fmt: skip
            for _ in range(times):
                said += await _transact(db, Received(event, envelope))
        return said

    return play


async def _transact(db: Database, received: Received[Event]) -> list[Event]:
    async with db.client.start_session() as session, await session.start_transaction():
        work = Work("scoring", db, session)
        work.caused_by(Cause(Source(received.event.topic, 0), received.envelope.id))
        await HANDLERS[type(received.event)](received, work)
        await work.flush()
    return [_event(record) for records in work.records().values() for record in records]


def _event(record: Record) -> Event:
    kind = EVENT_TYPES[dict(record.headers)["ce_type"].decode()]
    return kind.model_validate_json(record.value or b"")


@pytest.fixture
def pending(db: Database) -> Callable[[str], Awaitable[list[Event]]]:
    """The events that ride in a visit's document."""

    async def read(visit_id: str) -> list[Event]:
        document = await db["scores"].find_one({"_id": visit_id})
        assert document is not None
        assert document["has_pending"] is bool(document["pending"])
        return [_event(Record.of_document(each)) for each in document["pending"]]

    return read


@pytest.fixture
async def store(object_store_settings: ObjectStoreSettings) -> AsyncIterator[ObjectStore]:
    """The object store; ``bucket`` is what makes this test's own bucket in it."""
    async with ObjectStore(object_store_settings) as opened:
        yield opened


@pytest.fixture
async def bucket(
    store: ObjectStore, object_store_settings: ObjectStoreSettings
) -> AsyncIterator[None]:
    """A bucket of this test alone, removed afterwards."""
    await store.ensure_bucket()
    yield
    await asyncio.to_thread(_remove_bucket, object_store_settings, store.bucket)


def _remove_bucket(settings: ObjectStoreSettings, bucket: str) -> None:
    client = Minio(
        urlsplit(settings.endpoint).netloc, settings.access_key,
        settings.secret_key.get_secret_value(), secure=False, region=settings.region,
    )  # fmt: skip
    found = client.list_objects(bucket, recursive=True, include_version=True)
    for each in found:
        client.remove_object(bucket, each.object_name or "", version_id=each.version_id)
    client.remove_bucket(bucket)


@pytest.fixture
async def client(db: Database, store: ObjectStore) -> AsyncIterator[Client]:
    """``await client(Role.…)``: the app as seen with a new key of that role."""
    settings = SimpleNamespace(http=HttpSettings(), auth=AuthSettings(), scoring=ScoringSettings())
    app = create_app("scoring", routers=ROUTERS, db=db, settings=settings, health=Health())
    async with AsyncExitStack() as stack:
        app.state.store = store

        async def connect(role: str, **key: Any) -> httpx.AsyncClient:
            key_id, secret, text = new_api_key()
            document = {"chain_id": CHAIN, "revoked": False, "version": 1, "branch_ids": []}
            document |= {"_id": key_id, "role": role, "secret_sha256": secret_sha256(secret)}
            await db[API_KEYS].insert_one(document | key)
            transport = httpx.ASGITransport(app=app)
            return await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=transport,
                    base_url="http://scoring",
                    headers={"Authorization": f"Bearer {text}"},
                )
            )

        yield connect
