"""What the tests of evidence share: a visit, its questionnaire, files, and the running app."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from incognita_evidence.report import Item, Report
from incognita_evidence.rules.findings import Limits
from incognita_evidence.visit import Visit, VisitState
from incognita_shared.events.assignment import QuestionnairePublished, VisitOffered
from incognita_shared.ids import derived_id, new_id
from incognita_shared.questionnaire.model import Questionnaire
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


@pytest.fixture
def event_id() -> Callable[..., str]:
    """An event id that a test can say twice."""
    return derived_id
