"""One wave: what was ordered, where it stands, and what its moves do to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from incognita_assignment.rules import WAVE_MOVES, WaveMove, WaveState
from incognita_assignment.schemas.waves import Progress, WaveBody
from incognita_assignment.visit import Kept
from incognita_shared.clock import now
from incognita_shared.events.assignment import WaveChanged
from incognita_shared.mongo.pending import append_events, with_events
from incognita_shared.telemetry import trace_headers
from incognita_shared.values import Moment


class Job(StrEnum):
    """What the planner has to do for a wave."""

    OFFER = "offer"
    REOFFER = "reoffer"
    CALL_OFF = "call_off"


JOB_AFTER: Mapping[WaveMove, Job] = {
    WaveMove.OPEN: Job.OFFER,
    WaveMove.REOFFER: Job.REOFFER,
    WaveMove.CLOSE: Job.CALL_OFF,
    WaveMove.CANCEL: Job.CALL_OFF,
}


class Wave(Kept):
    """A wave as its document keeps it. ``version`` grows with what its events tell.

    ``reason`` says why it was cancelled; ``trace`` is the request that asked for the job.
    """

    wave_id: str = Field(alias="_id")
    chain_id: str
    programme_id: str
    order: WaveBody
    state: WaveState
    version: int
    created_at: Moment
    body_sha256: str | None = None
    progress: Progress = Progress()
    reoffer: Progress | None = None
    job: Job | None = None
    lease_owner: str | None = None
    reason: str | None = None
    trace: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> Self:
        """The wave that a document holds."""
        return cls.model_validate(document, extra="ignore")

    def event(self, state: WaveState, version: int) -> WaveChanged:
        """The wave as it is told to the other services."""
        return WaveChanged(
            chain_id=self.chain_id,
            wave_id=self.wave_id,
            programme_id=self.programme_id,
            name=self.order.name,
            state=state.value,
            channel=self.order.channel,
            scenario=self.order.scenario,
            questionnaire_id=self.order.questionnaire_id,
            questionnaire_version=self.order.questionnaire_version,
            starts_at=self.order.starts_at,
            ends_at=self.order.ends_at,
            version=version,
        )


@dataclass(frozen=True, slots=True)
class WaveChange:
    """A conditional update: ``where`` names the wave and the version it is made from."""

    where: Mapping[str, Any]
    update: Mapping[str, Any]


def new_document(
    wave_id: str, chain_id: str, order: WaveBody, *, body_sha256: str, at: datetime
) -> dict[str, Any]:
    """The document of a new draft, with its first event."""
    fields = {
        "_id": wave_id,
        "chain_id": chain_id,
        "programme_id": order.programme_id,
        "order": order.model_dump(mode="json"),
        "state": WaveState.DRAFT.value,
        "version": 1,
        "created_at": at,
        "body_sha256": body_sha256,
        "job": None,
    }
    return with_events(fields, Wave.of_document(fields).event(WaveState.DRAFT, 1))


def moved(wave: Wave, move: WaveMove, *, reason: str | None = None) -> WaveChange:
    """The change that a legal move makes: its state, its event, and a job for the planner."""
    state, version = WAVE_MOVES[wave.state][move], wave.version + 1
    fields: dict[str, Any] = {"state": state.value, "version": version}
    if move in JOB_AFTER:
        fields |= {
            "job": JOB_AFTER[move].value,
            "lease_owner": None,
            "lease_until": now(),
            "trace": trace_headers(),
        }
    if reason is not None:
        fields["reason"] = reason
    events = [wave.event(state, version)] if state is not wave.state else []
    where = {"_id": wave.wave_id, "version": wave.version, "state": wave.state.value}
    return WaveChange(where, append_events({"$set": fields}, *events))
