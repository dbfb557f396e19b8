"""The catalog's projections: what assignment said last of branches, waves and questionnaires."""

from incognita_shared.events.assignment import BranchChanged, QuestionnairePublished, WaveChanged
from incognita_shared.mongo.work import Work


def keep_branch(work: Work, event: BranchChanged) -> None:
    """Keep the branch, unless a later version is here already."""
    work.keep_newest("branches", event.branch_id, {
        "chain_id": event.chain_id,
        "store_id": event.store_id,
        "name": event.name,
        "city": event.city,
        "region": event.region,
        "country": event.country,
        "ownership": event.ownership.value,
        "franchisee_id": event.franchisee_id,
        "closed": event.closed,
        "version": event.version,
    })  # fmt: skip


def keep_wave(work: Work, event: WaveChanged) -> None:
    """Keep the wave, unless a later version is here already."""
    work.keep_newest("waves", event.wave_id, {
        "chain_id": event.chain_id,
        "programme_id": event.programme_id,
        "name": event.name,
        "state": event.state,
        "channel": event.channel.value,
        "scenario": event.scenario,
        "questionnaire": questionnaire_key(event.questionnaire_id, event.questionnaire_version),
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "version": event.version,
    })  # fmt: skip


def keep_questionnaire(work: Work, event: QuestionnairePublished) -> None:
    """Keep the texts, and what the client may see; a published version never changes."""
    definition = event.definition
    work.keep_newest("questionnaires", event.key, {
        "chain_id": event.chain_id,
        "default_language": definition.default_language,
        "pass_mark": str(pass_mark) if (pass_mark := definition.score.pass_mark) else None,
        "sections": [
            {"id": section.id, "title": section.title} for section in definition.sections
        ],
        "questions": [
            {
                "id": question.id,
                "section_id": section.id,
                "label": question.label,
                "visible_to_client": question.visible_to_client,
            }
            for section, question in definition.questions()
        ],
        "version": event.version,
    })  # fmt: skip


def questionnaire_key(questionnaire_id: str, version: int) -> str:
    """The key of a questionnaire version, as its event has it."""
    return f"{questionnaire_id}:{version}"
