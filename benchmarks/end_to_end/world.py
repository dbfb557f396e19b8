"""A chain with branches, shoppers and accepted visits, said on the topics as assignment says it.

Hiring, offering and accepting over HTTP would take longer than what is measured; the services build
their own projections from these events, as they do in any other run. Only assignment's visits are
put into its database, for assignment hears no events of its own.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson
from aiokafka import AIOKafkaProducer
from pymongo.asynchronous.database import AsyncDatabase

from benchmarks.scoring_engine import QUESTIONS, answer, form
from incognita_assignment.visit import Visit
from incognita_shared.auth import new_api_key, secret_sha256
from incognita_shared.clock import now
from incognita_shared.events import assignment as said
from incognita_shared.events.codec import encode
from incognita_shared.events.envelope import Event
from incognita_shared.ids import new_id
from incognita_shared.settings import KafkaSettings, kafka_name
from incognita_shared.values import Terms

CHAIN, WAVE, PROGRAMME, FORM = "chain-bench", "wave-bench", "programme-bench", "form-bench"
PLACE = {"latitude": 43.46745, "longitude": 11.88513, "accuracy_m": None}
WALK = datetime(2026, 5, 4, 12, 20, tzinfo=UTC)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """A visit that waits for its report, and the key of its shopper."""

    visit_id: str
    key: str


@dataclass
class World:
    """What was said so far; ``agency`` is the agency's key."""

    branches: int
    shoppers: int
    agency: str = ""
    visits: int = 0
    keys: list[str] = field(default_factory=list)
    new_visit_id: Callable[[], str] = new_id

    async def build(self, kafka: KafkaSettings) -> None:
        """The catalog: chain, branches, questionnaire, wave and keys."""
        people = [("agency", None)] + [("shopper", f"shopper-{n}") for n in range(self.shoppers)]
        made = [(_key(role, shopper)) for role, shopper in people]
        self.agency, *self.keys = [key for _, key in made]
        chain = said.ChainChanged(chain_id=CHAIN, name="Bench", languages=("en",), version=1)
        branches = (_branch(number) for number in range(self.branches))
        await say(kafka, [chain, *branches, _questionnaire(), _wave(), *(one for one, _ in made)])

    async def add_visits(
        self, kafka: KafkaSettings, assignment: AsyncDatabase[Any], count: int
    ) -> list[Job]:
        """``count`` more accepted visits, spread over branches and shoppers."""
        numbers = range(self.visits, self.visits + count)
        self.visits += count
        visits = [self._visit(number) for number in numbers]
        for part in parts([_document(visit) for visit in visits], 5_000):
            await assignment["visits"].insert_many(part, ordered=False)
        await say(kafka, (event for visit in visits for event in _offered(visit)))
        return [
            Job(visit.visit_id, self.keys[number % self.shoppers])
            for visit, number in zip(visits, numbers, strict=True)
        ]

    def _visit(self, number: int) -> Visit:
        branch, shopper = number % self.branches, number % self.shoppers
        at = now()
        return Visit.model_validate(
            {
                "_id": self.new_visit_id(), "chain_id": CHAIN, "wave_id": WAVE,
                "programme_id": PROGRAMME,
                "branch_id": f"branch-{branch}", "shopper_id": f"shopper-{shopper}",
                "number": 1 + number // self.branches, "questionnaire_id": FORM,
                "questionnaire_version": 1, "channel": "visit", "scenario": "walk-in guest",
                "terms": _terms(at), "branch": _copy(branch), "return_days": 3, "late_hours": 24,
                "via": "planner", "state": "accepted", "version": 2, "seq": 2, "offered_at": at,
                "accepted_at": at, "due_at": at + timedelta(days=30),
                "rotation_at": at + timedelta(days=30), "deadline_at": at + timedelta(days=31),
            }
        )  # fmt: skip


