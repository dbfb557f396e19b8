"""A database with indexes, handlers run as the consumer runs them, and the app with its keys."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from incognita_comparison.handlers import HANDLERS, READS
from incognita_comparison.repository import create_indexes
from incognita_comparison.routes import ROUTERS
from incognita_shared.auth import API_KEYS, Role, new_api_key, secret_sha256
from incognita_shared.events import EVENT_TYPES, Envelope, Event
from incognita_shared.events.assignment import BranchChanged, QuestionnairePublished, WaveChanged
from incognita_shared.events.scoring import (
    Outcome,
    QuestionScore,
    ReportApproved,
    ReportRejected,
    ReportReturned,
    ReportUnapproved,
    SectionScore,
    VisitScored,
)
from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.ids import new_id
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.work import Cause, Work
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.settings import AuthSettings, HttpSettings

Database = AsyncDatabase[dict[str, Any]]
START = datetime(2026, 3, 1, tzinfo=UTC)
CHAIN = "c" * 32

QUESTIONNAIRE = Questionnaire.model_validate({
    "title": {"en": "Pizza", "fr": "Pizza"},
    "default_language": "en",
    "languages": ["en", "fr"],
    "sections": [
        {
            "id": "phone",
            "title": {"en": "On the phone", "fr": "Au téléphone"},
            "questions": [
                {"id": "rings.1", "type": "boolean", "label": {"en": "Two rings?"}},
                {
                    "id": "secret",
                    "type": "boolean",
                    "label": {"en": "For the agency"},
                    "visible_to_client": False,
                },
            ],
        },
        {
            "id": "courier",
            "title": {"en": "Courier"},
            "questions": [{"id": "change", "type": "boolean", "label": {"en": "Exact change?"}}],
        },
    ],
})  # fmt: skip


@dataclass
class Story:
    """Plays events into the service, one transaction each, and keeps what it says."""

    db: Database
    chain_id: str = CHAIN
    said: list[Event] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)

    async def play(self, *events: Event, times: int = 1) -> None:
        """Handle each event as many times as said, with the same event id."""
        for event in events:
            received = Received(event, _envelope(event, f"event-{next(self._ids)}"))
            for _ in range(times):
                await self._handle(received)

    async def play_together(self, *events: Event) -> None:
        """Handle all events in one transaction, with what they read read ahead."""
        await self._handle(
            *(Received(event, _envelope(event, f"event-{next(self._ids)}")) for event in events)
        )

    async def _handle(self, *batch: Received[Any]) -> None:
        async with (
            self.db.client.start_session() as session,
            await session.start_transaction(),
        ):
            work = Work("comparison", self.db, session)
            await work.load(_wanted(batch))
            for received in batch:
                work.caused_by(Cause(Source(received.event.topic, 0), received.envelope.id))
                await HANDLERS[type(received.event)](received, work)
            await work.flush()
        for records in work.records().values():
            for record in records:
                kind = EVENT_TYPES[dict(record.headers)["ce_type"].decode()]
                self.said.append(kind.model_validate_json(record.value or b""))

    async def wave(self, wave_id: str, *, starts_in_days: int = 0, **changed: Any) -> None:
        """A wave in the catalog."""
        starts_at = START + timedelta(days=starts_in_days)
        fields = {
            "chain_id": self.chain_id, "wave_id": wave_id, "programme_id": "programme",
            "name": f"Wave {wave_id}", "state": "open", "channel": "delivery",
            "scenario": "dinner", "questionnaire_id": "q", "questionnaire_version": 1,
            "starts_at": starts_at, "ends_at": starts_at + timedelta(days=7), "version": 1,
        }  # fmt: skip
        await self.play(WaveChanged(**{**fields, **changed}))

    async def branch(self, branch_id: str, **changed: Any) -> None:
        """A branch in the catalog."""
        fields = {
            "chain_id": self.chain_id, "branch_id": branch_id, "store_id": f"S-{branch_id}",
            "name": f"Branch {branch_id}", "address": "1 Main St", "city": "Westland",
            "region": "MI", "country": "US", "postal_code": "48185", "ownership": "franchise",
            "franchisee_id": "f1", "time_zone": "America/Detroit", "position": None,
            "geofence_m": 200, "closed": False, "version": 1,
        }  # fmt: skip
        await self.play(BranchChanged(**{**fields, **changed}))

    async def questionnaire(self) -> None:
        """The questionnaire in the catalog."""
        await self.play(
            QuestionnairePublished(
                chain_id=self.chain_id, questionnaire_id="q", version=1, definition=QUESTIONNAIRE
            )
        )

    def next_seq(self, visit_id: str) -> int:
        """The visit's next number on scoring's topic."""
        self.seqs[visit_id] = self.seqs.get(visit_id, 0) + 1
        return self.seqs[visit_id]

    def scored(
        self, visit_id: str, wave_id: str, branch_id: str, score: str | None, **changed: Any
    ) -> VisitScored:
        """A score; of 2 questions in "phone" and 1 in "courier" the first is met from 80 on."""
        good = score is not None and Decimal(score) >= 80
        fields: dict[str, Any] = {
            "chain_id": self.chain_id, "visit_id": visit_id, "wave_id": wave_id,
            "branch_id": branch_id, "seq": self.next_seq(visit_id), "score_revision": 1,
            "report_revision": 1, "programme_id": "programme", "shopper_id": "the-shopper",
            "questionnaire_id": "q", "questionnaire_version": 1, "engine_version": "1",
            "score": None if score is None else Decimal(score),
            "passed": good, "critical_failed": (), "visited_at": START, "scored_at": START,
            "sections": (
                SectionScore(section_id="phone", earned=Decimal(1 + good), possible=Decimal(2),
                             weight=Decimal(1), score=Decimal(50 + 50 * good)),
                SectionScore(section_id="courier", earned=Decimal(0), possible=Decimal(0),
                             weight=Decimal(1), score=None),
            ),
            "questions": (
                QuestionScore(question_id="rings.1", section_id="phone", earned=Decimal(good),
                              possible=Decimal(1),
                              outcome=Outcome.MET if good else Outcome.MISSED),
                QuestionScore(question_id="secret", section_id="phone", earned=Decimal(1),
                              possible=Decimal(1), outcome=Outcome.MET),
                QuestionScore(question_id="change", section_id="courier", earned=Decimal(0),
                              possible=Decimal(0), outcome=Outcome.NOT_APPLICABLE),
            ),
        }  # fmt: skip
        return VisitScored(**{**fields, **changed})

    def approved(self, scored: VisitScored, **changed: Any) -> ReportApproved:
        """The approval of that score."""
        fields: dict[str, Any] = {
            **self.about(scored), "seq": self.next_seq(scored.visit_id),
            "report_revision": scored.report_revision, "score_revision": scored.score_revision,
            "score": scored.score, "passed": scored.passed,
            "critical_failed": scored.critical_failed, "approved_by": "rule", "approved_at": START,
        }  # fmt: skip
        return ReportApproved(**{**fields, **changed})

    def about(self, event: VisitScored) -> dict[str, Any]:
        """What all events of a visit say."""
        return {
            "chain_id": event.chain_id,
            "visit_id": event.visit_id,
            "wave_id": event.wave_id,
            "branch_id": event.branch_id,
        }

    def judged(
        self, kind: type[ReportReturned | ReportRejected | ReportUnapproved], scored: VisitScored
    ) -> Event:
        """The report of that score is returned or rejected, or its approval taken back."""
        fields: dict[str, Any] = {
            **self.about(scored), "seq": self.next_seq(scored.visit_id), "reason": "blurred",
            "report_revision": scored.report_revision, f"{kind.verb}_at": START,
        }  # fmt: skip
        if kind is ReportUnapproved:
            fields["score_revision"] = scored.score_revision
        return kind(**fields)

    async def approve(self, visit_id: str, wave_id: str, branch_id: str, score: str | None) -> None:
        """A visit that is scored and approved."""
        scored = self.scored(visit_id, wave_id, branch_id, score)
        await self.play(scored, self.approved(scored))

    async def fill_wave(self, wave_id: str, scores: dict[str, list[int]]) -> None:
        """Branch → scores of approved visits."""
        for branch_id, values in scores.items():
            for number, value in enumerate(values):
                await self.approve(
                    f"{wave_id}-{branch_id}-{number}", wave_id, branch_id, str(value)
                )


def _wanted(batch: tuple[Received[Any], ...]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for received in batch:
        reads = READS.get(type(received.event), lambda _: ())
        for collection, name in reads(received.event):
            wanted.setdefault(collection, set()).add(name)
    return wanted


def _envelope(event: Event, event_id: str) -> Envelope:
    return Envelope(
        id=event_id, type=event.type_name(), source="/incognita/test", time=START,
        subject=event.subject, topic=event.topic, key=event.key,
        data=event.model_dump_json().encode(),
    )  # fmt: skip


@pytest.fixture
async def db(database: Database) -> Database:
    """The service's database, ready."""
    await create_indexes(database)
    return database


@pytest.fixture
async def story(db: Database) -> Story:
    """A chain with nothing in it yet."""
    return Story(db)


@dataclass(frozen=True)
class _Settings:
    http: HttpSettings
    auth: AuthSettings


@pytest.fixture
async def client(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """Requests to the app."""
    settings = _Settings(HttpSettings(), AuthSettings())
    app = create_app("comparison", routers=ROUTERS, db=db, settings=settings, health=Health())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


MakeKey = Callable[..., Awaitable[dict[str, str]]]


@pytest.fixture
def key(db: Database) -> MakeKey:
    """Makes a key with a role, as the headers of a request."""

    async def make(role: Role, *, chain_id: str = CHAIN, **rights: Any) -> dict[str, str]:
        key_id, secret, token = new_api_key()
        await db[API_KEYS].insert_one({
            "_id": key_id, "chain_id": chain_id, "role": role.value, "revoked": False,
            "secret_sha256": secret_sha256(secret), "version": 1, "event_id": new_id(), **rights,
        })  # fmt: skip
        return {"Authorization": f"Bearer {token}"}

    return make
