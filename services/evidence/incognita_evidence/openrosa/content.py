"""What a form claims, within the bounds of what a report can hold."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from incognita_evidence.openrosa import noted
from incognita_evidence.schemas.given import (
    LARGEST_ANSWERS_BYTES,
    LONGEST_TEXT,
    MOST_ANSWERS,
    MOST_REPETITIONS,
    ReportSubmission,
    When,
)
from incognita_shared.events.evidence import Finding
from incognita_shared.problems import TooLarge
from incognita_shared.values import Position
from incognita_xlsform.claims import Claims

LONGEST_REASON = 300
SHORTER_TEXT = 500

_when: TypeAdapter[datetime] = TypeAdapter(When)


def content_of(
    claims: Claims, *, stage_id: str | None, at: datetime
) -> tuple[ReportSubmission, tuple[Finding, ...]]:
    """The submission, and what was found in making it. ``at``: when the form came.

    Texts that are too long are cut one sign above what a question takes, so that they are found;
    the XML is kept whole. Raises TooLarge for more answers than an event can carry.
    """
    answers = _within(claims.answers, LONGEST_TEXT + 1)
    if len(orjson.dumps(answers)) > LARGEST_ANSWERS_BYTES:
        answers = _within(claims.answers, SHORTER_TEXT)
    if len(orjson.dumps(answers)) > LARGEST_ANSWERS_BYTES:
        raise TooLarge(f"All answers together have at most {LARGEST_ANSWERS_BYTES:,} bytes")
    started_at, ended_at, doubts = _times(claims, at)
    content = ReportSubmission.model_construct(
        answers=answers,
        stage_id=stage_id,
        started_at=started_at,
        ended_at=ended_at,
        position=_position(claims.position),
        missing_evidence_reasons={
            kind: reason[:LONGEST_REASON] for kind, reason in claims.reasons.items()
        },
    )
    return content, doubts


def _times(claims: Claims, at: datetime) -> tuple[datetime, datetime, tuple[Finding, ...]]:
    """Start and end as the form says; where it says nothing of use, when it came."""
    at = _when.validate_python(at)
    started, ended = _moment(claims.started_at), _moment(claims.ended_at)
    doubts = []
    if started is None or ended is None:
        doubts.append(noted.clock_wrong("the form does not say when it was begun and ended"))
    elif ended < started:
        doubts.append(
            noted.clock_wrong(f"ended at {ended.isoformat()}, begun at {started.isoformat()}")
        )
        started = ended
    ended = ended or at
    return min(started or ended, ended), ended, tuple(doubts)


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else _when.validate_python(text)
    except ValidationError:
        return None


def _position(claimed: Mapping[str, float] | None) -> Position | None:
    try:
        return None if claimed is None else Position.model_validate(claimed)
    except ValidationError:
        return None


def _within(answer: Any, longest: int) -> Any:
    if isinstance(answer, str):
        return answer[:longest]
    if isinstance(answer, list):
        return [_within(each, longest) for each in answer[: MOST_REPETITIONS * 4]]
    if isinstance(answer, dict):
        kept = list(answer.items())[:MOST_ANSWERS]
        return {name: _within(each, longest) for name, each in kept}
    return answer
