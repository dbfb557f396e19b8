"""One valid example of every event, and what makes an example invalid."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from incognita_shared.events import Event, VisitEvent
from incognita_shared.events import assignment as a
from incognita_shared.events import comparison as c
from incognita_shared.events import evidence as e
from incognita_shared.events import notification as n
from incognita_shared.events import scoring as s
from incognita_shared.questionnaire.model import (
    Question,
    Questionnaire,
    QuestionType,
    Scoring,
    ScoringMethod,
    Section,
)
from incognita_shared.values import (
    Channel,
    EvidenceKind,
    EvidenceRequirement,
    Money,
    Ownership,
    Position,
    Terms,
)

AT = datetime(2026, 3, 14, 17, 30, tzinfo=UTC)
DUE = datetime(2026, 3, 21, 17, 30, tzinfo=UTC)
CHAIN = "0192f0c0a1b27c3d8e4f5a6b7c8d9e0f"
SHOPPER = "0192f0c0a1b27c3d8e4f5a6b7c8d9e10"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PLACE = Position(latitude=42.308545, longitude=-83.351899, accuracy_m=12)
VISIT: dict[str, Any] = {
    "chain_id": CHAIN,
    "visit_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "branch_id": "6a2f41a3c54c5b2b9f3f7d1f6f1c2d3e",
    "wave_id": "0192f0c0a1b27c3d8e4f5a6b7c8d9e11",
    "seq": 1,
}
MONEY = Money(amount=Decimal("12.00"), currency="USD")
TERMS = Terms(
    fee=MONEY,
    purchase_budget=Money(amount=Decimal("18.00"), currency="USD"),
    evidence=(EvidenceRequirement(kind=EvidenceKind.PHOTO, minimum_count=1),),
    opens_at=AT,
    expires_at=DUE,
    due_at=DUE,
)
QUESTIONNAIRE = Questionnaire(
    title={"en": "Pizza delivery"},
    default_language="en",
    languages=("en",),
    sections=(
        Section(
            id="delivery",
            title={"en": "Delivery"},
            questions=(
                Question(
                    id="exact_change",
                    type=QuestionType.BOOLEAN,
                    label={"en": "Did the courier give exact change?"},
                    scoring=Scoring(method=ScoringMethod.EXPECTED_VALUE, expected=True),
                ),
            ),
        ),
    ),
)
ITEM = e.ItemRef(
    item_id="0192f0c0a1b27c3d8e4f5a6b7c8d9e12",
    kind=EvidenceKind.PHOTO,
    question_id=None,
    bucket="evidence",
    object_key=f"{CHAIN}/{VISIT['visit_id']}/{HASH}",
    version_id="b3621cce-9a2c-4f3e-8f30-6d5a1a0b5c11",
    sha256=HASH,
    size_bytes=161713,
    content_type="image/jpeg",
    captured_at=AT,
    position=PLACE,
)
FINDING = e.Finding(
    code="outside_geofence",
    severity=e.Severity.MAJOR,
    item_id=ITEM.item_id,
    detail="taken 2,140 m from the branch; its geofence is 150 m",
)
QUESTION_SCORE = s.QuestionScore(
    question_id="exact_change", section_id="delivery", earned=Decimal(1), possible=Decimal(1),
    outcome=s.Outcome.MET, why="answered yes, as expected: 1 of 1 point",
)  # fmt: skip
SECTION_SCORE = s.SectionScore(
    section_id="delivery", earned=Decimal(1), possible=Decimal(1), weight=Decimal(1),
    score=Decimal(100),
)  # fmt: skip
REPORT: dict[str, Any] = {
    "report_revision": 1,
    "programme_id": "0192f0c0a1b27c3d8e4f5a6b7c8d9e13",
    "shopper_id": SHOPPER,
    "questionnaire_id": "0192f0c0a1b27c3d8e4f5a6b7c8d9e14",
    "questionnaire_version": 1,
}
JUDGED: dict[str, Any] = {"score": Decimal(100), "passed": True, "critical_failed": ()}
DELIVERY: dict[str, Any] = {
    "chain_id": CHAIN,
    "delivery_id": "0192f0c0a1b27c3d8e4f5a6b7c8d9e15",
    "subscription_id": "0192f0c0a1b27c3d8e4f5a6b7c8d9e16",
    "event_id": "0192f0c0a1b27c3d8e4f5a6b7c8d9e17",
    "event_type": "incognita.report.approved.v1",
    "event_subject": VISIT["visit_id"],
    "attempts": 1,
}

_EXAMPLES: tuple[Event, ...] = (
    a.ChainChanged(chain_id=CHAIN, name="Bellavista Pizza", languages=("en",), version=1),
    a.BranchChanged(
        chain_id=CHAIN, branch_id=VISIT["branch_id"], store_id="80110001", name="",
        address="31451 B Cherry Hill Rd", city="Westland", region="MI", country="US",
        postal_code="", ownership=Ownership.COMPANY, franchisee_id=None,
        time_zone="America/Detroit", position=PLACE, geofence_m=150, closed=False, version=1,
    ),
    a.QuestionnairePublished(
        chain_id=CHAIN, questionnaire_id=REPORT["questionnaire_id"], version=1,
        definition=QUESTIONNAIRE,
    ),
    a.WaveChanged(
        chain_id=CHAIN, wave_id=VISIT["wave_id"], programme_id=REPORT["programme_id"],
        name="March", state="open", channel=Channel.DELIVERY, scenario="evening order",
        questionnaire_id=REPORT["questionnaire_id"], questionnaire_version=1, starts_at=AT,
        ends_at=DUE, version=2,
    ),
    a.ApiKeyChanged(
        chain_id=CHAIN, key_id="3f1c9a2b7d5e4f60", secret_sha256=HASH, role="shopper",
        shopper_id=SHOPPER, revoked=False, version=1,
    ),
    a.VisitOffered(
        **VISIT, programme_id=REPORT["programme_id"], shopper_id=SHOPPER,
        questionnaire_id=REPORT["questionnaire_id"], questionnaire_version=1,
        channel=Channel.DELIVERY, scenario="evening order", terms=TERMS,
        time_zone="America/Detroit", position=PLACE, geofence_m=150, offered_at=AT,
        place="Corner Pizza, 12 Main St, Detroit",
        branch={
            "drive_through": True, "seats": 40, "city": "Detroit", "region": "MI", "country": "US",
            "ownership": "franchise",
        },
    ),
    a.VisitAccepted(**VISIT, accepted_at=AT),
    a.VisitDeclined(**VISIT, reason="too far", declined_at=AT),
    a.VisitExpired(**VISIT, expired_at=AT),
    a.VisitCancelled(**VISIT, reason="the branch is closed for repairs", cancelled_at=AT),
    a.VisitReturned(
        **VISIT, report_revision=1, reason="the receipt is unreadable", question_ids=("receipt",),
        due_at=DUE,
    ),
    a.PayoutDue(
        **VISIT, payout_id="0192f0c0a1b27c3d8e4f5a6b7c8d9e18", shopper_id=SHOPPER, fee=MONEY,
        reimbursement=MONEY, due_on=DUE,
    ),
    a.PayoutWithdrawn(**VISIT, payout_id="0192f0c0a1b27c3d8e4f5a6b7c8d9e18", withdrawn_at=AT),
    a.PayoutPaid(
        **VISIT, payout_id="0192f0c0a1b27c3d8e4f5a6b7c8d9e18", reference="SEPA 2026-03-28/17",
        paid_at=DUE,
    ),
    e.EvidenceStored(**VISIT, item=ITEM, stored_at=AT),
    e.ReportCompleted(
        **VISIT, **REPORT, channel=Channel.DELIVERY, scenario="evening order",
        answers={"exact_change": True}, items=(ITEM,), findings=(FINDING,), started_at=AT,
        ended_at=AT, submitted_at=AT,
    ),
    e.ReportFlagged(**VISIT, report_revision=1, findings=(FINDING,), flagged_at=AT),
    s.VisitScored(
        **VISIT, **REPORT, **JUDGED, score_revision=1, engine_version="1.0.0",
        sections=(SECTION_SCORE,), questions=(QUESTION_SCORE,), visited_at=AT, scored_at=AT,
    ),
    s.ReportApproved(
        **VISIT, **JUDGED, report_revision=1, score_revision=1, approved_by="rule", approved_at=AT
    ),
    s.ReportReturned(
        **VISIT, report_revision=1, reason="the receipt is unreadable", returned_at=AT
    ),
    s.ReportRejected(**VISIT, report_revision=1, reason="another branch", rejected_at=AT),
    s.ReportUnapproved(
        **VISIT, report_revision=1, score_revision=1, reason="the photo was reused",
        unapproved_at=AT,
    ),
    s.AppealOpened(
        **VISIT, appeal_id="0192f0c0a1b27c3d8e4f5a6b7c8d9e21", question_id="exact_change",
        score_revision=1, decide_by=AT, opened_at=AT,
    ),
    s.AppealDecided(
        **VISIT, appeal_id="0192f0c0a1b27c3d8e4f5a6b7c8d9e21", question_id="exact_change",
        upheld=True, category=s.AppealCategory.NEW_EVIDENCE, reason="the receipt shows it",
        decided_at=AT,
    ),
    c.StandingChanged(
        **VISIT, visits=1, mean_score=Decimal(100), visit_score=Decimal(100), changed_at=AT
    ),
    c.BranchAlerted(
        **VISIT, visit_score=Decimal(0), critical_failed=("exact_change",), alerted_at=AT
    ),
    n.DeliverySucceeded(**DELIVERY, succeeded_at=AT),
    n.DeliveryFailed(**DELIVERY, reason="410 Gone", failed_at=AT),
)  # fmt: skip

VALID: dict[type[Event], Event] = {type(example): example for example in _EXAMPLES}


def invalid_examples(example: Event) -> dict[str, dict[str, Any]]:
    """Fault → body: one thing wrong in each."""
    body = example.model_dump(mode="json")
    required = [name for name, field in type(example).model_fields.items() if field.is_required()]
    last = required[-1]
    faults = {
        "no_chain": {name: value for name, value in body.items() if name != "chain_id"},
        f"no_{last}": {name: value for name, value in body.items() if name != last},
        f"wrong_type_of_{last}": {**body, last: [["neither", "this"], "nor that"]},
    }
    if isinstance(example, VisitEvent):
        faults["seq_below_1"] = {**body, "seq": 0}
    return faults
