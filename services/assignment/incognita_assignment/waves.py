"""Waves as the agency makes and moves them; the planner does what they wait for."""

from incognita_assignment.demand import stages_of
from incognita_assignment.errors import invalid, no_such
from incognita_assignment.idempotency import check_same_request, identity_of
from incognita_assignment.repository import visits as visit_repository
from incognita_assignment.repository import waves as repository
from incognita_assignment.repository.programmes import find_programme
from incognita_assignment.repository.questionnaires import find_published
from incognita_assignment.rules import (
    WAVE_MOVES,
    VisitState,
    WaveMove,
    WaveState,
    allowed_wave_moves,
)
from incognita_assignment.schemas.waves import ClientWave, WaveBody, WaveCounts, WaveView
from incognita_assignment.stages import misfit
from incognita_assignment.wave import Job, Wave, moved, new_document
from incognita_shared.auth import Principal, Role
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict

_ATTEMPTS = 5
_NEEDS_TIME = (WaveMove.OPEN, WaveMove.REOFFER)
_DONE_BEFORE = {
    WaveMove.OPEN: (WaveState.OPENING, WaveState.OPEN),
    WaveMove.CLOSE: (WaveState.CLOSED,),
    WaveMove.CANCEL: (WaveState.CANCELLED,),
}


async def create_wave(db: Database, chain_id: str, body: WaveBody, key: str | None) -> Wave:
    """A new draft. Raises Invalid for a programme or questionnaire that the chain does not have."""
    await _check_references(db, chain_id, body)
    identity = identity_of(chain_id, "wave", key, body)
    document = new_document(identity.id, chain_id, body, body_sha256=identity.body_sha256, at=now())
    await repository.insert_wave(db, chain_id, document)
    wave = await get_wave(db, chain_id, identity.id)
    check_same_request({"body_sha256": wave.body_sha256}, identity)
    return wave


async def _check_references(db: Database, chain_id: str, body: WaveBody) -> None:
    if await find_programme(db, chain_id, body.programme_id) is None:
        raise invalid("programme_id", "the chain has no such programme")
    name, version = body.questionnaire_id, body.questionnaire_version
    found = await find_published(db, chain_id, name, version)
    if found is None:
        cause = f"{name} has no published version {version} that is not retired"
        raise invalid("questionnaire_version", cause)
    if found.scenarios and body.scenario not in found.scenarios:
        known = ", ".join(repr(each) for each in found.scenarios)
        raise invalid("scenario", f"the questionnaire is for the scenarios {known}"[:500])
    if too_short := misfit(found.stages, body.starts_at, body.ends_at):
        raise invalid("ends_at", too_short)


async def get_wave(db: Database, chain_id: str, wave_id: str) -> Wave:
    """The wave. Raises NotFound."""
    wave = await repository.find_wave(db, chain_id, wave_id)
    if wave is None:
        raise no_such("wave", wave_id)
    return wave


async def move_wave(
    db: Database, chain_id: str, wave_id: str, move: WaveMove, *, reason: str | None = None
) -> Wave:
    """Move the wave and leave the planner its job; again changes nothing.

    Raises NotFound, and Conflict where the state, or the wave's end, does not allow it.
    """
    for _ in range(_ATTEMPTS):
        wave = await get_wave(db, chain_id, wave_id)
        if wave.state in _DONE_BEFORE.get(move, ()) or _is_under_way(wave, move):
            return wave
        _check_allowed(wave, move)
        if move in _NEEDS_TIME:
            await _check_stages(db, wave)
        changed = await repository.apply_change(db, chain_id, moved(wave, move, reason=reason))
        if changed is not None:
            return changed
    raise Conflict("The wave is being changed by others; try again")


def _is_under_way(wave: Wave, move: WaveMove) -> bool:
    return move is WaveMove.REOFFER and wave.job is Job.REOFFER


def _check_allowed(wave: Wave, move: WaveMove) -> None:
    state = wave.state.value
    if move not in WAVE_MOVES[wave.state]:
        raise Conflict(
            f"A wave that is {state} cannot take the move {move.value}",
            state=state,
            allowed=allowed_wave_moves(wave.state),
        )
    if move in _NEEDS_TIME and wave.order.ends_at <= now():
        raise Conflict(
            f"The wave ended at {wave.order.ends_at.isoformat()}",
            state=state,
            allowed=_without_time(wave),
        )


async def _check_stages(db: Database, wave: Wave) -> None:
    """Visits that are offered now must have the time that their stages need."""
    since = max(wave.order.starts_at, now())
    if cause := misfit(await stages_of(db, wave), since, wave.order.ends_at):
        raise Conflict(
            f"The wave ends too soon for visits that are offered now: {cause}",
            state=wave.state.value,
            allowed=_without_time(wave),
        )


def _without_time(wave: Wave) -> list[str]:
    return [each for each in allowed_wave_moves(wave.state) if each not in _NEEDS_TIME]


async def count_visits(db: Database, chain_id: str, wave_id: str) -> WaveCounts:
    """The wave's visits by state. Raises NotFound."""
    await get_wave(db, chain_id, wave_id)
    found = await visit_repository.count_by_state(db, chain_id, wave_id)
    by_state = {state: found.get(state.value, 0) for state in VisitState}
    return WaveCounts(wave_id=wave_id, total=sum(by_state.values()), by_state=by_state)


def view_for(caller: Principal, wave: Wave) -> WaveView | ClientWave:
    """What this caller may see of a wave: money and shoppers are the agency's matter."""
    facts = {
        **wave.order.model_dump(),
        **wave.model_dump(exclude={"order"}),
        "busy_with": wave.job.value if wave.job else None,
    }
    model = WaveView if caller.role is Role.AGENCY else ClientWave
    return model.model_validate(facts)