def bodies(count: int) -> list[bytes]:
    """``count`` submissions of 60 answers as JSON."""
    chance = random.Random(1)
    return [
        orjson.dumps(
            {
                "answers": {f"q{n}": answer(n, chance) for n in range(QUESTIONS)},
                "started_at": WALK.isoformat(),
                "ended_at": (WALK + timedelta(minutes=30)).isoformat(),
                "position": {**PLACE, "accuracy_m": 12.0},
            }
        )
        for _ in range(count)
    ]


async def say(kafka: KafkaSettings, events: Iterable[Event]) -> None:
    """Put events on their topics, in order."""
    producer = AIOKafkaProducer(
        **kafka.connection(), acks="all", enable_idempotence=True, linger_ms=5,
        max_batch_size=262_144, compression_type="lz4",
    )  # fmt: skip
    await producer.start()
    try:
        for event in events:
            record = encode(event, event_id=new_id(), source="assignment", trace={})
            await producer.send(
                kafka_name(record.topic), record.value, key=record.key,
                headers=list(record.headers),
            )  # fmt: skip
        await producer.flush()
    finally:
        await producer.stop()


def parts(items: list[T], size: int) -> Iterator[list[T]]:
    """The items in lists of ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _key(role: str, shopper_id: str | None) -> tuple[said.ApiKeyChanged, str]:
    key_id, secret, key = new_api_key()
    event = said.ApiKeyChanged(
        chain_id=CHAIN, key_id=key_id, secret_sha256=secret_sha256(secret), role=role,
        shopper_id=shopper_id, revoked=False, version=1,
    )  # fmt: skip
    return event, key


def _branch(number: int) -> said.BranchChanged:
    return said.BranchChanged.model_validate(
        {
            **_copy(number), "chain_id": CHAIN, "branch_id": f"branch-{number}",
            "store_id": str(number), "ownership": "franchise", "closed": False, "version": 1,
            "franchisee_id": f"franchisee-{number % 50}",
        }
    )  # fmt: skip


def _copy(number: int) -> dict[str, Any]:
    return {
        "name": f"Branch {number}", "address": f"{number} Main St", "city": f"City {number % 200}",
        "region": f"R{number % 20}", "country": "IT", "postal_code": "52100",
        "time_zone": "Europe/Rome", "position": PLACE, "geofence_m": 300,
    }  # fmt: skip


def _questionnaire() -> said.QuestionnairePublished:
    return said.QuestionnairePublished(
        chain_id=CHAIN, questionnaire_id=FORM, version=1, definition=form()
    )


def _wave() -> said.WaveChanged:
    at = now()
    return said.WaveChanged.model_validate(
        {
            "chain_id": CHAIN, "wave_id": WAVE, "programme_id": PROGRAMME, "name": "Bench",
            "state": "open", "channel": "visit", "scenario": "walk-in guest",
            "questionnaire_id": FORM, "questionnaire_version": 1, "starts_at": at,
            "ends_at": at + timedelta(days=30), "version": 1,
        }
    )  # fmt: skip


def _terms(at: datetime) -> Terms:
    money = {"amount": "12.00", "currency": "EUR"}
    return Terms.model_validate(
        {
            "fee": money, "purchase_budget": money, "opens_at": at,
            "expires_at": at + timedelta(days=2), "due_at": at + timedelta(days=30),
        }
    )  # fmt: skip


def _document(visit: Visit) -> dict[str, Any]:
    return {**visit.document(), "pending": [], "has_pending": False, "relay_bucket": 0}


def _offered(visit: Visit) -> tuple[Event, Event]:
    about = {name: getattr(visit, name) for name in ("chain_id", "visit_id", "branch_id")}
    offered = said.VisitOffered(
        **about, wave_id=WAVE, seq=1, programme_id=PROGRAMME, shopper_id=visit.shopper_id,
        questionnaire_id=FORM, questionnaire_version=1, channel=visit.channel,
        scenario=visit.scenario, terms=visit.terms, time_zone=visit.branch.time_zone,
        position=visit.branch.position, geofence_m=visit.branch.geofence_m,
        offered_at=visit.offered_at,
    )  # fmt: skip
    return offered, said.VisitAccepted(**about, wave_id=WAVE, seq=2, accepted_at=visit.offered_at)
