"""What an agency asks of rescores: begin one, look at it, apply it, give it up."""

import hashlib
from collections.abc import Sequence

from incognita_scoring.engine import ENGINE_VERSION
from incognita_scoring.repository.rescores import MOST_WAVES, Rescores
from incognita_scoring.rescoring.errors import (
    RescoreNotFound,
    RescoreStateConflict,
    WaveBeingRescored,
)
from incognita_scoring.rescoring.job import Rescore, RescoreState
from incognita_scoring.schemas.rescores import NewRescore
from incognita_shared.clock import now
from incognita_shared.ids import derived_id, new_id
from incognita_shared.problems import Invalid, field_error


async def start_rescore(
    rescores: Rescores, body: NewRescore, *, chain_id: str, key_id: str, idempotency_key: str | None
) -> Rescore:
    """A job that previews at once. The same key and body again: the same job.

    Raises Invalid for a wave without reports and for a version that is not here, not later, or of
    another questionnaire; WaveBeingRescored while another job of one of its waves is open.
    """
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    name = derived_id(chain_id, "rescore", idempotency_key) if idempotency_key else new_id()
    if before := await _same_request(rescores, name, digest):
        return before
    questionnaire_id, waves = await _waves_of(rescores, body)
    await _check_version(rescores, body, questionnaire_id, waves)
    at = now()
    job = Rescore(
        rescore_id=name,
        chain_id=chain_id,
        waves=tuple(waves),
        wave_id=body.wave_id,
        questionnaire_id=questionnaire_id,
        from_version=body.from_version,
        questionnaire_version=body.questionnaire_version,
        engine_version=ENGINE_VERSION,
        reason=body.reason,
        author=key_id,
        for_new_reports=body.for_new_reports,
        state=RescoreState.PREVIEWING,
        created_at=at,
        begun_at=at,
        total=await rescores.count_to_be_scored(
            waves,
            version=body.questionnaire_version,
            engines=[ENGINE_VERSION],
            from_version=body.from_version,
        ),
    )
    if await rescores.insert(job, digest):
        return job
    if twin := await _same_request(rescores, name, digest):
        return twin
    raise WaveBeingRescored(await rescores.find_open(waves))


async def get_rescore(rescores: Rescores, rescore_id: str) -> Rescore:
    """The job as it is now. Raises RescoreNotFound."""
    document = await rescores.find(rescore_id)
    if document is None:
        raise RescoreNotFound(rescore_id)
    return Rescore.of(document)


async def apply_rescore(rescores: Rescores, rescore_id: str, *, key_id: str) -> Rescore:
    """Give every report its new revision; a second time changes nothing.

    Raises RescoreStateConflict unless its preview is there and made by the engine that runs.
    """
    job = await get_rescore(rescores, rescore_id)
    if job.state in (RescoreState.APPLYING, RescoreState.APPLIED):
        return job
    if job.engine_version != ENGINE_VERSION:
        why = f"was previewed by engine {job.engine_version}, now it is {ENGINE_VERSION}"
        raise RescoreStateConflict(job, f"{why}: cancel it and begin another")
    total = await rescores.count_to_be_scored(
        job.waves,
        version=job.questionnaire_version,
        engines=job.by_engines,
        from_version=job.from_version,
    )
    moved = await rescores.begin_applying(rescore_id, total=total, key_id=key_id, at=now())
    if moved is not None:
        return Rescore.of(moved)
    job = await get_rescore(rescores, rescore_id)
    if job.state in (RescoreState.APPLYING, RescoreState.APPLIED):
        return job
    raise RescoreStateConflict(job, f"is {job.state}: only a previewed one can be applied")


async def cancel_rescore(rescores: Rescores, rescore_id: str) -> Rescore:
    """Give it up before anything is changed; a second time changes nothing.

    Raises RescoreStateConflict once it is being applied: half a wave by another version would
    compare what can't be compared, so it is finished, and undone by another rescore.
    """
    moved = await rescores.cancel(rescore_id, now())
    if moved is not None:
        return Rescore.of(moved)
    job = await get_rescore(rescores, rescore_id)
    if job.state is RescoreState.CANCELLED:
        return job
    raise RescoreStateConflict(job, f"is {job.state}: it is too late to cancel it")


async def _same_request(rescores: Rescores, rescore_id: str, digest: str) -> Rescore | None:
    document = await rescores.find(rescore_id)
    if document is None:
        return None
    if document["body_sha256"] != digest:
        cause = "was sent before with another body; take a new key for a new request"
        raise Invalid(
            "The Idempotency-Key belongs to another request",
            errors=[field_error("header.Idempotency-Key", cause)],
        )
    return Rescore.of(document)


async def _waves_of(rescores: Rescores, body: NewRescore) -> tuple[str, list[str]]:
    """The questionnaire that the job is about, and the waves."""
    if body.wave_id is not None:
        questionnaire_id = await rescores.find_questionnaire_of(body.wave_id)
        if questionnaire_id is None:
            raise _invalid("wave_id", "no report of this wave is scored")
        if body.questionnaire_id not in (None, questionnaire_id):
            raise _invalid("questionnaire_id", f"the wave's questionnaire is {questionnaire_id}")
        return questionnaire_id, [body.wave_id]
    if body.questionnaire_id is None:
        raise _invalid("wave_id", "name a wave, or a questionnaire_id for all of its waves")
    waves = await rescores.list_waves_of(body.questionnaire_id)
    if not waves:
        raise _invalid("questionnaire_id", "no report of this questionnaire is scored")
    if len(waves) > MOST_WAVES:
        raise _invalid("questionnaire_id", f"has {len(waves)} waves; rescore wave by wave")
    return body.questionnaire_id, waves


async def _check_version(
    rescores: Rescores, body: NewRescore, questionnaire_id: str, waves: Sequence[str]
) -> None:
    version = body.questionnaire_version
    if body.from_version is not None and body.from_version > version:
        raise _invalid("from_version", f"is later than version {version}")
    if await rescores.find_definition(questionnaire_id, version) is None:
        cause = f"{questionnaire_id} has no published version {version} here"
        raise _invalid("questionnaire_version", cause)
    for wave_id in waves if body.from_version is None else ():
        later = await rescores.find_later_version(wave_id, version)
        if later is not None:
            cause = f"reports of wave {wave_id} are scored by version {later} already"
            raise _invalid("questionnaire_version", cause)


def _invalid(field: str, cause: str) -> Invalid:
    return Invalid(f"{field}: {cause}", errors=[field_error(field, cause)])
