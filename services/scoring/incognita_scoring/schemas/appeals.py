"""Appeals as branches send them and as callers are shown them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from incognita_scoring.appeals.appeal import AppealChange, AppealState, ChangeKind
from incognita_scoring.appeals.attachments import Declared
from incognita_shared.events.scoring import AppealCategory
from incognita_shared.values import Id, Sha256, Text

_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ContentType = Literal[
    "image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf", "audio/mp4",
    "video/mp4",
]  # fmt: skip
_FILE: dict[str, Any] = {
    "sha256": _HASH,
    "size_bytes": 183_412,
    "content_type": "image/jpeg",
    "name": "till receipt.jpg",
}


class FileDeclaration(BaseModel):
    """A file, by which the object store will know its bytes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_FILE]})

    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=1, le=5_000_000_000)]
    content_type: ContentType
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f/\\]+$")] = (
        "file"
    )

    def declared(self) -> Declared:
        """The declaration."""
        return Declared(**self.model_dump())


class UploadForm(BaseModel):
    """Post the fields as they are, then the bytes as `file`, last."""

    url: str
    fields: dict[str, str]
    expires_at: datetime


class NewAppeal(BaseModel):
    """What a branch says against one question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "question_id": "exact_change",
                    "text": "The till's journal shows that 4.60 was given back.",
                    "attachments": [_FILE],
                }
            ]
        },
    )

    question_id: Id
    instance: Annotated[
        int | None, Field(ge=0, le=1_000, description="The repetition of its section, from 0")
    ] = None
    text: Annotated[str, Field(min_length=1, max_length=4_000)]
    attachments: Annotated[
        tuple[FileDeclaration, ...], Field(max_length=10, description="Uploaded before")
    ] = ()


class GivenChange(BaseModel):
    """What an upheld appeal changes."""

    model_config = ConfigDict(extra="forbid")

    kind: ChangeKind
    answer: Annotated[Any, Field(description="The right answer, for the kind `answer`")] = None


class AppealWord(BaseModel):
    """The agency's decision."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "upheld": True,
                    "category": "new_evidence",
                    "reason": "The till's journal shows it.",
                    "change": {"kind": "answer", "answer": True},
                },
                {
                    "upheld": False,
                    "category": "standard_applies",
                    "reason": "The standard holds at rush hour too.",
                },
            ]
        },
    )

    upheld: bool
    category: AppealCategory
    reason: Annotated[Text, Field(description="Read by all who see the report")]
    change: Annotated[GivenChange | None, Field(description="Needed if it is upheld")] = None

    @model_validator(mode="after")
    def _change_if_upheld(self) -> Self:
        if self.upheld is not (self.change is not None):
            raise ValueError("an upheld appeal needs a change, a declined one has none")
        return self

    def upheld_change(self) -> AppealChange | None:
        """What changes, or None."""
        given = self.change
        if given is None:
            return None
        answer = given.answer if given.kind is ChangeKind.ANSWER else None
        return AppealChange(kind=given.kind, answer=answer)


class AttachmentView(BaseModel):
    """A file of an appeal."""

    name: str
    content_type: str
    size_bytes: int
    sha256: str
    url: Annotated[str, Field(description="Works for some minutes, without a key")]


class VerdictView(BaseModel):
    """How an appeal was decided."""

    upheld: bool
    category: AppealCategory
    reason: str
    change: Annotated[ChangeKind | None, Field(description="What it changed")]
    decided_at: datetime
    score_revision: Annotated[int | None, Field(description="The revision that it made")]


class AppealView(BaseModel):
    """An appeal, for all who see the report."""

    appeal_id: str
    visit_id: str
    branch_id: str
    wave_id: str
    question_id: str
    instance: int | None
    score_revision: Annotated[int, Field(description="The revision that was appealed")]
    text: str
    attachments: tuple[AttachmentView, ...]
    state: AppealState
    opened_at: datetime
    decide_by: datetime
    verdict: VerdictView | None


class AppealRate(BaseModel):
    """Appeals of a branch, shopper or question."""

    id: Annotated[str, Field(description="Branch, shopper or question, as grouped")]
    opened: int
    open: int
    upheld: int
    declined: int
    upheld_share: Annotated[float | None, Field(description="Of those decided; null where none is")]
    reports: Annotated[
        int | None, Field(description="Approved reports now; null when grouped by question")
    ]
    per_100_reports: float | None
