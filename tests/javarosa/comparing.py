"""JavaRosa's verdicts on a filled form beside what the server reads of it."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from incognita_shared.questionnaire.answers import ReadAnswers
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Question, Questionnaire, QuestionType, Section
from incognita_shared.questionnaire.reevaluation import findings_of
from incognita_shared.questionnaire.scope import Scope
from incognita_xlsform.claims import claims_of
from incognita_xlsform.instance import read_instance
from incognita_xlsform.names import field_of, form_name
from tests.javarosa.engine import Verdict

_STEP = re.compile(r"/([^/\[\]]+)\[(\d+)\]")


def answers_of(questionnaire: Questionnaire, instance: bytes) -> dict[str, Any]:
    """The native answers of an instance, files by a hash of their names."""
    return claims_of(questionnaire, read_instance(instance), _sha256_of).answers


def differences(
    questionnaire: Questionnaire,
    answers: dict[str, Any],
    verdicts: list[Verdict],
    offered: Mapping[str, list[str]],
    context: Context,
) -> Iterator[str]:
    """What phone and server see differently of these answers, in words."""
    for verdict in verdicts:  # what the phone reckons is what it would claim
        found = field_of(_name(verdict))
        question = questionnaire.by_id.get(found.question_id)
        calculated = question and question.type is QuestionType.CALCULATED
        if question and calculated and verdict.value is not None:
            _claim(questionnaire, answers, verdict, question)
    read = ReadAnswers(questionnaire, answers, context)
    wrong = {error.question_id: error.cause for error in read.errors()}
    reckoned = {
        each.question_id: each.detail
        for each in findings_of(read)
        if each.code == "calculation_differs"
    }
    for verdict in verdicts:
        found = field_of(_name(verdict))
        question = questionnaire.by_id.get(found.question_id)
        if question is None or found.role != "answer" or found.number > 1:
            continue
        section = questionnaire.section_of[question.id]
        scope = _scope(read, section, verdict)
        path = scope.path(question.id)
        ticked = question.id in scope.answers and scope.answers[question.id] is None
        relevant = question.id not in scope.irrelevant
        if not ticked and relevant != verdict.relevant:
            yield f"{path}: relevant {verdict.relevant} on the phone, {relevant} here"
        sound = verdict.sound and _is_offered(verdict, offered)
        if (verdict.relevant or ticked) and sound != (path not in wrong):
            told = wrong.get(path, "sound")
            yield f"{path} = {verdict.value!r}: sound {sound} on the phone, {told!r} here"
        if path in reckoned:
            yield f"{path}: {reckoned[path]}"


def errors_of(questionnaire: Questionnaire, instance: bytes, context: Context) -> list[str]:
    """What the server finds wrong with the instance's answers, by question."""
    read = ReadAnswers(questionnaire, answers_of(questionnaire, instance), context)
    return [each.question_id for each in read.errors()]


def first_beyond(verdicts: list[Verdict], offered: Mapping[str, list[str]]) -> Verdict | None:
    """The first value that a phone would not let pass.

    The server has no use for such a value, so rules that read it see none there, and on a phone,
    where it cannot come about, the value: what follows from it can't be compared.
    """
    return next(
        (
            verdict
            for verdict in verdicts
            if verdict.value is not None and not (verdict.within and _is_offered(verdict, offered))
        ),
        None,
    )


def path_of(questionnaire: Questionnaire, verdict: Verdict) -> str:
    """The question as the server's errors name it: ``staff[0].greeted``."""
    question_id = field_of(_name(verdict)).question_id
    section = questionnaire.section_of[question_id]
    if section.repeat is None:
        return question_id
    return f"{section.id}[{_number(section, verdict)}].{question_id}"


def without(texts: dict[str, Any], verdict: Verdict) -> None:
    """Take the element's value out of the answers."""
    rows: Any = texts
    for name, number in _STEP.findall(verdict.path):
        if isinstance(rows.get(name), list):
            rows = rows[name][int(number) - 1]
    del rows[_name(verdict)]


def _claim(
    questionnaire: Questionnaire, answers: dict[str, Any], verdict: Verdict, question: Question
) -> None:
    section = questionnaire.section_of[question.id]
    if section.repeat:
        rows = answers.get(section.id, [])
        rows[_number(section, verdict)][question.id] = verdict.value
    else:
        answers[question.id] = verdict.value


def _scope(read: ReadAnswers, section: Section, verdict: Verdict) -> Scope:
    if section.repeat is None:
        return read
    return read.repetitions[section.id][_number(section, verdict)]


def _number(section: Section, verdict: Verdict) -> int:
    steps = dict(_STEP.findall(verdict.path))
    return int(steps[form_name(section.id)]) - 1


def _is_offered(verdict: Verdict, offered: Mapping[str, list[str]]) -> bool:
    choices = offered.get(verdict.path)
    if choices is None or verdict.value is None:
        return True
    return set(re.split(r"[,\s]+", verdict.value.strip())) <= set(choices)


def _name(verdict: Verdict) -> str:
    return str(_STEP.findall(verdict.path)[-1][0])


def _sha256_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
