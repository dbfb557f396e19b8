"""Events of the evidence service: what shoppers brought back."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from incognita_shared.events.envelope import Event, ShopperId, VisitEvent
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.values import (
    Answers,
    Attributes,
    Channel,
    EvidenceKind,
    Id,
    Moment,
    Position,
    Sha256,
    Value,
)

EVENTS = "evidence.events.v1"


class Severity(StrEnum):
    """How much a finding weighs: only ``info`` does not ask for a reviewer."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"


class Finding(Value):
    """Something wrong with a report or one of its items.

    ``code``: outside_geofence, position_missing, exif_time_outside_visit, duplicate_in_visit,
    duplicate_in_chain, missing_item, late_report, type_mismatch; of a stage: late_stage,
    early_stage; of evidence rules: too_many_items, stale_item, from_gallery; future_time; of forms
    that phones send: unusable_file, conflict_version, second_submission, visit_closed, clock_wrong,
    other_form_version; and those of ``questionnaire.reevaluation``. Within a repetition
    ``question_id`` is like ``staff[0].greeted``.
    """

    code: Annotated[str, Field(pattern=r"^[a-z_]{3,40}$")]
    severity: Severity
    item_id: str | None = None
    question_id: str | None = None
    detail: Annotated[str, Field(max_length=500)]


class ItemRef(Value):
    """Where one evidence item lies, and the SHA-256 that the store itself confirmed."""

    item_id: Id
    kind: EvidenceKind
    question_id: str | None
    bucket: str
    object_key: str
    version_id: str
    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=1)]
    content_type: str
    captured_at: Moment | None
    position: Position | None


class StageTimes(Value):
    """When one stage of a visit took place and was handed in."""

    stage_id: Id
    started_at: Moment
    ended_at: Moment
    submitted_at: Moment


class EvidenceStored(VisitEvent):
    """The object is there and its bytes are the declared ones."""

    noun: ClassVar[str] = "evidence"
    verb: ClassVar[str] = "stored"
    topic: ClassVar[str] = EVENTS

    item: ItemRef
    stored_at: Moment


class ReportCompleted(VisitEvent):
    """All that terms and questionnaire require is there and verified."""

    noun: ClassVar[str] = "report"
    verb: ClassVar[str] = "completed"
    topic: ClassVar[str] = EVENTS

    report_revision: Annotated[int, Field(ge=1)]
    programme_id: Id
    shopper_id: ShopperId
    questionnaire_id: Id
    questionnaire_version: int
    channel: Channel
    scenario: str
    branch: Attributes = Field(default_factory=dict)
    today: date | None = None
    """The day at the branch on which the visit ended, for conditions."""
    answers: Answers
    stages: tuple[StageTimes, ...] = ()
    items: tuple[ItemRef, ...]
    findings: tuple[Finding, ...]
    started_at: Moment
    ended_at: Moment
    submitted_at: Moment

    @property
    def context(self) -> Context:
        """What conditions ask beside the answers. No report is younger than its receipt."""
        return Context(
            branch=self.branch,
            visit={"scenario": self.scenario, "channel": self.channel.value},
            now=min(self.ended_at, self.submitted_at),
            today=self.today,
        )


class ReportFlagged(VisitEvent):
    """A completed report has findings that a reviewer should see."""

    noun: ClassVar[str] = "report"
    verb: ClassVar[str] = "flagged"
    topic: ClassVar[str] = EVENTS

    report_revision: Annotated[int, Field(ge=1)]
    findings: tuple[Finding, ...]
    flagged_at: Moment


EVIDENCE_EVENTS: tuple[type[Event], ...] = (EvidenceStored, ReportCompleted, ReportFlagged)
