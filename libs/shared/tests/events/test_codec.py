"""Events to records and back."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.clock import now
from incognita_shared.events import EVENT_TYPES
from incognita_shared.events.codec import (
    Record,
    UndecodableError,
    decode,
    encode,
    envelope_of,
)
from incognita_shared.events.scoring import ReportApproved
from schemas.tool.examples import VALID

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=50)


def approved(**changed: Any) -> ReportApproved:
    fields: dict[str, Any] = {
        "chain_id": "c", "visit_id": "v", "branch_id": "b", "wave_id": "w", "seq": 1,
        "report_revision": 1, "score_revision": 1, "score": Decimal("97.50"), "passed": True,
        "critical_failed": (), "approved_by": "rule", "approved_at": now(),
    }  # fmt: skip
    return ReportApproved(**{**fields, **changed})


def record(event: ReportApproved) -> Record:
    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    return encode(event, event_id="id-1", source="scoring", trace=trace)


@given(by=TEXT, score=st.decimals(0, 100, places=2), failed=st.lists(TEXT, max_size=3))
def test_what_is_encoded_is_read_back_the_same(by: str, score: Decimal, failed: list[str]) -> None:
    event = approved(approved_by=by, score=score, critical_failed=tuple(failed))
    sent = record(event)
    envelope = envelope_of(topic=sent.topic, key=sent.key, value=sent.value, headers=sent.headers)
    assert decode(envelope, ReportApproved) == event
    assert (envelope.id, envelope.subject, envelope.key) == ("id-1", "v", "b")
    assert envelope.trace["traceparent"].startswith("00-aaaa")


def test_a_record_survives_the_outbox() -> None:
    sent = record(approved())
    assert Record.of_document(sent.document()) == sent


@pytest.mark.parametrize("missing", ["ce_id", "ce_type", "ce_time", "ce_subject", "ce_source"])
def test_a_record_without_an_attribute_says_which(missing: str) -> None:
    sent = record(approved())
    headers = [header for header in sent.headers if header[0] != missing]
    with pytest.raises(UndecodableError, match=missing):
        envelope_of(topic=sent.topic, key=sent.key, value=sent.value, headers=headers)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_but_never_break_the_reader(body: bytes) -> None:
    sent = record(approved())._replace(value=body)
    envelope = envelope_of(topic=sent.topic, key=sent.key, value=sent.value, headers=sent.headers)
    with pytest.raises(UndecodableError):
        decode(envelope, ReportApproved)


@pytest.mark.parametrize("event", VALID.values(), ids=lambda event: event.type_name())
def test_a_reader_ignores_fields_that_it_does_not_know(event: Any) -> None:
    sent = encode(event, event_id="id-1", source="test", trace={})
    newer = orjson.dumps(_with_news(event.model_dump(mode="json")))
    envelope = envelope_of(topic=sent.topic, key=sent.key, value=newer, headers=sent.headers)
    assert decode(envelope, type(event)) == event


def _with_news(body: Any) -> Any:
    """The body with a field more in every object whose fields are declared."""
    if isinstance(body, list):
        return [_with_news(each) for each in body]
    if not isinstance(body, dict):
        return body
    free = {
        "answers", "title", "label", "hint", "constraint_message", "required_message", "unit",
        "presentation", "attributes", "branch", "calculation", "relevant", "constraint",
    }  # fmt: skip
    known = {name: each if name in free else _with_news(each) for name, each in body.items()}
    return {**known, "news": "from a later version"}


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=lambda event: event.type_name())
def test_no_public_form_names_a_shopper(event: Any) -> None:
    assert "shopper_id" not in VALID[event].public()
