"""Invented events of every type that can be subscribed to, for test deliveries and examples."""

from collections.abc import Mapping
from typing import Any

from incognita_shared.events import EVENT_TYPES, Event
from incognita_shared.ids import derived_id

_MOMENT = "2026-03-14T15:09:26+00:00"
_MONEY = {"amount": "15.00", "currency": "USD"}
_TERMS = {
    "fee": _MONEY,
    "purchase_budget": {"amount": "20.00", "currency": "USD"},
    "opens_at": "2026-03-10T00:00:00+00:00",
    "expires_at": "2026-03-12T00:00:00+00:00",
    "due_at": "2026-03-20T00:00:00+00:00",
}
_ITEM = {
    "item_id": "sample-item",
    "kind": "photo",
    "question_id": "storefront",
    "bucket": "evidence",
    "object_key": "sample-chain/sample-visit/sample-object",
    "version_id": "sample-version",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 183_412,
    "content_type": "image/jpeg",
    "captured_at": _MOMENT,
    "position": {"latitude": 42.3314, "longitude": -83.0458, "accuracy_m": 12.0},
}
_FINDING = {
    "code": "outside_geofence",
    "severity": "minor",
    "item_id": "sample-item",
    "detail": "The photo was taken 410 m from the branch",
}
_BY_NAME: Mapping[str, Any] = {
    "branch_id": "sample-branch",
    "wave_id": "sample-wave",
    "programme_id": "sample-programme",
    "shopper_id": "sample-shopper",
    "seq": 1,
    "version": 3,
    "name": "Spring wave",
    "state": "open",
    "channel": "visit",
    "scenario": "Order at the counter and pay with the exact change",
    "questionnaire_id": "sample-questionnaire",
    "questionnaire_version": 1,
    "engine_version": "1",
    "report_revision": 1,
    "score_revision": 1,
    "terms": _TERMS,
    "time_zone": "America/Detroit",
    "position": {"latitude": 42.3314, "longitude": -83.0458},
    "geofence_m": 150,
    "reason": "The photo of the receipt can't be read",
    "payout_id": "sample-payout",
    "fee": _MONEY,
    "reimbursement": {"amount": "18.40", "currency": "USD"},
    "reference": "Transfer 2026-03-28",
    "item": _ITEM,
    "items": [_ITEM],
    "answers": {"greeted": True, "wait_s": 240},
    "findings": [_FINDING],
    "score": "68.5",
    "visit_score": "68.5",
    "mean_score": "81.25",
    "visits": 4,
    "passed": False,
    "critical_failed": ["exact_change"],
    "approved_by": "reviewer",
    "appeal_id": "sample-appeal",
    "question_id": "exact_change",
    "decide_by": _MOMENT,
    "upheld": True,
    "category": "new_evidence",
    "sections": [
        {
            "section_id": "service", "earned": "13.7", "possible": "20", "weight": "1",
            "score": "68.5",
        }
    ],
    "questions": [
        {
            "question_id": "greeted", "section_id": "service", "earned": "5", "possible": "5",
            "outcome": "met",
        }
    ],
}  # fmt: skip


def sample(event_type: str, chain_id: str) -> Event:
    """An event of this type with invented data, the same each time. Raises KeyError."""
    kind = EVENT_TYPES[event_type]
    values = {
        name: _value(name)
        for name, field in kind.model_fields.items()
        if name != "chain_id" and (field.is_required() or _is_known(name))
    }
    return kind.model_validate({"chain_id": chain_id, **values})


def _is_known(name: str) -> bool:
    return name in _BY_NAME or name.endswith(("_at", "_on"))


def _value(name: str) -> Any:
    if name == "visit_id":
        return derived_id("sample", "visit")
    if name.endswith(("_at", "_on")):
        return _MOMENT
    return _BY_NAME[name]
