"""What clients give. Every field is bounded; unknown ones are refused."""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict

from incognita_shared.values import EvidenceKind, Id, Position, Sha256

LONGEST_TEXT = 10_000
MOST_ANSWERS = 1_000
LONGEST_CHOICE = 64
MOST_CHOICES = 200
MOST_REPETITIONS = 50
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
LARGEST_ANSWERS_BYTES = 256_000
"""The event that carries them must stay well below a Kafka message of 1 MB."""
GREATEST_INTEGER = 2**53
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2100, 1, 1, tzinfo=UTC)


def _answer(value: Any) -> Any:
    """One answer, or the answers to a section that repeats: a list of objects."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return _plain(value)
    if len(value) > MOST_REPETITIONS or not all(isinstance(row, dict) for row in value):
        raise ValueError(f"a section repeats at most {MOST_REPETITIONS} times, each an object")
    for row in value:
        if len(row) > MOST_ANSWERS or not all(map(_ID.fullmatch, row)):
            raise ValueError("a repetition holds answers by question id")
        for each in row.values():
            _plain(each)
    return value


def _plain(value: Any) -> Any:
    """An answer is a text, a number, a truth value, null, a position, or a list of ids."""
    if isinstance(value, list):
        if len(value) > MOST_CHOICES or not all(
            isinstance(each, str) and len(each) <= LONGEST_CHOICE for each in value
        ):
            raise ValueError(f"a list holds ids of choices or files, {MOST_CHOICES} at most")
    elif isinstance(value, dict):
        try:
            Position.model_validate(value)
        except ValidationError:
            raise ValueError("an object is a position: latitude, longitude, accuracy_m") from None
    elif isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ValueError(f"has at most {LONGEST_TEXT} characters")
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > GREATEST_INTEGER:
            raise ValueError("must lie within ±2^53")
    elif value is not None:
        raise ValueError("must be a text, a number, true, false, null, or a list of choices")
    return value


def _bounded(answers: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(answers)) > LARGEST_ANSWERS_BYTES:
        raise ValueError(f"all answers together have at most {LARGEST_ANSWERS_BYTES:,} bytes")
    return answers


def _kept(moment: datetime) -> datetime:
    """In UTC and whole milliseconds, as MongoDB keeps it."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


When = Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, le=LAST_MOMENT), AfterValidator(_kept)]
"""A moment with a zone, from 2000 to 2100: outside of that a device's clock was not set."""

_TEXT: JsonDict = {"type": "string", "maxLength": LONGEST_TEXT}
_CHOICE: JsonDict = {"type": "string", "maxLength": LONGEST_CHOICE}
_ANSWER: JsonDict = {
    "anyOf": [
        _TEXT,
        {"type": "number", "minimum": -GREATEST_INTEGER, "maximum": GREATEST_INTEGER},
        {"type": "boolean"},
        {"type": "null"},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["latitude", "longitude"],
            "properties": {
                "latitude": {"type": "number", "minimum": -90, "maximum": 90},
                "longitude": {"type": "number", "minimum": -180, "maximum": 180},
                "accuracy_m": {"type": "number", "minimum": 0, "maximum": 1_000_000},
            },
        },
        {"type": "array", "items": _CHOICE, "maxItems": MOST_CHOICES},
    ]
}

_REPETITIONS: JsonDict = {
    "type": "array",
    "maxItems": MOST_REPETITIONS,
    "items": {"type": "object", "additionalProperties": _ANSWER},
}

GivenAnswer = Annotated[
    Any, AfterValidator(_answer), WithJsonSchema({"anyOf": [_ANSWER, _REPETITIONS]})
]
GivenAnswers = Annotated[
    dict[Id, GivenAnswer],
    Field(max_length=MOST_ANSWERS, description="Question id → answer; null means N/A"),
    AfterValidator(_bounded),
]

Reason = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]

KEY_PATTERN = r"^[\x21-\x7e]+$"
LONGEST_KEY = 200

ANSWERS_EXAMPLE: JsonDict = {"greeted": True, "rings": 3, "courier_name": "Ada"}
DECLARATION_EXAMPLE: JsonDict = {
    "kind": "photo",
    "question_id": None,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size_bytes": 161713,
    "content_type": "image/jpeg",
    "captured_at": "2026-05-04T12:31:00+02:00",
    "position": {"latitude": 43.46745, "longitude": 11.88513, "accuracy_m": 12.0},
}
SUBMISSION_EXAMPLE: JsonDict = {
    "answers": ANSWERS_EXAMPLE,
    "started_at": "2026-05-04T12:20:00+02:00",
    "ended_at": "2026-05-04T12:50:00+02:00",
    "position": {"latitude": 43.46745, "longitude": 11.88513, "accuracy_m": 12.0},
    "missing_evidence_reasons": {"receipt": "The courier had no receipt with him."},
}

IMPORT_EXAMPLE: JsonDict = {
    "visit_id": "0196f2a17f6e7cc09d5b0f6b9d1c2a11",
    "idempotency_key": "0196f2a1-7f6e-7cc0-9d5b-0f6b9d1c2a11",
    **SUBMISSION_EXAMPLE,
}


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UploadDeclaration(_Given):
    """A file that the shopper is about to upload, straight to the object store."""

    model_config = ConfigDict(json_schema_extra={"examples": [DECLARATION_EXAMPLE]})

    kind: EvidenceKind
    question_id: Annotated[Id | None, Field(description="The question that it proves")] = None
    sha256: Annotated[Sha256, Field(description="Of the bytes; the store refuses any others")]
    size_bytes: Annotated[int, Field(ge=1, le=5_000_000_000)]
    content_type: Annotated[
        str, Field(max_length=100, pattern=r"^[A-Za-z]+/[A-Za-z0-9][A-Za-z0-9.+-]*$")
    ]
    captured_at: When | None = None
    position: Annotated[Position | None, Field(description="Where the device was")] = None
    duration_s: Annotated[
        float | None,
        Field(ge=0, le=86_400, allow_inf_nan=False, description="Length of a recording"),
    ] = None
    from_gallery: Annotated[
        bool, Field(description="Chosen from what the device had, not captured by the app")
    ] = False


class AnswersDraft(_Given):
    """Answers so far, some or all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answers": ANSWERS_EXAMPLE}]})

    answers: GivenAnswers


class ReportSubmission(_Given):
    """The whole report. Its evidence was declared and uploaded before, or still is to come."""

    model_config = ConfigDict(json_schema_extra={"examples": [SUBMISSION_EXAMPLE]})

    answers: GivenAnswers
    stage_id: Annotated[
        Id | None,
        Field(description="The stage that this is; null hands in the whole visit"),
    ] = None
    started_at: Annotated[When, Field(description="When the visit began")]
    ended_at: When
    position: Annotated[Position | None, Field(description="Where the visit was")] = None
    missing_evidence_reasons: Annotated[
        dict[EvidenceKind, Reason],
        Field(description="Why required evidence will not come; a reviewer decides"),
    ] = {}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ended_at < self.started_at:
            raise ValueError("ended_at lies before started_at")
        return self


class ImportedReport(ReportSubmission):
    """One line of an import: whose report it is, and what its Idempotency-Key would have been."""

    model_config = ConfigDict(json_schema_extra={"examples": [IMPORT_EXAMPLE]})

    visit_id: Id
    idempotency_key: Annotated[
        str, Field(min_length=1, max_length=LONGEST_KEY, pattern=KEY_PATTERN)
    ]
