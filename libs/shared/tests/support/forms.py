"""Questionnaires in few words, for tests."""

from typing import Any

from incognita_shared.questionnaire.model import Questionnaire

CHOICE_TYPES = ("single_choice", "multiple_choice")


def question(question_id: str, kind: str = "boolean", **fields: Any) -> dict[str, Any]:
    """A question of that type; ``choices`` may be plain ids, ``scoring`` is none by default."""
    choices = fields.pop("choices", ["a", "b", "c"] if kind in CHOICE_TYPES else [])
    return {
        "id": question_id,
        "type": kind,
        "label": {"en": f"{question_id}?"},
        "choices": [_choice(one) if isinstance(one, str) else one for one in choices],
        **fields,
    }


def _choice(choice_id: str) -> dict[str, Any]:
    return {"id": choice_id, "label": {"en": choice_id.capitalize()}}


def asked(question_id: str, points: Any = 1, **fields: Any) -> dict[str, Any]:
    """A yes-or-no question that expects yes."""
    scoring = {"method": "expected_value", "expected": True, "points": points}
    return question(question_id, scoring=scoring | fields.pop("scoring", {}), **fields)


def section(section_id: str, *questions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A section of these questions."""
    return {"id": section_id, "title": {"en": section_id}, "questions": list(questions), **fields}


def stage(stage_id: str, channel: str = "visit", **fields: Any) -> dict[str, Any]:
    """A stage of a visit."""
    return {"id": stage_id, "title": {"en": stage_id}, "channel": channel, **fields}


def definition(*sections: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A questionnaire's definition; a section may be given as one of its questions."""
    whole = [one if "questions" in one else section(f"s{n}", one) for n, one in enumerate(sections)]
    given = {"title": {"en": "T"}, "default_language": "en", "languages": ["en"]}
    return given | {"sections": whole} | fields


def form(*sections: dict[str, Any], **fields: Any) -> Questionnaire:
    """The same as a questionnaire."""
    return Questionnaire.model_validate(definition(*sections, **fields))


def answers(path: str) -> dict[str, Any]:
    """The rule that gives the answers at that path."""
    return {"var": f"answers.{path}"}
